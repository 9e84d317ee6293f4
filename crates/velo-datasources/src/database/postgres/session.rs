use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{CancelToken, Client, Config, IsolationLevel, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Place, may_go_without_tls};
use super::tls::tls_client;
use crate::SourceError;

/// What the server's lists of sessions show.
const APPLICATION_NAME: &str = "velostream";

/// What texts of values that have no type here look like, however the server is set up.
const FORMS_OF_TEXT: &str = "SET LOCAL datestyle = ISO; SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = postgres; \
                             SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = hex";

/// A connection to the server; dropping it closes the connection and stops what the server does for it.
pub(super) struct Session {
    client: Client,
    driver: JoinHandle<Result<(), tokio_postgres::Error>>,
    tls: MakeRustlsConnect,
}

/// How sessions are opened.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) timeouts: Timeouts,
    tls: Arc<ClientConfig>,
}

impl Access {
    /// Reads what encryption needs; the server is not asked yet.
    pub(super) fn new(place: &Place, timeouts: Timeouts) -> Result<Self, SourceError> {
        Ok(Self {
            timeouts,
            tls: Arc::new(tls_client(place)?),
        })
    }
}

/// How long the server may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) statement: Option<Duration>,
}

impl Session {
    pub(super) async fn open(place: &Place, access: &Access) -> Result<Self, SourceError> {
        let patience = access.timeouts.connect;
        let mut config = place.server.client().clone();
        config.connect_timeout(patience);
        if config.get_application_name().is_none() {
            config.application_name(APPLICATION_NAME);
        }
        let tls = MakeRustlsConnect::new(ClientConfig::clone(&access.tls));
        let connecting = tokio::time::timeout(patience, Self::connect(config, tls)).await;
        let connected = connecting.map_err(|_| {
            let waited = velo_common::format_duration(patience);
            place.unreachable(format!("no answer within {waited} (`connect.timeout`)"))
        })?;
        connected.map_err(|error| place.error(&error))
    }

    /// Connects; where encryption is only preferred and comes to nothing, once more without.
    async fn connect(mut config: Config, tls: MakeRustlsConnect) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = match config.connect(tls.clone()).await {
            Err(error) if config.get_ssl_mode() == SslMode::Prefer && may_go_without_tls(&error) => {
                config.ssl_mode(SslMode::Disable).connect(tls.clone()).await?
            }
            connected => connected?,
        };
        Ok(Self {
            client,
            driver: tokio::spawn(connection),
            tls,
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
        let cancel = CancelOnDrop(Some((self.client.cancel_token(), self.tls.clone())));
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        let timeout_ms = timeouts.statement.map_or(0, |timeout| timeout.as_millis().max(1));
        let settings = format!("SET LOCAL statement_timeout = {timeout_ms}; {FORMS_OF_TEXT}");
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
pub(super) struct CancelOnDrop(Option<(CancelToken, MakeRustlsConnect)>);

impl CancelOnDrop {
    /// There is nothing left to stop.
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let (Some((token, tls)), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            // Without an answer the server finds out later.
            runtime.spawn(async move { token.cancel_query(tls).await });
        }
    }
}
