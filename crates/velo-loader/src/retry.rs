use std::time::Duration;

use crate::LoadingConfigError;

/// Further attempts after an error that may pass: how many, and how long to wait before each.
///
/// The wait is drawn evenly between nothing and its bound, so that tables that failed together do not come back
/// together. The bound starts at `initial_delay` and grows by `factor` with each attempt, up to `max_delay`.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryConfig {
    /// Attempts in all, the first one included; 3.
    pub max_attempts: u32,
    /// Bound on the wait before the second attempt; 500 ms.
    pub initial_delay: Duration,
    /// By what the bound grows; 2.
    pub factor: f64,
    /// What the bound never exceeds; 30 s.
    pub max_delay: Duration,
    /// Where the drawn waits start from: the same seed draws the same waits.
    pub seed: u64,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial_delay: Duration::from_millis(500),
            factor: 2.0,
            max_delay: Duration::from_secs(30),
            seed: 0,
        }
    }
}

impl RetryConfig {
    pub(crate) fn validate(&self) -> Result<(), LoadingConfigError> {
        if self.max_attempts == 0 {
            return Err(LoadingConfigError::Zero {
                setting: "number of attempts",
            });
        }
        if self.factor.is_nan() || self.factor < 1.0 {
            return Err(LoadingConfigError::BelowOne {
                setting: "factor by which waits between attempts grow",
                value: self.factor,
            });
        }
        Ok(())
    }

    /// The longest wait after `failed_attempts` of them.
    ///
    /// ```
    /// use std::time::Duration;
    /// let retry = velo_loader::RetryConfig::default();
    /// assert_eq!(retry.delay_bound(1), Duration::from_millis(500));
    /// assert_eq!(retry.delay_bound(3), Duration::from_secs(2));
    /// assert_eq!(retry.delay_bound(20), Duration::from_secs(30));
    /// ```
    pub fn delay_bound(&self, failed_attempts: u32) -> Duration {
        let growth = self.factor.powf(f64::from(failed_attempts.saturating_sub(1)));
        let seconds = self.initial_delay.as_secs_f64() * growth;
        Duration::try_from_secs_f64(seconds).map_or(self.max_delay, |delay| delay.min(self.max_delay))
    }
}

/// Draws waits: `SplitMix64`, which is small, even, and the same on every machine.
#[derive(Debug)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A time between nothing and `bound`, each as likely as the other.
    pub(crate) fn up_to(&mut self, bound: Duration) -> Duration {
        // The upper 53 bits are as many as a double holds exactly.
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        bound.mul_f64(share)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first values of `SplitMix64` from seed 1234567, as its reference implementation prints them.
    #[test]
    fn the_generator_is_the_published_one() {
        let mut jitter = Jitter::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| jitter.next()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn waits_fill_the_whole_range() {
        let mut jitter = Jitter::new(7);
        let bound = Duration::from_secs(10);
        let drawn: Vec<Duration> = (0..1000).map(|_| jitter.up_to(bound)).collect();
        assert!(drawn.iter().all(|wait| *wait < bound));
        assert!(drawn.iter().any(|wait| *wait < Duration::from_secs(1)));
        assert!(drawn.iter().any(|wait| *wait > Duration::from_secs(9)));
    }

    #[test]
    fn bounds_never_overflow() {
        let retry = RetryConfig {
            factor: f64::MAX,
            ..RetryConfig::default()
        };
        assert_eq!(retry.delay_bound(u32::MAX), retry.max_delay);
    }
}
