use velo_common::{Diagnostic, Name, Span, code};
use velo_data::{ChangelogMode, StreamSchema, SystemColumn};
use velo_parser::ast::{self, FromClause, Ident, ObjectName, RelationKind, TableAlias};

use super::column;
use super::event_time::{IDLE_TIMEOUT, event_time};
use super::key::RecordKey;
use super::query::{BoundQuery, QueryBinder};
use super::scope::Scope;
use super::unsupported::UnsupportedForm;
use crate::catalog::TableDescription;
use crate::plan::{EventTime, LogicalPlan, Project, Relation, Scan, WatermarkPace, WatermarkRule};

/// Metadata that every record may have. Event time is there only where something gives it, and the bounds of windows
/// come later.
const RECORD_COLUMNS: [SystemColumn; 7] = [
    SystemColumn::Timestamp,
    SystemColumn::Offset,
    SystemColumn::Partition,
    SystemColumn::Key,
    SystemColumn::Topic,
    SystemColumn::Headers,
    SystemColumn::Record,
];

/// The input of a query, and what the query calls it.
pub(super) struct Input {
    pub(super) plan: LogicalPlan,
    pub(super) scope: Scope,
    /// The record key, by names of columns.
    pub(super) key: RecordKey<String>,
}

impl<'a> QueryBinder<'a, '_> {
    /// What a FROM clause reads.
    pub(super) fn from(&mut self, from: &'a FromClause) -> Option<Input> {
        let mut input = self.relation(&from.relation);
        for join in &from.joins {
            // What is wrong with the right side is told even if the left one cannot be read.
            input = self.join(input, join);
        }
        input
    }

    fn relation(&mut self, relation: &'a ast::Relation) -> Option<Input> {
        let (bound, own_name) = match &relation.kind {
            RelationKind::Table { name, as_of, .. } => {
                if let Some(as_of) = as_of {
                    self.report(UnsupportedForm::TemporalLookup.diagnostic(as_of.span));
                    return None;
                }
                (self.named(name), Some(last_part(name)))
            }
            RelationKind::Uri { uri, .. } => (self.read(&Name::quoted(&uri.node), uri.span), None),
            RelationKind::Subquery(query) => (self.subquery(query), None),
            RelationKind::Nested(from) => return self.from(from),
            RelationKind::Unnest(_) => {
                self.report(UnsupportedForm::Unnest.diagnostic(relation.span));
                return None;
            }
            RelationKind::Windowed { .. } => {
                self.report(UnsupportedForm::WindowTableFunction.diagnostic(relation.span));
                return None;
            }
        };
        let BoundQuery {
            plan,
            columns_unknown,
            key,
        } = bound?;
        let (qualifier, plan) = match &relation.alias {
            Some(TableAlias { name, columns }) => {
                let renamed = renamed(plan, columns, relation.span);
                (Some(name.name.clone()), self.checked(renamed)?)
            }
            None => (own_name, plan),
        };
        let schema = plan.schema().clone();
        let key = key.moved(|index| Some(schema.user_fields().get(*index)?.name().clone()));
        Some(Input {
            plan,
            scope: Scope::new(qualifier, schema, columns_unknown),
            key,
        })
    }

    /// A query that another one reads.
    fn subquery(&mut self, query: &'a ast::Query) -> Option<BoundQuery> {
        let outer = std::mem::replace(&mut self.nesting.in_subquery, true);
        let bound = self.query(query);
        self.nesting.in_subquery = outer;
        bound
    }

    /// A CTE, a view, another statement or a source.
    fn named(&mut self, name: &'a ObjectName) -> Option<BoundQuery> {
        let reference = name.name();
        if let Some(at) = self.ctes.iter().rposition(|cte| reference.matches(&cte.name.name.text)) {
            let cte = self.ctes[at];
            self.read_ctes.insert(cte.name.span);
            // A CTE sees those before it, not itself.
            let hidden = self.ctes.split_off(at);
            let bound = self.subquery(&cte.query);
            self.ctes.extend(hidden);
            return self.with_names(bound?, &cte.columns, name.span());
        }
        let folded = reference.folded();
        if let Some(view) = self.views.get(&folded).copied() {
            // A circle of views has been reported with its path.
            if self.open_views.contains(&folded) {
                return None;
            }
            self.open_views.push(folded);
            let outer_ctes = std::mem::take(&mut self.ctes);
            let bound = self.subquery(&view.query);
            self.ctes = outer_ctes;
            self.open_views.pop();
            return self.with_names(bound?, &view.columns, name.span());
        }
        self.read(&reference, name.span())
    }

    fn with_names(&mut self, bound: BoundQuery, names: &[Ident], span: Span) -> Option<BoundQuery> {
        let plan = self.checked(renamed(bound.plan, names, span))?;
        Some(BoundQuery { plan, ..bound })
    }

    fn read(&mut self, reference: &Name, span: Span) -> Option<BoundQuery> {
        match self.reads.get(&reference.folded())? {
            Relation::Source(id) => self.scan_source(id),
            Relation::Statement(name) => self.scan_statement(name, span),
            Relation::Table(name) => self.scan_table(name, span),
        }
    }

    /// All rows of a table, which is loaded by then.
    fn scan_table(&mut self, name: &str, span: Span) -> Option<BoundQuery> {
        let TableDescription {
            schema,
            columns_unknown,
            key,
        } = self.catalog.table(name)?;
        let mut scan = Scan::of_all(Relation::Table(name.to_owned()), schema);
        if !columns_unknown {
            let configured = self.configure_event_time(&mut scan, span);
            self.checked(configured);
        }
        Some(BoundQuery {
            plan: LogicalPlan::Scan(scan),
            columns_unknown,
            // What is loaded has been checked.
            key: RecordKey { required: false, ..key },
        })
    }

    fn scan_statement(&mut self, name: &str, span: Span) -> Option<BoundQuery> {
        let output = self.catalog.output(name)?;
        let schema = output.schema.clone()?;
        let (columns_unknown, key) = (output.columns_unknown, output.key.clone());
        let mut scan = Scan::of_all(Relation::Statement(name.to_owned()), schema);
        if !columns_unknown {
            let configured = self.configure_event_time(&mut scan, span);
            self.checked(configured);
        }
        Some(BoundQuery {
            plan: LogicalPlan::Scan(scan),
            columns_unknown,
            key,
        })
    }

    fn scan_source(&mut self, id: &str) -> Option<BoundQuery> {
        let (source, description) = self.catalog.source(id)?;
        let columns_unknown = description.schema.is_none();
        let user = description
            .schema
            .clone()
            .unwrap_or_else(|| StreamSchema::of_user_columns([]));
        let is_free = |system: &SystemColumn| user.user_fields().iter().all(|field| field.name() != system.name());
        let fields = user.user_fields().iter().map(|field| field.as_ref().clone());
        let event_time = event_time(source, description, &user, columns_unknown);
        // Whatever is wrong with the event time, names and types can be checked all the same.
        let event_time = self.checked(event_time).unwrap_or_else(|| {
            Some(EventTime {
                expression: None,
                watermark: WatermarkRule {
                    out_of_orderness: std::time::Duration::ZERO,
                    pace: WatermarkPace::Rows,
                    idle_timeout: IDLE_TIMEOUT,
                },
            })
        });
        let timed = event_time.iter().map(|_| SystemColumn::EventTime);
        let schema = StreamSchema::new(fields, RECORD_COLUMNS.into_iter().chain(timed).filter(is_free));
        let scan = Scan {
            relation: Relation::Source(id.to_owned()),
            columns: (0..user.user_columns()).collect(),
            event_time,
            filters: Vec::new(),
            mode: ChangelogMode::AppendOnly,
            schema,
        };
        let key = source
            .declared
            .iter()
            .flatten()
            .enumerate()
            .filter(|(_, column)| column.is_key);
        let key = key.map(|(index, _)| index).collect();
        Some(BoundQuery {
            plan: LogicalPlan::Scan(scan),
            columns_unknown,
            key: RecordKey::named(key, Vec::new()),
        })
    }
}

pub(super) fn last_part(name: &ObjectName) -> Name {
    name.parts.last().map_or_else(|| name.name(), |part| part.name.clone())
}

/// Gives the user columns other names, in order; no names leave the plan as it is.
///
/// # Errors
///
/// When there are not as many names as columns.
pub(super) fn renamed(plan: LogicalPlan, names: &[Ident], span: Span) -> Result<LogicalPlan, Diagnostic> {
    if names.is_empty() {
        return Ok(plan);
    }
    let schema = plan.schema();
    if names.len() != schema.user_columns() {
        let message = format!("{} names are given for {} columns", names.len(), schema.user_columns());
        return Err(Diagnostic::new(&code::COLUMN_COUNT, span, message));
    }
    let fields = schema.user_fields().iter().zip(names);
    let fields = fields.map(|(field, name)| field.as_ref().clone().with_name(&name.name.text));
    // A selected system column that gets another name is an ordinary column from then on.
    let system: Vec<SystemColumn> = schema.system_columns().iter().map(|(system, _)| *system).collect();
    let renamed = StreamSchema::new(fields, system.iter().copied());
    let user = schema.user_fields().iter().map(|field| column(field.name()));
    let metadata = system.iter().filter_map(|system| schema.system(*system));
    let metadata = metadata.map(|index| column(schema.arrow().field(index).name()));
    let expressions = user.chain(metadata).collect();
    Ok(LogicalPlan::Project(Project {
        input: Box::new(plan),
        expressions,
        schema: renamed,
        watermark: None,
    }))
}
