//! What tells the state of an operator from that of others, from one run of a program to the next.

use std::collections::HashMap;
use std::fmt::{self, Display, Write};
use std::str::FromStr;

use datafusion_expr::Expr;
use twox_hash::XxHash64;
use velo_data::StreamSchema;

use super::build::keeps_what_stands;
use crate::plan::{
    Aggregate, AggregateCall, EventTime, LogicalPlan, Lookup, PlannedStatement, Project, Relation, Scan, Sort,
    WatermarkRule, Window,
};

/// Names an operator of a program, the same in every run: state is kept under it.
///
/// It follows from the statement's name, the operator's place in the plan, and everything that its state depends on: what it
/// computes, and what it is fed with, through other statements down to the columns of sources. A scan of a source has the same
/// one whatever becomes of the rows behind it, so that a stream whose projection is changed goes on where it was.
///
/// With `-- @id: name` above a statement, the name takes the place of the statement's, and what an operator is fed with does not
/// count: the author of the program asserts that the state fits.
///
/// The text that stands for it has 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OperatorId(u64);

/// A text that is no [`OperatorId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the id of an operator, which has 16 hexadecimal digits")]
pub struct InvalidOperatorId {
    /// The text.
    pub text: String,
}

impl FromStr for OperatorId {
    type Err = InvalidOperatorId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = Some(text).filter(|text| text.len() == 16);
        let id = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        id.map(Self).ok_or_else(|| InvalidOperatorId { text: text.to_owned() })
    }
}

impl Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// An operator whose state decides what comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorIdentity {
    /// Its id.
    pub id: OperatorId,
    /// What people call it: [`LogicalPlan::name`].
    pub operator: &'static str,
}

/// A source or a table at rest, as one statement reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputIdentity {
    /// The id of the scan.
    pub id: OperatorId,
    /// Its name.
    pub relation: String,
}

/// What a statement remembers from one run to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementIdentity {
    /// The statement's name.
    pub statement: String,
    /// What it reads beside other statements, in the order of [`LogicalPlan::scans`].
    pub inputs: Vec<InputIdentity>,
    /// Its operators with state, from the output on.
    pub operators: Vec<OperatorIdentity>,
}

/// The identities of a program's operators.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    /// What the rows of each statement follow from, by its name.
    rows: HashMap<String, u64>,
}

impl Identities {
    /// Of statements that stand in any order.
    pub fn new<'a>(statements: impl IntoIterator<Item = &'a PlannedStatement>) -> Self {
        let mut waiting: Vec<&PlannedStatement> = statements.into_iter().collect();
        let mut identities = Self::default();
        loop {
            let before = waiting.len();
            waiting.retain(|statement| {
                let mut read = statement.plan.statements();
                let is_ready = read.all(|name| identities.rows.contains_key(name));
                if is_ready {
                    let rows = identities.digest(&statement.plan);
                    identities.rows.insert(statement.name.clone(), rows);
                }
                !is_ready
            });
            if waiting.len() == before {
                return identities;
            }
        }
    }

    /// What a statement remembers.
    pub fn of(&self, statement: &PlannedStatement) -> StatementIdentity {
        let mut identity = StatementIdentity {
            statement: statement.name.clone(),
            inputs: Vec::new(),
            operators: Vec::new(),
        };
        self.collect(statement, &statement.plan, &mut Path::root(), &mut identity);
        identity
    }

    fn collect(
        &self,
        statement: &PlannedStatement,
        node: &LogicalPlan,
        path: &mut Path,
        identity: &mut StatementIdentity,
    ) {
        let id = self.id(statement, node, path);
        match node {
            LogicalPlan::Scan(Scan {
                relation: Relation::Source(relation) | Relation::Table(relation),
                ..
            }) => identity.inputs.push(InputIdentity {
                id,
                relation: relation.clone(),
            }),
            _ if is_stateful(node) => identity.operators.push(OperatorIdentity {
                id,
                operator: node.name(),
            }),
            _ => {}
        }
        for (index, input) in node.inputs().into_iter().enumerate() {
            path.enter(index);
            self.collect(statement, input, path, identity);
            path.leave();
        }
    }

    /// The id of the node at a place of a statement's plan.
    pub(super) fn id(&self, statement: &PlannedStatement, node: &LogicalPlan, path: &Path) -> OperatorId {
        let mut text = String::new();
        let digest = match (&statement.settings.state_id, node) {
            (_, LogicalPlan::Scan(scan)) if !matches!(scan.relation, Relation::Statement(_)) => {
                put(&mut text, scan.relation.name().to_lowercase());
                0
            }
            (Some(_), _) => {
                describe(&mut text, node);
                0
            }
            (None, _) => self.digest(node),
        };
        let name = match &statement.settings.state_id {
            Some(id) => format!("@{id}"),
            None => statement.name.to_lowercase(),
        };
        OperatorId(hash(&format!("{name}\n{path}\n{digest:x}\n{text}")))
    }

    /// What the rows that come out of a node follow from.
    fn digest(&self, node: &LogicalPlan) -> u64 {
        let mut text = String::new();
        describe(&mut text, node);
        if let LogicalPlan::Scan(Scan {
            relation: Relation::Statement(name),
            ..
        }) = node
        {
            put(&mut text, self.rows.get(name).copied().unwrap_or_default());
        }
        for input in node.inputs() {
            put(&mut text, self.digest(input));
        }
        hash(&text)
    }
}

/// The place of a node in a plan: the number of the input at each node on the way to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Path(Vec<usize>);

impl Path {
    pub(super) fn root() -> Self {
        Self::default()
    }

    pub(super) fn enter(&mut self, input: usize) {
        self.0.push(input);
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|input| write!(f, "/{input}"))
    }
}

/// Whether a node remembers what decides about rows that are still to come.
fn is_stateful(node: &LogicalPlan) -> bool {
    let keeps_rows = matches!(
        node,
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_)
    );
    keeps_rows || keeps_what_stands(node)
}

/// Writes what a node itself computes, and the columns that come out of it. Every part ends with a line end, so that no two
/// nodes are written alike.
fn describe(text: &mut String, node: &LogicalPlan) {
    match node {
        LogicalPlan::Scan(scan) => describe_scan(text, scan),
        LogicalPlan::Values(values) => {
            put(text, "values");
            values.rows.iter().for_each(|row| put_all(text, row));
        }
        LogicalPlan::Filter(filter) => {
            put(text, "filter");
            put(text, &filter.predicate);
        }
        LogicalPlan::Project(Project {
            expressions, watermark, ..
        }) => {
            put(text, "project");
            put_all(text, expressions);
            if let Some(rule) = watermark {
                put_watermark(text, *rule);
            }
        }
        LogicalPlan::Lookup(lookup) => describe_lookup(text, lookup),
        LogicalPlan::Aggregate(aggregate) => describe_aggregate(text, aggregate),
        LogicalPlan::Distinct(_) => put(text, "distinct"),
        LogicalPlan::Sort(Sort {
            keys,
            by_window,
            rows_max,
            ..
        }) => {
            put(text, "sort");
            for key in keys {
                put(
                    text,
                    format_args!("{} {} {}", key.column, key.descending, key.nulls_first),
                );
            }
            put(text, format_args!("{by_window} {rows_max:?}"));
        }
        LogicalPlan::Limit(limit) => put(text, format_args!("limit {:?} {}", limit.limit, limit.offset)),
        LogicalPlan::Union(_) => put(text, "union"),
        LogicalPlan::DropUpdateBefore(_) => put(text, "drop update before"),
    }
    put(text, format_args!("{:?}", node.mode()));
    put_columns(text, node.schema());
}

fn describe_scan(text: &mut String, scan: &Scan) {
    let kind = match scan.relation {
        Relation::Source(_) => "source",
        Relation::Statement(_) => "statement",
        Relation::Table(_) => "table",
    };
    put(
        text,
        format_args!("scan {kind} {}", scan.relation.name().to_lowercase()),
    );
    if let Some(EventTime { expression, watermark }) = &scan.event_time {
        put_all(text, expression);
        put_watermark(text, *watermark);
    }
    put_all(text, &scan.filters);
}

fn describe_lookup(text: &mut String, lookup: &Lookup) {
    put(
        text,
        format_args!("lookup {} {:?}", lookup.table.to_lowercase(), lookup.kind),
    );
    for key in &lookup.keys {
        put(text, &key.input);
        put(text, &key.table);
    }
    put_all(text, &lookup.residual);
}

fn describe_aggregate(text: &mut String, aggregate: &Aggregate) {
    put(
        text,
        format_args!("aggregate {:?} {:?}", aggregate.emit, aggregate.input_mode),
    );
    put_all(text, &aggregate.keys);
    for AggregateCall {
        kind,
        arguments,
        distinct,
        filter,
        sql_type,
    } in &aggregate.aggregates
    {
        put(text, format_args!("{kind:?} {distinct} {sql_type}"));
        put_all(text, arguments);
        put_all(text, filter);
    }
    if let Some(Window {
        assigner,
        allowed_lateness,
        late,
    }) = &aggregate.window
    {
        put(
            text,
            format_args!("{assigner:?} {} {late:?}", allowed_lateness.as_millis()),
        );
    }
    put_all(text, &aggregate.having);
}

fn put_watermark(text: &mut String, rule: WatermarkRule) {
    put(
        text,
        format_args!("{} {:?}", rule.out_of_orderness.as_millis(), rule.pace),
    );
}

fn put_columns(text: &mut String, schema: &StreamSchema) {
    for field in schema.arrow().fields() {
        put(
            text,
            format_args!("{} {} {}", field.name(), field.data_type(), field.is_nullable()),
        );
    }
}

fn put_all<'a>(text: &mut String, expressions: impl IntoIterator<Item = &'a Expr>) {
    expressions.into_iter().for_each(|expression| put(text, expression));
    put(text, "");
}

fn put(text: &mut String, part: impl Display) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{part}");
}

/// State is kept under what this gives: it stays the same from one version of the program to the next.
fn hash(text: &str) -> u64 {
    XxHash64::oneshot(0, text.as_bytes())
}
