use std::str::FromStr;

use super::pattern::Pattern;
use super::{Selection, SelectionError, Subject, Term};

impl FromStr for Selection {
    type Err = SelectionError;

    /// Reads a selection.
    ///
    /// # Errors
    ///
    /// [`SelectionError::Empty`] when it selects nothing, [`SelectionError::Malformed`] for the first word that cannot
    /// be understood.
    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let terms: Vec<Term> = words(text).into_iter().map(term).collect::<Result<_, _>>()?;
        if terms.is_empty() {
            Err(SelectionError::Empty)
        } else {
            Ok(Self { terms })
        }
    }
}

impl Term {
    /// This term with the name of a table in it, as it is to be written.
    pub(super) fn written_for_table(&self, name: &str) -> String {
        self.written_for("", name)
    }

    /// This term with a tag in it, as it is to be written.
    pub(super) fn written_for_tag(&self, tag: &str) -> String {
        self.written_for("tag:", tag)
    }

    fn written_for(&self, method: &str, name: &str) -> String {
        let plus = |wanted| if wanted { "+" } else { "" };
        let is_plain = pattern(name) == Ok(Pattern::quoted(name)) && words(name) == [name];
        let name = if is_plain {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        };
        format!(
            "{}{method}{name}{}",
            plus(self.with_dependencies),
            plus(self.with_dependents)
        )
    }
}

/// The pieces between commas and white space that stand outside of quotes.
fn words(text: &str) -> Vec<&str> {
    let mut in_quotes = false;
    let pieces = text.split(|character: char| {
        in_quotes ^= character == '"';
        !in_quotes && (character == ',' || character.is_whitespace())
    });
    pieces.filter(|piece| !piece.is_empty()).collect()
}

fn term(word: &str) -> Result<Term, SelectionError> {
    let malformed = |problem| SelectionError::Malformed {
        term: word.to_owned(),
        problem,
    };
    let (rest, with_dependencies) = word.strip_prefix('+').map_or((word, false), |rest| (rest, true));
    let (rest, with_dependents) = rest.strip_suffix('+').map_or((rest, false), |rest| (rest, true));
    let subject = match strip_tag(rest) {
        Some(tag) => Subject::Tag(pattern(tag).map_err(malformed)?),
        None => Subject::Name(pattern(rest).map_err(malformed)?),
    };
    Ok(Term {
        text: word.to_owned(),
        subject,
        with_dependencies,
        with_dependents,
    })
}

fn strip_tag(word: &str) -> Option<&str> {
    let (method, rest) = word.split_once(':')?;
    method.eq_ignore_ascii_case("tag").then_some(rest)
}

fn pattern(word: &str) -> Result<Pattern, &'static str> {
    if word.is_empty() {
        return Err("a name is missing");
    }
    if let Some(quoted) = word.strip_prefix('"') {
        return unquoted(quoted).map(|name| Pattern::quoted(&name));
    }
    if word.contains('"') {
        return Err("quotes go around a whole name");
    }
    if word.contains('+') {
        return Err("one `+` before the name and one behind it are enough; a name that has one goes in double quotes");
    }
    if word.contains(':') {
        return Err("only `tag:` is known; a name that has a colon goes in double quotes");
    }
    Ok(Pattern::new(word))
}

/// The name whose opening quote was taken off already.
fn unquoted(rest: &str) -> Result<String, &'static str> {
    let mut name = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        if character != '"' {
            name.push(character);
            continue;
        }
        match characters.next() {
            Some('"') => name.push('"'),
            Some(_) => return Err("quotes go around a whole name"),
            None if name.is_empty() => return Err("a name is missing"),
            None => return Ok(name),
        }
    }
    Err("the closing quote is missing")
}
