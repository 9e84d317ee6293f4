//! What Linux lets a group of processes use, as containers limit it: version 2 of control groups.

use std::fs;
use std::path::Path;

/// Where the groups are.
const GROUPS: &str = "/sys/fs/cgroup";

/// Memory that the group of this process may still take, in bytes; `None` if nothing limits it.
pub(super) fn available_memory() -> Option<u64> {
    let told = fs::read_to_string("/proc/self/cgroup").ok()?;
    available_in(Path::new(GROUPS), group_of(&told)?)
}

/// The path of a process's group, of the line `0::/path`.
fn group_of(told: &str) -> Option<&str> {
    told.lines().find_map(|line| line.strip_prefix("0::/"))
}

/// A group has what the tightest of those that it is in has left.
fn available_in(groups: &Path, path: &str) -> Option<u64> {
    let own = groups.join(path);
    let nested = own.ancestors().take_while(|group| group.starts_with(groups));
    nested.filter_map(available_of).min()
}

fn available_of(group: &Path) -> Option<u64> {
    let number = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    // It says `max` where there is no limit.
    let limit_bytes = number("memory.max")?;
    let statistics = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    // Files that nobody has read for a while are forgotten when memory is short.
    let forgettable = statistics.lines().find_map(|line| line.strip_prefix("inactive_file "));
    let forgettable_bytes: u64 = forgettable.and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
    let used_bytes = number("memory.current")?.saturating_sub(forgettable_bytes);
    Some(limit_bytes.saturating_sub(used_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_told_behind_those_of_the_first_version() {
        assert_eq!(
            group_of("4:memory:/old\n0::/system.slice/velo.service\n"),
            Some("system.slice/velo.service")
        );
        assert_eq!(group_of("0::/\n"), Some(""));
        assert_eq!(group_of("4:memory:/old\n"), None);
    }

    #[test]
    fn the_tightest_limit_counts_without_what_can_be_forgotten() {
        let groups = tempfile::tempdir().unwrap();
        let own = groups.path().join("outer/inner");
        fs::create_dir_all(&own).unwrap();
        let write = |group: &Path, limit: &str, current: &str, inactive: &str| {
            fs::write(group.join("memory.max"), format!("{limit}\n")).unwrap();
            fs::write(group.join("memory.current"), format!("{current}\n")).unwrap();
            fs::write(group.join("memory.stat"), format!("anon 7\ninactive_file {inactive}\n")).unwrap();
        };
        assert_eq!(available_in(groups.path(), "outer/inner"), None);
        write(&own, "max", "500", "0");
        assert_eq!(available_in(groups.path(), "outer/inner"), None);
        write(own.parent().unwrap(), "1000", "700", "100");
        assert_eq!(available_in(groups.path(), "outer/inner"), Some(400));
        write(&own, "600", "500", "0");
        assert_eq!(available_in(groups.path(), "outer/inner"), Some(100));
        write(&own, "600", "800", "0");
        assert_eq!(available_in(groups.path(), "outer/inner"), Some(0));
    }
}
