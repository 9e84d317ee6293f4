//! Everything that ends up on a terminal or in a pipe.

pub(crate) mod diagnostics;
pub(crate) mod dry_run;
pub(crate) mod errors;
pub(crate) mod generated;
pub(crate) mod inferences;
pub(crate) mod joins;
pub(crate) mod kept_tables;
pub(crate) mod limited;
pub(crate) mod line;
pub(crate) mod lineage;
pub(crate) mod load;
pub(crate) mod notices;
pub(crate) mod plans;
pub(crate) mod recovery;
pub(crate) mod rows;
pub(crate) mod summary;
pub(crate) mod system_columns;
mod table;
pub(crate) mod text;
pub(crate) mod words;
