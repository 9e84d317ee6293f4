//! No bytes panic, and portions do not show.
//!
//! Run with `cargo +nightly fuzz run envelope` in `crates/velo-formats`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velo_formats::{Decoder, sample_envelopes};
use velo_formats_fuzz::check;

fuzz_target!(|data: &[u8]| {
    check(data, |projection| Decoder::envelope(projection).expect("supported types"));
    sample_envelopes(data, true);
});
