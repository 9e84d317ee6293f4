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
        DataFusionError::ResourcesExhausted(_) => "there is not enough memory".to_owned(),
        DataFusionError::Plan(message) | DataFusionError::NotImplemented(message) => in_our_words(message),
        other => in_our_words(&other.strip_backtrace()),
    }
}

/// Names of Arrow types, longest first, and what SQL calls them.
const TYPE_NAMES: [(&str, &str); 16] = [
    ("LargeUtf8", "STRING"),
    ("Utf8View", "STRING"),
    ("BinaryView", "BYTES"),
    ("Utf8", "STRING"),
    ("Binary", "BYTES"),
    ("Boolean", "BOOLEAN"),
    ("Float64", "DOUBLE"),
    ("Float32", "DOUBLE"),
    ("UInt64", "BIGINT"),
    ("Int64", "BIGINT"),
    ("Int32", "INT"),
    ("Int16", "SMALLINT"),
    ("Int8", "TINYINT"),
    ("Decimal128", "DECIMAL"),
    ("Decimal256", "DECIMAL"),
    ("Date32", "DATE"),
];

/// The message of a library, without what only its authors know: its own name, and types that no SQL has.
fn in_our_words(message: &str) -> String {
    let prefixes = [
        "Arrow error: ",
        "Internal error: ",
        "Execution error: ",
        "Error during planning: ",
    ];
    let mut message = message.to_owned();
    for prefix in prefixes {
        message = message.replace(prefix, "");
    }
    let mut message = outside_quotes(&message);
    // An internal error goes on with a request to report it to the authors of the library.
    let end = message
        .find("\n\nBacktrace")
        .or_else(|| message.find("\nThis issue was likely"));
    message.truncate(end.unwrap_or(message.len()));
    message.trim_end_matches('.').to_owned()
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
        | ArrowError::InvalidArgumentError(message) => in_our_words(message),
        ArrowError::DivideByZero => "division by zero".to_owned(),
        ArrowError::ExternalError(error) => error.to_string(),
        other => in_our_words(&other.to_string()),
    }
}

/// Replaces the names of types, but for those in quotes: there stands what somebody wrote.
fn outside_quotes(message: &str) -> String {
    let pieces = message.split_inclusive('\'').enumerate().map(|(index, piece)| {
        let is_quoted = index % 2 == 1;
        let translated = |text: String, (arrow, sql): &(&str, &str)| text.replace(arrow, sql);
        if is_quoted {
            piece.to_owned()
        } else {
            TYPE_NAMES.iter().fold(piece.to_owned(), translated)
        }
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People write SQL; what the libraries below call things tells them nothing.
    #[test]
    fn messages_do_not_name_the_libraries() {
        let arrow = |error: ArrowError| DataFusionError::ArrowError(Box::new(error), None);
        let errors = [
            (
                arrow(ArrowError::CastError(
                    "Cannot cast string 'Utf8' to value of Int64 type".into(),
                )),
                "Cannot cast string 'Utf8' to value of BIGINT type",
            ),
            (
                arrow(ArrowError::ComputeError("regex of Utf8View".into())),
                "regex of STRING",
            ),
            (
                arrow(ArrowError::SchemaError("no Binary".into())),
                "Schema error: no BYTES",
            ),
            (
                arrow(ArrowError::ArithmeticOverflow("Overflow happened on: 1 + 2".into())),
                "1 + 2 overflows",
            ),
            (
                DataFusionError::Internal("Expect Utf8".into()).context("while casting"),
                "Expect STRING",
            ),
        ];
        for (error, expected) in errors {
            assert_eq!(error_message(&error), expected);
        }
    }
}
