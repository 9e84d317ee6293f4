use std::collections::{BTreeMap, HashMap};
use std::io;

use velo_common::Name;
use velo_planner::plan::PlannedStatement;

use super::snapshot::{Kept, content_of};
use super::table::Parts;
use super::{ProgramLoader, Shared};
use crate::load::chain;

/// What a load would do with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePreview {
    /// Its name.
    pub table: String,
    /// What is kept of it.
    pub kept: Option<KeptState>,
    /// What would be done.
    pub action: PreviewAction,
}

/// What is kept of a table from an earlier load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptState {
    /// Rows that it has.
    pub rows: u64,
    /// When it was loaded, in milliseconds since the epoch.
    pub loaded_at_ms: i64,
}

/// What a load would do, as far as it can be told without reading rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewAction {
    /// Everything is read, for the first time.
    Load,
    /// Nothing is read.
    Keep,
    /// What is new in these sources is read and added.
    Extend {
        /// Their names.
        sources: Vec<String>,
    },
    /// Everything is read although it has been before.
    Reload {
        /// Why, as a clause: `its definition has changed`.
        reason: String,
    },
    /// Everything is read if the rows of one of these tables change, which are loaded before.
    Follow {
        /// Their names.
        tables: Vec<String>,
    },
    /// It would be skipped, since this table, which it needs, would not be there.
    Skip {
        /// Its name.
        needed: String,
    },
    /// It would fail.
    Fail {
        /// Why.
        reason: String,
    },
}

impl ProgramLoader {
    /// What a load of these tables, which are in load order, would do: looks at what is kept, and asks sources whether they
    /// have changed, but reads no rows.
    pub async fn preview(&self, tables: &[String]) -> Vec<TablePreview> {
        let mut previews: Vec<TablePreview> = Vec::with_capacity(tables.len());
        let mut actions: HashMap<String, PreviewAction> = HashMap::new();
        for name in tables {
            let action = match self.shared.statement(name) {
                Some(statement) => self.shared.preview(statement, &actions).await,
                None => continue,
            };
            actions.insert(Name::fold(name), action.clone());
            previews.push(TablePreview {
                table: name.clone(),
                kept: self.shared.kept_facts(name),
                action,
            });
        }
        previews
    }

    /// As [`ProgramLoader::preview`], for those who have no event loop.
    ///
    /// # Errors
    ///
    /// When no event loop can be started.
    pub fn preview_blocking(&self, tables: &[String]) -> io::Result<Vec<TablePreview>> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build()?;
        Ok(runtime.block_on(self.preview(tables)))
    }
}

impl Shared {
    /// What would be done with a table behind others of which that is known.
    async fn preview(&self, statement: &PlannedStatement, before: &HashMap<String, PreviewAction>) -> PreviewAction {
        let needed = self.tables_of(statement);
        let is_missing = |name: &&String| {
            let action = before.get(&Name::fold(name));
            matches!(action, Some(PreviewAction::Fail { .. } | PreviewAction::Skip { .. }))
        };
        if let Some(needed) = needed.iter().find(is_missing).cloned() {
            return PreviewAction::Skip { needed };
        }
        let streams = self.streams_of(statement);
        let parts = Parts {
            statement,
            streams: &streams,
        };
        for part in parts.all() {
            if let Err(error) = self.check_columns(part) {
                return PreviewAction::Fail { reason: chain(&error) };
            }
        }
        let changes = |name: &&String| !matches!(before.get(&Name::fold(name)), None | Some(PreviewAction::Keep));
        let contents: BTreeMap<String, String> = needed
            .iter()
            .filter(|name| !changes(name))
            .filter_map(|name| Some((Name::fold(name), self.kept_content(name)?)))
            .collect();
        let mut offsets = Vec::new();
        for source in parts.sources() {
            match self.current_offset(&source).await {
                Ok(now) => offsets.push((source, now)),
                Err(reason) => return PreviewAction::Fail { reason },
            }
        }
        let fingerprint = self.fingerprint(statement, &streams);
        let made_of = match self.kept(&statement.name, &fingerprint, &contents, &parts.policy()) {
            Kept::Nothing => return PreviewAction::Load,
            Kept::Useless(reason) => return PreviewAction::Reload { reason },
            Kept::Usable { made_of, .. } => made_of,
        };
        let mut new = Vec::new();
        for (source, now) in offsets {
            let Some(now) = now else {
                let reason = format!("`{source}` cannot tell what is new");
                return PreviewAction::Reload { reason };
            };
            let before = made_of.sources.get(&source);
            if !before.is_some_and(|before| before.is_same_content(&now)) {
                new.push(source);
            }
        }
        let tables: Vec<String> = needed.iter().filter(changes).cloned().collect();
        match (new.first(), parts.is_row_wise()) {
            (Some(source), false) => PreviewAction::Reload {
                reason: format!("`{source}` has changed, and its rows are put together anew"),
            },
            (_, _) if !tables.is_empty() => PreviewAction::Follow { tables },
            (Some(_), true) => PreviewAction::Extend { sources: new },
            (None, _) => PreviewAction::Keep,
        }
    }

    /// Where a source ends now; `None` if it cannot tell.
    async fn current_offset(&self, name: &str) -> Result<Option<velo_datasources::SourceOffset>, String> {
        let connection = self.connections.get(name);
        let connection = connection.ok_or_else(|| format!("nothing says where `{name}` is read from"))?;
        let failed = |error: velo_datasources::SourceError| format!("cannot read `{name}`: {}", chain(&error));
        // On the heap: what an encrypted connection keeps on its way to being one is large.
        let source = Box::pin(connection.connect()).await.map_err(failed)?;
        if !source.supports_incremental() {
            return Ok(None);
        }
        source.current_offset().await.map(Some).map_err(failed)
    }

    fn kept_content(&self, table: &str) -> Option<String> {
        let manifest = self.store.as_ref()?.manifest(table).ok()??;
        Some(content_of(&manifest))
    }

    fn kept_facts(&self, table: &str) -> Option<KeptState> {
        let manifest = self.store.as_ref()?.manifest(table).ok()??;
        Some(KeptState {
            rows: manifest.rows,
            loaded_at_ms: manifest.details.loaded_at_ms,
        })
    }
}
