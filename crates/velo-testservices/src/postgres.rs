//! A PostgreSQL server from the programs of the machine.

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::service::skip;
use crate::{Authority, Identity};

const SUPERUSER: &str = "postgres";
const PASSWORD: &str = "hunter2-of-the-server";
const START_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Data that need not survive a crash is written faster.
const SETTINGS: [&str; 4] = [
    "fsync=off",
    "full_page_writes=off",
    "unix_socket_directories=",
    "max_connections=60",
];

/// Settings of a server that encrypts; the files stand in the directory of its data.
const SECURE_SETTINGS: [&str; 4] = [
    "ssl=on",
    "ssl_cert_file=server.crt",
    "ssl_key_file=server.key",
    "ssl_ca_file=authority.crt",
];

/// Who may connect how to a server that encrypts: one user only by a certificate, one only without encryption, the others
/// with a password.
const SECURE_LOGINS: &str = "hostssl all certified 127.0.0.1/32 cert
hostssl all unencrypted 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
";

/// A running server; it stops when it is dropped.
#[derive(Debug)]
pub struct PostgresServer {
    programs: PathBuf,
    port: u16,
    /// Ends the thread that the server is a child of.
    stop: Option<Sender<()>>,
    keeper: Option<JoinHandle<()>>,
    /// Last, so that the data is removed after the server has stopped.
    _directory: TempDir,
}

/// A database of its own on a server.
#[derive(Debug, Clone)]
pub struct Database {
    server: Arc<PostgresServer>,
    name: String,
}

impl PostgresServer {
    /// The server that tests share as long as one of them uses it; `None` if the machine has none.
    ///
    /// # Panics
    ///
    /// When the server does not start, or is missing where it is required.
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of the caller's own; `None` if the machine has none.
    ///
    /// # Panics
    ///
    /// When the server does not start, or is missing where it is required.
    pub fn start() -> Option<Self> {
        Self::start_with(&SETTINGS, |_| {})
    }

    /// A server that encrypts for those who want it. User `certified` is let in by a certificate of `authority` alone, and
    /// user `unencrypted` only without encryption; both have to be created.
    ///
    /// # Panics
    ///
    /// When the server does not start, or is missing where it is required.
    pub fn start_secure(identity: &Identity, authority: &Authority) -> Option<Self> {
        let settings = [SETTINGS, SECURE_SETTINGS].concat();
        let authority = std::fs::read_to_string(authority.certificate_file()).expect("the authority's certificate");
        Self::start_with(&settings, |data| {
            write_private(&data.join("server.crt"), &identity.certificate);
            write_private(&data.join("server.key"), &identity.key);
            write_private(&data.join("authority.crt"), &authority);
            write_private(&data.join("pg_hba.conf"), SECURE_LOGINS);
        })
    }

    /// Starts a server with settings, after `prepare` has seen the directory of its data.
    fn start_with(settings: &[&str], prepare: impl FnOnce(&Path)) -> Option<Self> {
        let Some(programs) = programs() else {
            skip("PostgreSQL", "it is not installed (Debian: apt-get install postgresql)");
            return None;
        };
        let directory = TempDir::new().unwrap_or_else(|error| panic!("a temporary directory: {error}"));
        initialize(&programs, directory.path());
        prepare(&directory.path().join("data"));
        let port = free_port();
        let (stop, keeper) = keep_running(&programs, directory.path(), port, settings);
        let server = Self {
            programs,
            port,
            stop: Some(stop),
            keeper: Some(keeper),
            _directory: directory,
        };
        server.wait_until_ready();
        Some(server)
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of `postgres`, the only user at first.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// A new, empty database.
    ///
    /// # Panics
    ///
    /// When it cannot be created.
    pub fn create_database(self: &Arc<Self>) -> Database {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        run_sql(self, "postgres", &format!("CREATE DATABASE {name}"));
        Database {
            server: Arc::clone(self),
            name,
        }
    }

    fn wait_until_ready(&self) {
        let began = Instant::now();
        while !psql(self, "postgres", "SELECT 1").status.success() {
            assert!(began.elapsed() < START_TIMEOUT, "PostgreSQL did not start in time");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL with user and password.
    pub fn url(&self) -> String {
        self.url_with_password(PASSWORD)
    }

    /// The URL with another password.
    pub fn url_with_password(&self, password: &str) -> String {
        let (port, name) = (self.server.port, &self.name);
        format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{name}")
    }

    /// Runs statements, and gives the rows of the last one: a line for each, values between bars.
    ///
    /// # Panics
    ///
    /// When one fails.
    pub fn sql(&self, text: &str) -> String {
        run_sql(&self.server, &self.name, text)
    }
}

fn run_sql(server: &PostgresServer, database: &str, text: &str) -> String {
    let output = psql(server, database, text);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{told}");
    let rows = String::from_utf8_lossy(&output.stdout);
    rows.strip_suffix('\n').unwrap_or(&rows).to_owned()
}

fn psql(server: &PostgresServer, database: &str, text: &str) -> Output {
    let port = server.port.to_string();
    let arguments = ["-XqAt", "-h", "127.0.0.1", "-U", SUPERUSER, "-v", "ON_ERROR_STOP=1"];
    let command = Command::new(server.programs.join("psql"))
        .args(arguments)
        .args(["-p", &port, "-d", database, "-c", text])
        .env("PGPASSWORD", PASSWORD)
        .env("PGTZ", "UTC")
        .output();
    command.unwrap_or_else(|error| panic!("psql: {error}"))
}

/// The directory of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let directories = versions.flatten().map(|version| version.path().join("bin"));
    directories
        .filter(|directory| directory.join("initdb").exists() && directory.join("postgres").exists())
        .max_by_key(|directory| version_of(directory))
}

fn version_of(directory: &Path) -> Option<u32> {
    directory.parent()?.file_name()?.to_str()?.parse().ok()
}

/// A program of the server, run as a user that is not root: the server refuses to run as root.
fn as_server_user(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", SUPERUSER, "--regid", SUPERUSER, "--clear-groups"]);
    }
    // A test run that is killed takes the server with it.
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command.current_dir(directory).stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}

fn initialize(programs: &Path, directory: &Path) {
    let password_file = directory.join("password");
    std::fs::write(&password_file, PASSWORD).unwrap_or_else(|error| panic!("{}: {error}", password_file.display()));
    for path in [directory, &password_file] {
        give_to_server_user(path);
    }
    let output = as_server_user(&programs.join("initdb"), directory)
        .args([
            "--no-sync",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ])
        .args(["--username", SUPERUSER, "--pwfile", "password", "--pgdata", "data"])
        .output();
    let output = output.unwrap_or_else(|error| panic!("initdb: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Lets the server's user have a file or directory of ours.
fn give_to_server_user(path: &Path) {
    if is_root() {
        let owner = std::fs::metadata("/var/lib/postgresql").map(|found| (found.uid(), found.gid()));
        let (user, group) = owner.unwrap_or_else(|error| panic!("the home of {SUPERUSER}: {error}"));
        chown(path, Some(user), Some(group)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Writes a file that the server's user alone may read; it uses no others as keys.
fn write_private(path: &Path, content: &str) {
    let written = std::fs::write(path, content);
    let written = written.and_then(|()| std::fs::set_permissions(path, Permissions::from_mode(0o600)));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    give_to_server_user(path);
}

/// Starts the server from a thread that lives as long as it: the server dies with the thread that it is a child of.
fn keep_running(programs: &Path, directory: &Path, port: u16, settings: &[&str]) -> (Sender<()>, JoinHandle<()>) {
    let mut command = as_server_user(&programs.join("postgres"), directory);
    command.args(["-D", "data", "-h", "127.0.0.1", "-p", &port.to_string()]);
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (stop, stopped) = channel::<()>();
    let keeper = std::thread::spawn(move || {
        let child = command.spawn().unwrap_or_else(|error| panic!("postgres: {error}"));
        let _ = stopped.recv(); // Until the sender is dropped.
        stop_server(child);
    });
    (stop, keeper)
}

/// Asks the server to leave at once, and sees that it does.
fn stop_server(mut child: Child) {
    let _ = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
    let began = Instant::now();
    while began.elapsed() < STOP_TIMEOUT {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.unwrap_or_else(|error| panic!("a free port: {error}")).port()
}
