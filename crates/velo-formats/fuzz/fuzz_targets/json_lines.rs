//! No bytes panic, and neither portions nor the layout of the records before show.
//!
//! Run with `cargo +nightly fuzz run json_lines` in `crates/velo-formats`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velo_formats::{Decoder, sample_json_lines};
use velo_formats_fuzz::{check, check_alone};

fuzz_target!(|data: &[u8]| {
    let decoder = |projection| Decoder::json_lines(projection).expect("supported types").watching([]);
    check(data, decoder);
    check_alone(data, decoder);
    sample_json_lines(data, true);
});
