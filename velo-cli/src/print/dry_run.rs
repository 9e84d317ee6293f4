//! What a load would do.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use velo_data::{Clock, SystemClock};
use velo_loader::{PreviewAction, ProgramLoader, TablePreview};

use super::words::{self, duration, rows};

/// What would be done with each of these tables, by wave.
pub(crate) fn text(path: &Path, program: &ProgramLoader, previews: &[TablePreview]) -> String {
    let graph = program.graph();
    let by_name: HashMap<&str, &TablePreview> = previews
        .iter()
        .map(|preview| (preview.table.as_str(), preview))
        .collect();
    let waves = graph.compute_loading_waves().unwrap_or_default();
    let is_read = |preview: &&TablePreview| {
        let action = &preview.action;
        !matches!(
            action,
            PreviewAction::Keep | PreviewAction::Skip { .. } | PreviewAction::Fail { .. }
        )
    };
    let mut text = format!(
        "{}: {} of {} tables would be looked at, and {} of them read\n",
        path.display(),
        previews.len(),
        graph.len(),
        previews.iter().filter(is_read).count()
    );
    for (number, wave) in waves.iter().enumerate() {
        let tables: Vec<&&TablePreview> = wave.iter().filter_map(|name| by_name.get(name.as_str())).collect();
        if tables.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\nwave {}", number + 1);
        for preview in tables {
            let needs = graph.get_dependencies(&preview.table).unwrap_or_default();
            let needs = if needs.is_empty() {
                String::new()
            } else {
                format!("; needs {}", needs.join(", "))
            };
            let action = action(preview, &program.locations(&preview.table));
            let _ = writeln!(text, "  {}: {action}{needs}", preview.table);
        }
    }
    text
}

fn action(preview: &TablePreview, locations: &[String]) -> String {
    let all = match locations {
        [] => "made of tables".to_owned(),
        locations => format!("reads {}", locations.join(", ")),
    };
    let kept = preview.kept.map(|kept| {
        let age = u64::try_from(SystemClock.now_ms() - kept.loaded_at_ms).unwrap_or_default();
        match age {
            0..60_000 => format!("{} kept", rows(kept.rows)),
            age => format!("{} kept, loaded {} ago", rows(kept.rows), duration(age)),
        }
    });
    let kept = kept.unwrap_or_else(|| "nothing is kept of it".to_owned());
    match &preview.action {
        PreviewAction::Load => format!("{all}, since {kept}"),
        PreviewAction::Keep => format!("unchanged, {kept}"),
        PreviewAction::Extend { .. } => format!("reads what is new in {}, {kept}", locations.join(", ")),
        PreviewAction::Reload { reason } => format!("{all} anew, since {reason}; {kept}"),
        PreviewAction::Follow { tables } => format!("{all} anew if the rows of {} change, {kept}", tables.join(", ")),
        PreviewAction::Skip { needed } => format!("would be skipped, since it {}", words::needs(needed)),
        PreviewAction::Fail { reason } => format!("would fail: {reason}"),
    }
}
