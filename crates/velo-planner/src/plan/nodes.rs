use std::ops::ControlFlow;
use std::time::Duration;

use arrow::datatypes::{Field, FieldRef};
use datafusion_expr::Expr;
use velo_data::{ChangelogMode, SqlType, StreamSchema, SystemColumn};
use velo_functions::AggregateKind;

use super::MissingTable;

/// A tree of relational operators over streams.
#[derive(Debug, Clone, PartialEq)]
pub enum LogicalPlan {
    /// Reads a source or another statement's output.
    Scan(Scan),
    /// Rows written in the statement.
    Values(Values),
    /// Keeps the rows for which a predicate is true.
    Filter(Filter),
    /// Computes columns.
    Project(Project),
    /// Completes rows with those of a table.
    Lookup(Lookup),
    /// Groups rows, by key and window, and aggregates them.
    Aggregate(Aggregate),
    /// Keeps the first of equal rows.
    Distinct(Distinct),
    /// Puts rows in order.
    Sort(Sort),
    /// Ends after a number of rows.
    Limit(Limit),
    /// Puts rows of several inputs together.
    Union(Union),
    /// Leaves out the old values of updates.
    DropUpdateBefore(DropUpdateBefore),
}

/// A table that a plan reads or looks up.
#[derive(Debug, Clone, Copy)]
pub struct TableUse<'a> {
    /// Its name.
    pub table: &'a str,
    /// What happens when it cannot be had; of a table that is read, the statement then has nothing to read.
    pub missing: Option<&'a MissingTable>,
}

/// What a [`Scan`] reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Relation {
    /// A configured source, by its name in the program.
    Source(String),
    /// The output of the program's statement of that name.
    Statement(String),
    /// The rows of a table, once it is loaded: of a created one by its name, of a declared or implied one by that of its
    /// source.
    Table(String),
}

impl Relation {
    /// The name in the program.
    pub fn name(&self) -> &str {
        match self {
            Self::Source(name) | Self::Statement(name) | Self::Table(name) => name,
        }
    }
}

/// Reads a relation: only the columns that the plan needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// What is read.
    pub relation: Relation,
    /// Indexes of the relation's user columns, in the order of `schema`.
    pub columns: Vec<usize>,
    /// Where event time comes from. `None`: nobody asks for it, or the relation brings it along, as other
    /// statements do.
    pub event_time: Option<EventTime>,
    /// Conjuncts over `schema`; a row passes when all are true. They see rows after event time and watermark
    /// are taken, so that a filtered row still moves time on.
    pub filters: Vec<Expr>,
    /// How the relation says that its rows change; only other statements have rows that do.
    pub mode: ChangelogMode,
    /// The columns, then the metadata columns that the plan needs.
    pub schema: StreamSchema,
}

/// The event time of a source's rows, and the watermark that follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventTime {
    /// A TIMESTAMP over the scan's columns; `None` is the `_event_time` that the source itself provides. NULL is
    /// a row error.
    pub expression: Option<Expr>,
    /// How the watermark follows, in each partition.
    pub watermark: WatermarkRule,
}

/// How a watermark follows from the event times of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatermarkRule {
    /// How far behind the highest event time it stays.
    pub out_of_orderness: Duration,
    /// When it moves on.
    pub pace: WatermarkPace,
    /// How long a split of a source may bring nothing, once all of it that is there has been read, before it holds nothing
    /// back.
    pub idle_timeout: Duration,
}

/// When a watermark that follows from event times moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatermarkPace {
    /// With every row: rows come as they happen, and each tells how far time has come.
    Rows,
    /// When the watermark of the input moves on, or the input ends. The input holds rows back and lets many go at one
    /// moment, in an order that has nothing to do with time, so that none of them may make another late.
    Input,
}

/// Rows written in the statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Constant expressions, one list per row.
    pub rows: Vec<Vec<Expr>>,
    /// The columns.
    pub schema: StreamSchema,
}

/// Keeps the rows for which a predicate is true.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
    /// A BOOLEAN over the input.
    pub predicate: Expr,
}

/// Computes columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
    /// One expression over the input for each field of `schema`.
    pub expressions: Vec<Expr>,
    /// The columns, then metadata.
    pub schema: StreamSchema,
    /// How the watermark follows from the event times that are computed here, as by `expr AS _event_time`; NULL among them
    /// is a row error. `None`: event times and watermark are those of the input.
    pub watermark: Option<WatermarkRule>,
}

/// Completes every row with each row of a table that goes with it.
///
/// The table is looked up as it is when the row passes; rows that are out are not changed when the table is. A row that is taken
/// back takes with it what came out for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
    /// The table, by the name that [`Relation::Table`] has.
    pub table: String,
    /// What becomes of rows without a match.
    pub kind: LookupKind,
    /// Values that have to be equal; none lets every row of the table match. NULL equals nothing.
    pub keys: Vec<LookupKey>,
    /// Indexes of the table's user columns that come out, behind those of the input.
    pub columns: Vec<usize>,
    /// A BOOLEAN over `schema` that must be true of a match.
    pub residual: Option<Expr>,
    /// All columns of the table, by their names there: what [`LookupKey::table`] is over.
    pub table_schema: StreamSchema,
    /// The input's user columns, then the table's; then the input's metadata.
    pub schema: StreamSchema,
    /// What happens when the table cannot be had.
    pub missing: MissingTable,
}

/// What becomes of rows without a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupKind {
    /// They are left out.
    Inner,
    /// They come out with NULL in the table's columns.
    Left,
}

/// Two values that have to be equal; both have the same type.
#[derive(Debug, Clone, PartialEq)]
pub struct LookupKey {
    /// Over the input.
    pub input: Expr,
    /// Over all columns of the table.
    pub table: Expr,
}

/// Groups rows, by key and window, and aggregates them.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
    /// Group keys over the input; the first fields of `schema`. None: one group.
    pub keys: Vec<Expr>,
    /// Aggregates; the fields of `schema` behind the keys.
    pub aggregates: Vec<AggregateCall>,
    /// The windows that rows are assigned to, if the query has any.
    pub window: Option<Window>,
    /// When results come out.
    pub emit: EmitMode,
    /// How its input says that rows change.
    pub input_mode: ChangelogMode,
    /// How its results say that they change: `AppendOnly` for results that come out once.
    pub output_mode: ChangelogMode,
    /// A BOOLEAN over `schema`: only groups for which it is true are visible. Under
    /// [`EmitMode::Changes`] a group for which it stops being true is deleted.
    pub having: Option<Expr>,
    /// Keys and aggregates as user columns, then the metadata that the plan asks for.
    ///
    /// `_window_start` and `_window_end` are the window's; `_event_time` and `_timestamp` those of the record that
    /// caused the row under CHANGES, and the window's last millisecond under FINAL (without a window, the
    /// highest of the group).
    pub schema: StreamSchema,
}

/// One aggregate of an [`Aggregate`].
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateCall {
    /// Which.
    pub kind: AggregateKind,
    /// Over the input, already of the types that the aggregate takes. Empty for `COUNT(*)`.
    pub arguments: Vec<Expr>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// A BOOLEAN over the input: other rows are passed over.
    pub filter: Option<Expr>,
    /// The result's type.
    pub sql_type: SqlType,
}

/// How rows find their windows, and how long windows wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The shape of the windows.
    pub assigner: WindowAssigner,
    /// How long past its end a window is kept for late rows.
    pub allowed_lateness: Duration,
    /// What becomes of rows that come even later.
    pub late: LatePolicy,
}

/// The shape of windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowAssigner {
    /// Windows of one size, side by side, aligned to the epoch plus an offset.
    Tumbling {
        /// Length in milliseconds, positive.
        size_ms: i64,
        /// Shift of the alignment in milliseconds, from 0 to the size.
        offset_ms: i64,
    },
}

/// What becomes of a row whose window is closed. It is counted and sampled in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LatePolicy {
    /// It is left out.
    #[default]
    Drop,
    /// It goes to the statement's dead-letter queue.
    DeadLetter,
}

/// When an aggregate's results come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmitMode {
    /// With every input row: the new values of its group.
    Changes,
    /// Once: when the window is due, or at the end of bounded input.
    Final,
}

/// Keeps the first of rows that are equal in all user columns; of rows that change, one as long as any of them stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
}

/// Puts the rows of each window in order, or all rows once the input has ended: those that stand then. Equal rows stay as they
/// came.
///
/// Rows of a window that change after the window is out come out as changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
    /// What they are ordered by; the first counts most.
    pub keys: Vec<SortKey>,
    /// Whether each window is a table of its own: it comes out, ordered, when it is complete.
    pub by_window: bool,
    /// How many of the first rows are read at most, so that others need not be kept; `None` is all.
    pub rows_max: Option<u64>,
}

/// A column that rows are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// Its name in the input.
    pub column: String,
    /// Whether high values come first.
    pub descending: bool,
    /// Whether NULL comes before all values.
    pub nulls_first: bool,
}

/// Passes over `offset` rows, hands on `limit` rows, and ends.
///
/// Rows that change are counted as long as they stand, in the order in which they came: one that is deleted makes room for the
/// next, so that there is no end before that of the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
    /// Most rows that come out; `None` is all.
    pub limit: Option<u64>,
    /// Rows passed over first.
    pub offset: u64,
}

/// All rows of several inputs, as they come: `UNION ALL`.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    /// Where the rows come from: two or more plans, each of which has the columns of `schema`.
    pub inputs: Vec<LogicalPlan>,
    /// The columns, then the metadata that all inputs have.
    pub schema: StreamSchema,
}

/// Leaves out the old values of updates, for readers that replace rows by their key.
#[derive(Debug, Clone, PartialEq)]
pub struct DropUpdateBefore {
    /// Where the rows come from.
    pub input: Box<LogicalPlan>,
}

impl LogicalPlan {
    /// What people call the node.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scan(_) => "scan",
            Self::Values(_) => "values",
            Self::Filter(_) => "filter",
            Self::Project(_) => "projection",
            Self::Lookup(_) => "lookup",
            Self::Aggregate(Aggregate { window: Some(_), .. }) => "windowed aggregate",
            Self::Aggregate(_) => "aggregate",
            Self::Distinct(_) => "distinct",
            Self::Sort(_) => "sort",
            Self::Limit(_) => "limit",
            Self::Union(_) => "union",
            Self::DropUpdateBefore(_) => "drop update before",
        }
    }

    /// Direct inputs, left to right: the only place that knows the shape of the tree.
    pub fn inputs(&self) -> Vec<&Self> {
        match self {
            Self::Scan(_) | Self::Values(_) => vec![],
            Self::Filter(Filter { input, .. })
            | Self::Project(Project { input, .. })
            | Self::Lookup(Lookup { input, .. })
            | Self::Aggregate(Aggregate { input, .. })
            | Self::Distinct(Distinct { input })
            | Self::Sort(Sort { input, .. })
            | Self::Limit(Limit { input, .. })
            | Self::DropUpdateBefore(DropUpdateBefore { input }) => vec![input],
            Self::Union(union) => union.inputs.iter().collect(),
        }
    }

    /// Visits this node, then everything below it, until `visit` breaks.
    pub fn walk<B>(&self, visit: &mut dyn FnMut(&Self) -> ControlFlow<B>) -> ControlFlow<B> {
        visit(self)?;
        self.inputs().into_iter().try_for_each(|input| input.walk(visit))
    }

    /// The columns of the rows that come out.
    pub fn schema(&self) -> &StreamSchema {
        match self {
            Self::Scan(scan) => &scan.schema,
            Self::Values(values) => &values.schema,
            Self::Project(project) => &project.schema,
            Self::Lookup(lookup) => &lookup.schema,
            Self::Aggregate(aggregate) => &aggregate.schema,
            Self::Union(union) => &union.schema,
            Self::Filter(Filter { input, .. })
            | Self::Distinct(Distinct { input })
            | Self::Sort(Sort { input, .. })
            | Self::Limit(Limit { input, .. })
            | Self::DropUpdateBefore(DropUpdateBefore { input }) => input.schema(),
        }
    }

    /// How the rows that come out say that they change.
    pub fn mode(&self) -> ChangelogMode {
        match self {
            Self::Scan(scan) => scan.mode,
            Self::Values(_) => ChangelogMode::AppendOnly,
            Self::Aggregate(aggregate) => aggregate.output_mode,
            Self::Sort(sort) if !sort.by_window => ChangelogMode::AppendOnly,
            Self::Union(union) => union.inputs.iter().map(Self::mode).max().unwrap_or_default(),
            Self::DropUpdateBefore(node) => node.input.mode().min(ChangelogMode::Upsert),
            Self::Filter(Filter { input, .. })
            | Self::Project(Project { input, .. })
            | Self::Lookup(Lookup { input, .. })
            | Self::Distinct(Distinct { input })
            | Self::Sort(Sort { input, .. })
            | Self::Limit(Limit { input, .. }) => input.mode(),
        }
    }

    /// Whether rows are aggregated somewhere in this plan.
    pub fn has_aggregate(&self) -> bool {
        let found = self.walk(&mut |node| match node {
            Self::Aggregate(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        found.is_break()
    }

    /// Whether the rows are those of a table, or written down: all there is, and no more to come.
    pub fn is_at_rest(&self) -> bool {
        match self {
            Self::Scan(scan) => matches!(scan.relation, Relation::Table(_)),
            Self::Values(_) => true,
            _ => self.inputs().into_iter().all(Self::is_at_rest),
        }
    }

    /// The tables that this plan looks up and reads, the last look-up first.
    pub fn table_uses(&self) -> Vec<TableUse<'_>> {
        let own = match self {
            Self::Scan(Scan {
                relation: Relation::Table(table),
                ..
            }) => Some(TableUse { table, missing: None }),
            Self::Lookup(Lookup { table, missing, .. }) => Some(TableUse {
                table,
                missing: Some(missing),
            }),
            _ => None,
        };
        let below = self.inputs().into_iter().flat_map(Self::table_uses);
        own.into_iter().chain(below).collect()
    }

    /// Names of the tables that this plan looks up and reads.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.table_uses().into_iter().map(|used| used.table)
    }

    /// The sources whose records feed this plan, each as often as it is read.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.scans().into_iter().filter_map(|scan| match &scan.relation {
            Relation::Source(name) => Some(name.as_str()),
            Relation::Statement(_) | Relation::Table(_) => None,
        })
    }

    /// The statements that this plan reads, each as often as it is read.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.scans().into_iter().filter_map(|scan| match &scan.relation {
            Relation::Statement(name) => Some(name.as_str()),
            Relation::Source(_) | Relation::Table(_) => None,
        })
    }

    /// How the watermarks of the rows that come out are made, as far as this plan makes them: by what computes their event
    /// times last.
    pub fn watermark_rules(&self) -> Vec<WatermarkRule> {
        match self {
            Self::Scan(scan) => scan.event_time.iter().map(|event_time| event_time.watermark).collect(),
            Self::Project(Project {
                watermark: Some(rule), ..
            }) => vec![*rule],
            _ => self.inputs().into_iter().flat_map(Self::watermark_rules).collect(),
        }
    }

    /// The scans that feed this plan, left to right.
    pub fn scans(&self) -> Vec<&Scan> {
        match self {
            Self::Scan(scan) => vec![scan],
            _ => self.inputs().into_iter().flat_map(Self::scans).collect(),
        }
    }
}

impl SortKey {
    /// Low values first, NULL last.
    pub fn ascending(column: String) -> Self {
        Self {
            column,
            descending: false,
            nulls_first: false,
        }
    }
}

impl Scan {
    /// Whether it asks the same of the same relation as another, apart from the rows that either filters.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.relation == other.relation
            && self.columns == other.columns
            && self.event_time == other.event_time
            && self.mode == other.mode
            && self.schema == other.schema
    }

    /// Reads all rows of a relation whose user columns are those of `schema`, with all of them and no event time.
    pub fn of_all(relation: Relation, schema: StreamSchema) -> Self {
        Self {
            relation,
            columns: (0..schema.user_columns()).collect(),
            event_time: None,
            filters: Vec::new(),
            mode: ChangelogMode::AppendOnly,
            schema,
        }
    }
}

impl Lookup {
    /// The columns of the rows of `input`, completed with `fields` of a table.
    pub fn schema_of(input: &StreamSchema, fields: impl IntoIterator<Item = Field>) -> StreamSchema {
        let own = input.user_fields().iter().map(|field| field.as_ref().clone());
        let mut schema = StreamSchema::of_user_columns(own.chain(fields));
        for (column, index) in input.system_columns() {
            schema = if *index < input.user_columns() {
                schema.with_selected_system(*column, *index)
            } else {
                schema.with_system(*column)
            };
        }
        schema
    }

    /// The fields of `schema` that the table fills, in the order of `columns`.
    pub fn table_fields(&self) -> &[FieldRef] {
        let fields = self.schema.user_fields();
        &fields[fields.len().saturating_sub(self.columns.len())..]
    }
}

impl Aggregate {
    /// Whether results may come out again with other values: with every change, or for rows within the allowed lateness.
    pub fn updates_results(window: Option<&Window>, emit: EmitMode) -> bool {
        let reopens = window.is_some_and(|window| !window.allowed_lateness.is_zero());
        emit == EmitMode::Changes || reopens
    }

    /// Index in `schema` of the first aggregate.
    pub fn first_aggregate(&self) -> usize {
        self.keys.len()
    }

    /// Names of the group keys in `schema`.
    pub fn key_names(&self) -> Vec<String> {
        let keys = self.schema.arrow().fields().iter().take(self.keys.len());
        keys.map(|field| field.name().clone()).collect()
    }

    /// What rows are grouped by, as a query names it.
    pub fn grouped_by(&self) -> Vec<String> {
        let named = self.keys.iter().zip(self.key_names());
        named
            .map(|(key, name)| match key {
                Expr::Column(column) => column.name.clone(),
                _ => name,
            })
            .collect()
    }

    /// Whether the rows carry this metadata.
    pub fn provides(&self, column: SystemColumn) -> bool {
        match column {
            SystemColumn::WindowStart | SystemColumn::WindowEnd => self.window.is_some(),
            SystemColumn::EventTime | SystemColumn::Timestamp => self.input.schema().system(column).is_some(),
            _ => false,
        }
    }
}
