use std::fs;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use super::control_group;

/// Memory that a table is reckoned to need while it loads, when nothing else is known.
const TABLE_WORKING_BYTES: u64 = 256 << 20;

/// Tables for each processor: loading is as much waiting for others as it is work.
const TABLES_PER_CPU: usize = 2;

/// What the machine has to offer to tables that load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemResources {
    /// Processors that this process may use.
    pub cpus: usize,
    /// Memory that is free or can be freed without swapping, within what a container may use; `None` where the system does
    /// not tell.
    pub available_memory_bytes: Option<u64>,
}

impl SystemResources {
    /// Asks the system.
    pub fn read() -> Self {
        Self {
            cpus: available_parallelism().map_or(1, NonZeroUsize::get),
            available_memory_bytes: [machine_memory(), control_group::available_memory()]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    /// How many tables should load at the same time: two for each processor, fewer when memory is short, at least one.
    ///
    /// ```
    /// use velo_loader::SystemResources;
    ///
    /// let plenty = SystemResources { cpus: 4, available_memory_bytes: Some(64 << 30) };
    /// assert_eq!(plenty.tables_at_once(), 8);
    /// let short = SystemResources { cpus: 4, available_memory_bytes: Some(600 << 20) };
    /// assert_eq!(short.tables_at_once(), 2);
    /// ```
    pub fn tables_at_once(&self) -> usize {
        let by_cpu = self.cpus.saturating_mul(TABLES_PER_CPU);
        let by_memory = self
            .available_memory_bytes
            .map_or(usize::MAX, |bytes| (bytes / TABLE_WORKING_BYTES) as usize);
        by_cpu.min(by_memory).max(1)
    }
}

fn machine_memory() -> Option<u64> {
    available_memory(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// `MemAvailable:    1234 kB`, as Linux tells it.
fn available_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_can_be_had_without_swapping() {
        let meminfo = "MemTotal:       24622968 kB\nMemFree:          302588 kB\nMemAvailable:   23128368 kB\n";
        assert_eq!(available_memory(meminfo), Some(23_128_368 * 1024));
        assert_eq!(available_memory("MemFree: 5 kB\n"), None);
        assert_eq!(available_memory("MemAvailable: much\n"), None);
    }

    #[test]
    fn one_table_loads_however_short_memory_is() {
        let none = SystemResources {
            cpus: 8,
            available_memory_bytes: Some(0),
        };
        assert_eq!(none.tables_at_once(), 1);
    }
}
