use tokio::sync::mpsc;

use super::KeyRouter;
use crate::error::OperatorResult;
use crate::event::{Event, Output};

/// Where the rows of one instance of a stage go to, at another stage.
pub(crate) struct Sender {
    route: Route,
    /// By receiving instance; `None` once it has gone, because it needs no more.
    channels: Vec<Option<mpsc::Sender<Event>>>,
}

/// Which instance gets a row.
pub(crate) enum Route {
    /// The only one that there is a channel to.
    Only,
    /// The one that owns the key group of its key.
    Hash(KeyRouter),
}

impl Sender {
    pub(crate) fn new(route: Route, channels: Vec<mpsc::Sender<Event>>) -> Self {
        Self {
            route,
            channels: channels.into_iter().map(Some).collect(),
        }
    }

    /// Hands an event on, waiting for room. Rows whose key fails are rejected into `out`.
    pub(crate) async fn send(&mut self, event: Event, out: &mut Output) -> OperatorResult {
        match (&self.route, event) {
            (Route::Hash(router), Event::Batch(batch)) => {
                let parts = router.route(batch, self.channels.len(), out)?;
                for (instance, part) in parts.into_iter().enumerate() {
                    if part.num_rows() > 0 {
                        self.send_to(instance, Event::Batch(part)).await;
                    }
                }
            }
            (_, event) => {
                for instance in 0..self.channels.len() {
                    self.send_to(instance, event.clone()).await;
                }
            }
        }
        Ok(())
    }

    async fn send_to(&mut self, instance: usize, event: Event) {
        if let Some(channel) = &self.channels[instance]
            && channel.send(event).await.is_err()
        {
            self.channels[instance] = None;
        }
    }

    /// Whether nobody wants more; also once a receiver has gone that nothing was sent to since.
    pub(crate) fn is_closed(&self) -> bool {
        let is_gone = |channel: &Option<mpsc::Sender<Event>>| channel.as_ref().is_none_or(mpsc::Sender::is_closed);
        self.channels.iter().all(is_gone)
    }
}
