//! Trades as a feed sends them: the input of the benches.

use std::fmt::Write as _;

const SYMBOLS: u64 = 200;
/// 2024-01-01T10:00:00Z.
const START_MS: u64 = 1_704_103_200_000;

/// A multiplicative generator (Lehmer, modulus 2^31 - 1): the same trades in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0 * 48_271 % 0x7fff_ffff;
        self.0 % bound
    }
}

/// Trades as a feed sends them, some 125 bytes each: up to ten million, which fill less than the rest of the day.
pub(crate) fn trades(rows: u64) -> String {
    let mut text = String::with_capacity(rows as usize * 136);
    let mut random = Random(42);
    let mut time_ms = START_MS;
    for _ in 0..rows {
        time_ms += random.below(8);
        let side = if random.below(2) == 0 { "BUY" } else { "SELL" };
        let symbol = random.below(SYMBOLS);
        let (whole, fraction) = (1 + random.below(999), random.below(10_000));
        let quantity = 1 + random.below(1000);
        let trader = random.below(5000);
        let (seconds, milliseconds) = (time_ms / 1000, time_ms % 1000);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        writeln!(
            text,
            r#"{{"symbol":"SYM{symbol:03}","price":{whole}.{fraction:04},"quantity":{quantity},"side":"{side}","event_time":"2024-01-01T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z","trader_id":"trader-{trader:04}"}}"#
        )
        .expect("strings take any text");
    }
    text
}
