//! Every scalar function of the dialect: names, synonyms, and where it is implemented.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::form::Form;
use super::native::Native;
use super::notation::Notation;
use super::parameter::Parameter::{self, Any, Array, Bytes, Double, In, Integer, Map, Printable, Text};
use super::{bytes, encoding, fill, header, json, math, regex, round, text, time};
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
    /// DataFusion's, for which values that are equal must be the same bits.
    Comparing {
        name: &'static str,
        parameters: &'static [Parameter],
    },
    /// DataFusion's least or greatest, of arguments that are brought to their common type.
    Extreme(&'static str),
    /// A digest of DataFusion's, as hexadecimal digits.
    HexDigest(&'static str),
    /// DataFusion's `array_sort`, with NULLs last unless told otherwise.
    ArraySort,
    Operator(ArithmeticOperator),
    Form(Form),
    /// DataFusion's, with whatever arguments it takes.
    Anything(&'static str),
    /// DataFusion's, of values that must have an order.
    Ordered {
        name: &'static str,
        parameters: &'static [Parameter],
    },
    /// One function of text, and another that is called in its place where the first argument is BYTES.
    TextOrBytes {
        text: &'static Implementation,
        bytes: &'static Native,
    },
    /// CONCAT, of values as text or of BYTES.
    Concat,
}

impl Implementation {
    /// What the arguments are; empty where their types are all that counts.
    pub(crate) fn parameters(&self) -> &'static [Parameter] {
        match self {
            Self::Native(native) => native.parameters,
            // The name stands for the first.
            Self::Part(native, _) => native.parameters.get(1..).unwrap_or_default(),
            Self::Foreign { parameters, .. }
            | Self::Comparing { parameters, .. }
            | Self::Ordered { parameters, .. } => parameters,
            Self::TextOrBytes { text, .. } => text.parameters(),
            Self::Extreme(_)
            | Self::HexDigest(_)
            | Self::ArraySort
            | Self::Operator(_)
            | Self::Form(_)
            | Self::Anything(_)
            | Self::Concat => &[],
        }
    }
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

const fn comparing(name: &'static str, parameters: &'static [Parameter]) -> Implementation {
    Implementation::Comparing { name, parameters }
}

const fn ordered(name: &'static str, parameters: &'static [Parameter]) -> Implementation {
    Implementation::Ordered { name, parameters }
}

const fn of_double(name: &'static str) -> Implementation {
    foreign(name, &[Double], 1)
}

const fn text_or_bytes(text: &'static Implementation, bytes: &'static Native) -> Implementation {
    Implementation::TextOrBytes { text, bytes }
}

static LENGTH_OF_TEXT: Implementation = foreign("character_length", &[Text], 1);
static LEFT_OF_TEXT: Implementation = foreign("left", &[Text, Integer], 2);
static RIGHT_OF_TEXT: Implementation = foreign("right", &[Text, Integer], 2);
static SUBSTRING_OF_TEXT: Implementation = Own(&text::SUBSTRING);
static LPAD_OF_TEXT: Implementation = Own(&fill::LPAD);
static RPAD_OF_TEXT: Implementation = Own(&fill::RPAD);
static REPEAT_OF_TEXT: Implementation = Own(&fill::REPEAT);

/// The function of the dialect with this name or synonym, in any case.
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

const fn part(name: &'static str) -> Implementation {
    Implementation::Part(&time::DATE_PART, name)
}

functions! {
    Math {
        "ABS" "ABS(x)", "The absolute value, in the type of `x`.", "ABS(-2.5)" => "2.5", Own(&math::ABS);
        "ROUND" "ROUND(x [, digits])", "Rounded half away from zero; negative digits round before the point. A DECIMAL stays one.", "ROUND(2.345, 2)" => "2.35", Own(&round::ROUND);
        "CEIL" ["CEILING"] "CEIL(x)", "The next whole number that is not smaller. A DECIMAL stays one.", "CEIL(2.1)" => "3", Own(&round::CEIL);
        "FLOOR" "FLOOR(x)", "The next whole number that is not larger. A DECIMAL stays one.", "FLOOR(-2.1)" => "-3", Own(&round::FLOOR);
        "TRUNC" ["TRUNCATE"] "TRUNC(x [, digits])", "Without the digits behind the point, or all but so many of them.", "TRUNC(2.789, 1)" => "2.7", Own(&round::TRUNC);
        "SQRT" "SQRT(x)", "The square root; NaN below zero.", "SQRT(2.25)" => "1.5", Own(&math::SQRT);
        "POWER" ["POW"] "POWER(x, y)", "`x` to the power of `y`, as DOUBLE.", "POWER(2, 10)" => "1024.0", Own(&math::POWER);
        "MOD" "MOD(x, y)", "What is left of a truncating division; NULL when `y` is 0.", "MOD(-7, 3)" => "-1", Operator(ArithmeticOperator::Modulo);
        "EXP" "EXP(x)", "e to the power of `x`.", "EXP(0)" => "1.0", Own(&math::EXP);
        "LN" "LN(x)", "The natural logarithm.", "LN(1)" => "0.0", Own(&math::LN);
        "LOG" "LOG([base,] x)", "The logarithm, to base 10 if none is given.", "LOG(2, 8)" => "3.0", Own(&math::LOG);
        "SIGN" "SIGN(x)", "-1, 0 or 1.", "SIGN(-2.5)" => "-1", Own(&math::SIGN);
        "LEAST" "LEAST(x, …)", "The smallest of the values that are not NULL.", "LEAST(3, NULL, 1)" => "1", Implementation::Extreme("least");
        "GREATEST" "GREATEST(x, …)", "The largest of the values that are not NULL.", "GREATEST(3, NULL, 1)" => "3", Implementation::Extreme("greatest");
        "PI" "PI()", "The ratio of a circle's circumference to its diameter.", "ROUND(PI(), 5)" => "3.14159", foreign("pi", &[], 0);
        "CBRT" "CBRT(x)", "The cube root.", "CBRT(27)" => "3.0", of_double("cbrt");
        "LOG2" "LOG2(x)", "The logarithm to base 2.", "LOG2(8)" => "3.0", of_double("log2");
        "LOG10" "LOG10(x)", "The logarithm to base 10.", "LOG10(1000)" => "3.0", of_double("log10");
        "DEGREES" "DEGREES(x)", "Radians as degrees.", "ROUND(DEGREES(PI()), 3)" => "180.0", of_double("degrees");
        "RADIANS" "RADIANS(x)", "Degrees as radians.", "ROUND(RADIANS(180), 5)" => "3.14159", of_double("radians");
        "SIN" "SIN(x)", "The sine of an angle in radians.", "SIN(0)" => "0.0", of_double("sin");
        "COS" "COS(x)", "The cosine of an angle in radians.", "COS(0)" => "1.0", of_double("cos");
        "TAN" "TAN(x)", "The tangent of an angle in radians.", "TAN(0)" => "0.0", of_double("tan");
        "COT" "COT(x)", "The cotangent of an angle in radians.", "ROUND(COT(1), 5)" => "0.64209", of_double("cot");
        "ASIN" "ASIN(x)", "The angle in radians that has this sine.", "ASIN(0)" => "0.0", of_double("asin");
        "ACOS" "ACOS(x)", "The angle in radians that has this cosine.", "ACOS(1)" => "0.0", of_double("acos");
        "ATAN" "ATAN(x)", "The angle in radians that has this tangent.", "ATAN(0)" => "0.0", of_double("atan");
        "ATAN2" "ATAN2(y, x)", "The angle in radians of the direction to a point.", "ROUND(ATAN2(1, 1), 5)" => "0.7854", foreign("atan2", &[Double, Double], 2);
        "SINH" "SINH(x)", "The hyperbolic sine.", "SINH(0)" => "0.0", of_double("sinh");
        "COSH" "COSH(x)", "The hyperbolic cosine.", "COSH(0)" => "1.0", of_double("cosh");
        "TANH" "TANH(x)", "The hyperbolic tangent.", "TANH(0)" => "0.0", of_double("tanh");
        "ASINH" "ASINH(x)", "The inverse of the hyperbolic sine.", "ASINH(0)" => "0.0", of_double("asinh");
        "ACOSH" "ACOSH(x)", "The inverse of the hyperbolic cosine.", "ACOSH(1)" => "0.0", of_double("acosh");
        "ATANH" "ATANH(x)", "The inverse of the hyperbolic tangent.", "ATANH(0)" => "0.0", of_double("atanh");
        "GCD" "GCD(x, y)", "The greatest common divisor.", "GCD(12, 18)" => "6", foreign("gcd", &[Integer, Integer], 2);
        "LCM" "LCM(x, y)", "The least common multiple.", "LCM(4, 6)" => "12", foreign("lcm", &[Integer, Integer], 2);
        "FACTORIAL" "FACTORIAL(x)", "The product of the whole numbers from 1 to `x`.", "FACTORIAL(5)" => "120", foreign("factorial", &[Integer], 1);
        "ISNAN" "ISNAN(x)", "Whether a DOUBLE is no number.", "ISNAN(SQRT(-1))" => "true", of_double("isnan");
        "RANDOM" ["RAND"] "RANDOM()", "A random DOUBLE from 0 to less than 1.", "RANDOM() < 1" => "true", foreign("random", &[], 0);
    }
    Text {
        "UPPER" ["UCASE"] "UPPER(text)", "In upper case.", "UPPER('abc')" => "ABC", foreign("upper", &[Text], 1);
        "LOWER" ["LCASE"] "LOWER(text)", "In lower case.", "LOWER('ABC')" => "abc", foreign("lower", &[Text], 1);
        "INITCAP" "INITCAP(text)", "Every word with a capital first letter.", "INITCAP('hello world')" => "Hello World", foreign("initcap", &[Text], 1);
        "LENGTH" ["LEN", "CHAR_LENGTH", "CHARACTER_LENGTH"] "LENGTH(x)", "The number of characters of a text, or of bytes of BYTES.", "LENGTH('héllo')" => "5", text_or_bytes(&LENGTH_OF_TEXT, &bytes::LENGTH);
        "SUBSTRING" ["SUBSTR"] "SUBSTRING(x, start [, count])", "Characters from `start`, counted from 1, or from the end if it is negative; of BYTES bytes.", "SUBSTRING('hello', 2, 3)" => "ell", text_or_bytes(&SUBSTRING_OF_TEXT, &bytes::SUBSTRING);
        "LEFT" "LEFT(x, count)", "The first characters, or bytes of BYTES; a negative count leaves that many out at the end.", "LEFT('hello', 2)" => "he", text_or_bytes(&LEFT_OF_TEXT, &bytes::LEFT);
        "RIGHT" "RIGHT(x, count)", "The last characters, or bytes of BYTES; a negative count leaves that many out at the start.", "RIGHT('hello', 2)" => "lo", text_or_bytes(&RIGHT_OF_TEXT, &bytes::RIGHT);
        "REPLACE" "REPLACE(text, from, to)", "With every `from` replaced.", "REPLACE('a-b-c', '-', '+')" => "a+b+c", Own(&text::REPLACE);
        "TRIM" ["BTRIM"] "TRIM(text [, characters])", "Without blanks, or the given characters, at both ends.", "TRIM('  a ')" => "a", foreign("btrim", &[Text, Text], 1);
        "LTRIM" "LTRIM(text [, characters])", "Without blanks, or the given characters, at the start.", "LTRIM('  a')" => "a", foreign("ltrim", &[Text, Text], 1);
        "RTRIM" "RTRIM(text [, characters])", "Without blanks, or the given characters, at the end.", "RTRIM('a  ')" => "a", foreign("rtrim", &[Text, Text], 1);
        "LPAD" "LPAD(x, length [, fill])", "Filled up or cut off to a number of characters, at the start; of BYTES, which need a `fill`, to one of bytes.", "LPAD('7', 3, '0')" => "007", text_or_bytes(&LPAD_OF_TEXT, &bytes::LPAD);
        "RPAD" "RPAD(x, length [, fill])", "Filled up or cut off to a number of characters, at the end; of BYTES, which need a `fill`, to one of bytes.", "RPAD('7', 3, '.')" => "7..", text_or_bytes(&RPAD_OF_TEXT, &bytes::RPAD);
        "REPEAT" "REPEAT(x, count)", "A text or BYTES so many times over; up to 1 MiB.", "REPEAT('ab', 3)" => "ababab", text_or_bytes(&REPEAT_OF_TEXT, &bytes::REPEAT);
        "CONCAT" "CONCAT(value, …)", "All values one after the other, without those that are NULL: as text, or BYTES if all are.", "CONCAT('a', NULL, 1)" => "a1", Implementation::Concat;
        "CONCAT_WS" ["JOIN"] "CONCAT_WS(separator, value, …)", "All values that are not NULL, with a separator in between.", "CONCAT_WS('-', 'a', NULL, 'b')" => "a-b", foreign("concat_ws", &[Text, Printable], REPEATS);
        "SPLIT" ["STRING_SPLIT"] "SPLIT(text, separator)", "The parts between the separators, as an array; with an empty one the characters.", "SPLIT('a,b', ',')" => "[a, b]", Own(&text::SPLIT);
        "SPLIT_PART" "SPLIT_PART(text, separator, index)", "One part, counted from 1, or from the end if it is negative; empty if there is none.", "SPLIT_PART('a,b', ',', 2)" => "b", Own(&text::SPLIT_PART);
        "POSITION" "POSITION(search IN text), POSITION(search, text)", "Where a text first occurs in another, from 1; 0 if it does not.", "POSITION('l' IN 'hello')" => "3", Own(&text::POSITION);
        "INSTR" ["STRPOS"] "INSTR(text, search)", "As POSITION, with the arguments the other way round.", "INSTR('hello', 'l')" => "3", Own(&text::INSTR);
        "CONTAINS" "CONTAINS(text, search)", "Whether a text has another one in it.", "CONTAINS('hello', 'ell')" => "true", foreign("contains", &[Text, Text], 2);
        "STARTS_WITH" "STARTS_WITH(text, start)", "Whether a text begins with another one.", "STARTS_WITH('hello', 'he')" => "true", foreign("starts_with", &[Text, Text], 2);
        "ENDS_WITH" "ENDS_WITH(text, end)", "Whether a text ends with another one.", "ENDS_WITH('hello', 'lo')" => "true", foreign("ends_with", &[Text, Text], 2);
        "REVERSE" "REVERSE(text)", "The characters from the last to the first.", "REVERSE('abc')" => "cba", foreign("reverse", &[Text], 1);
        "TRANSLATE" "TRANSLATE(text, from, to)", "Each character of `from` replaced by the one at its place in `to`, or left out if there is none.", "TRANSLATE('12345', '143', 'ax')" => "a2x5", foreign("translate", &[Text, Text, Text], 3);
        "LEVENSHTEIN" "LEVENSHTEIN(text, text)", "How many characters must be put in, left out or replaced to make one text of the other.", "LEVENSHTEIN('kitten', 'sitting')" => "3", foreign("levenshtein", &[Text, Text], 2);
        "ASCII" "ASCII(text)", "The code point of the first character.", "ASCII('a')" => "97", foreign("ascii", &[Text], 1);
        "CHR" "CHR(number)", "The character with this code point.", "CHR(97)" => "a", foreign("chr", &[Integer], 1);
        "OCTET_LENGTH" "OCTET_LENGTH(x)", "The number of bytes of a text or BYTES.", "OCTET_LENGTH('é')" => "2", Own(&bytes::LENGTH);
        "TO_HEX" "TO_HEX(number)", "A whole number in hexadecimal digits.", "TO_HEX(255)" => "ff", foreign("to_hex", &[Integer], 1);
        "UUID" ["GEN_RANDOM_UUID"] "UUID()", "A random UUID.", "LENGTH(UUID())" => "36", foreign("uuid", &[], 0);
        "REGEXP_LIKE" ["REGEXP", "REGEXP_MATCHES"] "REGEXP_LIKE(text, pattern [, flags])", "Whether a regular expression matches anywhere in the text.", "REGEXP_LIKE('hello', 'l+')" => "true", foreign("regexp_like", &[Text, In(Notation::RegularExpression), In(Notation::MatchFlags)], 2);
        "REGEXP_REPLACE" "REGEXP_REPLACE(text, pattern, replacement [, flags])", "With the first match replaced, or with flag `g` all; `\\1` is the first group.", "REGEXP_REPLACE('aaa', 'a', 'b', 'g')" => "bbb", foreign("regexp_replace", &[Text, In(Notation::RegularExpression), Text, In(Notation::ReplaceFlags)], 3);
        "REGEXP_EXTRACT" "REGEXP_EXTRACT(text, pattern [, group])", "The first match, or one group of it; empty if there is none.", "REGEXP_EXTRACT('abc123', '[0-9]+')" => "123", Own(&regex::REGEXP_EXTRACT);
        "MD5" "MD5(x)", "The MD5 digest of a text or BYTES in hexadecimal digits.", "MD5('hello')" => "5d41402abc4b2a76b9719d911017c592", foreign("md5", &[Bytes], 1);
        "SHA256" "SHA256(x)", "The SHA-256 digest of a text or BYTES in hexadecimal digits.", "LEFT(SHA256('hello'), 8)" => "2cf24dba", Implementation::HexDigest("sha256");
        "SHA512" "SHA512(x)", "The SHA-512 digest of a text or BYTES in hexadecimal digits.", "LEFT(SHA512('hello'), 8)" => "9b71d224", Implementation::HexDigest("sha512");
        "ENCODE" "ENCODE(bytes, 'base64' | 'hex')", "Bytes, or the UTF-8 bytes of a text, in base64 or hexadecimal digits.", "ENCODE('hello', 'hex')" => "68656c6c6f", Own(&encoding::ENCODE);
        "DECODE" "DECODE(text, 'base64' | 'hex')", "The bytes that ENCODE made a text of.", "CAST(DECODE('68656c6c6f', 'hex') AS STRING)" => "hello", Own(&encoding::DECODE);
    }
    Time {
        "DATE_PART" ["DATEPART", "EXTRACT"] "EXTRACT(part FROM x), DATE_PART('part', x)", "One part of a point in time or an INTERVAL; `epoch` is seconds as DOUBLE.", "EXTRACT(HOUR FROM TIMESTAMP '2024-01-02 03:04:05')" => "3", Own(&time::DATE_PART);
        "YEAR" "YEAR(x)", "The year.", "YEAR(DATE '2024-05-03')" => "2024", part("year");
        "QUARTER" "QUARTER(x)", "The quarter, 1 to 4.", "QUARTER(DATE '2024-05-03')" => "2", part("quarter");
        "MONTH" "MONTH(x)", "The month, 1 to 12.", "MONTH(DATE '2024-05-03')" => "5", part("month");
        "WEEK" ["WEEKOFYEAR"] "WEEK(x)", "The ISO week, 1 to 53.", "WEEK(DATE '2024-12-31')" => "1", part("week");
        "DAY" ["DAYOFMONTH"] "DAY(x)", "The day of the month.", "DAY(DATE '2024-05-03')" => "3", part("day");
        "DAYOFWEEK" ["WEEKDAY"] "DAYOFWEEK(x)", "The day of the week, 0 (Sunday) to 6.", "DAYOFWEEK(DATE '2024-01-07')" => "0", part("dow");
        "DAYOFYEAR" "DAYOFYEAR(x)", "The day of the year, 1 to 366.", "DAYOFYEAR(DATE '2024-12-31')" => "366", part("doy");
        "HOUR" "HOUR(x)", "The hour, 0 to 23.", "HOUR(TIMESTAMP '2024-01-02 03:04:05')" => "3", part("hour");
        "MINUTE" "MINUTE(x)", "The minute, 0 to 59.", "MINUTE(TIMESTAMP '2024-01-02 03:04:05')" => "4", part("minute");
        "SECOND" "SECOND(x)", "The second, 0 to 59.", "SECOND(TIMESTAMP '2024-01-02 03:04:05')" => "5", part("second");
        "MILLISECOND" "MILLISECOND(x)", "The milliseconds of the minute, 0 to 59999.", "MILLISECOND(TIMESTAMP '2024-01-02 03:04:05.678')" => "5678", part("millisecond");
        "DATE" "DATE(x)", "The date of a point in time.", "DATE(TIMESTAMP '2024-01-02 03:04:05')" => "2024-01-02", AsForm(Form::ToDate);
        "TIMESTAMP" "TIMESTAMP(x)", "A DATE, epoch milliseconds or text as TIMESTAMP; without argument the time of processing.", "TIMESTAMP('2024-01-02')" => "2024-01-02T00:00:00", AsForm(Form::ToTimestamp);
        "DATE_TRUNC" "DATE_TRUNC('unit', x)", "The start of the unit of time that `x` lies in; weeks start on Monday.", "DATE_TRUNC('hour', TIMESTAMP '2024-01-02 03:04:05')" => "2024-01-02T03:00:00", Own(&time::DATE_TRUNC);
        "DATE_ADD" "DATE_ADD(x, interval)", "A point in time moved forward.", "DATE_ADD(DATE '2024-01-31', INTERVAL '1' MONTH)" => "2024-02-29T00:00:00", AsForm(Form::Shift(ArithmeticOperator::Add));
        "DATE_SUB" "DATE_SUB(x, interval)", "A point in time moved back.", "DATE_SUB(DATE '2024-03-31', INTERVAL '1' MONTH)" => "2024-02-29T00:00:00", AsForm(Form::Shift(ArithmeticOperator::Subtract));
        "DATEDIFF" ["DATE_DIFF"] "DATEDIFF('unit', a, b)", "How many starts of a unit lie between `a` and `b`; weeks are seven days.", "DATEDIFF('month', DATE '2024-01-31', DATE '2024-02-01')" => "1", Own(&time::DATE_DIFF);
        "DATE_FORMAT" ["FORMAT_TIMESTAMP", "STRFTIME"] "DATE_FORMAT(x, pattern [, zone])", "As text, by a strftime pattern (`%Y-%m-%d`) or, if it has no `%`, a Java one (`yyyy-MM-dd`).", "DATE_FORMAT(TIMESTAMP '2024-01-02 03:04:05', '%d.%m.%Y')" => "02.01.2024", Own(&time::DATE_FORMAT);
        "TO_CHAR" "TO_CHAR(x, pattern)", "A TIMESTAMP or DATE as text, by a pattern as in PostgreSQL.", "TO_CHAR(DATE '2024-01-02', 'YYYY-MM-DD')" => "2024-01-02", Own(&time::TO_CHAR);
        "MAKE_DATE" "MAKE_DATE(year, month, day)", "The DATE of these numbers.", "MAKE_DATE(2024, 1, 2)" => "2024-01-02", foreign("make_date", &[Integer, Integer, Integer], 3);
        "PARSE_TIMESTAMP" ["TO_TIMESTAMP", "STRPTIME"] "PARSE_TIMESTAMP(text [, pattern [, zone]])", "Text as TIMESTAMP, by a pattern as in DATE_FORMAT, or ISO 8601.", "PARSE_TIMESTAMP('02.01.2024', '%d.%m.%Y')" => "2024-01-02T00:00:00", Own(&time::PARSE_TIMESTAMP);
        "FROM_UNIXTIME" "FROM_UNIXTIME(seconds)", "Seconds since 1970-01-01 UTC as TIMESTAMP.", "FROM_UNIXTIME(1704164645)" => "2024-01-02T03:04:05", Own(&time::FROM_UNIXTIME);
        "UNIX_TIMESTAMP" "UNIX_TIMESTAMP(x)", "A point in time as whole seconds since 1970-01-01 UTC; without argument the time of processing.", "UNIX_TIMESTAMP(TIMESTAMP '2024-01-02 03:04:05')" => "1704164645", Own(&time::UNIX_TIMESTAMP);
        "CONVERT_TZ" "CONVERT_TZ(x, from, to)", "The time on a clock in one time zone as the time on a clock in another.", "CONVERT_TZ(TIMESTAMP '2024-07-01 12:00:00', 'UTC', 'Europe/Berlin')" => "2024-07-01T14:00:00", Own(&time::CONVERT_TZ);
        "INTERVAL_OF" "INTERVAL_OF('unit', count)", "So many units of time as INTERVAL, for counts that are not literals.", "DATE '2024-01-01' + INTERVAL_OF('day', 2)" => "2024-01-03T00:00:00", Own(&time::MAKE_INTERVAL);
    }
    Conditional {
        "COALESCE" ["IFNULL", "NVL"] "COALESCE(x, …)", "The first value that is not NULL.", "COALESCE(NULL, 2)" => "2", AsForm(Form::Coalesce);
        "NULLIF" "NULLIF(x, y)", "NULL where both are equal, else `x`.", "NULLIF('n/a', 'n/a')" => "NULL", AsForm(Form::NullIf);
        "IF" ["IIF"] "IF(condition, yes, no)", "`yes` where the condition is true, else `no`.", "IF(NULL, 1, 2)" => "2", AsForm(Form::If);
    }
    Json {
        "JSON_EXTRACT" "JSON_EXTRACT(json, path)", "What is at a path (`$.a.b[0]`, `$.a.b.0`), as JSON; NULL where nothing is.", "JSON_EXTRACT('{\"a\": [1, 2]}', '$.a')" => "[1, 2]", Own(&json::JSON_EXTRACT);
        "JSON_VALUE" ["JSON_EXTRACT_SCALAR", "JSON_EXTRACT_STRING"] "JSON_VALUE(json, path)", "The string, number or truth value at a path, as text; NULL for anything else.", "JSON_VALUE('{\"a\": \"x\"}', '$.a')" => "x", Own(&json::JSON_VALUE);
        "EXTRACTJSONFIELD" "EXTRACTJSONFIELD(json, path)", "As JSON_VALUE, but objects and arrays come as their JSON text.", "EXTRACTJSONFIELD('{\"a\": [1]}', '$.a')" => "[1]", Own(&json::EXTRACT_FIELD);
        "JSON_QUERY" "JSON_QUERY(json, path)", "The object or array at a path, as JSON; NULL for anything else.", "JSON_QUERY('{\"a\": [1]}', '$.a')" => "[1]", Own(&json::JSON_QUERY);
        "JSON_EXISTS" "JSON_EXISTS(json, path)", "Whether there is anything at a path, `null` included.", "JSON_EXISTS('{\"a\": null}', '$.a')" => "true", Own(&json::JSON_EXISTS);
        "JSON_KEYS" "JSON_KEYS(json [, path])", "The keys of an object, as an array.", "JSON_KEYS('{\"a\": 1, \"b\": 2}')" => "[a, b]", Own(&json::JSON_KEYS);
        "JSON_ARRAY_LENGTH" "JSON_ARRAY_LENGTH(json [, path])", "The number of elements of an array, 0 of anything else.", "JSON_ARRAY_LENGTH('[1, 2]')" => "2", Own(&json::JSON_ARRAY_LENGTH);
        "TO_JSON_STRING" ["TO_JSON"] "TO_JSON_STRING(x)", "A value of any type as JSON.", "TO_JSON_STRING(ARRAY[1, NULL])" => "[1,null]", Own(&json::TO_JSON_STRING);
    }
    Nested {
        "ARRAY_LENGTH" ["ARRAY_SIZE", "LIST_LENGTH"] "ARRAY_LENGTH(array)", "The number of elements.", "ARRAY_LENGTH(ARRAY[1, NULL])" => "2", foreign("array_length", &[Array], 1);
        "ARRAY_CONTAINS" ["ARRAY_HAS", "LIST_CONTAINS", "LIST_HAS"] "ARRAY_CONTAINS(array, x)", "Whether an element equals `x`.", "ARRAY_CONTAINS(ARRAY[1, 2], 2)" => "true", comparing("array_has", &[Array, Any]);
        "ARRAY_POSITION" ["ARRAY_INDEXOF", "LIST_POSITION", "LIST_INDEXOF"] "ARRAY_POSITION(array, x)", "Where `x` first occurs, from 1; NULL if it does not.", "ARRAY_POSITION(ARRAY['a', 'b'], 'b')" => "2", comparing("array_position", &[Array, Any]);
        "ARRAY_JOIN" ["ARRAY_TO_STRING"] "ARRAY_JOIN(array, separator [, null_text])", "The elements as one text; NULLs are left out unless they have a text.", "ARRAY_JOIN(ARRAY['a', NULL, 'b'], '-')" => "a-b", foreign("array_to_string", &[Array, Text, Text], 2);
        "ARRAY_DISTINCT" ["LIST_DISTINCT"] "ARRAY_DISTINCT(array)", "Without elements that are there already.", "ARRAY_DISTINCT(ARRAY[1, 1, 2])" => "[1, 2]", comparing("array_distinct", &[Array]);
        "ARRAY_SORT" "ARRAY_SORT(array [, 'ASC' | 'DESC' [, 'NULLS FIRST' | 'NULLS LAST']])", "The elements in order, NULLs last.", "ARRAY_SORT(ARRAY[3, 1, 2])" => "[1, 2, 3]", Implementation::ArraySort;
        "ARRAY_MIN" ["LIST_MIN"] "ARRAY_MIN(array)", "The smallest element.", "ARRAY_MIN(ARRAY[3, 1, NULL])" => "1", ordered("array_min", &[Array]);
        "ARRAY_MAX" ["LIST_MAX"] "ARRAY_MAX(array)", "The largest element.", "ARRAY_MAX(ARRAY[3, 1, NULL])" => "3", ordered("array_max", &[Array]);
        "ARRAY_CONCAT" ["ARRAY_CAT", "LIST_CONCAT", "LIST_CAT"] "ARRAY_CONCAT(array, …)", "The elements of all arrays in one.", "ARRAY_CONCAT(ARRAY[1], ARRAY[2])" => "[1, 2]", foreign("array_concat", &[Array], REPEATS);
        "ARRAY_REMOVE" "ARRAY_REMOVE(array, x)", "Without the elements that equal `x`.", "ARRAY_REMOVE(ARRAY[1, 2, 1], 1)" => "[2]", comparing("array_remove_all", &[Array, Any]);
        "SLICE" ["ARRAY_SLICE", "LIST_SLICE"] "SLICE(array, from, to)", "The elements from one position to another, both included, from 1.", "SLICE(ARRAY[1, 2, 3, 4], 2, 3)" => "[2, 3]", foreign("array_slice", &[Array, Integer, Integer], 3);
        "ARRAY_APPEND" ["LIST_APPEND", "ARRAY_PUSH_BACK"] "ARRAY_APPEND(array, x)", "With one more element at the end.", "ARRAY_APPEND(ARRAY[1, 2], 3)" => "[1, 2, 3]", foreign("array_append", &[Array, Any], 2);
        "ARRAY_PREPEND" "ARRAY_PREPEND(x, array)", "With one more element at the start.", "ARRAY_PREPEND(0, ARRAY[1, 2])" => "[0, 1, 2]", foreign("array_prepend", &[Any, Array], 2);
        "ARRAY_REVERSE" ["LIST_REVERSE"] "ARRAY_REVERSE(array)", "The elements from the last to the first.", "ARRAY_REVERSE(ARRAY[1, 2])" => "[2, 1]", foreign("array_reverse", &[Array], 1);
        "ARRAY_UNION" "ARRAY_UNION(array, array)", "All different elements of two arrays.", "ARRAY_SORT(ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3]))" => "[1, 2, 3]", comparing("array_union", &[Array, Array]);
        "ARRAY_INTERSECT" ["LIST_INTERSECT"] "ARRAY_INTERSECT(array, array)", "The different elements that both arrays have.", "ARRAY_INTERSECT(ARRAY[1, 2], ARRAY[2, 3])" => "[2]", comparing("array_intersect", &[Array, Array]);
        "ARRAY_EXCEPT" "ARRAY_EXCEPT(array, array)", "The different elements of the first array that the second one does not have.", "ARRAY_EXCEPT(ARRAY[1, 2], ARRAY[2, 3])" => "[1]", comparing("array_except", &[Array, Array]);
        "ARRAYS_OVERLAP" ["ARRAY_HAS_ANY", "LIST_HAS_ANY"] "ARRAYS_OVERLAP(array, array)", "Whether the arrays have an element in common.", "ARRAYS_OVERLAP(ARRAY[1, 2], ARRAY[2, 3])" => "true", comparing("array_has_any", &[Array, Array]);
        "ARRAY_HAS_ALL" ["LIST_HAS_ALL"] "ARRAY_HAS_ALL(array, array)", "Whether the first array has all elements of the second one.", "ARRAY_HAS_ALL(ARRAY[1, 2], ARRAY[2])" => "true", comparing("array_has_all", &[Array, Array]);
        "FLATTEN" "FLATTEN(array)", "The elements of the arrays in an array, as one array.", "FLATTEN(ARRAY[ARRAY[1], ARRAY[2, 3]])" => "[1, 2, 3]", foreign("flatten", &[Array], 1);
        "MAKE_ARRAY" "ARRAY[x, …], MAKE_ARRAY(x, …)", "An array of these elements.", "MAKE_ARRAY(1, 2)" => "[1, 2]", Implementation::Anything("make_array");
        "NAMED_STRUCT" "STRUCT(name := x, …), NAMED_STRUCT('name', x, …)", "A struct of these fields.", "NAMED_STRUCT('a', 1)" => "{a: 1}", Implementation::Anything("named_struct");
        "GET_FIELD" "struct.field, struct->field, GET_FIELD(struct, 'field')", "One field of a struct.", "GET_FIELD(STRUCT(a := 1), 'a')" => "1", Implementation::Anything("get_field");
        "MAP" "MAP{key: value, …}", "A map of these keys and values.", "MAP{'a': 1}['a']" => "1", Implementation::Anything("map");
        "MAP_EXTRACT" "map[key], MAP_EXTRACT(map, key)", "The value of a key, NULL if there is none; MAP_EXTRACT gives it as an array of one element or none.", "MAP_EXTRACT(MAP{'a': 1}, 'a')" => "[1]", Implementation::Anything("map_extract");
        "ARRAY_ELEMENT" "array[index], ARRAY_ELEMENT(array, index)", "One element, from 1, or from the end if negative; NULL if there is none.", "ARRAY[1, 2][2]" => "2", foreign("array_element", &[Array, Integer], 2);
        "MAP_KEYS" "MAP_KEYS(map)", "The keys, as an array.", "MAP_KEYS(MAP{'a': 1})" => "[a]", foreign("map_keys", &[Map], 1);
        "MAP_VALUES" "MAP_VALUES(map)", "The values, as an array.", "MAP_VALUES(MAP{'a': 1})" => "[1]", foreign("map_values", &[Map], 1);
    }
    Header {
        "HEADER" "HEADER(key)", "The value of a record header; NULL if there is none.", "HEADER('trace')" => "the header's text", Own(&header::HEADER);
        "HAS_HEADER" "HAS_HEADER(key)", "Whether the record has a header.", "HAS_HEADER('trace')" => "true or false", Own(&header::HAS_HEADER);
        "HEADER_KEYS" "HEADER_KEYS()", "The keys of all headers, with commas in between.", "HEADER_KEYS()" => "trace,source", Own(&header::HEADER_KEYS);
    }
}
