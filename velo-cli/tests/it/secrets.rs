//! No output has a part of a secret in it, wherever it stands and whatever is wrong with it.

use velo_testservices::{Answer, HttpServer};

use crate::support::{Outcome, Workspace};

/// Characters that mean something in URLs, YAML, JSON or SQL, among others.
const CHARACTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz0123456789@:/?#%[]&=+;,$!~^{}<>|'\"\\";

/// Pieces of a secret of so many characters are part of it.
const PIECE: usize = 4;

/// Secrets that are the same in every run: a sequence of xorshift numbers.
fn secrets(count: usize) -> Vec<String> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        CHARACTERS[(state % CHARACTERS.len() as u64) as usize] as char
    };
    let mut random = || (0..14).map(|_| next()).collect::<String>();
    let mut secrets: Vec<String> = (0..count).map(|_| random()).collect();
    // Those that were found to be shown in part.
    secrets.extend(["p@ss/w#r:d%20", "Zq7'Yx3Vb9Kp", "$Wm4{Jt8Rn2", "Hd6\"Lc5Xs1\\Fg"].map(str::to_owned));
    secrets
}

fn escaped(secret: &str) -> String {
    secret.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Properties of the source `t`, as they stand in a program; a secret in them is doubled where SQL wants it.
fn places(secret: &str, web: &str) -> Vec<Vec<(&'static str, String)>> {
    let postgres = |userinfo: String| format!("postgres://{userinfo}@127.0.0.1:1/shop");
    let database = |url: String| vec![("connection.url", url), ("table", "orders".to_owned())];
    let url = |url: String| {
        vec![
            ("url", url),
            ("type", "http_source".to_owned()),
            ("format", "json".to_owned()),
        ]
    };
    let web_with = |key: &'static str, value: String| {
        let mut properties = url(web.to_owned());
        properties.push((key, value));
        properties
    };
    let s3 = |path: String, secret: String| {
        vec![
            ("path", path),
            ("s3.endpoint", web.to_owned()),
            ("s3.allow.http", "true".to_owned()),
            ("s3.access.key.id", "AKIA".to_owned()),
            ("s3.secret.access.key", secret),
        ]
    };
    let mut basic = web_with("auth.user", "ann".to_owned());
    basic.push(("auth.password", secret.to_owned()));
    let mut misspelled = web_with("auth.pasword", secret.to_owned());
    misspelled.push(("api.token", secret.to_owned()));
    vec![
        database(postgres(format!("ann:{secret}"))),
        database(postgres(format!("ann:{}", escaped(secret)))),
        // With an `@` it would say another thing: a shorter password, and a host.
        database(format!("postgres://ann:{}", secret.replace('@', "_"))),
        database(format!("postgres:/ann:{secret}@127.0.0.1:1/shop")),
        database(format!("pg://ann:{secret}@127.0.0.1:1/shop")),
        database(format!("mysql://ann:{secret}@127.0.0.1:1/shop")),
        database(format!("sqlite://ann:{secret}@127.0.0.1:1/shop")),
        database(format!("postgres://127.0.0.1:1/shop?password={}", escaped(secret))),
        database(format!("postgres://127.0.0.1:1/shop?sslpassword={secret}")),
        [
            database("postgres://ann@127.0.0.1:1/shop".to_owned()),
            vec![("connection.password", secret.to_owned())],
        ]
        .concat(),
        vec![("path", postgres(format!("ann:{secret}")))],
        vec![("path", format!("{web}?key={secret}"))],
        vec![("path", format!("s3://AKIA:{secret}@bucket/a.csv"))],
        url(format!("{web}?key={}", escaped(secret))),
        url(format!("http://ann:{}@127.0.0.1:1/x?key={secret}", escaped(secret))),
        url(format!("http://ann:{secret}@127.0.0.1:1/x")),
        url(format!("htps://ann:{secret}@127.0.0.1:1/x")),
        web_with("auth.bearer", secret.to_owned()),
        web_with("headers", format!("{{\"X-Key\": {}}}", json(secret))),
        web_with("headers", secret.to_owned()),
        basic,
        misspelled,
        s3("s3://bucket/a.csv".to_owned(), secret.to_owned()),
        s3("https://bucket/a.csv".to_owned(), secret.to_owned()),
        s3(format!("https://AKIA:{secret}@bucket/a.csv"), secret.to_owned()),
    ]
}

/// A program over the table `t`; columns are left out, so that whatever can be asked for them is.
fn program(properties: &[(&str, String)]) -> String {
    let properties: Vec<String> = properties
        .iter()
        .map(|(key, value)| format!("'t.{key}' = '{}'", value.replace('\'', "''")))
        .collect();
    format!(
        "CREATE TABLE made AS SELECT id, nope FROM t\nWITH ({});\n",
        properties.join(",\n    ")
    )
}

fn check(secret: &str, outcome: &Outcome, context: &str) {
    let pieces: Vec<char> = secret.chars().collect();
    for (name, output) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        for piece in pieces.windows(PIECE) {
            let piece: String = piece.iter().collect();
            assert!(
                !output.contains(&piece),
                "`{piece}` of `{secret}` is in {name} of {context}:\n{output}"
            );
        }
    }
}

const COMMANDS: [&[&str]; 7] = [
    &["validate"],
    &["validate", "--format", "json"],
    &["-vvv", "run"],
    &["-vvv", "load", "--format", "json", "--retries", "0"],
    &["load", "--dry-run"],
    &["explain", "--format", "json"],
    &["graph", "--format", "json"],
];

/// What a server says that repeats all that it was asked.
fn talkative() -> HttpServer {
    let server = HttpServer::start();
    server.on("/x", |request| {
        Answer::new(401, format!("who is {:?}", request.headers))
    });
    server
}

#[test]
fn secrets_of_properties_are_shown_nowhere() {
    let server = talkative();
    let web = server.url("/x");
    for secret in secrets(6) {
        let workspace = Workspace::with(&[]);
        for (place, properties) in places(&secret, &web).iter().enumerate() {
            let text = program(properties);
            workspace.write("p.sql", text.as_bytes());
            // All commands of some places, and one of each other: a run says most.
            for command in COMMANDS
                .iter()
                .enumerate()
                .filter(|(at, _)| *at == 3 || (place + at) % 3 == 0)
            {
                let command = [*command.1, &["p.sql"]].concat();
                check(&secret, &workspace.run(&command), &format!("{command:?} of\n{text}"));
            }
        }
    }
}

#[test]
fn secrets_in_broken_statements_are_shown_nowhere() {
    for secret in secrets(4) {
        let doubled = secret.replace('\'', "''");
        let texts = [
            format!("SELECT id FROM t WITH ('t.auth.bearer' = '{secret}', 't.url' = 'http://127.0.0.1:1/');"),
            format!("SELECT id FROM t WITH ('t.auth.bearer' = '{doubled}' 't.url' = 'http://127.0.0.1:1/');"),
            format!("SELECT id FROM t WITH ('t.auth.bearer' = '{doubled}, 't.url' = 'http://127.0.0.1:1/');"),
            format!("SELECT id FROM t WITH ('t.auth.bearer' = '{doubled}'"),
            format!("SELECT id FRM t WITH ('t.headers' = '{doubled}');"),
            format!("SELECT id FROM 'https://ann:{doubled}@127.0.0.1:1/x?key={doubled}';"),
        ];
        let workspace = Workspace::with(&[]);
        for text in texts {
            workspace.write("p.sql", text.as_bytes());
            for command in [["validate", "p.sql"], ["run", "p.sql"], ["explain", "p.sql"]] {
                check(&secret, &workspace.run(&command), &format!("{command:?} of\n{text}"));
            }
        }
    }
}

#[test]
fn secrets_from_elsewhere_are_shown_nowhere() {
    let server = talkative();
    let web = server.url("/x");
    for secret in secrets(4) {
        let program = "SELECT id FROM t WITH ('t.config_file' = 't.yaml');\n";
        let yaml = [
            format!(
                "type: http_source\nurl: {web}\nformat: json\nauth:\n  bearer: {}\n",
                json(&secret)
            ),
            format!("type: http_source\nurl: {web}\nformat: json\nauth:\n  bearer: {secret}\n"),
            format!("type: http_source\nurl: {web}\nformat: json\nauth:\n  bearer: ${{SECRET}}\n"),
            format!(
                "connection.url: {}\ntable: orders\n",
                json(&format!("postgres://ann:{secret}@127.0.0.1:1/shop"))
            ),
        ];
        let workspace = Workspace::with(&[("p.sql", program)]);
        for text in yaml {
            workspace.write("t.yaml", text.as_bytes());
            for command in [["-v", "validate", "p.sql"], ["-vvv", "run", "p.sql"]] {
                let outcome = workspace.command(&command).env("SECRET", &secret).output().unwrap();
                check(&secret, &Outcome::of(&outcome), &format!("{command:?} of\n{text}"));
            }
        }
        workspace.write("q.sql", b"SELECT id FROM t;\n");
        let set = |key: &str, value: &str| vec!["--set".to_owned(), format!("{key}={value}")];
        let source = |value: &str| vec!["--source".to_owned(), format!("t={value}")];
        let given = [
            [source(&web), set("t.format", "json"), set("t.auth.bearer", &secret)].concat(),
            [source(&web), set("t.format", "json"), set("t.auth.pasword", &secret)].concat(),
            [source(&format!("{web}?key={secret}")), set("t.format", "json")].concat(),
            source(&format!("https://ann:{secret}@127.0.0.1:1/x.json")),
            source(&format!("postgres://ann:{secret}@127.0.0.1:1/shop")),
            set("t.connection.url", &format!("postgres://ann:{secret}@127.0.0.1:1/shop")),
        ];
        for arguments in given {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            for command in ["validate", "run"] {
                let command = [&["-vv", command, "q.sql"], arguments.as_slice()].concat();
                check(&secret, &workspace.run(&command), &format!("{command:?}"));
            }
        }
    }
}
