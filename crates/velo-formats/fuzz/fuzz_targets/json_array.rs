//! No bytes panic, and portions do not show.
//!
//! Run with `cargo +nightly fuzz run json_array` in `crates/velo-formats`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velo_formats::{Decoder, sample_json_array};
use velo_formats_fuzz::check;

fuzz_target!(|data: &[u8]| {
    check(data, |projection| Decoder::json_array(projection).expect("supported types"));
    let _ = sample_json_array(data, true);
});
