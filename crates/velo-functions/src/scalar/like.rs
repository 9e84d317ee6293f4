//! The patterns of LIKE.

use datafusion_common::ScalarValue;
use datafusion_common::exec_datafusion_err;
use datafusion_expr::{Expr, lit};
use velo_data::SqlType;

use super::native::{Native, Returns, collect_text};
use super::parameter::Parameter;

/// A pattern in the form that kernels take, in which a backslash escapes and nothing else does.
///
/// # Errors
///
/// The pattern ends with its escape character; the message says so.
pub fn kernel_pattern(pattern: &str, escape: Option<char>) -> Result<String, String> {
    let mut written = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            character if Some(character) == escape => match characters.next() {
                Some(escaped) => written.extend(['\\', escaped]),
                None => {
                    return Err(format!(
                        "the pattern '{pattern}' ends with its escape character `{character}`"
                    ));
                }
            },
            '\\' => written.push_str("\\\\"),
            character => written.push(character),
        }
    }
    Ok(written)
}

static LIKE_PATTERN: Native = Native {
    name: "like_pattern",
    parameters: &[Parameter::Text, Parameter::Text],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (pattern, escape) = (arguments.text(0)?, arguments.text(1)?);
        collect_text(arguments, |row, out| {
            let Some(pattern) = pattern.get(row) else {
                return Ok(false);
            };
            let escape = escape.get(row).and_then(|escape| escape.chars().next());
            out.push_str(&kernel_pattern(pattern, escape).map_err(|message| exec_datafusion_err!("{message}"))?);
            Ok(true)
        })
    },
};

/// [`kernel_pattern`] of each row; one that ends with its escape character is an error of its row.
pub fn like_pattern(pattern: Expr, escape: Option<char>) -> Expr {
    let escape = ScalarValue::Utf8View(Some(escape.map(String::from).unwrap_or_default()));
    LIKE_PATTERN.udf(SqlType::String).call(vec![pattern, lit(escape)])
}
