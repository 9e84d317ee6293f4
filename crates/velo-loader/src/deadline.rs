use std::time::Duration;

use tokio::time::Instant;

/// What is as good as never: clocks cannot tell every moment that a duration can reach.
const NEVER: Duration = Duration::from_hours(24 * 365 * 30);

/// The moment so long after another, however long that is.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    start + duration.min(NEVER)
}
