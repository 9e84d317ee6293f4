//! Rounds and their times.

use std::time::{Duration, Instant};

/// Rounds of which the best one counts.
const ROUNDS: usize = 11;

/// Something to be timed.
pub(crate) type Task<'a> = Box<dyn FnMut() + 'a>;

/// The best time of each task. They take turns, so that all of them meet the same machine.
pub(crate) fn best_of<const N: usize>(tasks: [Task<'_>; N]) -> [Duration; N] {
    best_of_prepared(|| {}, tasks)
}

/// The same; before each round of each task something is prepared that is not timed.
pub(crate) fn best_of_prepared<const N: usize>(mut prepare: impl FnMut(), mut tasks: [Task<'_>; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (task, best) in tasks.iter_mut().zip(&mut best) {
            prepare();
            *best = time_of(task).min(*best);
        }
    }
    best
}

/// The time in the middle of those of `rounds` rounds.
pub(crate) fn median_of(rounds: usize, mut task: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds).map(|_| time_of(&mut task)).collect();
    times.sort_unstable();
    times[rounds / 2]
}

fn time_of(task: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    task();
    start.elapsed()
}

/// Millions a second.
pub(crate) fn millions_per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64() / 1e6
}

/// How many times faster than `baseline` something was.
pub(crate) fn speed_up(baseline: Duration, time: Duration) -> f64 {
    baseline.as_secs_f64() / time.as_secs_f64()
}
