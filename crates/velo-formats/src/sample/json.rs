use super::named::Named;
use super::shape::member_name;
use super::{Observed, SampledSchema, summarize};
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, SyntaxError};
use crate::json::{ArrayWalk, Fault, Step};
use crate::lines::next_line;

/// Samples the JSON objects that `input` begins with, one a line.
pub fn sample_json_lines(input: &[u8], is_end: bool) -> SampledSchema {
    let mut sample = JsonSample::default();
    sample.lines(input, is_end, |line| Some(Scanner::new(line.as_bytes(), 0)));
    sample.finish()
}

/// Samples the objects in the JSON array that `input` begins with.
///
/// # Errors
///
/// When what is looked at is no array, or breaks off.
pub fn sample_json_array(input: &[u8], is_end: bool) -> Result<SampledSchema, Fault> {
    let mut sample = JsonSample::default();
    let mut walk = ArrayWalk::default();
    let (mut rest, mut line) = (input, 1);
    loop {
        let (bytes, is_element) = match walk.step(rest, is_end, line) {
            Step::Skip(bytes) => (bytes, false),
            Step::Element(bytes) => (bytes, true),
            Step::Incomplete => break,
        };
        let (element, behind) = rest.split_at(bytes);
        if is_element {
            let text = std::str::from_utf8(element).ok();
            sample.record(text.map(|text| (text, Scanner::new(element, 0))));
        }
        line += memchr::memchr_iter(b'\n', element).count() as u64;
        rest = behind;
    }
    match walk.broken() {
        Some(fault) => Err(fault.clone()),
        None => Ok(sample.finish()),
    }
}

/// Samples the values of the envelopes that `input` begins with. Tombstones, whose value is null, count as
/// rejected.
pub fn sample_envelopes(input: &[u8], is_end: bool) -> SampledSchema {
    let mut sample = JsonSample::default();
    let mut envelope = MemberIndex::new(["value"]);
    sample.lines(input, is_end, |line| {
        let mut found = None;
        let mut scanner = Scanner::new(line.as_bytes(), 0);
        let scanned = envelope.scan(&mut scanner, 0, |_, value| found = Some(value));
        scanned.and_then(|()| scanner.end()).ok()?;
        Some(Scanner::new(line.as_bytes().get(..found?.end)?, found?.start))
    });
    sample.finish()
}

#[derive(Debug, Default)]
struct JsonSample {
    columns: Named<Observed>,
    records: u64,
    rejected: u64,
}

impl JsonSample {
    /// Looks at the objects at which `object` points in each line.
    fn lines<'a>(&mut self, input: &'a [u8], is_end: bool, mut object: impl FnMut(&'a str) -> Option<Scanner<'a>>) {
        let mut rest = input;
        while let Some(line) = next_line(rest, is_end) {
            rest = &rest[line.consumed..];
            if line.is_blank() {
                continue;
            }
            let text = std::str::from_utf8(line.text).ok();
            let object = text.and_then(|text| Some((text, object(text)?)));
            self.record(object);
        }
    }

    /// Looks at a record, unless it is none.
    fn record(&mut self, object: Option<(&str, Scanner<'_>)>) {
        match object.map(|(text, scanner)| self.object(text, scanner)) {
            Some(Ok(())) => self.records += 1,
            Some(Err(_)) | None => self.rejected += 1,
        }
    }

    fn object(&mut self, text: &str, mut scanner: Scanner<'_>) -> Result<(), SyntaxError> {
        let mut members = Vec::new();
        scanner.members(|name, value| members.push((name, value)))?;
        scanner.end()?;
        self.columns.begin_object();
        for (name, value) in members {
            let name = member_name(text.get(name.start..name.end).unwrap_or_default());
            let column = self.columns.entry(&name);
            if column
                .shape
                .observe_json(text.get(value.start..value.end).unwrap_or_default())
            {
                column.values += 1;
            }
        }
        Ok(())
    }

    fn finish(self) -> SampledSchema {
        summarize(self.columns.into_items(), self.records, self.rejected)
    }
}
