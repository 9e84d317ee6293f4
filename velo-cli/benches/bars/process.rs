//! The binary, run as a person runs it.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Time between two looks at how much memory a process has.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

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
///
/// The kernel keeps it for as long as the process lives. What it tells of a process that has ended would not do: that
/// counts what the process was before it became `velo-cli`, which is this one.
pub(crate) fn peak_memory_mb(arguments: &[&str]) -> f64 {
    let mut child = command(Cores::First, arguments).spawn().expect("the binary runs");
    let path = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let status = loop {
        let told = std::fs::read_to_string(&path).unwrap_or_default();
        peak_kib = peak_of_velo_kib(&told).unwrap_or(peak_kib);
        if let Some(status) = child.try_wait().expect("the binary ends") {
            break status;
        }
        std::thread::sleep(LOOK_AGAIN);
    };
    assert!(status.success(), "velo-cli {arguments:?}");
    f64::from(peak_kib) * 1024.0 / 1e6
}

/// The most threads that `velo-cli` had at once.
pub(crate) fn peak_threads(cores: Cores, arguments: &[&str]) -> u64 {
    let mut child = command(cores, arguments).spawn().expect("the binary runs");
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        let told = std::fs::read_to_string(&path).unwrap_or_default();
        let threads = told.lines().find_map(|line| line.strip_prefix("Threads:"));
        let threads = threads.and_then(|threads| threads.trim().parse().ok());
        peak = threads.unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().expect("the binary ends") {
            break status;
        }
        std::thread::sleep(LOOK_AGAIN);
    };
    assert!(status.success(), "velo-cli {arguments:?}");
    peak
}

/// Processor time of the processes that `run` starts and waits for.
pub(crate) fn processor_time(run: impl FnOnce()) -> Duration {
    let before = processor_time_of_children();
    run();
    processor_time_of_children().saturating_sub(before)
}

/// Processor time of all children so far that have ended.
fn processor_time_of_children() -> Duration {
    /// Linux tells it in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let told = std::fs::read_to_string("/proc/self/stat").expect("Linux tells of processes");
    // The name of the program stands in parentheses and may hold anything; user and system time of children are the 14th and
    // 15th entry behind it.
    let behind_name = told.rsplit(')').next().unwrap_or_default();
    let entries: Vec<u32> = behind_name
        .split_whitespace()
        .map(|entry| entry.parse().unwrap_or(0))
        .collect();
    TICK * (entries[13] + entries[14])
}

/// Memory that this process holds.
pub(crate) fn resident_bytes() -> u64 {
    let told = std::fs::read_to_string("/proc/self/status").expect("Linux tells of processes");
    let entry = told.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = entry.map(|entry| entry.trim().trim_end_matches(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a size in kB") * 1024
}

/// The peak in what the kernel tells of a process, once that has become `velo-cli`.
fn peak_of_velo_kib(told: &str) -> Option<u32> {
    let entry = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let peak = entry("VmHWM:").filter(|_| entry("Name:") == Some("velo-cli"));
    peak?.trim_end_matches(" kB").parse().ok()
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
