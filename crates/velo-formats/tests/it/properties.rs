//! Laws that hold for any input.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringViewArray, Time32MillisecondArray, TimestampMillisecondArray,
};
use arrow::datatypes::{Decimal128Type, Field, Float64Type};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use velo_data::{SqlType, StreamBatch, StreamSchema};
use velo_formats::{CsvOptions, Decoder, Encoder, EnvelopeFormat, EnvelopeLayout, EnvelopePart, read_csv_header};

use crate::support::{array, decimal, decode_csv, decode_json, map, projection, rows, structure};

/// Text that is JSON, nearly JSON, or was JSON before a few bytes of it were changed.
fn json_like() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-c]{1,2}", inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let object = vec(("[a-c]", value), 0..5).prop_map(|members| Value::Object(members.into_iter().collect()));
    let pretty = (object, any::<bool>()).prop_map(|(object, is_pretty): (Value, bool)| {
        let text = if is_pretty {
            serde_json::to_string_pretty(&object)
        } else {
            serde_json::to_string(&object)
        };
        text.unwrap().replace('\n', "\t")
    });
    let edits = vec(
        (
            any::<prop::sample::Index>(),
            "[-\"\\\\{}\\[\\],:0-9eE.+tfnu a\u{1}\u{e9}]",
        ),
        0..3,
    );
    (pretty, edits).prop_map(|(text, edits)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, edit) in edits {
            let place = at.index(characters.len());
            match edit.chars().next() {
                Some('a') => drop(characters.remove(place)),
                Some(character) => characters[place] = character,
                None => {}
            }
        }
        characters.into_iter().collect()
    })
}

/// What `serde_json` makes of a line.
enum Reference {
    Object(serde_json::Map<String, Value>),
    NoObject,
    /// A number exceeds its doubles, so that it cannot tell.
    Unknown,
}

impl Reference {
    fn read(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Self::Object(members),
            Err(error) if error.to_string().contains("out of range") => Self::Unknown,
            Ok(_) | Err(_) => Self::NoObject,
        }
    }
}

/// White space that may stand between any two tokens of a line.
fn white_space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r]{1,9}"]
}

/// A name of a member that is a column, in several spellings, or of one that is none.
fn member_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "\"number\"",
        "\"\\u006eumber\"",
        "\"text\"",
        "\"t\\u0065xt\"",
        "\"a name of more than sixteen bytes\"",
        "\"a name of more than sixteen \\u0062ytes\"",
        "\"\"",
        "\"numbers\"",
        "\"a name of more than sixteen letters\"",
        "\"\\\"\"",
    ])
}

/// Numbers on both sides of what is read as a short one, texts of all lengths, and nested values.
fn member_value() -> impl Strategy<Value = String> {
    let nested = prop::sample::select(vec![
        "null",
        "true",
        "[]",
        "{}",
        "[ 1 , {\"number\" : [\"]\", \"\\\"}\"]} ]",
        "{\"text\":{\"text\":\"{\"}, \"number\":-1}",
    ]);
    prop_oneof![
        3 => "-?(0|[1-9][0-9]{0,20})",
        3 => "-?(0|[1-9][0-9]{0,11})\\.[0-9]{1,12}",
        1 => "-?[1-9]\\.?[0-9]{1,3}[eE][-+]?[0-9]{1,2}",
        3 => ".{0,30}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        2 => nested.prop_map(str::to_owned),
    ]
}

/// A line of JSON with members in any order, some missing, some twice, and white space anywhere.
fn spaced_line() -> impl Strategy<Value = String> {
    let member = (
        member_name(),
        member_value(),
        [white_space(), white_space(), white_space(), white_space()],
    );
    (vec(member, 0..7), white_space(), white_space()).prop_map(|(members, before, behind)| {
        let members = members
            .iter()
            .map(|(name, value, [a, b, c, d])| format!("{a}{name}{b}:{c}{value}{d}"));
        let members: Vec<String> = members.collect();
        format!("{before}{{{}}}{behind}", members.join(","))
    })
}

/// The value that the last member of this name has.
fn last<'v>(reference: &'v Value, name: &str) -> &'v Value {
    reference.get(name).unwrap_or(&Value::Null)
}

proptest! {
    /// However a line is laid out, and whatever the lines before it were like, its members are found and its
    /// numbers are what `serde_json` says.
    #[test]
    fn layout_does_not_matter(lines in vec(spaced_line(), 1..12)) {
        let names = ["number", "text", "a name of more than sixteen bytes"];
        let as_json = names.map(|name| SqlType::Json.field(name, true));
        let (records, rejected) = decode_json(&as_json, lines.join("\n").as_bytes());
        prop_assert!(rejected.is_empty(), "{:?}", rejected);
        for (row, line) in lines.iter().enumerate() {
            let reference: Value = serde_json::from_str(line).unwrap();
            for (index, name) in names.iter().enumerate() {
                let column = records.column(index).as_string_view();
                let found = if column.is_valid(row) { serde_json::from_str(column.value(row)).unwrap() } else { Value::Null };
                prop_assert_eq!(&found, last(&reference, name), "{} in {}", name, line);
            }
            let (double, rejected) = decode_json(&[SqlType::Double.field("number", true)], line.as_bytes());
            match last(&reference, "number") {
                Value::Number(number) => {
                    let double = double.column(0).as_primitive::<Float64Type>().value(0);
                    let expected = number.as_f64().unwrap();
                    // The reference may be off by the last bit.
                    prop_assert!((double - expected).abs() <= expected.abs() * f64::EPSILON, "{}", line);
                }
                Value::Null => prop_assert!(rejected.is_empty()),
                _ => prop_assert_eq!(rejected.len(), 1),
            }
        }
    }

    /// Short and long numbers alike give the nearest double, which the standard library's parser gives too.
    #[test]
    fn doubles_are_the_nearest_ones(text in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,12})?") {
        let line = format!("{{\"d\":{text}}}");
        let (records, _) = decode_json(&[SqlType::Double.field("d", true)], line.as_bytes());
        let double = records.column(0).as_primitive::<Float64Type>().value(0);
        prop_assert_eq!(double.to_bits(), text.parse::<f64>().unwrap().to_bits());
    }

    /// Short and long decimals alike are the digits that stand there, or do not fit.
    #[test]
    fn decimals_are_their_digits(whole in 0..10u64.pow(17), fraction in "[0-9]{0,9}", is_negative in any::<bool>()) {
        let sign = if is_negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let line = format!("{{\"d\":{sign}{whole}{point}{fraction}}}");
        let (records, rejected) = decode_json(&[decimal(18, 9).field("d", true)], line.as_bytes());
        let digits: i128 = format!("{sign}{whole}{fraction:0<9}").parse().unwrap();
        if digits.abs() < 10i128.pow(18) {
            prop_assert_eq!(records.column(0).as_primitive::<Decimal128Type>().value(0), digits);
        } else {
            prop_assert_eq!(rejected.len(), 1);
        }
    }

    /// What is JSON, and what its members are, is what `serde_json` says.
    #[test]
    fn json_is_read_as_the_reference_reads_it(text in json_like()) {
        prop_assume!(!text.trim().is_empty());
        let fields: Vec<Field> = ["a", "b", "c"].iter().map(|name| SqlType::Json.field(name, true)).collect();
        let (records, rejected) = decode_json(&fields, text.as_bytes());
        let members = match Reference::read(&text) {
            Reference::Object(members) => members,
            Reference::NoObject => {
                prop_assert_eq!(rejected.len(), 1);
                return Ok(());
            }
            Reference::Unknown => return Ok(()),
        };
        prop_assert!(rejected.is_empty(), "{:?}", rejected);
        for (index, name) in ["a", "b", "c"].iter().enumerate() {
            let column = records.column(index).as_string_view();
            let value = column.iter().next().flatten().map_or(Value::Null, |json| serde_json::from_str(json).unwrap());
            // Members in another case match too, where none matches to the letter; there are none here.
            prop_assert_eq!(&value, members.get(*name).unwrap_or(&Value::Null));
        }
    }

    /// Strings come out as `serde_json` unescapes them.
    #[test]
    fn strings_are_unescaped(text in ".*", is_ascii in any::<bool>()) {
        let mut json = serde_json::to_string(&text).unwrap();
        if is_ascii {
            json = escape_non_ascii(&json);
        }
        let (records, _) = decode_json(&[SqlType::String.field("s", true)], format!("{{\"s\":{json}}}").as_bytes());
        prop_assert_eq!(records.column(0).as_string_view().value(0), text);
    }

    /// Nothing makes a decoder panic, and every byte is accounted for.
    #[test]
    fn any_bytes_are_survived(input in vec(any::<u8>(), 0..200), letters in "[\"{}:,\\n\\r\\\\a1 ]{0,60}") {
        for input in [&input[..], letters.as_bytes()] {
            decode_json(&nested_fields(), input);
            decode_csv(&nested_fields(), CsvOptions::default(), input);
            let envelope = Decoder::envelope(projection(&nested_fields(), &velo_data::SystemColumn::ALL)).unwrap();
            crate::support::decode_all(envelope, input);
            let fields = nested_fields();
            let formats = [EnvelopeFormat::Delimited(CsvOptions::default()), EnvelopeFormat::Kafka, EnvelopeFormat::Value];
            for (format, part) in formats.into_iter().flat_map(|format| [(format, "value"), (format, "key")]) {
                let columns = if format == EnvelopeFormat::Kafka { 1 } else { fields.len() };
                let read = EnvelopePart { format, columns: (0..columns).map(Some).collect() };
                let layout = match part {
                    "value" => EnvelopeLayout { value: read, ..EnvelopeLayout::default() },
                    _ => EnvelopeLayout { key: read, ..EnvelopeLayout::default() },
                };
                let envelope = Decoder::envelope_of(projection(&fields, &[]), &layout).unwrap();
                let text = serde_json::to_string(&String::from_utf8_lossy(input)).unwrap();
                let line = format!("{{\"value\":{text},\"key\":{text}}}\n");
                crate::support::decode_all(envelope, line.as_bytes());
            }
            velo_formats::sample_json_lines(input, true);
            velo_formats::sample_envelopes(input, true);
            velo_formats::sample_csv(input, true, CsvOptions::default(), None);
        }
    }

    /// What is written reads back as it was, in JSON and in CSV.
    #[test]
    fn scalars_round_trip(records in scalar_records(), delimiter in prop::sample::select(vec![b',', b';', b'.', b'-', b'\t'])) {
        let schema = StreamSchema::of_user_columns(scalar_fields());
        let batch = StreamBatch::inserts(records.clone());
        let mut out = Vec::new();
        Encoder::json_lines(&schema).encode(&batch, &mut out).unwrap();
        prop_assert_eq!(&decode_json(&scalar_fields(), &out).0, &records);

        let options = CsvOptions { delimiter, quote: b'"' };
        let mut csv = Encoder::csv(&schema, options);
        let mut out = Vec::new();
        csv.write_header(&mut out);
        csv.encode(&batch, &mut out).unwrap();
        let header = read_csv_header(&out, true, options).unwrap().unwrap();
        prop_assert_eq!(header.names.len(), scalar_fields().len());
        let (decoded, rejected) = decode_csv(&scalar_fields(), options, &out[header.bytes..]);
        prop_assert!(rejected.is_empty(), "{:?}", rejected);
        prop_assert_eq!(&decoded, &records);
    }

    /// Nested values read back too; what they are written as is read as the same JSON by `serde_json`.
    #[test]
    fn nested_values_round_trip(values in vec(nested_value(), 1..20)) {
        let input: String = values.iter().flat_map(|value| [value.to_string(), "\n".to_owned()]).collect();
        let (records, rejected) = decode_json(&nested_fields(), input.as_bytes());
        prop_assert!(rejected.is_empty(), "{:?}", rejected);
        let written = rows(&records);
        for (line, value) in written.lines().zip(&values) {
            prop_assert_eq!(&serde_json::from_str::<Value>(line).unwrap(), value);
        }
        prop_assert_eq!(&decode_json(&nested_fields(), written.as_bytes()).0, &records);
        let schema = StreamSchema::of_user_columns(nested_fields());
        let mut csv = Vec::new();
        Encoder::csv(&schema, CsvOptions::default()).encode(&StreamBatch::inserts(records.clone()), &mut csv).unwrap();
        prop_assert_eq!(&decode_csv(&nested_fields(), CsvOptions::default(), &csv).0, &records);
    }
}

fn escape_non_ascii(json: &str) -> String {
    let escaped = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04X}"),
    };
    json.encode_utf16().map(escaped).collect()
}

fn scalar_fields() -> Vec<Field> {
    let types = [
        SqlType::Boolean,
        SqlType::BigInt,
        SqlType::Double,
        decimal(38, 7),
        SqlType::String,
        SqlType::Bytes,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
    ];
    types
        .iter()
        .enumerate()
        .map(|(index, sql_type)| sql_type.field(&format!("c,{index}\""), true))
        .collect()
}

fn scalar_records() -> impl Strategy<Value = RecordBatch> {
    let largest = 10i128.pow(38) - 1;
    let left = (
        option::of(any::<bool>()),
        option::of(any::<i64>()),
        option::of(any::<f64>().prop_filter("finite", |number| number.is_finite())),
        option::of(-largest..=largest),
        option::of("(?s).*"),
    );
    let right = (
        option::of(vec(any::<u8>(), 0..20)),
        option::of(-700_000..2_900_000i32),
        option::of(0..86_400_000i32),
        option::of(-62_000_000_000_000..253_000_000_000_000i64),
    );
    vec((left, right), 0..20).prop_map(|rows| {
        let (left, right): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let decimals: Decimal128Array = left.iter().map(|row| row.3).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(left.iter().map(|row| row.0).collect::<BooleanArray>()),
            Arc::new(left.iter().map(|row| row.1).collect::<Int64Array>()),
            Arc::new(left.iter().map(|row| row.2).collect::<Float64Array>()),
            Arc::new(decimals.with_precision_and_scale(38, 7).unwrap()),
            Arc::new(left.iter().map(|row| row.4.as_deref()).collect::<StringViewArray>()),
            Arc::new(right.iter().map(|row| row.0.as_deref()).collect::<BinaryViewArray>()),
            Arc::new(right.iter().map(|row| row.1).collect::<Date32Array>()),
            Arc::new(right.iter().map(|row| row.2).collect::<Time32MillisecondArray>()),
            Arc::new(right.iter().map(|row| row.3).collect::<TimestampMillisecondArray>()),
        ];
        let schema = StreamSchema::of_user_columns(scalar_fields());
        RecordBatch::try_new(Arc::clone(schema.arrow()), columns).unwrap()
    })
}

fn nested_fields() -> Vec<Field> {
    vec![
        array(array(SqlType::BigInt)).field("list", true),
        map(
            SqlType::String,
            structure(&[("n", SqlType::BigInt), ("s", SqlType::String)]),
        )
        .field("map", true),
        structure(&[("inner", map(SqlType::BigInt, SqlType::Boolean))]).field("row", true),
    ]
}

/// An object that fits `nested_fields`, with every member written out, in order.
fn nested_value() -> impl Strategy<Value = Value> {
    let optional = |value: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 4 => value].boxed();
    let number = optional(any::<i64>().prop_map(Value::from).boxed());
    let list = optional(vec(number.clone(), 0..3).prop_map(Value::from).boxed());
    let lists = optional(vec(list, 0..3).prop_map(Value::from).boxed());
    let text = optional(".*".prop_map(Value::from).boxed());
    let structure = optional(
        (number, text)
            .prop_map(|(n, s)| serde_json::json!({"n": n, "s": s}))
            .boxed(),
    );
    let object = |members: Vec<(String, Value)>| Value::Object(members.into_iter().collect());
    let structures = optional(vec((".{0,3}", structure), 0..3).prop_map(object).boxed());
    let truth = optional(any::<bool>().prop_map(Value::from).boxed());
    let truths = vec((any::<i64>().prop_map(|key| key.to_string()), truth), 0..3).prop_map(object);
    let row = optional(
        optional(truths.boxed())
            .prop_map(|inner| serde_json::json!({"inner": inner}))
            .boxed(),
    );
    (lists, structures, row).prop_map(|(list, map, row)| serde_json::json!({"list": list, "map": map, "row": row}))
}
