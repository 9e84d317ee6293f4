//! What the crates below want a person to know although all goes on.

use std::collections::HashSet;
use std::fmt::{Debug, Write as _};
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use tracing::field::Field;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

const BOLD_YELLOW: &str = "\u{1b}[1;33m";
const RESET: &str = "\u{1b}[0m";

/// Prints notices on standard error, each once: a file may be opened several times.
#[derive(Default)]
pub(crate) struct Notices {
    color: bool,
    told: Mutex<HashSet<String>>,
}

impl Notices {
    pub(crate) fn new(color: bool) -> Self {
        Self {
            color,
            ..Self::default()
        }
    }
}

impl<S: Subscriber> Layer<S> for Notices {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = String::new();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            if field.name() == "message" {
                // Writing to a String cannot fail.
                let _ = write!(text, "{value:?}");
            }
        });
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(text.clone()) {
            let (start, end) = if self.color { (BOLD_YELLOW, RESET) } else { ("", "") };
            // Standard error may be closed; nobody is left to be told.
            let _ = writeln!(io::stderr(), "{start}warning{end}: {text}");
        }
    }
}
