//! What `deploy` tells of the checkpoint that it goes on from.

use velo_job::{Fate, Recovery};

use super::words::duration;

/// What becomes of the statements of a job, unless all of them simply begin.
pub(crate) fn text(recovery: &Recovery, now_ms: i64) -> String {
    let mut lines = Vec::new();
    let count = |fate: &Fate| recovery.groups.iter().filter(|group| group.fate == *fate).count();
    if count(&Fate::Continues) > 0 {
        let age_ms = recovery
            .taken_at_ms
            .map(|taken_at_ms| now_ms.saturating_sub(taken_at_ms));
        let age = duration(age_ms.and_then(|age_ms| u64::try_from(age_ms).ok()).unwrap_or_default());
        let names = names(recovery, &Fate::Continues);
        lines.push(format!(
            "{names} go on from checkpoint {}, taken {age} ago",
            recovery.last_number
        ));
    }
    if recovery.last_number > 0 && count(&Fate::Begins) > 0 {
        lines.push(format!("{} begin: they are new", names(recovery, &Fate::Begins)));
    }
    for group in &recovery.groups {
        let names = listed(&group.statements);
        match &group.fate {
            Fate::Rebuilt { reason } => lines.push(format!(
                "{names} read from the beginning, and their files are written anew: {reason}"
            )),
            Fate::Refused { reason } => lines.push(format!("{names} cannot go on: {reason}")),
            Fate::Begins | Fate::Continues => {}
        }
    }
    if !recovery.forgotten.is_empty() {
        let names = listed(&recovery.forgotten);
        lines.push(format!(
            "{names} are not in the program any more: their state is let go"
        ));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn names(recovery: &Recovery, fate: &Fate) -> String {
    let groups = recovery.groups.iter().filter(|group| group.fate == *fate);
    listed(&groups.flat_map(|group| group.statements.clone()).collect::<Vec<_>>())
}

/// Names that are told at most.
const NAMES_MAX: usize = 8;

/// Names in a sentence.
pub(crate) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_MAX).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
