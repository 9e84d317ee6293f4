//! Checkpoints that are written and read again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow::datatypes::Schema;
use proptest::prelude::*;
use serde_json::json;
use tempfile::{TempDir, tempdir};
use velo_state::{
    CheckpointDetails, CheckpointError, CheckpointManifest, CheckpointStore, CheckpointWriter, InputEntry, NamedId,
    OperatorDescriptor, OperatorState, OutputEntry, SplitEntry, StatementEntry,
};

pub(crate) const JOB: &str = "clicks";

pub(crate) fn descriptor(id: &str) -> OperatorDescriptor {
    OperatorDescriptor {
        id: id.to_owned(),
        statement: "per_minute".to_owned(),
        operator: "windowed aggregate".to_owned(),
        ended: false,
    }
}

/// One row that says what it is of.
pub(crate) fn shared(value: i64) -> RecordBatch {
    RecordBatch::try_from_iter([("at_ms", Arc::new(Int64Array::from(vec![value])) as _)]).unwrap()
}

/// Rows of a key group, of which there may be none.
pub(crate) fn keyed(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let values = Int64Array::from_iter_values(values);
    let texts: StringViewArray = values
        .iter()
        .map(|value| {
            value
                .filter(|value| value % 3 != 0)
                .map(|value| format!("the page number {value}"))
        })
        .collect();
    RecordBatch::try_from_iter_with_nullable([
        ("count", Arc::new(values) as _, false),
        ("url", Arc::new(texts) as _, true),
    ])
    .unwrap()
}

/// The state of an instance: values by key group, and one that belongs to no key.
pub(crate) fn state_of(key_groups: &[(u16, i64)], of_all: Option<i64>) -> OperatorState {
    OperatorState {
        shared: of_all.map(shared),
        key_groups: key_groups
            .iter()
            .map(|(group, value)| (*group, keyed([*value])))
            .collect(),
    }
}

fn named(id: &str, name: &str) -> NamedId {
    NamedId {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

pub(crate) fn details() -> CheckpointDetails {
    CheckpointDetails {
        taken_at_ms: 1_700_000_000_000,
        parallelism: 2,
        statements: vec![StatementEntry {
            statement: "per_minute".to_owned(),
            operators: vec![named("7f3a", "windowed aggregate")],
            inputs: vec![named("11c0", "clicks")],
            sinks: vec!["counts".to_owned()],
        }],
        inputs: vec![InputEntry {
            id: "11c0".to_owned(),
            statement: "per_minute".to_owned(),
            relation: "clicks".to_owned(),
            splits: vec![SplitEntry {
                split: "clicks.jsonl".to_owned(),
                position: json!({"byte": 9_007_199_254_740_993_u64, "share": 0.1}),
                event_time_ms_max: Some(-1),
                ended: false,
            }],
        }],
        outputs: vec![OutputEntry {
            sink: "counts".to_owned(),
            position: json!({"transaction": "clicks-12"}),
        }],
    }
}

/// Writes a checkpoint with one operator, whose state says which checkpoint it is of.
pub(crate) fn write(store: &CheckpointStore, number: u64, retained: usize) -> CheckpointManifest {
    let mut writer = store.begin(number).unwrap();
    write_operators(&mut writer, number);
    writer.commit(details(), retained).unwrap()
}

/// Two operators with two instances each.
pub(crate) fn write_operators(writer: &mut CheckpointWriter, number: u64) {
    for id in ["7f3a", "b2"] {
        writer.write_operator(descriptor(id), &states(number)).unwrap();
    }
}

/// The state of each of those operators.
pub(crate) fn states(number: u64) -> [OperatorState; 2] {
    let value = number as i64;
    [
        state_of(&[(0, value), (63, value + 1)], Some(value)),
        state_of(&[(64, value + 2), (127, value + 3)], None),
    ]
}

/// The number of the newest checkpoint, whose operators have the state that was written.
pub(crate) fn whole_latest(store: &CheckpointStore) -> Option<u64> {
    let manifest = store.latest().unwrap()?;
    assert_eq!(manifest.operators.len(), 2);
    for operator in &manifest.operators {
        assert_eq!(
            store.read_operator(&manifest, operator).unwrap(),
            states(manifest.number)
        );
    }
    Some(manifest.number)
}

/// The paths of all files and of empty directories below a directory, relative to it.
pub(crate) fn paths_below(directory: &Path) -> Vec<String> {
    fn collect(root: &Path, directory: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && fs::read_dir(&path).unwrap().count() > 0 {
                collect(root, &path, paths);
            } else {
                paths.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut paths = Vec::new();
    collect(directory, directory, &mut paths);
    paths.sort();
    paths
}

fn store() -> (TempDir, CheckpointStore) {
    let state = tempdir().unwrap();
    let store = CheckpointStore::open(state.path().join("not/yet/there"), JOB).unwrap();
    (state, store)
}

fn numbers(state: &TempDir) -> Vec<u64> {
    let names = fs::read_dir(state.path().join("not/yet/there/checkpoints/clicks")).unwrap();
    let number = |name: std::io::Result<fs::DirEntry>| name.unwrap().file_name().to_str().unwrap().parse().ok();
    let mut numbers: Vec<u64> = names.filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_manifest_tells_people_what_a_checkpoint_is() {
    let (state, store) = store();
    let mut writer = store.begin(12).unwrap();
    writer
        .write_operator(descriptor("7F:3a"), &[state_of(&[(3, 1), (127, 2)], Some(60_000))])
        .unwrap();
    let written = writer.commit(details(), 3).unwrap();
    let path = state.path().join("not/yet/there/checkpoints/clicks/12/manifest.json");
    insta::assert_snapshot!(fs::read_to_string(path).unwrap());
    assert_eq!(store.latest().unwrap(), Some(written));
}

#[test]
fn operators_come_back_with_the_state_of_each_instance() {
    let (_state, store) = store();
    let empty = RecordBatch::new_empty(keyed([]).schema());
    let without_columns = |rows| {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
    };
    let large = keyed(0..10_000);
    let cases: Vec<(&str, Vec<OperatorState>)> = vec![
        ("nothing", vec![]),
        ("keyed", vec![state_of(&[(0, 1), (5, 2), (127, 3)], None)]),
        ("shared", vec![state_of(&[], Some(7))]),
        (
            "several instances",
            (0..11)
                .map(|instance| state_of(&[(instance * 11, 1)], Some(i64::from(instance))))
                .collect(),
        ),
        (
            "empty and sliced",
            vec![OperatorState {
                shared: Some(empty.clone()),
                key_groups: BTreeMap::from([(1, empty), (2, large.slice(500, 10))]),
            }],
        ),
        (
            "no columns",
            vec![OperatorState {
                shared: Some(without_columns(0)),
                key_groups: BTreeMap::from([(1, without_columns(3)), (2, without_columns(0))]),
            }],
        ),
    ];
    let mut writer = store.begin(1).unwrap();
    for (id, states) in &cases {
        writer.write_operator(descriptor(id), states).unwrap();
    }
    writer.commit(details(), 1).unwrap();

    let manifest = store.latest().unwrap().unwrap();
    for (operator, (id, states)) in manifest.operators.iter().zip(&cases) {
        assert_eq!(operator.descriptor, descriptor(id));
        assert_eq!(store.read_operator(&manifest, operator).unwrap(), *states, "{id}");
    }
    assert_eq!(manifest.operators.len(), cases.len());
    assert_eq!(manifest.details, details());
    let sliced = manifest.operators[4].files.iter().map(|file| file.file.bytes).max();
    assert!(sliced < Some(5_000), "{sliced:?} bytes for ten rows");
}

#[test]
fn instances_without_state_are_left_out() {
    let (_state, store) = store();
    let mut writer = store.begin(1).unwrap();
    let with_state = state_of(&[(100, 1)], None);
    let states = [OperatorState::default(), with_state.clone(), OperatorState::default()];
    writer.write_operator(descriptor("a"), &states).unwrap();
    let manifest = writer.commit(details(), 1).unwrap();
    let operator = &manifest.operators[0];
    assert_eq!(operator.files[0].instance, 1);
    assert_eq!(store.read_operator(&manifest, operator).unwrap(), [with_state]);
}

#[test]
fn the_newest_checkpoints_stay() {
    let cases: &[(usize, &[u64])] = &[(0, &[12]), (1, &[12]), (3, &[9, 10, 12]), (9, &[2, 9, 10, 12])];
    for (retained, expected) in cases {
        let (state, store) = store();
        for number in [2, 9, 10] {
            write(&store, number, 100);
        }
        write(&store, 12, *retained);
        assert_eq!(numbers(&state), *expected, "{retained} retained");
        assert_eq!(whole_latest(&store), Some(12));
    }
}

#[test]
fn the_checkpoint_that_a_job_was_restored_from_stays_until_newer_ones_take_its_place() {
    let (state, store) = store();
    for number in 1..=4 {
        write(&store, number, 2);
    }
    drop(store);
    let store = CheckpointStore::open(state.path().join("not/yet/there"), JOB).unwrap();
    assert_eq!(whole_latest(&store), Some(4));
    write(&store, 5, 2);
    assert_eq!(numbers(&state), [4, 5]);
    write(&store, 6, 2);
    assert_eq!(numbers(&state), [5, 6]);
}

#[test]
fn a_checkpoint_that_is_given_up_leaves_nothing() {
    let (state, store) = store();
    write(&store, 1, 3);
    let mut writer = store.begin(2).unwrap();
    write_operators(&mut writer, 2);
    assert_eq!(whole_latest(&store), Some(1));
    assert_eq!(numbers(&state), [1, 2]);
    drop(writer);
    assert_eq!(numbers(&state), [1]);
    write(&store, 2, 3);
    assert_eq!(whole_latest(&store), Some(2));
}

#[test]
fn a_checkpoint_is_written_on_a_thread_beside_the_job() {
    let (_state, store) = store();
    let mut writer = store.begin(1).unwrap();
    let thread = std::thread::spawn(move || {
        write_operators(&mut writer, 1);
        writer.commit(details(), 3).unwrap()
    });
    assert_eq!(thread.join().unwrap(), store.latest().unwrap().unwrap());
}

#[test]
fn a_writer_keeps_other_processes_out_after_its_store_is_gone() {
    let (state, store) = store();
    let directory = state.path().join("not/yet/there");
    let mut writer = store.begin(1).unwrap();
    drop(store);
    let error = CheckpointStore::open(&directory, JOB).unwrap_err();
    assert!(matches!(error, CheckpointError::InUse { .. }), "{error}");
    write_operators(&mut writer, 1);
    writer.commit(details(), 3).unwrap();
    assert_eq!(whole_latest(&CheckpointStore::open(&directory, JOB).unwrap()), Some(1));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (state, store) = store();
    write(&store, 7, 3);
    let mut writer = store.begin(8).unwrap();
    writer.write_operator(descriptor("a"), &[]).unwrap();
    let mixed = OperatorState {
        key_groups: BTreeMap::from([(1, keyed([1])), (2, keyed([1])), (3, shared(1))]),
        ..OperatorState::default()
    };
    let reader = CheckpointStore::open_read_only(state.path().join("not/yet/there"), JOB);
    let errors = [
        store.begin(7).unwrap_err(),
        store.begin(3).unwrap_err(),
        store.begin(8).unwrap_err(),
        writer.write_operator(descriptor("A"), &[]).unwrap_err(),
        writer.write_operator(descriptor("b"), &[mixed]).unwrap_err(),
        writer
            .write_operator(descriptor("c"), &[state_of(&[(127, 1), (128, 1)], None)])
            .unwrap_err(),
        reader.begin(9).unwrap_err(),
        reader.forget().unwrap_err(),
        CheckpointStore::open(state.path().join("not/yet/there"), "CLICKS").unwrap_err(),
    ];
    let messages: Vec<String> = errors
        .iter()
        .map(|error| error.to_string().replace(state.path().to_str().unwrap(), "STATE"))
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn all_checkpoints_can_be_forgotten() {
    let (state, store) = store();
    for number in 1..4 {
        write(&store, number, 3);
    }
    let writer = store.begin(4).unwrap();
    store.forget().unwrap();
    assert_eq!(store.latest().unwrap(), None);
    assert_eq!(numbers(&state), [4], "what is being written stays");
    drop(writer);
    write(&store, 1, 3);
    assert_eq!(whole_latest(&store), Some(1));
}

#[test]
fn jobs_keep_to_themselves() {
    let state = tempdir().unwrap();
    let jobs = ["clicks", "../escape", "Größe", "", "12", "lock", "a/b"];
    let stores: Vec<CheckpointStore> = jobs
        .iter()
        .map(|job| CheckpointStore::open(state.path(), job).unwrap())
        .collect();
    for (number, store) in (1..).zip(&stores) {
        write(store, number, 3);
    }
    for (number, job) in (1..).zip(jobs) {
        let reader = CheckpointStore::open_read_only(state.path(), job);
        assert_eq!(whole_latest(&reader), Some(number), "{job:?}");
        assert_eq!(reader.latest().unwrap().unwrap().job, job);
    }
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1, "nothing is outside");
}

#[test]
fn a_directory_that_does_not_exist_has_no_checkpoints() {
    let reader = CheckpointStore::open_read_only("/does/not/exist", JOB);
    assert_eq!(reader.latest().unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// However keys are divided among instances, their state comes back as it was.
    #[test]
    fn state_comes_back_as_it_was(
        instances in proptest::collection::vec(
            (
                proptest::collection::btree_map(0u16..128, 0usize..20, 0..8),
                proptest::option::of(any::<i64>()),
            ),
            0..4,
        ),
    ) {
        let state = tempdir().unwrap();
        let store = CheckpointStore::open(state.path(), JOB).unwrap();
        let states: Vec<OperatorState> = instances
            .into_iter()
            .map(|(key_groups, of_all)| OperatorState {
                shared: of_all.map(shared),
                key_groups: key_groups.into_iter().map(|(group, rows)| (group, keyed(0..rows as i64))).collect(),
            })
            .collect();
        let mut writer = store.begin(1).unwrap();
        writer.write_operator(descriptor("a"), &states).unwrap();
        let manifest = writer.commit(details(), 1).unwrap();
        let wrote: Vec<OperatorState> = states.into_iter().filter(|state| *state != OperatorState::default()).collect();
        prop_assert_eq!(store.read_operator(&manifest, &manifest.operators[0]).unwrap(), wrote);
    }
}
