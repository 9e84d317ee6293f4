use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, IsolationLevel, NoTls, Transaction};

use super::error::Place;
use crate::SourceError;

/// What the server's lists of sessions show.
const APPLICATION_NAME: &str = "velostream";

/// A connection to the server; dropping it closes the connection and stops what the server does for it.
pub(super) struct Session {
    client: Client,
    driver: JoinHandle<Result<(), tokio_postgres::Error>>,
}

/// How long the server may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) statement: Option<Duration>,
}

impl Session {
    pub(super) async fn open(place: &Place, timeouts: Timeouts) -> Result<Self, SourceError> {
        let mut client = place.server.client().clone();
        client.connect_timeout(timeouts.connect);
        if client.get_application_name().is_none() {
            client.application_name(APPLICATION_NAME);
        }
        let connecting = tokio::time::timeout(timeouts.connect, client.connect(NoTls)).await;
        let connected = connecting.map_err(|_| {
            let waited = velo_common::format_duration(timeouts.connect);
            place.unreachable(format!("no answer within {waited} (`connect.timeout`)"))
        })?;
        let (client, connection) = connected.map_err(|error| place.error(&error))?;
        Ok(Self {
            client,
            driver: tokio::spawn(connection),
        })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// A transaction that sees the database as it is now, for as long as it lasts. In it texts of dates and times do not
    /// depend on how the server is set up.
    pub(super) async fn snapshot(
        &mut self,
        timeouts: Timeouts,
    ) -> Result<(Transaction<'_>, CancelOnDrop), tokio_postgres::Error> {
        let cancel = CancelOnDrop(Some(self.client.cancel_token()));
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        let timeout_ms = timeouts.statement.map_or(0, |timeout| timeout.as_millis().max(1));
        let settings = format!(
            "SET LOCAL statement_timeout = {timeout_ms}; SET LOCAL datestyle = ISO; SET LOCAL timezone = 'UTC'"
        );
        transaction.batch_execute(&settings).await?;
        Ok((transaction, cancel))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Asks the server to stop a statement that nobody waits for any more; a server notices by itself only once it sends.
pub(super) struct CancelOnDrop(Option<tokio_postgres::CancelToken>);

impl CancelOnDrop {
    /// There is nothing left to stop.
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let (Some(token), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            // Without an answer the server finds out later.
            runtime.spawn(async move { token.cancel_query(NoTls).await });
        }
    }
}
