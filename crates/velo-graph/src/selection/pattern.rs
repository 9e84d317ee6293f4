use velo_common::Name;

/// A word that means itself, or one with `*` and `?` that stands for many. Case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// In lower case.
    Exact(String),
    /// In lower case: `*` is any characters, `?` is one.
    Glob(Vec<char>),
}

impl Pattern {
    /// A word as it stands outside of quotes.
    pub(super) fn new(word: &str) -> Self {
        let folded = Name::fold(word);
        if folded.contains(['*', '?']) {
            Self::Glob(folded.chars().collect())
        } else {
            Self::Exact(folded)
        }
    }

    /// A word that stood in quotes.
    pub(super) fn quoted(word: &str) -> Self {
        Self::Exact(Name::fold(word))
    }

    pub(super) fn matches(&self, word: &str) -> bool {
        let folded = Name::fold(word);
        match self {
            Self::Exact(exact) => *exact == folded,
            Self::Glob(glob) => glob_matches(glob, &folded.chars().collect::<Vec<char>>()),
        }
    }
}

/// Greedy with one place to go back to, the last `*`: an earlier one never has to take more.
fn glob_matches(glob: &[char], text: &[char]) -> bool {
    let (mut at_glob, mut at_text) = (0, 0);
    // Behind the last `*`, and where in the text what it takes would end if it took one character more.
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match (glob.get(at_glob), star) {
            (Some('*'), _) => {
                at_glob += 1;
                star = Some((at_glob, at_text + 1));
            }
            (Some(expected), _) if *expected == '?' || *expected == text[at_text] => {
                at_glob += 1;
                at_text += 1;
            }
            (_, Some((behind_star, end))) => {
                at_glob = behind_star;
                at_text = end;
                star = Some((behind_star, end + 1));
            }
            (_, None) => return false,
        }
    }
    glob[at_glob..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_words_in_any_case() {
        let cases = [
            ("dim_*", "dim_", true),
            ("dim_*", "DIM_customers", true),
            ("dim_*", "a_dim_b", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("*_facts", "order_facts", true),
            ("*_facts", "order_facts_2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*aab", "aaaab", true),
            ("a?c*", "abc", true),
            ("**", "x", true),
            ("É*", "étage", true),
        ];
        for (glob, text, expected) in cases {
            assert_eq!(Pattern::new(glob).matches(text), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn quotes_take_the_meaning_from_stars() {
        assert!(Pattern::quoted("a*").matches("A*"));
        assert!(!Pattern::quoted("a*").matches("ab"));
    }
}
