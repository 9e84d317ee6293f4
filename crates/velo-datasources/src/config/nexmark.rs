use std::collections::BTreeMap;
use std::fmt;

use velo_common::nearest;

use super::generated::{read_rate, read_seed, read_splits};
use super::properties::{Properties, PropertyError, PropertyErrorKind, parse_count};

/// Rows of one of the tables of the Nexmark benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NexmarkSourceConfig {
    /// The table.
    pub table: NexmarkTable,
    /// What random values follow from.
    pub seed: u64,
    /// How many events of all tables there are; `None` is without end.
    pub number_of_events: Option<u64>,
    /// How many events of all tables fall into a second of event time, and of the clock; `None` is the benchmark's usual
    /// number for event time, and as fast as they are read.
    pub events_per_second: Option<u64>,
    /// How many partitions the rows are dealt out to; 0 counts as 1.
    pub splits: u64,
}

/// The tables of the Nexmark benchmark. Their events come in one sequence: of 50 that follow each other, 1 is a person, 3
/// are auctions and 46 are bids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NexmarkTable {
    /// Those who sell and bid.
    Person,
    /// What is sold.
    Auction,
    /// What is bid for it.
    Bid,
}

impl NexmarkTable {
    const ALL: [Self; 3] = [Self::Person, Self::Auction, Self::Bid];

    /// The word for it in properties.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Auction => "auction",
            Self::Bid => "bid",
        }
    }
}

impl fmt::Display for NexmarkTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Keys of a Nexmark source.
const KEYS: [&str; 6] = [
    "type",
    "table",
    "seed",
    "number.of.events",
    "events.per.second",
    "splits",
];

impl NexmarkSourceConfig {
    /// All rows of a table, without end.
    pub fn new(table: NexmarkTable) -> Self {
        Self {
            table,
            seed: 0,
            number_of_events: None,
            events_per_second: None,
            splits: 1,
        }
    }

    /// Whether properties are those of a Nexmark source.
    pub(super) fn is_meant(kind: Option<&str>, properties: &BTreeMap<String, String>) -> bool {
        let kind = kind.or(properties.get("type").map(String::as_str));
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("nexmark_source"))
    }

    pub(super) fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, Vec<PropertyError>> {
        let mut read = Properties::of_kind(properties, "a Nexmark source", &KEYS);
        let table = read_table(&mut read);
        let seed = read_seed(&mut read);
        let number_of_events = read.parsed(&["number.of.events"], parse_count);
        let events_per_second = read_rate(&mut read, "events.per.second");
        let splits = read_splits(&mut read);
        read.finish()?;
        let Some(table) = table else {
            return Err(Vec::new()); // Refused above.
        };
        Ok(Self {
            table,
            seed,
            number_of_events,
            events_per_second,
            splits,
        })
    }
}

fn read_table(read: &mut Properties<'_>) -> Option<NexmarkTable> {
    let words = NexmarkTable::ALL.map(NexmarkTable::as_str);
    if read.text("table").is_none() {
        let message = format!("a Nexmark source needs `table`: one of {}", words.join(", "));
        read.reject("table", PropertyErrorKind::Missing, message);
        return None;
    }
    read.parsed(&["table"], |text| {
        let known = NexmarkTable::ALL.into_iter();
        let mut known = known.filter(|table| table.as_str().eq_ignore_ascii_case(text));
        let words = NexmarkTable::ALL.map(NexmarkTable::as_str);
        known.next().ok_or_else(|| match nearest(text, words) {
            Some(near) => format!("one of {} (did you mean `{near}`?)", words.join(", ")),
            None => format!("one of {}", words.join(", ")),
        })
    })
}
