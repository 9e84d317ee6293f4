/// What a row says about the row of the same key before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RowKind {
    /// A row that was not there.
    Insert,
    /// The old values of a row that an `UpdateAfter` follows; only in streams whose consumer retracts.
    UpdateBefore,
    /// The new values of a row.
    UpdateAfter,
    /// The row is gone; its columns hold its last values.
    Delete,
}

impl RowKind {
    /// The word that envelope files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::UpdateBefore => "update_before",
            Self::UpdateAfter => "update_after",
            Self::Delete => "delete",
        }
    }

    /// Whether the row takes something away: an old value or a deleted row.
    pub const fn is_retraction(self) -> bool {
        matches!(self, Self::UpdateBefore | Self::Delete)
    }
}
