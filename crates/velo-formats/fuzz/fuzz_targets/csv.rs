//! No bytes panic, and portions do not show.
//!
//! Run with `cargo +nightly fuzz run csv` in `crates/velo-formats`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velo_formats::{CsvOptions, Decoder, read_csv_header, sample_csv};
use velo_formats_fuzz::{check, projection};

fuzz_target!(|data: &[u8]| {
    let options = CsvOptions::default();
    // Few fields, so that records with the right number of them are found.
    let places = [Some(0), Some(4), Some(12)];
    check(data, || Decoder::csv(projection(), options, &places).expect("supported types"));
    let _ = read_csv_header(data, true, options);
    sample_csv(data, true, options, None);
});
