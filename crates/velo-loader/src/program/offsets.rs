use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use velo_datasources::SourceOffset;

/// What a table was made of: kept with its snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MadeOf {
    /// How far each source was read, by its name in the program.
    pub(super) sources: BTreeMap<String, SourceOffset>,
    /// The content of each table that was read, by its folded name.
    pub(super) tables: BTreeMap<String, String>,
}

impl MadeOf {
    /// As it stands in a manifest. What cannot be understood is nothing, and the table is loaded anew.
    pub(super) fn read(value: &Value) -> Option<Self> {
        serde_json::from_value(value.clone()).ok()
    }

    pub(super) fn write(&self) -> Value {
        // Maps of texts have a form in JSON.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Where the rows came from: paths of files and objects, names of other sources and of tables.
    pub(super) fn places(&self) -> Vec<String> {
        let of_source = |(name, offset): (&String, &SourceOffset)| match offset {
            SourceOffset::Files { files } => files.keys().cloned().collect(),
            SourceOffset::Objects { objects } => objects.keys().cloned().collect(),
            SourceOffset::HighWater { .. } | SourceOffset::Document { .. } | SourceOffset::Unknown => {
                vec![name.clone()]
            }
        };
        let sources = self.sources.iter().flat_map(of_source);
        sources.chain(self.tables.keys().cloned()).collect()
    }

    /// The first table whose content is not the one that this was made of.
    pub(super) fn changed_table(&self, now: &BTreeMap<String, String>) -> Option<String> {
        let changed = now
            .iter()
            .find(|(name, content)| self.tables.get(*name) != Some(content));
        changed.map(|(name, _)| name.clone())
    }
}
