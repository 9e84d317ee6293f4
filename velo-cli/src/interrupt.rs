//! Ctrl-C, and the other signals that ask a process to end.

use std::process;

use velo_engine::Cancel;

use crate::exit::Exit;

/// A switch that the first signal turns, so that what is under way ends in order. A second signal ends the process at once.
pub(crate) fn cancel_on_interrupt() -> Cancel {
    let cancel = Cancel::default();
    let switch = cancel.clone();
    let handler = move || {
        if switch.is_cancelled() {
            process::exit(i32::from(Exit::Interrupted.code()));
        }
        switch.cancel();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        // A signal then ends the process at once, which loses no more than a crash would.
        tracing::warn!(%error, "cannot handle signals");
    }
    cancel
}
