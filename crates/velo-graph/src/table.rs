use serde::Serialize;
use velo_common::Name;

/// A table of the graph: its name as it was spelled when it was added, and what is known about it.
///
/// ```
/// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
///
/// let mut graph = TableDependencyGraph::new();
/// graph.add_table("Orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
/// let node = graph.table("orders").ok_or("not there")?;
/// assert_eq!(node.name, "Orders");
/// assert_eq!(node.metadata.priority, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableNode {
    /// The spelling that every answer of the graph uses.
    pub name: String,
    /// What decides about order and selection, and what drawings say.
    pub metadata: TableMetadata,
}

/// What is known about a table before it is loaded. Nothing in it is needed; the default knows nothing.
///
/// ```
/// use velo_graph::TableMetadata;
///
/// let metadata = TableMetadata::new("sqlite").with_estimated_rows(50_000).with_priority(10).with_tag("daily");
/// assert_eq!(metadata.source_type.as_deref(), Some("sqlite"));
/// assert!(metadata.has_tag("Daily"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableMetadata {
    /// What it is loaded from, in one word, such as `file`; `None` when unknown.
    pub source_type: Option<String>,
    /// How many rows it will have.
    pub estimated_rows: Option<u64>,
    /// How many bytes its source has.
    pub estimated_bytes: Option<u64>,
    /// Of tables that are ready, those of a higher priority come first. 0 unless given.
    pub priority: i32,
    /// Words by which it can be selected, as `tag:…`; their case does not matter.
    pub tags: Vec<String>,
}

impl TableMetadata {
    /// Metadata of a table that is loaded from a source of this type.
    pub fn new(source_type: impl Into<String>) -> Self {
        Self {
            source_type: Some(source_type.into()),
            ..Self::default()
        }
    }

    /// The same with an estimate of its rows.
    #[must_use]
    pub fn with_estimated_rows(mut self, rows: u64) -> Self {
        self.estimated_rows = Some(rows);
        self
    }

    /// The same with an estimate of the bytes that its source has.
    #[must_use]
    pub fn with_estimated_bytes(mut self, bytes: u64) -> Self {
        self.estimated_bytes = Some(bytes);
        self
    }

    /// The same with another priority.
    #[must_use]
    pub fn with_priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// The same with one more tag.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Whether one of its tags is this one, whatever their case.
    pub fn has_tag(&self, tag: &str) -> bool {
        let tag = Name::fold(tag);
        self.tags.iter().any(|own| Name::fold(own) == tag)
    }
}
