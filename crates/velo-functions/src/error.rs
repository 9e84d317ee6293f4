use std::fmt;

/// Why a function cannot be called as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionError {
    /// There is no function of that name.
    Unknown {
        /// As asked for.
        name: String,
        /// The function that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// The function exists, but does not take these arguments.
    WrongArguments {
        /// What is wrong, as a sentence without a full stop.
        message: String,
        /// What the function takes, such as `SPLIT_PART(text, separator, index)`; empty if not known.
        signature: String,
    },
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, .. } => write!(f, "there is no function `{name}`"),
            Self::WrongArguments { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for FunctionError {}
