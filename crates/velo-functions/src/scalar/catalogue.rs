//! Every scalar function of the dialect: names, synonyms, and where it is implemented.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::form::Form;
use super::native::Native;
use super::notation::Notation;
use super::parameter::Parameter::{self, Any, Array, In, Integer, Map, Printable, Text};
use super::{encoding, fill, header, json, math, regex, round, text, time};
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
}

impl Implementation {
    /// What the arguments are; empty where their types are all that counts.
    pub(crate) fn parameters(&self) -> &'static [Parameter] {
        match self {
            Self::Native(native) => native.parameters,
            // The name stands for the first.
            Self::Part(native, _) => native.parameters.get(1..).unwrap_or_default(),
            Self::Foreign { parameters, .. } | Self::Comparing { parameters, .. } => parameters,
            Self::Extreme(_) | Self::HexDigest(_) | Self::ArraySort | Self::Operator(_) | Self::Form(_) => &[],
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
        "RANDOM" ["RAND"] "RANDOM()", "A random DOUBLE from 0 to less than 1.", "RANDOM() < 1" => "true", foreign("random", &[], 0);
    }
    Text {
        "UPPER" ["UCASE"] "UPPER(text)", "In upper case.", "UPPER('abc')" => "ABC", foreign("upper", &[Text], 1);
        "LOWER" ["LCASE"] "LOWER(text)", "In lower case.", "LOWER('ABC')" => "abc", foreign("lower", &[Text], 1);
        "INITCAP" "INITCAP(text)", "Every word with a capital first letter.", "INITCAP('hello world')" => "Hello World", foreign("initcap", &[Text], 1);
        "LENGTH" ["LEN", "CHAR_LENGTH", "CHARACTER_LENGTH"] "LENGTH(text)", "The number of characters.", "LENGTH('héllo')" => "5", foreign("character_length", &[Text], 1);
        "SUBSTRING" ["SUBSTR"] "SUBSTRING(text, start [, count])", "Characters from `start`, counted from 1, or from the end if it is negative.", "SUBSTRING('hello', 2, 3)" => "ell", Own(&text::SUBSTRING);
        "LEFT" "LEFT(text, count)", "The first characters; a negative count leaves that many out at the end.", "LEFT('hello', 2)" => "he", foreign("left", &[Text, Integer], 2);
        "RIGHT" "RIGHT(text, count)", "The last characters; a negative count leaves that many out at the start.", "RIGHT('hello', 2)" => "lo", foreign("right", &[Text, Integer], 2);
        "REPLACE" "REPLACE(text, from, to)", "With every `from` replaced.", "REPLACE('a-b-c', '-', '+')" => "a+b+c", Own(&text::REPLACE);
        "TRIM" ["BTRIM"] "TRIM(text [, characters])", "Without blanks, or the given characters, at both ends.", "TRIM('  a ')" => "a", foreign("btrim", &[Text, Text], 1);
        "LTRIM" "LTRIM(text [, characters])", "Without blanks, or the given characters, at the start.", "LTRIM('  a')" => "a", foreign("ltrim", &[Text, Text], 1);
        "RTRIM" "RTRIM(text [, characters])", "Without blanks, or the given characters, at the end.", "RTRIM('a  ')" => "a", foreign("rtrim", &[Text, Text], 1);
        "LPAD" "LPAD(text, length [, fill])", "Filled up or cut off to a number of characters, at the start.", "LPAD('7', 3, '0')" => "007", Own(&fill::LPAD);
        "RPAD" "RPAD(text, length [, fill])", "Filled up or cut off to a number of characters, at the end.", "RPAD('7', 3, '.')" => "7..", Own(&fill::RPAD);
        "REPEAT" "REPEAT(text, count)", "The text so many times over; up to 1 MiB.", "REPEAT('ab', 3)" => "ababab", Own(&fill::REPEAT);
        "CONCAT" "CONCAT(value, …)", "All values one after the other, without those that are NULL.", "CONCAT('a', NULL, 1)" => "a1", foreign("concat", &[Printable], REPEATS);
        "CONCAT_WS" ["JOIN"] "CONCAT_WS(separator, value, …)", "All values that are not NULL, with a separator in between.", "CONCAT_WS('-', 'a', NULL, 'b')" => "a-b", foreign("concat_ws", &[Text, Printable], REPEATS);
        "SPLIT" ["STRING_SPLIT"] "SPLIT(text, separator)", "The parts between the separators, as an array; with an empty one the characters.", "SPLIT('a,b', ',')" => "[a, b]", Own(&text::SPLIT);
        "SPLIT_PART" "SPLIT_PART(text, separator, index)", "One part, counted from 1, or from the end if it is negative; empty if there is none.", "SPLIT_PART('a,b', ',', 2)" => "b", Own(&text::SPLIT_PART);
        "POSITION" "POSITION(search IN text), POSITION(search, text)", "Where a text first occurs in another, from 1; 0 if it does not.", "POSITION('l' IN 'hello')" => "3", Own(&text::POSITION);
        "INSTR" ["STRPOS"] "INSTR(text, search)", "As POSITION, with the arguments the other way round.", "INSTR('hello', 'l')" => "3", Own(&text::INSTR);
        "REGEXP_LIKE" ["REGEXP", "REGEXP_MATCHES"] "REGEXP_LIKE(text, pattern [, flags])", "Whether a regular expression matches anywhere in the text.", "REGEXP_LIKE('hello', 'l+')" => "true", foreign("regexp_like", &[Text, In(Notation::RegularExpression), In(Notation::MatchFlags)], 2);
        "REGEXP_REPLACE" "REGEXP_REPLACE(text, pattern, replacement [, flags])", "With the first match replaced, or with flag `g` all; `\\1` is the first group.", "REGEXP_REPLACE('aaa', 'a', 'b', 'g')" => "bbb", foreign("regexp_replace", &[Text, In(Notation::RegularExpression), Text, In(Notation::ReplaceFlags)], 3);
        "REGEXP_EXTRACT" "REGEXP_EXTRACT(text, pattern [, group])", "The first match, or one group of it; empty if there is none.", "REGEXP_EXTRACT('abc123', '[0-9]+')" => "123", Own(&regex::REGEXP_EXTRACT);
        "MD5" "MD5(text)", "The MD5 digest in hexadecimal digits.", "MD5('hello')" => "5d41402abc4b2a76b9719d911017c592", foreign("md5", &[Text], 1);
        "SHA256" "SHA256(text)", "The SHA-256 digest in hexadecimal digits.", "LEFT(SHA256('hello'), 8)" => "2cf24dba", Implementation::HexDigest("sha256");
        "SHA512" "SHA512(text)", "The SHA-512 digest in hexadecimal digits.", "LEFT(SHA512('hello'), 8)" => "9b71d224", Implementation::HexDigest("sha512");
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
        "ARRAY_LENGTH" ["ARRAY_SIZE"] "ARRAY_LENGTH(array)", "The number of elements.", "ARRAY_LENGTH(ARRAY[1, NULL])" => "2", foreign("array_length", &[Array], 1);
        "ARRAY_CONTAINS" "ARRAY_CONTAINS(array, x)", "Whether an element equals `x`.", "ARRAY_CONTAINS(ARRAY[1, 2], 2)" => "true", comparing("array_has", &[Array, Any]);
        "ARRAY_POSITION" ["ARRAY_INDEXOF", "LIST_POSITION", "LIST_INDEXOF"] "ARRAY_POSITION(array, x)", "Where `x` first occurs, from 1; NULL if it does not.", "ARRAY_POSITION(ARRAY['a', 'b'], 'b')" => "2", comparing("array_position", &[Array, Any]);
        "ARRAY_JOIN" ["ARRAY_TO_STRING"] "ARRAY_JOIN(array, separator [, null_text])", "The elements as one text; NULLs are left out unless they have a text.", "ARRAY_JOIN(ARRAY['a', NULL, 'b'], '-')" => "a-b", foreign("array_to_string", &[Array, Text, Text], 2);
        "ARRAY_DISTINCT" "ARRAY_DISTINCT(array)", "Without elements that are there already.", "ARRAY_DISTINCT(ARRAY[1, 1, 2])" => "[1, 2]", comparing("array_distinct", &[Array]);
        "ARRAY_SORT" "ARRAY_SORT(array [, 'ASC' | 'DESC' [, 'NULLS FIRST' | 'NULLS LAST']])", "The elements in order, NULLs last.", "ARRAY_SORT(ARRAY[3, 1, 2])" => "[1, 2, 3]", Implementation::ArraySort;
        "ARRAY_MIN" "ARRAY_MIN(array)", "The smallest element.", "ARRAY_MIN(ARRAY[3, 1, NULL])" => "1", foreign("array_min", &[Array], 1);
        "ARRAY_MAX" "ARRAY_MAX(array)", "The largest element.", "ARRAY_MAX(ARRAY[3, 1, NULL])" => "3", foreign("array_max", &[Array], 1);
        "ARRAY_CONCAT" ["ARRAY_CAT"] "ARRAY_CONCAT(array, …)", "The elements of all arrays in one.", "ARRAY_CONCAT(ARRAY[1], ARRAY[2])" => "[1, 2]", foreign("array_concat", &[Array], REPEATS);
        "ARRAY_REMOVE" "ARRAY_REMOVE(array, x)", "Without the elements that equal `x`.", "ARRAY_REMOVE(ARRAY[1, 2, 1], 1)" => "[2]", comparing("array_remove_all", &[Array, Any]);
        "SLICE" ["ARRAY_SLICE"] "SLICE(array, from, to)", "The elements from one position to another, both included, from 1.", "SLICE(ARRAY[1, 2, 3, 4], 2, 3)" => "[2, 3]", foreign("array_slice", &[Array, Integer, Integer], 3);
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
