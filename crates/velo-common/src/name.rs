use std::fmt;

/// An identifier as SQL means it: unquoted ones ignore case and keep their spelling, quoted ones are exact.
///
/// Equality and hashing are those of the text; use [`Name::matches`] to resolve a reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The identifier without its quotes.
    pub text: String,
    /// Whether it was written in quotes, and so is exact.
    pub quoted: bool,
}

impl Name {
    /// An identifier written without quotes.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            quoted: false,
        }
    }

    /// An identifier written in quotes.
    pub fn quoted(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            quoted: true,
        }
    }

    /// A name as SQL writes it: in double quotes, with two of them for one within, or as it is.
    ///
    /// ```
    /// use velo_common::Name;
    /// assert_eq!(Name::written("orders"), Name::new("orders"));
    /// assert_eq!(Name::written("\"Late \"\"Orders\"\"\""), Name::quoted("Late \"Orders\""));
    /// ```
    pub fn written(text: &str) -> Self {
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match quoted {
            Some(text) => Self::quoted(text.replace("\"\"", "\"")),
            None => Self::new(text),
        }
    }

    /// Whether this reference may mean the thing that was defined as `defined`.
    ///
    /// ```
    /// use velo_common::Name;
    /// assert!(Name::new("ID").matches("id"));
    /// assert!(!Name::quoted("ID").matches("id"));
    /// ```
    pub fn matches(&self, defined: &str) -> bool {
        self.text == defined || (!self.quoted && eq_ignore_case(&self.text, defined))
    }

    /// The key under which names that differ in case alone collide.
    pub fn folded(&self) -> String {
        Self::fold(&self.text)
    }

    /// [`Name::folded`] of a name that is only text.
    ///
    /// ```
    /// use velo_common::Name;
    /// assert_eq!(Name::fold("Orders"), Name::new("orders").folded());
    /// ```
    pub fn fold(text: &str) -> String {
        text.to_lowercase()
    }
}

fn eq_ignore_case(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        a.eq_ignore_ascii_case(b)
    } else {
        a.to_lowercase() == b.to_lowercase()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
