//! Encrypted connections to a real server, as each `sslmode` asks for them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use velo_datasources::{DatabaseConnection, DatabaseSource, DatabaseSourceConfig, PostgresConnection};
use velo_testservices::{Authority, Database, Identity, PostgresServer};

use super::{load, postgres, query};

/// What the server says of the connection that asks.
const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

/// Connects with a URL, and tells whether the connection is encrypted; or why there is none.
async fn outcome(url: &str) -> String {
    let server = match PostgresConnection::parse(url) {
        Ok(server) => server,
        Err(message) => return message,
    };
    let config = DatabaseSourceConfig::new(DatabaseConnection::Postgres(server), query(IS_ENCRYPTED));
    match DatabaseSource::connect(&config, None).await {
        Ok(source) => {
            let is_encrypted = load(&source).await.rows().await.contains("true");
            let told = if is_encrypted { "encrypted" } else { "not encrypted" };
            told.to_owned()
        }
        Err(error) => {
            assert!(!error.is_transient(), "it will not get better: {error}");
            error.to_string()
        }
    }
}

/// Expects an outcome for each set of parameters; in messages, ports and directories are left out.
async fn expect(database: &Database, host: &str, cases: &[(String, &str)]) {
    let url = database.url().replace("127.0.0.1", host);
    let place = PostgresConnection::parse(&url).unwrap().location();
    for (parameters, expected) in cases {
        let told = outcome(&format!("{url}?{parameters}")).await;
        assert_eq!(told.replace(&place, "[server]"), *expected, "{host} with {parameters}");
    }
}

fn parameters(mode: &str, authorities: &Path) -> String {
    format!("sslmode={mode}&sslrootcert={}", authorities.display())
}

fn write_identity(identity: &Identity, directory: &Path) -> String {
    let (certificate, key) = (directory.join("client.crt"), directory.join("client.key"));
    fs::write(&certificate, &identity.certificate).unwrap();
    fs::write(&key, &identity.key).unwrap();
    format!("sslcert={}&sslkey={}", certificate.display(), key.display())
}

const UNKNOWN: &str = "cannot reach [server]: no secure connection: the authority behind the server's certificate is not \
                       trusted; `sslrootcert` in `connection.url` names a file with its certificate";
const OTHER_NAME: &str = "cannot reach [server]: no secure connection: the server's certificate is not for 127.0.0.1, but \
                          for localhost; connect to one of its names, or accept any with `sslmode=verify-ca`";

#[tokio::test]
async fn each_mode_encrypts_and_verifies_as_libpq_does() {
    let (authority, other) = (Authority::new(), Authority::new());
    let identity = authority.certify(&["localhost"]);
    let Some(server) = PostgresServer::start_secure(&identity, &authority) else {
        return;
    };
    let database = Arc::new(server).create_database();
    let (right, wrong) = (authority.certificate_file(), other.certificate_file());

    let by_address = [
        (String::new(), "encrypted"),
        ("sslmode=disable".to_owned(), "not encrypted"),
        ("sslmode=prefer".to_owned(), "encrypted"),
        ("sslmode=require".to_owned(), "encrypted"),
        ("sslmode=require&channel_binding=require".to_owned(), "encrypted"),
        (parameters("require", &right), "encrypted"),
        (parameters("require", &wrong), UNKNOWN),
        (parameters("verify-ca", &right), "encrypted"),
        (parameters("verify-ca", &wrong), UNKNOWN),
        (parameters("verify-full", &right), OTHER_NAME),
        (parameters("verify-full", &wrong), UNKNOWN),
    ];
    expect(&database, "127.0.0.1", &by_address).await;
    let by_name = [
        (parameters("verify-full", &right), "encrypted"),
        (parameters("verify-full", &wrong), UNKNOWN),
        ("sslmode=verify-full".to_owned(), UNKNOWN),
        ("sslrootcert=system".to_owned(), UNKNOWN),
    ];
    expect(&database, "localhost", &by_name).await;

    // A server may be known by its own certificate alone.
    let directory = TempDir::new().unwrap();
    let own = directory.path().join("server.crt");
    fs::write(&own, &identity.certificate).unwrap();
    expect(
        &database,
        "localhost",
        &[(parameters("verify-full", &own), "encrypted")],
    )
    .await;
    expect(&database, "127.0.0.1", &[(parameters("verify-full", &own), OTHER_NAME)]).await;

    clients_are_known_by_certificates(&database, &authority, &other).await;
    preferring_goes_without_where_it_must(&database).await;
}

async fn clients_are_known_by_certificates(database: &Database, authority: &Authority, other: &Authority) {
    database.sql("CREATE USER certified");
    let directories = [
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    ];
    let [certified, somebody, forged] = [
        authority.certify(&["certified"]),
        authority.certify(&["somebody"]),
        other.certify(&["certified"]),
    ];
    let url = database.url().replace("postgres:hunter2-of-the-server@", "certified@");
    let place = PostgresConnection::parse(&url).unwrap().location();
    let mut told = Vec::new();
    for (name, files) in [
        ("the right one", write_identity(&certified, directories[0].path())),
        ("another user's", write_identity(&somebody, directories[1].path())),
        (
            "of an unknown authority",
            write_identity(&forged, directories[2].path()),
        ),
        ("none", String::new()),
        ("missing", "sslcert=nowhere.crt&sslkey=nowhere.key".to_owned()),
    ] {
        let outcome = outcome(&format!("{url}?sslmode=require&{files}")).await;
        told.push(format!("{name}: {}", outcome.replace(&place, "[server]")));
    }
    insta::assert_snapshot!(told.join("\n"));
}

/// Where a user may connect only unencrypted, `prefer` does, and `require` does not.
async fn preferring_goes_without_where_it_must(database: &Database) {
    database.sql("CREATE USER unencrypted PASSWORD 'secret'");
    let url = database
        .url()
        .replace("postgres:hunter2-of-the-server@", "unencrypted:secret@");
    assert_eq!(outcome(&format!("{url}?sslmode=prefer")).await, "not encrypted");
    let refused = outcome(&format!("{url}?sslmode=require")).await;
    assert!(refused.contains("SSL encryption"), "{refused}");
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_read_unless_encryption_is_required() {
    let Some(database) = postgres() else { return };
    let authority = Authority::new();
    let refusal = "cannot reach [server]: no secure connection: the server does not encrypt (`ssl` is off); with \
                   `sslmode=prefer` it need not, within a trusted network";
    let cases = [
        (String::new(), "not encrypted"),
        ("sslmode=disable".to_owned(), "not encrypted"),
        ("sslmode=prefer".to_owned(), "not encrypted"),
        ("sslmode=require".to_owned(), refusal),
        (parameters("verify-ca", &authority.certificate_file()), refusal),
        ("sslmode=verify-full".to_owned(), refusal),
    ];
    expect(&database, "127.0.0.1", &cases).await;
}

#[tokio::test]
async fn files_of_authorities_are_read_before_the_server_is_asked() {
    let directory = TempDir::new().unwrap();
    let empty = directory.path().join("empty.pem");
    fs::write(&empty, "nothing here").unwrap();
    for (file, expected) in [
        (empty.as_path(), "it holds no certificate in PEM format"),
        (Path::new("/nowhere/authority.pem"), "No such file or directory"),
    ] {
        // Nobody listens there.
        let url = format!("postgres://ann@127.0.0.1:1/shop?{}", parameters("verify-full", file));
        let told = outcome(&url).await;
        assert!(told.contains("`sslrootcert`: cannot read"), "{told}");
        assert!(told.contains(expected), "{told}");
    }
}
