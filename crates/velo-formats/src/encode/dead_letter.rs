use velo_data::RowError;

use super::values::{write_base64, write_integer};
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, ValueSpan};
use crate::json::string::write_string;

/// A rejected record on its way to a dead-letter queue.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetter<'a> {
    /// What is wrong with which record.
    pub error: &'a RowError,
    /// The statement that rejected it.
    pub statement: Option<&'a str>,
    /// When it was rejected, in milliseconds; an enveloped record keeps its own time.
    pub rejected_at_ms: i64,
    /// Whether the original is an envelope itself, whose members are then kept.
    pub is_envelope: bool,
}

/// Appends a dead letter as one line that is an envelope again, with a member `error` added.
///
/// `value` is the original: itself where it is a JSON object, else a string of its text, else
/// `{"base64": "…"}`; null where it is no longer at hand.
pub fn write_dead_letter(letter: &DeadLetter<'_>, out: &mut Vec<u8>) {
    let original = letter.error.original.as_deref();
    let text = original.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let envelope = text.filter(|_| letter.is_envelope).and_then(EnvelopeMembers::find);
    out.push(b'{');
    if let Some(envelope) = envelope {
        envelope.write(letter, out);
    } else {
        out.extend_from_slice(b"\"value\":");
        write_original(original, text, out);
        write_number(b",\"timestamp\":", Some(letter.rejected_at_ms), out);
        let origin = &letter.error.origin;
        write_number(b",\"partition\":", origin.partition.map(i64::from), out);
        write_number(b",\"offset\":", origin.offset, out);
    }
    write_error(letter, out);
    out.extend_from_slice(b"}\n");
}

fn write_original(original: Option<&[u8]>, text: Option<&str>, out: &mut Vec<u8>) {
    match (original, text) {
        (None, _) => out.extend_from_slice(b"null"),
        (Some(_), Some(text)) if is_object_in_one_line(text) => out.extend_from_slice(text.trim_ascii().as_bytes()),
        (Some(_), Some(text)) => write_string(text, out),
        (Some(bytes), None) => {
            out.extend_from_slice(b"{\"base64\":\"");
            write_base64(bytes, out);
            out.extend_from_slice(b"\"}");
        }
    }
}

fn is_object_in_one_line(text: &str) -> bool {
    let mut scanner = Scanner::new(text.as_bytes(), 0);
    scanner.members(|_, _| {}).and_then(|()| scanner.end()).is_ok() && !text.contains(['\n', '\r'])
}

fn write_error(letter: &DeadLetter<'_>, out: &mut Vec<u8>) {
    let error = letter.error;
    out.extend_from_slice(b",\"error\":{\"cause\":");
    write_string(error.cause.as_str(), out);
    out.extend_from_slice(b",\"message\":");
    write_string(&error.message, out);
    write_text(b",\"column\":", error.column.as_deref(), out);
    write_text(b",\"statement\":", letter.statement, out);
    write_text(b",\"topic\":", error.origin.topic.as_deref(), out);
    write_number(b",\"line\":", error.origin.line.map(|line| line as i64), out);
    out.push(b'}');
}

fn write_text(prefix: &[u8], text: Option<&str>, out: &mut Vec<u8>) {
    if let Some(text) = text {
        out.extend_from_slice(prefix);
        write_string(text, out);
    }
}

fn write_number(prefix: &[u8], number: Option<i64>, out: &mut Vec<u8>) {
    if let Some(number) = number {
        out.extend_from_slice(prefix);
        write_integer(number, out);
    }
}

/// Members of an enveloped record that its dead letter keeps.
struct EnvelopeMembers<'a> {
    text: &'a str,
    found: [Option<ValueSpan>; KEPT.len()],
}

const KEPT: [&str; 6] = ["key", "value", "timestamp", "partition", "offset", "headers"];
const VALUE: usize = 1;
const TIMESTAMP: usize = 2;

impl<'a> EnvelopeMembers<'a> {
    /// The members of a text that is an envelope with a value.
    fn find(text: &'a str) -> Option<Self> {
        let mut found = [None; KEPT.len()];
        let mut scanner = Scanner::new(text.as_bytes(), 0);
        let scanned = MemberIndex::new(KEPT).scan(&mut scanner, 0, |member, value| found[member.column] = Some(value));
        scanned.and_then(|()| scanner.end()).ok()?;
        found[VALUE].is_some().then_some(Self { text, found })
    }

    fn write(&self, letter: &DeadLetter<'_>, out: &mut Vec<u8>) {
        let mut separator = "";
        for (name, value) in KEPT.iter().zip(&self.found) {
            if let Some(value) = value {
                out.extend_from_slice(separator.as_bytes());
                write_string(name, out);
                out.push(b':');
                out.extend_from_slice(self.text.get(value.start..value.end).unwrap_or_default().as_bytes());
                separator = ",";
            }
        }
        if self.found[TIMESTAMP].is_none() {
            write_number(b",\"timestamp\":", Some(letter.rejected_at_ms), out);
        }
    }
}
