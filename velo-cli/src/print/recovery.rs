//! What `deploy` tells of the checkpoint that it goes on from.

use velo_job::{Fate, Recovery};

use super::words::duration;

/// What becomes of the statements of a job, unless all of them simply begin.
pub(crate) fn text(recovery: &Recovery, now_ms: i64) -> String {
    let mut lines = Vec::new();
    let of_fate = |fate: &Fate| -> Vec<String> {
        let groups = recovery.groups.iter().filter(|group| group.fate == *fate);
        groups.flat_map(|group| group.statements.clone()).collect()
    };
    let continuing = of_fate(&Fate::Continues);
    if !continuing.is_empty() {
        let age_ms = recovery
            .taken_at_ms
            .map(|taken_at_ms| now_ms.saturating_sub(taken_at_ms));
        let age = duration(age_ms.and_then(|age_ms| u64::try_from(age_ms).ok()).unwrap_or_default());
        let verb = by_number(&continuing, "goes", "go");
        let number = recovery.last_number;
        lines.push(format!(
            "{} {verb} on from checkpoint {number}, taken {age} ago",
            listed(&continuing)
        ));
    }
    let beginning = of_fate(&Fate::Begins);
    if recovery.last_number > 0 && !beginning.is_empty() {
        let verb = by_number(&beginning, "begins: it is new", "begin: they are new");
        lines.push(format!("{} {verb}", listed(&beginning)));
    }
    for group in &recovery.groups {
        let names = listed(&group.statements);
        match &group.fate {
            Fate::Rebuilt { reason } => {
                let (reads, writes) = (
                    by_number(&group.statements, "reads", "read"),
                    by_number(&group.statements, "writes its files", "write their files"),
                );
                lines.push(format!(
                    "{names} {reads} from the beginning and {writes} anew: {reason}"
                ));
            }
            // That is an error, which tells it.
            Fate::Refused { .. } | Fate::Begins | Fate::Continues => {}
        }
    }
    if !recovery.forgotten.is_empty() {
        let names = &recovery.forgotten;
        let verb = by_number(
            names,
            "is not in the program any more: its",
            "are not in the program any more: their",
        );
        lines.push(format!("{} {verb} state is let go", listed(names)));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn by_number<'a>(names: &[String], one: &'a str, several: &'a str) -> &'a str {
    if names.len() == 1 { one } else { several }
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
