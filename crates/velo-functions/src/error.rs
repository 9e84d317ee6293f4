use std::fmt;

use arrow::error::ArrowError;
use datafusion_common::DataFusionError;

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
    /// The function takes such arguments, but one of them is a constant that no call works with.
    WrongConstant {
        /// Which argument, from 0.
        argument: usize,
        /// What is wrong, as a sentence without a full stop.
        message: String,
        /// What to write instead.
        help: String,
    },
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, .. } => write!(f, "there is no function `{name}`"),
            Self::WrongArguments { message, .. } | Self::WrongConstant { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for FunctionError {}

/// The message of an error without the names of the libraries that it passed through.
pub fn error_message(error: &DataFusionError) -> String {
    match error {
        DataFusionError::ArrowError(error, _) => arrow_message(error),
        DataFusionError::Execution(message) => message.clone(),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => error_message(inner),
        DataFusionError::External(error) => error.to_string(),
        other => other.strip_backtrace(),
    }
}

fn arrow_message(error: &ArrowError) -> String {
    match error {
        ArrowError::ArithmeticOverflow(message) => match message.strip_prefix("Overflow happened on: ") {
            Some(operation) => format!("{operation} overflows"),
            None => message.clone(),
        },
        ArrowError::ComputeError(message)
        | ArrowError::CastError(message)
        | ArrowError::ParseError(message)
        | ArrowError::InvalidArgumentError(message) => message.clone(),
        ArrowError::DivideByZero => "division by zero".to_owned(),
        ArrowError::ExternalError(error) => error.to_string(),
        other => other.to_string(),
    }
}
