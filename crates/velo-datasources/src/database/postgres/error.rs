use std::error::Error as _;
use std::fmt::Write as _;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::tls::{WayOut, explain, tls_error};
use crate::{PostgresConnection, SourceError};

/// What can be done about a server that is not trusted.
const WAY_OUT: WayOut = WayOut {
    authorities: "`sslrootcert` in `connection.url`",
    names: "connect to one of its names, or accept any with `sslmode=verify-ca`",
};

/// Who is talked to, for messages: never with a password.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) server: PostgresConnection,
    /// What is read there: `table orders`.
    pub(super) rows: String,
}

impl Place {
    /// Server, database and what is read there.
    pub(super) fn location(&self) -> String {
        format!("{}, {}", self.server.location(), self.rows)
    }

    /// The server could not be reached, or broke off.
    pub(super) fn unreachable(&self, message: String) -> SourceError {
        SourceError::Connection {
            location: self.server.location(),
            message,
            is_transient: true,
        }
    }

    /// The server does not encrypt as it should, or is not trusted; trying again would not change that.
    pub(super) fn not_secure(&self, why: &str) -> SourceError {
        SourceError::Connection {
            location: self.server.location(),
            message: format!("no secure connection: {why}"),
            is_transient: false,
        }
    }

    pub(super) fn refused(&self, message: String, is_transient: bool) -> SourceError {
        SourceError::Refused {
            location: self.location(),
            message,
            is_transient,
        }
    }

    /// Tells errors of the connection from those of SQL, and those that may pass from those that stay.
    pub(super) fn error(&self, error: &Error) -> SourceError {
        if let Some(told) = error.as_db_error() {
            return self.told_by_server(told);
        }
        if let Some(why) = self.without_tls(error) {
            return self.not_secure(&why);
        }
        let is_io = error
            .source()
            .is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        if error.is_closed() {
            return self.unreachable("the server closed the connection".to_owned());
        }
        let message = with_causes(error);
        if is_io {
            return self.unreachable(message);
        }
        if message.contains("password missing") {
            let message = "the server asks for a password; give `connection.password`".to_owned();
            return self.refused(message, false);
        }
        self.refused(message, false)
    }

    /// Why there is no encryption, if that is what has failed.
    fn without_tls(&self, error: &Error) -> Option<String> {
        match tls_error(error) {
            Some(rustls::Error::AlertReceived(alert)) => Some(match &self.server.tls().identity {
                Some(_) => format!("the server does not accept the certificate of `sslcert` ({alert:?})"),
                None => format!(
                    "the server breaks off ({alert:?}); if it wants a certificate of the client, `sslcert` and `sslkey` in \
                     `connection.url` name its files"
                ),
            }),
            Some(error) => Some(explain(error, &WAY_OUT)),
            None => with_causes(error).ends_with("server does not support TLS").then(|| {
                "the server does not encrypt (`ssl` is off); with `sslmode=prefer` it need not, within a trusted network"
                    .to_owned()
            }),
        }
    }

    fn told_by_server(&self, told: &DbError) -> SourceError {
        let code = told.code();
        if is_unavailable(code) {
            return self.unreachable(told.message().to_owned());
        }
        if let Some(message) = self.about_login(code) {
            return SourceError::Refused {
                location: self.server.location(),
                message: format!("{message} (the server says: {})", told.message()),
                is_transient: false,
            };
        }
        if *code == SqlState::QUERY_CANCELED {
            let message = format!(
                "{}; `statement.timeout` sets how long a statement may take",
                told.message()
            );
            return self.refused(message, true);
        }
        let is_transient = is_worth_another_try(code);
        self.refused(complaint(told), is_transient)
    }

    /// What to do about a login that the server refuses.
    fn about_login(&self, code: &SqlState) -> Option<String> {
        let user = self.server.user();
        Some(match *code {
            SqlState::INVALID_PASSWORD => {
                format!("user `{user}` or the password is wrong; see `connection.user` and `connection.password`")
            }
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                format!("user `{user}` may not connect; see `connection.user`")
            }
            SqlState::INVALID_CATALOG_NAME => {
                let database = self.server.database();
                format!("there is no database `{database}`; it is the last part of `connection.url`")
            }
            _ => return None,
        })
    }
}

/// Whether a connection that could not be made with encryption may come about without: the handshake failed, or the server
/// lets this user in, but only unencrypted. It is not worth while after a wrong password.
pub(super) fn may_go_without_tls(error: &Error) -> bool {
    let is_of_handshake = error.to_string().starts_with("error performing TLS handshake");
    let is_only_without = error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    is_of_handshake || is_only_without || tls_error(error).is_some()
}

/// The server is starting, stopping, full or cut off.
fn is_unavailable(code: &SqlState) -> bool {
    matches!(&code.code()[..2], "08" | "53") || matches!(code.code(), "57P01" | "57P02" | "57P03" | "57P05")
}

/// Transactions that met others, and locks that were not to be had.
fn is_worth_another_try(code: &SqlState) -> bool {
    matches!(
        *code,
        SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE
            | SqlState::OBJECT_IN_USE
    )
}

/// What the server says, with what it adds and what it advises.
fn complaint(told: &DbError) -> String {
    let mut message = told.message().to_owned();
    if let Some(detail) = told.detail() {
        let _ = write!(message, "; {detail}");
    }
    if let Some(hint) = told.hint() {
        let _ = write!(message, "; {hint}");
    }
    let advice = match *told.code() {
        SqlState::UNDEFINED_TABLE => "; see `table` and `query`, in which the case of letters counts",
        SqlState::INSUFFICIENT_PRIVILEGE => "; it takes a GRANT SELECT for this user",
        _ => "",
    };
    message + advice
}

/// An error with what caused it.
fn with_causes(error: &Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(message, ": {error}");
        cause = error.source();
    }
    message
}
