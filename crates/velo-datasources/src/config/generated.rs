//! Properties that all generated sources have.

use super::properties::{Properties, parse_count, parse_positive};
use crate::generated::Rate;

/// Most partitions of one source.
const SPLITS_MAX: u64 = 1024;

pub(super) fn read_seed(read: &mut Properties<'_>) -> u64 {
    read.parsed(&["seed"], parse_count).unwrap_or(0)
}

pub(super) fn read_splits(read: &mut Properties<'_>) -> u64 {
    let splits = read.parsed(&["splits"], |text| match parse_positive(text) {
        Ok(splits) if splits <= SPLITS_MAX => Ok(splits),
        _ => Err(format!("a whole number from 1 to {SPLITS_MAX}")),
    });
    splits.unwrap_or(1)
}

/// How many follow each other in a second.
pub(super) fn read_rate(read: &mut Properties<'_>, key: &'static str) -> Option<u64> {
    read.parsed(&[key], |text| {
        let rate = parse_positive(text)?;
        Rate::new(rate)
            .map(|_| rate)
            .ok_or_else(|| "at most 1000000000, one a nanosecond".to_owned())
    })
}
