//! Runs the binary in a directory of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The binary, without what the machine around it would change.
pub(crate) fn velo_cli() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_velo-cli"));
    command.env_remove("NO_COLOR").env("TERM", "xterm").stdin(Stdio::null());
    command
}

/// A directory with files in it, where commands run.
pub(crate) struct Workspace {
    directory: TempDir,
}

impl Workspace {
    /// A directory that holds these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let workspace = Self {
            directory: TempDir::new().unwrap(),
        };
        for (name, content) in files {
            workspace.write(name, content.as_bytes());
        }
        workspace
    }

    /// A directory that holds what another one does, its folders left out.
    pub(crate) fn copy_of(directory: &Path) -> Self {
        let workspace = Self::with(&[]);
        for path in files_in(directory) {
            fs::copy(&path, workspace.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
        }
        workspace
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Adds to the end of a file, as whoever writes a log does.
    pub(crate) fn append(&self, name: &str, text: &str) {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A command that is started here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = velo_cli();
        command.current_dir(self.directory.path()).args(arguments);
        command
    }

    /// Runs a command here and gives back how it went.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&self.command(arguments).output().unwrap())
    }
}

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            exit: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Everything that a person sees, without times.
    pub(crate) fn transcript(&self) -> String {
        let exit = self.exit.map_or_else(|| "signal".to_owned(), |exit| exit.to_string());
        let stderr = without_times(&self.stderr);
        format!(
            "exit: {exit}\n----- stdout -----\n{}----- stderr -----\n{stderr}",
            self.stdout
        )
    }
}

/// `… in 0.01 s` as `… in [time]`.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" in ") {
        Some((before, time)) if time.ends_with(" s") => format!("{before} in [time]\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The files of a directory by name, folders left out.
pub(crate) fn files_in(directory: &Path) -> Vec<PathBuf> {
    entries(directory, Path::is_file)
}

/// The folders of a directory by name.
pub(crate) fn folders_in(directory: &Path) -> Vec<PathBuf> {
    entries(directory, Path::is_dir)
}

fn entries(directory: &Path, is_wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_wanted(path))
        .collect();
    paths.sort();
    paths
}

/// Waits for something that a process does, which takes as long as the machine needs.
pub(crate) fn wait_until(what: &str, is_done: impl Fn() -> bool) {
    for _ in 0..6000 {
        if is_done() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}");
}

/// Asks a process to end, and waits until it has.
pub(crate) fn stop(child: Child) -> Outcome {
    let signal = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(signal.unwrap().success());
    Outcome::of(&child.wait_with_output().unwrap())
}
