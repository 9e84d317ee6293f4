//! Every scalar function of the dialect: names, synonyms, and where it is implemented.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::form::Form;
use super::math;
use super::native::Native;
use super::parameter::Parameter::{self, Integer, Printable, Text};
use crate::arithmetic::ArithmeticOperator;

/// A scalar function of the dialect.
#[derive(Debug)]
pub struct ScalarFunction {
    /// The name that the documentation uses.
    pub name: &'static str,
    /// Other names that mean the same.
    pub synonyms: &'static [&'static str],
    /// How it is called, such as `SPLIT_PART(text, separator, index)`.
    pub usage: &'static str,
    /// What it gives, in a sentence.
    pub summary: &'static str,
    /// A call, in SQL.
    pub example: &'static str,
    /// What the example gives.
    pub result: &'static str,
    /// The chapter it belongs to.
    pub category: Category,
    pub(crate) implementation: Implementation,
}

/// Chapters of the function reference, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Numbers.
    Math,
    /// Text and bytes.
    Text,
    /// Dates and times.
    Time,
    /// Choices.
    Conditional,
    /// JSON text.
    Json,
    /// Arrays, maps and structs.
    Nested,
    /// Record headers.
    Header,
}

#[derive(Debug)]
pub(crate) enum Implementation {
    Native(&'static Native),
    /// A native whose first argument the name stands for.
    Part(&'static Native, &'static str),
    /// DataFusion's; `required` of `usize::MAX` lets the last parameter repeat.
    Foreign {
        name: &'static str,
        parameters: &'static [Parameter],
        required: usize,
    },
    Operator(ArithmeticOperator),
    Form(Form),
}

/// Whether the last parameter of a foreign function repeats.
const REPEATS: usize = usize::MAX;

const fn foreign(name: &'static str, parameters: &'static [Parameter], required: usize) -> Implementation {
    Implementation::Foreign {
        name,
        parameters,
        required,
    }
}

/// The function of the dialect with this name or synonym, in any case.
///
/// What only DataFusion has is not found here, but [`resolve_scalar`](super::resolve_scalar) knows it.
pub fn scalar(name: &str) -> Option<&'static ScalarFunction> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static ScalarFunction>> = LazyLock::new(|| {
        let names = |function: &'static ScalarFunction| {
            std::iter::once(function.name)
                .chain(function.synonyms.iter().copied())
                .map(move |name| (name, function))
        };
        FUNCTIONS.iter().flat_map(names).collect()
    });
    BY_NAME.get(name.to_ascii_uppercase().as_str()).copied()
}

/// All scalar functions of the dialect, by chapter.
pub fn scalar_functions() -> impl Iterator<Item = &'static ScalarFunction> {
    FUNCTIONS.iter()
}

/// Whether a call without arguments reads the clock: the planner puts the processing time of the record there.
pub fn is_clock_function(name: &str) -> bool {
    CLOCK_FUNCTIONS.iter().any(|clock| name.eq_ignore_ascii_case(clock))
}

/// Functions that read the clock when they are called without arguments.
pub(crate) const CLOCK_FUNCTIONS: &[&str] = &[
    "NOW",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "TIMESTAMP",
    "UNIX_TIMESTAMP",
];

/// Whether the function reads or changes the headers of the record.
///
/// The reading ones (`HEADER`, `HAS_HEADER`, `HEADER_KEYS`) are functions of the `_headers` column, which comes
/// before the arguments that the user writes.
pub fn is_header_function(name: &str) -> bool {
    ["HEADER", "HAS_HEADER", "HEADER_KEYS", "SET_HEADER", "REMOVE_HEADER"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

macro_rules! functions {
    ($($category:ident {
        $($name:literal $([$($synonym:literal),*])? $usage:literal, $summary:literal, $example:literal => $result:literal, $implementation:expr;)*
    })*) => {
        static FUNCTIONS: &[ScalarFunction] = &[$($(ScalarFunction {
            name: $name,
            synonyms: &[$($($synonym),*)?],
            usage: $usage,
            summary: $summary,
            example: $example,
            result: $result,
            category: Category::$category,
            implementation: $implementation,
        },)*)*];
    };
}

use Implementation::{Form as AsForm, Native as Own, Operator};

functions! {
    Math {
        "ABS" "ABS(x)", "The absolute value, in the type of `x`.", "ABS(-2.5)" => "2.5", Own(&math::ABS);
        "SQRT" "SQRT(x)", "The square root; NaN below zero.", "SQRT(2.25)" => "1.5", Own(&math::SQRT);
        "POWER" ["POW"] "POWER(x, y)", "`x` to the power of `y`.", "POWER(2, 10)" => "1024.0", Own(&math::POWER);
        "MOD" "MOD(x, y)", "What is left of a truncating division; NULL when `y` is 0.", "MOD(-7, 3)" => "-1", Operator(ArithmeticOperator::Modulo);
        "EXP" "EXP(x)", "e to the power of `x`.", "EXP(0)" => "1.0", Own(&math::EXP);
        "LN" "LN(x)", "The natural logarithm.", "LN(1)" => "0.0", Own(&math::LN);
        "LOG" "LOG([base,] x)", "The logarithm, to base 10 if none is given.", "LOG(2, 8)" => "3.0", Own(&math::LOG);
        "SIGN" "SIGN(x)", "-1, 0 or 1.", "SIGN(-2.5)" => "-1", Own(&math::SIGN);
        "RANDOM" ["RAND"] "RANDOM()", "A random DOUBLE from 0 to less than 1.", "RANDOM() < 1" => "true", foreign("random", &[], 0);
    }
    Text {
        "UPPER" ["UCASE"] "UPPER(text)", "In upper case.", "UPPER('straße')" => "STRASSE", foreign("upper", &[Text], 1);
        "LOWER" ["LCASE"] "LOWER(text)", "In lower case.", "LOWER('ABC')" => "abc", foreign("lower", &[Text], 1);
        "LENGTH" ["LEN", "CHAR_LENGTH", "CHARACTER_LENGTH"] "LENGTH(text)", "The number of characters.", "LENGTH('héllo')" => "5", foreign("character_length", &[Text], 1);
        "CONCAT" "CONCAT(value, …)", "All values one after the other, without those that are NULL.", "CONCAT('a', NULL, 1)" => "a1", foreign("concat", &[Printable], REPEATS);
        "LEFT" "LEFT(text, count)", "The first characters; a negative count leaves that many out at the end.", "LEFT('hello', 2)" => "he", foreign("left", &[Text, Integer], 2);
    }
    Conditional {
        "COALESCE" ["IFNULL", "NVL"] "COALESCE(x, …)", "The first value that is not NULL.", "COALESCE(NULL, 2)" => "2", AsForm(Form::Coalesce);
        "NULLIF" "NULLIF(x, y)", "NULL where both are equal, else `x`.", "NULLIF('n/a', 'n/a')" => "NULL", AsForm(Form::NullIf);
        "IF" ["IIF"] "IF(condition, yes, no)", "`yes` where the condition is true, else `no`.", "IF(NULL, 1, 2)" => "2", AsForm(Form::If);
    }
}
