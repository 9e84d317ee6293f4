//! Keys of properties that several kinds of sources and sinks share.

/// Keys that say in which format the values are.
pub(super) const FORMAT_KEYS: &[&str] = &["format", "value.format", "value.serializer", "value_format"];

/// Keys that only CSV has a use for.
pub(super) const CSV_KEYS: &[&str] = &[
    "delimiter",
    "value_delimiter",
    "value.delimiter",
    "quote",
    "has_headers",
];

/// Keys that say how records stand in files, objects and documents, and how many of them are read.
pub(super) const RECORDS_KEYS: &[&str] = &joined::<13>(&[
    FORMAT_KEYS,
    CSV_KEYS,
    &["skip_lines", "max_records", "compression", "encoding"],
]);

/// Keys that say how keys and values of records stand in envelopes.
pub(super) const ENVELOPE_KEYS: &[&str] = &["key.format", "key_format", "key_delimiter", "wrap_single_value"];

/// Keys of sources of local files.
pub(super) const SOURCE_KEYS: &[&str] = &joined::<24>(&[
    &["type", "path"],
    RECORDS_KEYS,
    ENVELOPE_KEYS,
    &[
        "watch",
        "recursive",
        "polling.interval",
        "file.wait.timeout",
        "file.retry.interval",
    ],
]);

/// Keys of sinks.
pub(super) const SINK_KEYS: &[&str] = &joined::<18>(&[
    &["type", "path"],
    FORMAT_KEYS,
    CSV_KEYS,
    ENVELOPE_KEYS,
    &["append", "compression", "envelope"],
]);

/// Lists as one, which has `N` keys: another number does not compile.
const fn joined<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    let mut all = [""; N];
    let (mut list, mut end) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            all[end] = lists[list][at];
            (at, end) = (at + 1, end + 1);
        }
        list += 1;
    }
    assert!(end == N);
    all
}
