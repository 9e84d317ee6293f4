//! What a program says before any schema is known: its statements, what each reads and writes, and in which order
//! they depend on each other.
//!
//! [`outline`] is the first half of planning. It names the sources whose schemas the second half
//! ([`plan_program`](crate::plan_program)) needs; whoever can open files finds them out in between.

mod annotations;
mod build;
mod config_file;
mod definitions;
mod joins;
mod ksqldb;
mod lints;
mod objects;
mod order;
mod overrides;
mod sinks;
mod sources;
mod support;
mod syntax;
mod views;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use velo_common::{Diagnostic, Name, Span};
use velo_data::{SqlType, StreamSchema};
use velo_parser::ast::{ColumnDefinition, CreateView, Ident, Query, Script, SetExpr};

use crate::metrics::MetricOutline;
use crate::plan::{Relation, StatementKind};
use crate::properties::{BaseDirectory, Properties, PropertyValue, definition};

pub use joins::{JoinBound, JoinOutline, JoinRole, JoinSide};
pub(crate) use ksqldb::division as ksqldb_division;
pub(crate) use lints::table_without_key;
pub use objects::ObjectKind;
pub(crate) use objects::type_names;

/// What the command line changes about a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--source name=path`: sources that are read from somewhere else.
    pub sources: Vec<(String, String)>,
    /// `--sink name=path`: sinks that go somewhere else; `-` and `discard` among the paths.
    pub sinks: Vec<(String, String)>,
    /// `--set key=value`.
    pub set: Vec<(String, String)>,
    /// `--base-dir`: where relative paths of data start, wherever they are written.
    pub base_dir: Option<PathBuf>,
    /// Tables that are loaded already, with their columns and keys: what the program does not define itself may be one.
    pub tables: Vec<(String, StreamSchema)>,
    /// Whether the program looks at its sources once, so that groups give their final rows and an aggregate may be over
    /// all there is.
    pub reads_once: bool,
    /// `--allow-missing-env`: what a configuration file says with environment variables that are not set is unknown, and a
    /// warning.
    pub allow_missing_env: bool,
}

/// The statements of a program and their relations to each other.
#[derive(Debug)]
pub struct Outline<'a> {
    /// Statements that run, each behind those it reads.
    pub queries: Vec<QueryOutline<'a>>,
    /// Sources that some statement reads.
    pub sources: Vec<SourceOutline>,
    /// Sinks that some statement writes.
    pub sinks: Vec<SinkOutline>,
    /// Tables that are loaded already, by folded name.
    pub(crate) loaded: HashMap<String, StreamSchema>,
    /// Joins, in the order of the text.
    pub joins: Vec<JoinOutline>,
    /// What is wrong so far.
    pub diagnostics: Vec<Diagnostic>,
    /// The queries of views that nothing reads: checked, and never run.
    pub(crate) unread_views: Vec<QueryOutline<'a>>,
    /// See [`Overrides::reads_once`].
    pub(crate) reads_once: bool,
    /// The file has property keys of ksqlDB's.
    pub(crate) looks_like_ksqldb: bool,
    pub(crate) views: HashMap<String, &'a CreateView>,
}

/// A statement that runs.
#[derive(Debug)]
pub struct QueryOutline<'a> {
    /// What other statements and the output call it.
    pub name: String,
    /// What kind it is.
    pub kind: StatementKind,
    /// The whole statement.
    pub span: Span,
    /// A few words that stand for all of it, for messages about the whole.
    pub headline: Span,
    /// What it reads, by folded name; CTEs and views are not among them.
    pub reads: HashMap<String, Relation>,
    /// What it says of the event time of other statements and of tables that it reads, by their name.
    pub(crate) times: HashMap<String, Properties>,
    /// What has to be there before it although it does not read it, by `@depends_on`.
    pub depends_on: Vec<String>,
    /// Words by which it can be selected, by `@tag`.
    pub tags: Vec<String>,
    /// What its state is kept under, by `@id`.
    pub(crate) state_id: Option<String>,
    /// Names of its sinks.
    pub sinks: Vec<String>,
    /// Properties of the statement itself.
    pub properties: Properties,
    /// Values for the columns of tables that cannot be had, by the column.
    pub(crate) missing_defaults: Vec<(String, PropertyValue)>,
    pub(crate) query: &'a Query,
    pub(crate) columns: TargetColumns<'a>,
    /// What is to be recorded of its rows.
    pub(crate) metrics: Vec<MetricOutline>,
    /// Something about it is wrong or cannot run, so that it gets no plan; it has been reported.
    pub(crate) broken: bool,
}

impl QueryOutline<'_> {
    /// The HAVING clause of the outermost SELECT.
    pub(crate) fn having_span(&self) -> Option<Span> {
        match &self.query.body {
            SetExpr::Select(select) => select.having.as_ref().map(|having| having.span),
            _ => None,
        }
    }
}

/// Names and types that the output of a query is given.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TargetColumns<'a> {
    /// Those of the query.
    Own,
    /// `CREATE … (columns) AS`.
    Defined(&'a [ColumnDefinition]),
    /// `INSERT INTO target (columns)`.
    Named(&'a [Ident]),
}

/// A source that some statement reads.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceOutline {
    /// Unique in the program: the name, with a number where statements configure it differently.
    pub id: String,
    /// What the SQL calls it.
    pub name: String,
    /// Its configuration.
    pub properties: Properties,
    /// Its columns, where declared.
    pub declared: Option<Vec<DeclaredColumn>>,
    /// Where it is first read.
    pub span: Span,
    /// Whether a statement that runs reads it; otherwise only a view does that nothing reads.
    pub is_read: bool,
    /// Whether it can be opened; if not, that has been reported.
    pub is_usable: bool,
    /// What the program declares it as.
    pub declared_as: DeclaredAs,
    /// Whether it is declared as a table that nothing reads, and loaded all the same where tables are loaded.
    pub is_table_of_its_own: bool,
    /// What has to be there before it is loaded as a table, by `@depends_on` above its declaration.
    pub depends_on: Vec<String>,
    /// Words by which it can be selected as a table, by `@tag` above its declaration.
    pub tags: Vec<String>,
}

/// What a program declares a source as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeclaredAs {
    /// Nothing: it is what its use makes it.
    #[default]
    Nothing,
    /// A stream, which it stays even if it ends.
    Stream,
    /// A table of which every row counts.
    Table,
    /// A table with a key: readers see the last row of each.
    KeyedTable,
}

impl SourceOutline {
    /// Indexes of the declared columns that make up the key.
    pub(crate) fn key_columns(&self) -> Vec<usize> {
        let columns = self.declared.iter().flatten().enumerate();
        columns
            .filter(|(_, column)| column.is_key)
            .map(|(index, _)| index)
            .collect()
    }

    /// Whether its rows are known never to end: those of topics, of files that are watched, and generated ones whose number
    /// is not given.
    pub fn is_unbounded(&self) -> bool {
        match objects::kind_of(objects::Role::Source, &self.properties, self.span) {
            Ok(Some(ObjectKind::Kafka)) => true,
            Ok(Some(ObjectKind::File)) => self
                .properties
                .get("watch")
                .is_some_and(|watch| watch.text.eq_ignore_ascii_case("true")),
            Ok(Some(ObjectKind::Datagen)) => {
                let ends_sequence = |key: &str| definition(key).is_some_and(|known| known.key == "fields.<column>.end");
                !self.properties.contains_key("number.of.rows") && !self.properties.keys().any(|key| ends_sequence(key))
            }
            Ok(Some(ObjectKind::Nexmark)) => !self.properties.contains_key("number.of.events"),
            _ => false,
        }
    }
}

/// A sink that some statement writes.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkOutline {
    /// What the SQL calls it.
    pub name: String,
    /// Its configuration.
    pub properties: Properties,
    /// Its columns, where declared.
    pub declared: Option<Vec<DeclaredColumn>>,
    /// Where it is first written.
    pub span: Span,
    /// Whether it can be opened; if not, that has been reported.
    pub is_usable: bool,
}

/// A column of a declared stream or table.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredColumn {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub sql_type: SqlType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether it is (part of) the record key.
    pub is_key: bool,
    /// Its definition.
    pub span: Span,
}

/// A value in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigValue {
    /// As written, with the values of variables put in.
    pub text: String,
    /// Where it starts if it is a relative path.
    pub base: BaseDirectory,
    /// Environment variables that it needs and that are not set: what it would be is unknown.
    pub unset: Vec<String>,
}

/// Where the contents of configuration files come from.
pub trait ConfigFiles {
    /// The flat keys and values of the file that `config_file` names.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used, in words.
    fn load(&self, path: &str) -> Result<BTreeMap<String, ConfigValue>, String>;

    /// Where relative paths start that stand in the SQL.
    fn base(&self) -> BaseDirectory;
}

/// Reads the statements of a program and finds out how they hang together.
///
/// `unparsed` are names whose definitions could not be parsed. That has been reported, so what reads them is left
/// out in silence.
pub fn outline<'a>(
    script: &'a Script,
    unparsed: &[Name],
    overrides: &Overrides,
    config_files: &dyn ConfigFiles,
) -> Outline<'a> {
    build::build(script, unparsed, overrides, config_files)
}
