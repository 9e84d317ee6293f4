/// Terms of the series of the exponential function: enough for more digits than prices have.
const TERMS: u32 = 24;

/// A price in cents, from 1.00 to 1,000,000.00, whose logarithm is evenly spread. `share` is from 0 to 1.
///
/// Only basic arithmetic is used, so that prices are the same on every machine.
pub(super) fn price(share: f64) -> i64 {
    const DECADES: [f64; 6] = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
    let exponent = share * DECADES.len() as f64;
    let decade = (exponent as usize).min(DECADES.len() - 1);
    (DECADES[decade] * power_of_ten(exponent - decade as f64)).round() as i64
}

/// `10^exponent` for exponents from 0 to 1.
fn power_of_ten(exponent: f64) -> f64 {
    let power = exponent * std::f64::consts::LN_10;
    // Horner's scheme: 1 + x/1 (1 + x/2 (1 + x/3 (…))).
    (1..=TERMS)
        .rev()
        .fold(1.0, |sum, term| 1.0 + power / f64::from(term) * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_powers_of_ten() {
        for (share, expected) in [
            (0.0, 100),
            (1.0 / 6.0, 1_000),
            (0.5, 100_000),
            (0.75, 3_162_278), // 100 · 10^4.5
            (1.0, 100_000_000),
        ] {
            assert_eq!(price(share), expected, "{share}");
        }
    }
}
