//! No bytes panic, and portions do not show.
//!
//! Run with `cargo +nightly fuzz run csv` in `crates/velo-formats`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velo_formats::{CsvOptions, Decoder, read_csv_header, sample_csv};
use velo_formats_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let options = CsvOptions::default();
    let places = [Some(0), Some(1), Some(2)];
    check(data, |projection| Decoder::csv(projection, options, &places).expect("supported types"));
    let _ = read_csv_header(data, true, options);
    sample_csv(data, true, options, None);
});
