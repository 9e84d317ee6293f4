use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::Merge;
use crate::error::OperatorResult;
use crate::event::Event;

/// What one instance of a stage gets from those before it, as one stream.
///
/// It takes from the channels that have something in turn, and from none that has come to a barrier until the others have.
pub(crate) struct Receiver {
    /// `None` once nothing more can come.
    channels: Vec<Option<mpsc::Receiver<Event>>>,
    merge: Merge,
    /// The channel to look at first.
    turn: usize,
}

impl Receiver {
    /// `merge` has a port for each channel.
    pub(crate) fn new(channels: Vec<mpsc::Receiver<Event>>, merge: Merge) -> Self {
        Self {
            channels: channels.into_iter().map(Some).collect(),
            merge,
            turn: 0,
        }
    }

    /// The next events, none if they have to wait for those of other channels; `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> Option<OperatorResult<Vec<Event>>> {
        let (port, event) = poll_fn(|cx| self.poll_event(cx)).await?;
        Some(self.merge.push(port, event))
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, Event)>> {
        let ports = self.channels.len();
        for offset in 0..ports {
            let port = (self.turn + offset) % ports;
            if self.merge.waits(port) {
                continue;
            }
            let Some(channel) = &mut self.channels[port] else {
                continue;
            };
            match channel.poll_recv(cx) {
                Poll::Ready(Some(event)) => {
                    self.turn = (port + 1) % ports;
                    return Poll::Ready(Some((port, event)));
                }
                Poll::Ready(None) => self.channels[port] = None,
                Poll::Pending => {}
            }
        }
        // A sender that is gone without an end has failed, and will never send the barrier that others wait at.
        let mut open = (0..ports).filter(|port| self.channels[*port].is_some());
        if open.all(|port| self.merge.waits(port)) {
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}
