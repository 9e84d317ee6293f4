use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode, SslNegotiation};

use super::postgres_tls::{PostgresTls, TlsMode, take_tls};
use super::properties::{Properties, PropertyError, PropertyErrorKind, parse_interval, parse_positive};

/// Keys that a source in a SQL database understands.
pub(super) const DATABASE_KEYS: &[&str] = &[
    "type",
    "connection.url",
    "connection.user",
    "connection.password",
    "path",
    "table",
    "query",
    "incremental.column",
    "connect.timeout",
    "statement.timeout",
    "fetch.size",
];

/// Keys that mean nothing for a file that is opened by this process.
const SERVER_KEYS: [&str; 4] = [
    "connection.user",
    "connection.password",
    "statement.timeout",
    "fetch.size",
];

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const FETCH_SIZE: usize = 10_000;
const POSTGRES_PORT: u16 = 5432;

/// Which rows of a SQL database are read, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseSourceConfig {
    /// Where the database is.
    pub connection: DatabaseConnection,
    /// What is read of it.
    pub rows: DatabaseRows,
    /// A column whose values only grow, by which later loads find what is new.
    pub incremental_column: Option<String>,
    /// How long connecting may take; for SQLite, how long a lock of another process is waited for.
    pub connect_timeout: Duration,
    /// How long the server may take for a statement, or for one fetch of rows; without end where absent.
    pub statement_timeout: Option<Duration>,
    /// Rows that a server sends at a time.
    pub fetch_size: usize,
}

/// A database.
#[derive(Debug, Clone, PartialEq)]
pub enum DatabaseConnection {
    /// A PostgreSQL server.
    Postgres(PostgresConnection),
    /// A SQLite file, relative to the working directory.
    Sqlite(PathBuf),
}

impl DatabaseSourceConfig {
    /// The table and its database, for people; without credentials.
    pub fn location(&self) -> String {
        let database = match &self.connection {
            DatabaseConnection::Postgres(postgres) => postgres.location(),
            DatabaseConnection::Sqlite(path) => path.display().to_string(),
        };
        match &self.rows {
            DatabaseRows::Table(table) => format!("{table} of {database}"),
            DatabaseRows::Query(_) => format!("a query of {database}"),
        }
    }
}

impl DatabaseConnection {
    /// What kind of database it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// The server, where it is one.
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Self::Postgres(postgres) => Some(postgres.endpoint()),
            Self::Sqlite(_) => None,
        }
    }
}

/// Rows of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseRows {
    /// A table or view, with its schema before a point if it has one; its letters count as they are.
    Table(String),
    /// What a `SELECT` in the database's own SQL gives.
    Query(String),
}

/// Server, user and password. No form of it prints the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresConnection {
    client: Box<tokio_postgres::Config>,
    tls: PostgresTls,
}

impl DatabaseSourceConfig {
    /// Rows of a database, with the usual limits and no column to find new ones by.
    pub fn new(connection: DatabaseConnection, rows: DatabaseRows) -> Self {
        Self {
            connection,
            rows,
            incremental_column: None,
            connect_timeout: CONNECT_TIMEOUT,
            statement_timeout: None,
            fetch_size: FETCH_SIZE,
        }
    }

    /// Whether properties, or their `type`, are those of a database.
    pub(super) fn is_meant(kind: Option<&str>, properties: &BTreeMap<String, String>) -> bool {
        match kind.or_else(|| properties.get("type").map(String::as_str)) {
            Some(kind) => ["sql_source", "database_source"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(kind)),
            None => properties.contains_key("connection.url"),
        }
    }

    pub(super) fn from_properties(values: &BTreeMap<String, String>) -> Result<Self, Vec<PropertyError>> {
        let mut read = Properties::of_kind(values, "a database source", DATABASE_KEYS);
        let connection = connection(&mut read);
        let rows = rows(&mut read);
        let connect_timeout = read.parsed(&["connect.timeout"], parse_interval);
        let statement_timeout = read.parsed(&["statement.timeout"], parse_interval);
        let fetch_size = read.parsed(&["fetch.size"], parse_positive);
        let incremental_column = read.text("incremental.column");
        read.finish()?;
        let (Some(connection), Some(rows)) = (connection, rows) else {
            return Err(Vec::new()); // Not reached: without one of them there was an error.
        };
        Ok(Self {
            incremental_column: incremental_column.map(str::to_owned),
            connect_timeout: connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            statement_timeout,
            fetch_size: fetch_size.map_or(FETCH_SIZE, |size| size as usize),
            ..Self::new(connection, rows)
        })
    }

    /// The given keys that this database has no use for.
    pub(super) fn keys_without_effect<'a>(&self, properties: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let is_idle =
            |key: &&str| matches!(self.connection, DatabaseConnection::Sqlite(_)) && SERVER_KEYS.contains(key);
        properties.keys().map(String::as_str).filter(is_idle).collect()
    }
}

impl PostgresConnection {
    /// Reads `postgres://user:password@host:port/database`, with `?sslmode=…` and other parameters behind it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in a sentence that holds nothing of the password.
    pub fn parse(url: &str) -> Result<Self, String> {
        Self::read(url).map_err(|(_, message)| message)
    }

    fn read(url: &str) -> Result<Self, (PropertyErrorKind, String)> {
        let (url, tls) = take_tls(url)?;
        let mut client = parse_client(&url).map_err(|message| (PropertyErrorKind::Invalid, message))?;
        let mode = match tls.mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyAuthority(_) | TlsMode::VerifyName(_) => SslMode::Require,
        };
        if client.get_ssl_negotiation() == SslNegotiation::Direct && mode != SslMode::Require {
            let message = "`sslnegotiation=direct` needs `sslmode=require` or a mode that verifies the server";
            return Err((PropertyErrorKind::Invalid, message.to_owned()));
        }
        client.ssl_mode(mode);
        Ok(Self {
            client: Box::new(client),
            tls,
        })
    }

    /// The same with another user or password.
    #[must_use]
    pub fn with_credentials(mut self, user: Option<&str>, password: Option<&str>) -> Self {
        if let Some(user) = user {
            self.client.user(user);
        }
        if let Some(password) = password {
            self.client.password(password);
        }
        self
    }

    /// Server and database, without credentials: `postgres://host:port/database`.
    pub fn location(&self) -> String {
        format!("{}/{}", self.endpoint(), self.database())
    }

    /// The server alone: `postgres://host:port`.
    pub fn endpoint(&self) -> String {
        let ports = self.client.get_ports();
        let hosts = self.client.get_hosts().iter().enumerate().map(|(index, host)| {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(POSTGRES_PORT);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(directory) => format!("{}:{port}", directory.display()),
            }
        });
        format!("postgres://{}", hosts.collect::<Vec<_>>().join(","))
    }

    /// Who connects.
    pub(crate) fn user(&self) -> &str {
        self.client.get_user().unwrap_or("")
    }

    /// What is connected to: named after the user unless it is said.
    pub(crate) fn database(&self) -> &str {
        self.client.get_dbname().unwrap_or(self.user())
    }

    /// How the connection is encrypted.
    pub(crate) fn tls(&self) -> &PostgresTls {
        &self.tls
    }

    /// Everything else, for the client library.
    pub(crate) fn client(&self) -> &tokio_postgres::Config {
        &self.client
    }
}

/// Reads what of a URL is not about encryption.
fn parse_client(url: &str) -> Result<tokio_postgres::Config, String> {
    let form = "the form is postgres://user:password@host:port/database, with special characters as %XX";
    // Of a password with an `@` that is not escaped, the rest would be taken for host, port or database, and be printed
    // with it.
    if url.matches('@').count() > 1 {
        return Err(format!("`connection.url` has more than one `@`; {form}"));
    }
    // Nor may a database and its parameters be taken for a password, and what stands behind their `@` for a host.
    let before_host = url.split_once('@').map_or("", |(before, _)| before);
    let server = before_host.split_once("://").map_or("", |(_, server)| server);
    let is_database = |(server, query): (&str, &str)| server.contains('/') && query.contains('=');
    if server.split_once('?').is_some_and(is_database) {
        return Err(format!("`connection.url` has an `@` in its parameters; {form}"));
    }
    let client = tokio_postgres::Config::from_str(url);
    let client = client.map_err(|_| format!("`connection.url` is malformed; {form}"))?;
    let hosts = client.get_hosts();
    // More likely it is a part of the password, and would be printed as a host.
    let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "-_.:[]%".contains(c));
    if hosts
        .iter()
        .any(|host| matches!(host, Host::Tcp(name) if !is_name(name)))
    {
        return Err(format!(
            "`connection.url` names a host with characters that no host has; {form}"
        ));
    }
    if hosts.is_empty() {
        return Err(format!("`connection.url` names no host; {form}"));
    }
    Ok(client)
}

impl fmt::Debug for PostgresConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConnection")
            .field("location", &self.location())
            .field("user", &self.user())
            .finish_non_exhaustive()
    }
}

impl DatabaseRows {
    /// What is read, for people: `table orders`, or `a query`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Table(name) => format!("table {name}"),
            Self::Query(_) => "a query".to_owned(),
        }
    }
}

fn connection(read: &mut Properties<'_>) -> Option<DatabaseConnection> {
    let (url, path) = (read.text("connection.url"), read.text("path"));
    let (key, connection) = match (url, path) {
        (Some(_), Some(_)) => {
            let message = "`path` and `connection.url` both say where the database is; give one of them".to_owned();
            read.reject("path", PropertyErrorKind::Invalid, message);
            return None;
        }
        (Some(url), None) => ("connection.url", of_url(url)),
        (None, Some(path)) => ("path", sqlite_file(path.strip_prefix("file://").unwrap_or(path))),
        (None, None) => {
            let message = "a database source needs `connection.url`, such as postgres://host:5432/database, \
                           or the `path` of a SQLite file";
            read.reject("connection.url", PropertyErrorKind::Missing, message.to_owned());
            return None;
        }
    };
    match connection {
        Ok(DatabaseConnection::Postgres(server)) => Some(DatabaseConnection::Postgres(credentials(read, server))),
        Ok(file) => Some(file),
        Err((kind, message)) => {
            read.reject(key, kind, message);
            None
        }
    }
}

fn of_url(url: &str) -> Result<DatabaseConnection, (PropertyErrorKind, String)> {
    let scheme = url
        .split_once(':')
        .map_or("", |(scheme, _)| scheme)
        .to_ascii_lowercase();
    match scheme.as_str() {
        "postgres" | "postgresql" => {
            let server = PostgresConnection::read(url)?;
            Ok(DatabaseConnection::Postgres(server))
        }
        "sqlite" => {
            let path = &url[scheme.len() + 1..];
            if path.split_once('@').is_some_and(|(user, _)| user.contains(':')) {
                let message = "a SQLite file has no user and password: write sqlite:path, or its `path`";
                return Err((PropertyErrorKind::Invalid, message.to_owned()));
            }
            sqlite_file(path.strip_prefix("//").unwrap_or(path))
        }
        "mysql" | "mariadb" | "mssql" | "sqlserver" | "oracle" => {
            let message = format!("`{scheme}` databases are not supported; postgres and sqlite are");
            Err((PropertyErrorKind::Unsupported, message))
        }
        // It may be anything, a password included.
        _ => {
            let message = "`connection.url` must be postgres://user:password@host:port/database or sqlite:path";
            Err((PropertyErrorKind::Invalid, message.to_owned()))
        }
    }
}

fn sqlite_file(path: &str) -> Result<DatabaseConnection, (PropertyErrorKind, String)> {
    if path.is_empty() {
        let message = "the path of the SQLite file is missing";
        return Err((PropertyErrorKind::Invalid, message.to_owned()));
    }
    if path.contains("://") {
        let message = "only local SQLite files can be read".to_owned();
        return Err((PropertyErrorKind::Unsupported, message));
    }
    Ok(DatabaseConnection::Sqlite(PathBuf::from(path)))
}

/// Adds user and password, each of which is said in one place.
fn credentials(read: &mut Properties<'_>, server: PostgresConnection) -> PostgresConnection {
    let (user, password) = (read.text("connection.user"), read.text("connection.password"));
    let twice = [
        ("connection.user", user.is_some() && server.client.get_user().is_some()),
        (
            "connection.password",
            password.is_some() && server.client.get_password().is_some(),
        ),
    ];
    for (key, _) in twice.iter().filter(|(_, is_twice)| *is_twice) {
        let message = format!("`{key}` and `connection.url` say the same; say it in one of them");
        read.reject(key, PropertyErrorKind::Invalid, message);
    }
    server.with_credentials(user, password)
}

fn rows(read: &mut Properties<'_>) -> Option<DatabaseRows> {
    match (read.text("table"), read.text("query")) {
        (Some(table), None) => Some(DatabaseRows::Table(table.to_owned())),
        (None, Some(query)) => Some(DatabaseRows::Query(query.to_owned())),
        (Some(_), Some(_)) => {
            let message = "`table` and `query` exclude each other; give one of them".to_owned();
            read.reject("query", PropertyErrorKind::Invalid, message);
            None
        }
        (None, None) => {
            let message = "a database source needs `table`, or a `query` in the database's own SQL".to_owned();
            read.reject("table", PropertyErrorKind::Missing, message);
            None
        }
    }
}
