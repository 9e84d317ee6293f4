//! Texts of events.

use std::fmt::Write;

use crate::generated::{Random, push_letters};

/// The states of persons.
pub(super) const STATES: &[&str] = &["AZ", "CA", "ID", "OR", "WA", "WY"];

/// The cities of persons, in any of the states.
pub(super) const CITIES: &[&str] = &[
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
];

const FIRST_NAMES: &[&str] = &[
    "Ada", "Blaise", "Carl", "Dorothy", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "Jean", "Kurt",
];

const LAST_NAMES: &[&str] = &[
    "Archer", "Baker", "Carter", "Fisher", "Mason", "Miller", "Potter", "Smith", "Weaver",
];

/// Channels that half of all bids come through, each with its own page. Their lengths differ.
const HOT_CHANNELS: [&str; 4] = ["AOL", "Bing", "Google", "Facebook"];

/// Other channels.
const CHANNELS: u64 = 10_000;

/// Shortest random text.
const LENGTH_MIN: u64 = 3;

/// One of a few words for each event.
pub(super) fn one_of(words: &'static [&'static str], random: Random, event: u64) -> &'static str {
    words[random.below(event, words.len() as u64) as usize]
}

/// Appends a name.
pub(super) fn push_name(text: &mut String, random: Random, event: u64) {
    let first = Random::scaled(random.branch(event, 1), FIRST_NAMES.len() as u64);
    let last = Random::scaled(random.branch(event, 2), LAST_NAMES.len() as u64);
    text.push_str(FIRST_NAMES[first as usize]);
    text.push(' ');
    text.push_str(LAST_NAMES[last as usize]);
}

/// Appends an address of letters.
pub(super) fn push_email(text: &mut String, random: Random, event: u64) {
    push_letters(text, random, event, 1, 7);
    text.push('@');
    push_letters(text, random, event, 2, 5);
    text.push_str(".com");
}

/// Appends four times four digits.
pub(super) fn push_credit_card(text: &mut String, random: Random, event: u64) {
    for group in 0..4 {
        let separator = if group == 0 { "" } else { " " };
        let digits = Random::scaled(random.branch(event, group), 10_000);
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{digits:04}");
    }
}

/// Appends from three letters up to, and without, so many.
pub(super) fn push_some_letters(text: &mut String, random: Random, event: u64, length_max: u64) {
    let length = LENGTH_MIN + random.below(event, length_max.saturating_sub(LENGTH_MIN).max(1));
    push_letters(text, random, event, 1, length as usize);
}

/// Appends what a row lacks to its usual size, give or take a fifth.
pub(super) fn push_extra(text: &mut String, random: Random, event: u64, missing: u64) {
    let fifth = missing / 5;
    let length = missing - fifth + random.below(event, (2 * fifth).max(1));
    push_letters(text, random, event, 1, length as usize);
}

/// The channel that a bid comes through.
#[derive(Debug, Clone, Copy)]
pub(super) enum Channel {
    Hot(&'static str),
    Other(u64),
}

impl Channel {
    /// The channel of an event: every other time a hot one.
    pub(super) fn of(random: Random, event: u64) -> Self {
        let which = random.branch(event, 1);
        if random.below(event, 2) > 0 {
            Self::Hot(HOT_CHANNELS[Random::scaled(which, HOT_CHANNELS.len() as u64) as usize])
        } else {
            Self::Other(Random::scaled(which, CHANNELS))
        }
    }

    /// Appends its name.
    pub(super) fn push_name(self, text: &mut String) {
        match self {
            Self::Hot(name) => text.push_str(name),
            Self::Other(number) => {
                let _ = write!(text, "channel-{number}");
            }
        }
    }

    /// Appends its page. One of ten other channels has a page that does not tell the channel.
    pub(super) fn push_url(self, text: &mut String, random: Random) {
        // Pages belong to channels, not to bids.
        let page = match self {
            Self::Hot(name) => CHANNELS + name.len() as u64, // No two are equally long.
            Self::Other(number) => number,
        };
        text.push_str("https://www.nexmark.com");
        for directory in 1..=3 {
            text.push('/');
            push_letters(text, random, page, directory, 4);
        }
        text.push_str("/item.htm?query=1");
        if let Self::Other(number) = self
            && random.below(page, 10) > 0
        {
            let _ = write!(text, "&channel_id={number}");
        }
    }
}
