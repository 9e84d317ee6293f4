//! The binary, run as a person runs it.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use wait4::Wait4 as _;

/// Where a process may run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cores {
    First,
    FirstTwo,
}

impl Cores {
    fn list(self) -> &'static str {
        match self {
            Self::First => "0",
            Self::FirstTwo => "0,1",
        }
    }
}

/// Runs this program again, with `mark` set, on the first core alone.
pub(crate) fn run_again_on_first_core(mark: &str) {
    let program = std::env::current_exe().expect("a running program has a path");
    let status = on(Cores::First, program)
        .args(std::env::args_os().skip(1))
        .env(mark, "1")
        .status();
    assert!(status.expect("taskset, of util-linux, is there").success());
}

/// Runs `velo-cli` to its end, which must be a good one.
pub(crate) fn velo(cores: Cores, arguments: &[&str]) {
    let status = command(cores, arguments).status().expect("the binary runs");
    assert!(status.success(), "velo-cli {arguments:?}");
}

/// The most memory that `velo-cli` had at once, in MB.
pub(crate) fn peak_memory_mb(arguments: &[&str]) -> f64 {
    let child = command(Cores::First, arguments).spawn().expect("the binary runs");
    let ended = child.wait4().expect("the binary ends");
    assert!(ended.status.success(), "velo-cli {arguments:?}");
    ended.rusage.maxrss as f64 / 1e6
}

fn command(cores: Cores, arguments: &[&str]) -> Command {
    let mut command = on(cores, env!("CARGO_BIN_EXE_velo-cli"));
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn on(cores: Cores, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", cores.list()]).arg(program);
    command
}
