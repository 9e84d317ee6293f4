//! Processes that are killed while they write checkpoints.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::{TempDir, tempdir};
use velo_state::CheckpointStore;

use crate::checkpoints::{JOB, paths_below, whole_latest, write, write_operators};

/// The files of a checkpoint, in the order in which they are written; then comes the manifest.
const FILES: [&str; 6] = [
    "7f3a-0-keyed.arrow",
    "7f3a-0-shared.arrow",
    "7f3a-1-keyed.arrow",
    "b2-0-keyed.arrow",
    "b2-0-shared.arrow",
    "b2-1-keyed.arrow",
];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// The first half of a file, as far as it has been written.
fn copy_half(from: &Path, to: &Path) {
    let bytes = fs::read(from).unwrap();
    fs::write(to, &bytes[..bytes.len() / 2]).unwrap();
}

/// A copy of the directory of a job as it was after some of the steps.
struct Cut {
    state: TempDir,
    name: String,
}

impl Cut {
    fn of(state: &Path, name: String) -> Self {
        let cut = tempdir().unwrap();
        copy(state, cut.path());
        Self { state: cut, name }
    }

    fn checkpoint(&self, number: u64) -> PathBuf {
        self.state.path().join("checkpoints/clicks").join(number.to_string())
    }

    /// Goes on as the next process does: with this checkpoint, and with nothing else in the directory.
    fn check(&self, number: u64) {
        let reader = CheckpointStore::open_read_only(self.state.path(), JOB);
        assert_eq!(whole_latest(&reader), Some(number), "{}, read only", self.name);
        let store = CheckpointStore::open(self.state.path(), JOB).unwrap();
        assert_eq!(whole_latest(&store), Some(number), "{}", self.name);
        let mut expected: Vec<String> = FILES.iter().map(|file| format!("{number}/{file}")).collect();
        expected.extend([format!("{number}/manifest.json"), "lock".to_owned()]);
        let found = paths_below(&self.state.path().join("checkpoints/clicks"));
        assert_eq!(found, expected, "{}", self.name);
        write(&store, number + 1, 1);
        assert_eq!(whole_latest(&store), Some(number + 1), "{}", self.name);
    }
}

/// Between any two steps the old checkpoint is there or the new one is.
#[test]
fn a_checkpoint_is_there_as_a_whole_or_not_at_all() {
    let (before, after) = (tempdir().unwrap(), tempdir().unwrap());
    let store = CheckpointStore::open(before.path(), JOB).unwrap();
    write(&store, 11, 1);
    copy(before.path(), after.path());
    write(&CheckpointStore::open(after.path(), JOB).unwrap(), 12, 1);
    let new = after.path().join("checkpoints/clicks/12");
    let found = paths_below(&new);
    assert_eq!(
        found[..FILES.len()],
        FILES,
        "the steps that are told here are those that are made"
    );

    for written in 0..=FILES.len() {
        let begin = |name: String| {
            let cut = Cut::of(before.path(), name);
            fs::create_dir(cut.checkpoint(12)).unwrap();
            for file in &FILES[..written] {
                fs::copy(new.join(file), cut.checkpoint(12).join(file)).unwrap();
            }
            cut
        };
        begin(format!("after {written} files")).check(11);
        let next = FILES.get(written).copied().unwrap_or("manifest.json");
        let cut = begin(format!("while {next} is written"));
        copy_half(&new.join(next), &cut.checkpoint(12).join(".unfinished-x1"));
        cut.check(11);
    }
    // The manifest has its name. From here on the old checkpoint goes, its manifest first.
    for removed in 0..=FILES.len() {
        let cut = Cut::of(
            before.path(),
            format!("when {removed} files of the old checkpoint are gone"),
        );
        copy(&new, &cut.checkpoint(12));
        fs::remove_file(cut.checkpoint(11).join("manifest.json")).unwrap();
        for file in &FILES[..removed] {
            fs::remove_file(cut.checkpoint(11).join(file)).unwrap();
        }
        cut.check(12);
    }
}

#[test]
fn the_first_checkpoint_is_there_as_a_whole_or_not_at_all() {
    let state = tempdir().unwrap();
    let store = CheckpointStore::open(state.path(), JOB).unwrap();
    let mut writer = store.begin(1).unwrap();
    write_operators(&mut writer, 1);
    // As if the process were gone.
    let killed = Cut::of(state.path(), "before the manifest".to_owned());
    drop(writer);
    assert_eq!(
        CheckpointStore::open_read_only(killed.state.path(), JOB)
            .latest()
            .unwrap(),
        None
    );
    let store = CheckpointStore::open(killed.state.path(), JOB).unwrap();
    assert_eq!(store.latest().unwrap(), None);
    assert_eq!(paths_below(&killed.state.path().join("checkpoints")), ["clicks/lock"]);
}

#[test]
fn what_is_none_of_ours_is_left_alone() {
    let state = tempdir().unwrap();
    let directory = state.path().join("checkpoints/clicks");
    fs::create_dir_all(directory.join("007")).unwrap();
    fs::create_dir_all(directory.join("notes")).unwrap();
    fs::write(directory.join("13"), "a file").unwrap();
    let store = CheckpointStore::open(state.path(), JOB).unwrap();
    assert_eq!(store.latest().unwrap(), None);
    write(&store, 1, 1);
    write(&store, 2, 1);
    drop(store);
    let store = CheckpointStore::open(state.path(), JOB).unwrap();
    assert_eq!(whole_latest(&store), Some(2));
    let left = paths_below(&directory);
    for name in ["007", "13", "notes"] {
        assert!(left.iter().any(|path| path == name), "{name}: {left:?}");
    }
}

const CHILD_STATE: &str = "VELO_TEST_CHECKPOINT_STATE";

/// Not a test by itself: writes one checkpoint after the other until it is killed.
#[test]
#[ignore = "run by `killed_processes_leave_a_whole_checkpoint`"]
fn writes_until_it_is_killed() {
    let Some(state) = std::env::var_os(CHILD_STATE) else {
        return;
    };
    let store = CheckpointStore::open(state, JOB).unwrap();
    let first = whole_latest(&store).map_or(1, |latest| latest + 1);
    for number in first.. {
        write(&store, number, 2);
    }
}

/// A child is killed wherever it is once it has written some checkpoints: that is another place each time.
#[test]
fn killed_processes_leave_a_whole_checkpoint() {
    let state = tempdir().unwrap();
    let reader = CheckpointStore::open_read_only(state.path(), JOB);
    let latest = || reader.latest().unwrap().map_or(0, |manifest| manifest.number);
    for round in 0..12 {
        let before = latest();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "checkpoint_crashes::writes_until_it_is_killed", "--ignored"])
            .env(CHILD_STATE, state.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while latest() < before + 1 + round % 3 {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let store = CheckpointStore::open(state.path(), JOB).unwrap();
        assert!(whole_latest(&store) >= Some(before + 1 + round % 3));
        let left = paths_below(&state.path().join("checkpoints/clicks"));
        let manifests = left.iter().filter(|path| path.ends_with("manifest.json")).count();
        assert_eq!(
            left.len(),
            manifests * (FILES.len() + 1) + 1,
            "leftovers are removed: {left:?}"
        );
    }
}
