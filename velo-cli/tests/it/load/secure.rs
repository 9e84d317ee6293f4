//! Tables over TLS, from a server whose authority nobody knows who is not told of it.

use std::path::Path;

use velo_testservices::{Answer, Authority, HttpServer};

use super::support::{Loaded, PROGRAM, rows, workspace};
use crate::support::{Outcome, Workspace};

const PEOPLE: &str = "id,name\n1,ann\n2,bob\n";

fn secure_server(authority: &Authority, names: &[&str]) -> HttpServer {
    let server = HttpServer::start_secure(&authority.certify(names));
    server.on("/people.csv", |_| Answer::ok("text/csv", PEOPLE));
    server
}

fn people_at(url: &str) -> Workspace {
    workspace(&format!(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, name STRING) WITH (path = '{url}');"
    ))
}

/// Loads the program of a workspace while these authorities are trusted, or those of the machine.
fn load_trusting(workspace: &Workspace, authorities: Option<&Path>) -> Loaded {
    let mut command = workspace.command(&["load", PROGRAM, "--format", "json"]);
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    if let Some(file) = authorities {
        command.env("SSL_CERT_FILE", file);
    }
    Loaded::of(&Outcome::of(&command.output().unwrap()))
}

/// Why the table was not loaded.
fn failure(loaded: &Loaded, server: &HttpServer) -> String {
    assert_eq!(loaded.exit, Some(3), "{}", loaded.stderr);
    let retries = loaded.told("table_retrying", "people").count();
    assert_eq!(retries, 0, "a server that is not trusted is not asked again");
    let why = loaded.result()["failed"]["people"].as_str().unwrap();
    why.replace(&server.address(), "[server]")
}

#[test]
fn a_table_is_loaded_over_tls_from_a_server_that_is_trusted() {
    let authority = Authority::new();
    let server = secure_server(&authority, &["localhost"]);
    let workspace = people_at(&server.url("/people.csv"));
    load_trusting(&workspace, Some(&authority.certificate_file())).expect_all();
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
    let queried = workspace.run(&["query", "SELECT name FROM people WHERE id = 2"]);
    assert_eq!(queried.stdout, "{\"name\":\"bob\"}\n", "{}", queried.stderr);
}

#[test]
fn a_server_of_an_unknown_authority_is_refused_with_the_way_out() {
    let authority = Authority::new();
    let server = secure_server(&authority, &["localhost"]);
    let workspace = people_at(&server.url("/people.csv"));
    let by_machine = failure(&load_trusting(&workspace, None), &server);
    assert!(by_machine.contains("no secure connection"), "{by_machine}");
    assert!(by_machine.contains("SSL_CERT_FILE"), "{by_machine}");

    let other = Authority::new();
    let by_other = failure(&load_trusting(&workspace, Some(&other.certificate_file())), &server);
    assert_eq!(
        by_other,
        "cannot read `people`: cannot reach https://[server]/people.csv: no secure connection: the authority behind the \
         server's certificate is not trusted; `SSL_CERT_FILE` names a file with its certificate"
    );
    assert_eq!(
        server.requests(),
        [],
        "nothing is asked of a server that is not trusted"
    );
}

#[test]
fn a_machine_without_authorities_says_where_they_are_named() {
    let authority = Authority::new();
    let server = secure_server(&authority, &["localhost"]);
    let workspace = people_at(&server.url("/people.csv"));
    workspace.write("empty.pem", b"");
    let loaded = load_trusting(&workspace, Some(&workspace.path("empty.pem")));
    assert_eq!(
        failure(&loaded, &server),
        "cannot read `people`: cannot reach https://[server]/people.csv: no secure connection: there is no certificate of \
         an authority to trust; `SSL_CERT_FILE` names a file with some"
    );
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let server = secure_server(&authority, &["people.example", "127.0.0.9"]);
    let workspace = people_at(&server.url("/people.csv"));
    let loaded = load_trusting(&workspace, Some(&authority.certificate_file()));
    assert_eq!(
        failure(&loaded, &server),
        "cannot read `people`: cannot reach https://[server]/people.csv: no secure connection: the server's certificate \
         is not for localhost, but for people.example, 127.0.0.9; ask it by one of its names"
    );
}

#[test]
fn a_redirect_leads_to_a_secure_server() {
    let authority = Authority::new();
    let server = secure_server(&authority, &["localhost"]);
    let plain = HttpServer::start();
    let target = server.url("/people.csv");
    plain.on("/people.csv", move |_| {
        Answer::new(301, "").with_header("Location", &target)
    });
    let workspace = people_at(&plain.url("/people.csv"));
    load_trusting(&workspace, Some(&authority.certificate_file())).expect_all();
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
}
