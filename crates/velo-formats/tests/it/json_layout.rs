//! A decoder goes by the layout of the records before. None of it shows: each record is what it is alone.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use velo_data::{RowError, SqlType, SystemColumn, UnknownMember, UnknownMembers};
use velo_formats::{Decoder, RecordPosition};

use crate::support::{READ_AT_MS, array, decimal, projection, structure};

/// Names of columns, also in another case and with escapes, names that no column has, and one that is known.
const NAMES: [&str; 12] = [
    "whole",
    "double",
    "text",
    "time",
    "a column of more than sixteen bytes",
    "inner",
    "list",
    "Text",
    "TEXT",
    "t\\u0065xt",
    "stranger",
    "known",
];

/// Values of any kind, such as are short, long, at the edge of a type, escaped, or no JSON at all.
const VALUES: [&str; 30] = [
    "0",
    "-7",
    "12",
    "123.4500",
    "99999999.00000001",
    "9999999999999999",
    "12345678901234567890",
    "9223372036854775807",
    "1e3",
    "01",
    "1.",
    "null",
    "true",
    "\"\"",
    "\"a\"",
    "\"twelve bytes\"",
    "\"sixteen bytes...\"",
    "\"more than thirty-two bytes, so that several chunks are looked at\"",
    "\"\\u00e9 \\\"quoted\\\" \\\\ \\n\"",
    "\"\\x\"",
    "\"é\"",
    "\"2024-01-01T10:00:00.000Z\"",
    "\"2024-01-01T10:00:59.999Z\"",
    "\"2024-01-01T10:01:07.080Z\"",
    "\"1969-12-31 23:59\"",
    "\"2024-02-30T10:01:07.080Z\"",
    "{\"a\":1,\"b\":\"x\"}",
    "{\"a\": 2, \"c\": 3}",
    "[1, \"two\", null]",
    "[1, 2",
];

/// A member with the white space around its parts.
#[derive(Debug, Clone)]
struct Member {
    name: &'static str,
    value: Index,
    blanks: [&'static str; 4],
}

/// What makes a record differ from the one before.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Value(Index, Index),
    Blank(Index, usize, &'static str),
    Missing(Index),
    Another(Index, Member),
    Swapped(Index, Index),
    /// A byte of the line is another one, which may be of no character.
    Byte(Index, u8),
    /// All of it is another text.
    Line(&'static str),
    End(&'static str),
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 2 => Just(" "), 1 => Just("\t\r  "), 1 => Just("                  ")]
}

fn member() -> impl Strategy<Value = Member> {
    let name = prop::sample::select(&NAMES[..]);
    let blanks = [blank(), blank(), blank(), blank()];
    (name, any::<Index>(), blanks).prop_map(|(name, value, blanks)| Member { name, value, blanks })
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        4 => Just(Change::Nothing),
        8 => (index(), index()).prop_map(|(member, value)| Change::Value(member, value)),
        2 => (index(), 0..4usize, blank()).prop_map(|(member, place, blank)| Change::Blank(member, place, blank)),
        2 => index().prop_map(Change::Missing),
        2 => (index(), member()).prop_map(|(place, member)| Change::Another(place, member)),
        1 => (index(), index()).prop_map(|(one, other)| Change::Swapped(one, other)),
        1 => (index(), any::<u8>()).prop_map(|(place, byte)| Change::Byte(place, byte)),
        1 => prop::sample::select(&["", "  ", "{}", " { } ", "[]", "{\"text\"", "null"][..]).prop_map(Change::Line),
        1 => prop::sample::select(&["\n", "\r\n", " \n", " \t\r\n", "\r\r\n"][..]).prop_map(Change::End),
    ]
}

/// Lines of which each is much like the one before.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    (vec(member(), 0..8), vec(change(), 1..60)).prop_map(|(mut members, changes)| {
        let mut end = "\n";
        let lines = changes.into_iter().map(|change| {
            let count = members.len();
            match &change {
                Change::Value(member, value) if count > 0 => members[member.index(count)].value = *value,
                Change::Blank(member, place, blank) if count > 0 => {
                    members[member.index(count)].blanks[*place] = *blank;
                }
                Change::Missing(member) if count > 0 => drop(members.remove(member.index(count))),
                Change::Another(place, member) => members.insert(place.index(count + 1), member.clone()),
                Change::Swapped(one, other) if count > 0 => members.swap(one.index(count), other.index(count)),
                Change::End(other) => end = *other,
                _ => {}
            }
            let mut line = written(&members);
            match change {
                Change::Byte(place, byte) if byte != b'\n' => {
                    let place = place.index(line.len());
                    line[place] = byte;
                }
                Change::Line(text) => line = text.as_bytes().to_vec(),
                _ => {}
            }
            line.extend_from_slice(end.as_bytes());
            line
        });
        lines.collect()
    })
}

fn written(members: &[Member]) -> Vec<u8> {
    let members = members.iter().map(|member| {
        let value = VALUES[member.value.index(VALUES.len())];
        let (name, [a, b, c, d]) = (member.name, member.blanks);
        format!("{a}\"{name}\"{b}:{c}{value}{d}")
    });
    let members: Vec<String> = members.collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// Columns of all kinds, and the metadata that tell records apart.
fn decoder(position: RecordPosition) -> Decoder {
    let fields = [
        SqlType::BigInt.field("whole", true),
        SqlType::Double.field("double", true),
        SqlType::String.field("text", true),
        SqlType::Timestamp.field("time", true),
        decimal(18, 4).field("a column of more than sixteen bytes", true),
        structure(&[("a", SqlType::BigInt), ("b", SqlType::String)]).field("inner", true),
        array(SqlType::String).field("list", true),
    ];
    let projection = projection(&fields, &[SystemColumn::Offset, SystemColumn::Record]);
    let decoder = Decoder::json_lines(projection).unwrap().watching(["known"]);
    decoder.starting_at(position)
}

#[derive(Debug, Default)]
struct Decoded {
    batches: Vec<RecordBatch>,
    rejected: Vec<RowError>,
    unknown: UnknownMembers,
}

impl Decoded {
    fn finish(&mut self, decoder: &mut Decoder) {
        let batch = decoder.finish_batch(READ_AT_MS).unwrap();
        self.batches.push(batch.records);
        self.rejected.extend(batch.rejected);
        self.unknown.add_all(batch.unknown);
    }

    fn records(&self) -> RecordBatch {
        concat_batches(&self.batches[0].schema(), &self.batches).unwrap()
    }

    /// What no column is for, by name: in which order they are met depends on the batches.
    fn unknown(&self) -> Vec<&UnknownMember> {
        let mut members: Vec<&UnknownMember> = self.unknown.members().iter().collect();
        members.sort_by(|one, other| one.name.cmp(&other.name));
        members
    }
}

/// Each line by a decoder that has seen no other, and that is not told its end.
fn one_by_one(lines: &[Vec<u8>]) -> Decoded {
    let mut decoded = Decoded::default();
    let mut position = RecordPosition { record: 0, line: 1 };
    for line in lines {
        let mut decoder = decoder(position);
        decoder.decode(line.strip_suffix(b"\n").unwrap(), true, usize::MAX);
        position.record = decoder.position().record;
        position.line += 1;
        decoded.finish(&mut decoder);
    }
    decoded
}

/// All lines by one decoder, which is given some bytes more at a time and asked for batches of some records.
fn together(lines: &[Vec<u8>], portion: usize, records_max: usize) -> Decoded {
    let text = lines.concat();
    let mut decoded = Decoded::default();
    let mut decoder = decoder(RecordPosition { record: 0, line: 1 });
    let (mut start, mut end) = (0, 0);
    while start < text.len() {
        let consumed = decoder.decode(&text[start..end], end == text.len(), records_max);
        start += consumed;
        if consumed == 0 {
            end = (end + portion).min(text.len());
        }
        decoded.finish(&mut decoder);
    }
    decoded
}

proptest! {
    #[test]
    fn records_are_what_they_are_alone(lines in lines(), portion in 1..2000usize, records_max in 1..100usize) {
        let alone = one_by_one(&lines);
        let together = together(&lines, portion, records_max);
        prop_assert_eq!(together.records(), alone.records());
        prop_assert_eq!(&together.rejected, &alone.rejected);
        prop_assert_eq!(together.unknown(), alone.unknown());
    }
}
