//! Rows on their way from the instances of one stage to those of another: a bounded channel for each pair of them.

mod merge;
mod receiver;
mod route;
mod sender;

pub use merge::Merge;
pub(crate) use merge::ResultOrder;
pub(crate) use receiver::Receiver;
pub use route::KeyRouter;
pub(crate) use sender::{Route, Sender};

use tokio::sync::mpsc;

use crate::event::Event;

/// Events that a channel holds before its sender waits.
const CHANNEL_EVENTS: usize = 4;

/// The channels between two stages: one for each instance that sends and each that receives.
pub(crate) struct Channels {
    /// By sending instance.
    pub(crate) senders: Vec<Vec<mpsc::Sender<Event>>>,
    /// By receiving instance.
    pub(crate) receivers: Vec<Vec<mpsc::Receiver<Event>>>,
}

impl Channels {
    /// From each of `senders` instances to each of `receivers`.
    pub(crate) fn between_all(senders: usize, receivers: usize) -> Self {
        let mut channels = Self::none(senders, receivers);
        for sender in 0..senders {
            for receiver in 0..receivers {
                channels.connect(sender, receiver);
            }
        }
        channels
    }

    /// From each instance to the one of the same number; where there are fewer, several send to one.
    pub(crate) fn between_pairs(senders: usize, receivers: usize) -> Self {
        let mut channels = Self::none(senders, receivers);
        for sender in 0..senders {
            channels.connect(sender, sender % receivers.max(1));
        }
        channels
    }

    fn none(senders: usize, receivers: usize) -> Self {
        Self {
            senders: (0..senders).map(|_| Vec::new()).collect(),
            receivers: (0..receivers).map(|_| Vec::new()).collect(),
        }
    }

    fn connect(&mut self, sender: usize, receiver: usize) {
        let (into, from) = mpsc::channel(CHANNEL_EVENTS);
        self.senders[sender].push(into);
        self.receivers[receiver].push(from);
    }
}
