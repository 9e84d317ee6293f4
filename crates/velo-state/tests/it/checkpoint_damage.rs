//! Checkpoints whose files are not what was written.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};
use velo_state::{CheckpointError, CheckpointStore, Damage, FileError};

use crate::checkpoints::{JOB, whole_latest, write};

/// A state directory with the checkpoints 11 and 12, and the directory of the latter.
fn state() -> (TempDir, PathBuf) {
    let state = tempdir().unwrap();
    let store = CheckpointStore::open(state.path(), JOB).unwrap();
    write(&store, 11, 2);
    write(&store, 12, 2);
    let directory = state.path().join("checkpoints/clicks/12");
    (state, directory)
}

/// Reads the newest checkpoint with all its state.
fn read_all(store: &CheckpointStore) -> Result<(), CheckpointError> {
    let manifest = store.latest()?.unwrap();
    for operator in &manifest.operators {
        store.read_operator(&manifest, operator)?;
    }
    Ok(())
}

/// Changes a manifest, and its checksum with it, as the error tells what that would be.
fn rewrite(directory: &Path, change: impl FnOnce(&str) -> String) {
    let path = directory.join("manifest.json");
    let before = fs::read_to_string(&path).unwrap();
    let text = change(&before);
    assert_ne!(text, before);
    fs::write(&path, &text).unwrap();
    let state_directory = directory.ancestors().nth(3).unwrap();
    let error = CheckpointStore::open_read_only(state_directory, JOB)
        .latest()
        .unwrap_err();
    if let CheckpointError::Unusable { cause, .. } = error
        && let FileError::Damaged {
            damage: Damage::Checksum { expected, found },
            ..
        } = *cause
    {
        fs::write(&path, text.replace(&expected, &found)).unwrap();
    }
}

#[test]
fn each_damage_names_the_file_and_the_way_out() {
    type Change = fn(&Path);
    let cases: &[(&str, Change)] = &[
        ("a file is gone", |directory| {
            fs::remove_file(directory.join("7f3a-0-keyed.arrow")).unwrap();
        }),
        ("a file is cut", |directory| {
            let file = File::options().write(true).open(directory.join("7f3a-0-shared.arrow"));
            file.unwrap().set_len(100).unwrap();
        }),
        ("a byte is another", |directory| {
            let path = directory.join("b2-1-keyed.arrow");
            let mut bytes = fs::read(&path).unwrap();
            bytes[200] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("the manifest is empty", |directory| {
            fs::write(directory.join("manifest.json"), b"").unwrap();
        }),
        ("the manifest is changed", |directory| {
            let path = directory.join("manifest.json");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replace("\"parallelism\": 2", "\"parallelism\": 4")).unwrap();
        }),
        ("another format", |directory| {
            rewrite(directory, |text| {
                text.replace("\"format_version\": 1", "\"format_version\": 9")
            });
        }),
        ("no format", |directory| {
            rewrite(directory, |text| text.replace("\"format_version\": 1,", ""));
        }),
        ("another job", |directory| {
            rewrite(directory, |text| text.replace("\"clicks\"", "\"orders\""));
        }),
        ("another checkpoint", |directory| {
            let other = directory.with_file_name("11");
            fs::copy(other.join("manifest.json"), directory.join("manifest.json")).unwrap();
        }),
        ("another number of key groups", |directory| {
            rewrite(directory, |text| {
                text.replace("\"key_groups\": 128", "\"key_groups\": 64")
            });
        }),
        ("a key group out of range", |directory| {
            rewrite(directory, |text| {
                text.replacen("            127\n", "            128\n", 1)
            });
        }),
        ("a key group twice", |directory| {
            rewrite(directory, |text| {
                text.replacen("            63\n", "            0\n", 1)
            });
        }),
        ("a key group too many", |directory| {
            rewrite(directory, |text| {
                text.replacen("            63\n", "            63,\n            64\n", 1)
            });
        }),
        ("another number of rows", |directory| {
            rewrite(directory, |text| text.replacen("\"rows\": 2", "\"rows\": 3", 1));
        }),
    ];
    let mut messages = Vec::new();
    for (name, damage) in cases {
        let (state, directory) = state();
        damage(&directory);
        // Who opens the store does not remove what somebody may want to look at.
        let store = CheckpointStore::open(state.path(), JOB).unwrap();
        let error = read_all(&store).expect_err(name);
        let message = error.to_string().replace(state.path().to_str().unwrap(), "STATE");
        messages.push(format!("{name}: {message}"));

        assert!(
            matches!(
                error,
                CheckpointError::Unusable {
                    number: 12,
                    older: Some(11),
                    ..
                }
            ),
            "{name}"
        );
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(whole_latest(&store), Some(11), "{name}: the way out");
    }
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn without_an_older_checkpoint_the_job_can_start_anew() {
    let state = tempdir().unwrap();
    let store = CheckpointStore::open(state.path(), JOB).unwrap();
    write(&store, 1, 1);
    fs::write(state.path().join("checkpoints/clicks/1/manifest.json"), b"{}").unwrap();
    let message = store.latest().unwrap_err().to_string();
    insta::assert_snapshot!(message.replace(state.path().to_str().unwrap(), "STATE"));
    store.forget().unwrap();
    assert_eq!(store.latest().unwrap(), None);
}

/// Every byte of every file is changed in turn, and every file is cut at many lengths: never does a read succeed.
#[test]
fn no_damage_goes_unnoticed() {
    for name in ["manifest.json", "7f3a-0-keyed.arrow", "b2-0-shared.arrow"] {
        let (state, directory) = state();
        let store = CheckpointStore::open(state.path(), JOB).unwrap();
        let intact = fs::read(directory.join(name)).unwrap();
        let mut file = File::options().write(true).open(directory.join(name)).unwrap();
        let mut put = |place: usize, byte: u8| {
            file.seek(SeekFrom::Start(place as u64)).unwrap();
            file.write_all(&[byte]).unwrap();
        };
        let is_noticed = |what: &str, place: usize| {
            let error = read_all(&store).expect_err(what);
            let is_unusable = matches!(error, CheckpointError::Unusable { number: 12, .. });
            assert!(is_unusable, "{name} {what} at {place}: {error}");
        };
        for (place, byte) in intact.iter().copied().enumerate() {
            put(place, byte ^ (1 << (place % 8)));
            is_noticed("changed", place);
            put(place, byte);
        }
        assert_eq!(whole_latest(&store), Some(12), "all is as it was");
        for length in (0..intact.len()).rev().step_by(7) {
            file.set_len(length as u64).unwrap();
            is_noticed("cut", length);
        }
    }
}
