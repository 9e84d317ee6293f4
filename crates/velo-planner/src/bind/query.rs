use std::collections::{HashMap, HashSet};

use velo_common::{Diagnostic, Span, code};
use velo_data::{SqlType, StreamSchema};
use velo_parser::ast::{self, CreateView, Cte, Query, SetExpr, Spanned};

use super::expr::ExprBinder;
use super::key::RecordKey;
use super::operators::unify;
use super::scope::Scope;
use super::unsupported::UnsupportedForm;
use crate::catalog::Catalog;
use crate::plan::{EmitMode, LatePolicy, Limit, LogicalPlan, MissingTable, Relation, Values};
use crate::properties::{Properties, PropertyValue};

/// A query with its names and types resolved.
#[derive(Debug)]
pub(crate) struct BoundQuery {
    pub(crate) plan: LogicalPlan,
    /// Some input's columns could not be found out, so the plan was only checked as far as possible.
    pub(crate) columns_unknown: bool,
    /// Its record key, by indexes of the user columns.
    pub(crate) key: RecordKey<usize>,
}

/// What windows take from the statement's properties.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WindowDefaults {
    pub(crate) allowed_lateness: std::time::Duration,
    pub(crate) late: LatePolicy,
}

/// Where a query stands within its statement.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Nesting {
    /// It feeds an aggregate of an outer query.
    pub(crate) below_aggregate: bool,
    /// It feeds an ORDER BY, which wants final rows.
    pub(crate) below_order: bool,
    /// It is one in FROM.
    pub(crate) in_subquery: bool,
}

/// The clauses of a query that stand behind its body.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clauses<'a> {
    pub(super) order_by: Option<&'a Spanned<Vec<ast::OrderByItem>>>,
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
    pub(super) emit: Option<&'a Spanned<ast::Emit>>,
}

impl<'a> Clauses<'a> {
    fn of(query: &'a Query) -> Self {
        Self {
            order_by: query.order_by.as_ref(),
            limit: query.limit.as_ref().map(|limit| limit.node),
            offset: query.offset.as_ref().map_or(0, |offset| offset.node),
            emit: query.emit.as_ref(),
        }
    }
}

/// Turns queries of one statement into logical plans.
pub(crate) struct QueryBinder<'a, 'd> {
    pub(crate) catalog: &'a Catalog<'a>,
    /// What the statement reads, by folded name.
    pub(crate) reads: &'a HashMap<String, Relation>,
    /// What the statement says of the event time of other statements and of tables that it reads, by their name.
    pub(crate) times: &'a HashMap<String, Properties>,
    pub(crate) views: &'a HashMap<String, &'a CreateView>,
    /// Common table expressions in sight, innermost last.
    pub(crate) ctes: Vec<&'a Cte>,
    /// Where the common table expressions stand that something reads.
    pub(crate) read_ctes: HashSet<Span>,
    /// Names of the views that are being bound.
    pub(crate) open_views: Vec<String>,
    pub(crate) window_defaults: WindowDefaults,
    /// The statement says how many groups there may be.
    pub(crate) groups_limited: bool,
    /// The statement says how long state is kept.
    pub(crate) state_expires: bool,
    /// What the statement says about when results come out.
    pub(crate) emit: Option<&'a Spanned<ast::Emit>>,
    /// What the statement says about tables that cannot be had.
    pub(crate) missing_table: MissingTable,
    /// Values for the columns of such tables, by the column.
    pub(crate) missing_defaults: &'a [(String, PropertyValue)],
    /// Which of them belong to a column of some table, by their index.
    pub(crate) used_defaults: HashSet<usize>,
    /// Where the query being bound stands.
    pub(crate) nesting: Nesting,
    /// See [`Overrides::reads_once`](crate::Overrides::reads_once).
    pub(crate) reads_once: bool,
    pub(crate) diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'a> QueryBinder<'a, '_> {
    /// Reports values for columns of missing tables that no joined table has.
    pub(crate) fn unused_defaults(&mut self) {
        for (index, (column, value)) in self.missing_defaults.iter().enumerate() {
            let Some(span) = value.span.filter(|_| !self.used_defaults.contains(&index)) else {
                continue;
            };
            let message = format!("no table that the query joins has a column `{column}`");
            self.report(Diagnostic::new(&code::UNKNOWN_COLUMN, span, message));
        }
    }

    /// Binds a query; `None` after reporting why it has no plan.
    pub(crate) fn query(&mut self, query: &'a Query) -> Option<BoundQuery> {
        let ctes_before = self.ctes.len();
        if let Some(with) = &query.with {
            if with.node.recursive {
                self.report(UnsupportedForm::RecursiveCte.diagnostic(with.span));
                return None;
            }
            self.ctes.extend(&with.node.ctes);
        }
        let outer = self.nesting.below_order;
        self.nesting.below_order |= query.order_by.is_some();
        let clauses = Clauses::of(query);
        let bound = self.body(&query.body, clauses);
        self.nesting.below_order = outer;
        self.unread_ctes(ctes_before);
        self.ctes.truncate(ctes_before);
        let bound = bound?;
        if query.limit.is_none() && query.offset.is_none() {
            return Some(bound);
        }
        let plan = LogicalPlan::Limit(Limit {
            input: Box::new(bound.plan),
            limit: clauses.limit,
            offset: clauses.offset,
        });
        Some(BoundQuery { plan, ..bound })
    }

    /// Binds common table expressions that nothing reads, for what is wrong with them.
    fn unread_ctes(&mut self, first: usize) {
        for at in (first..self.ctes.len()).rev() {
            let cte = self.ctes[at];
            if !self.read_ctes.contains(&cte.name.span) {
                let hidden = self.ctes.split_off(at);
                self.query(&cte.query);
                self.ctes.extend(hidden);
            }
        }
    }

    /// Binds the body of a query, with the clauses that stand behind it.
    fn body(&mut self, body: &'a SetExpr, clauses: Clauses<'a>) -> Option<BoundQuery> {
        let bound = match body {
            SetExpr::Select(select) if select.distinct.is_none() => return self.select(select, clauses),
            SetExpr::Select(select) => self.select(select, clauses),
            SetExpr::Query(inner) => self.query(inner),
            SetExpr::Values(rows) => self.values(rows),
            SetExpr::SetOperation {
                operator,
                all,
                left,
                right,
            } => self.set_operation(operator, *all, left, right),
        };
        self.ordered(bound?, clauses)
    }

    /// Binds an operand of a set operation, which has no clauses of its own.
    pub(super) fn operand(&mut self, operand: &'a SetExpr) -> Option<BoundQuery> {
        self.body(operand, Clauses::default())
    }

    /// `VALUES (…), (…)`: columns `column1`, `column2`, … of the types that the rows have in common.
    fn values(&mut self, rows: &'a Spanned<Vec<Vec<ast::Expr>>>) -> Option<BoundQuery> {
        let nothing = Scope::new(None, StreamSchema::of_user_columns([]), false);
        let mut binder = ExprBinder {
            scope: &nothing,
            grouping: None,
            aliases: &[],
            clause: "VALUES",
            diagnostics: self.diagnostics,
        };
        let bound: Vec<Option<Vec<_>>> = rows.node.iter().map(|row| binder.all(row)).collect();
        let mut bound: Vec<Vec<_>> = bound.into_iter().collect::<Option<_>>()?;
        let width = bound.first().map_or(0, Vec::len);
        if let Some(row) = bound.iter().position(|row| row.len() != width) {
            let message = format!("row {} has {} values, the first has {width}", row + 1, bound[row].len());
            self.report(Diagnostic::new(&code::COLUMN_COUNT, rows.span, message));
            return None;
        }
        let mut fields = Vec::with_capacity(width);
        for index in 0..width {
            let mut column: Vec<_> = bound.iter().map(|row| row[index].clone()).collect();
            let sql_type = self.checked(unify(&mut column, "VALUES"))?;
            let sql_type = if sql_type == SqlType::Null {
                SqlType::String
            } else {
                sql_type
            };
            for (row, value) in bound.iter_mut().zip(column) {
                row[index] = self.checked(value.coerced(&sql_type))?;
            }
            fields.push(sql_type.field(&format!("column{}", index + 1), true));
        }
        let schema = StreamSchema::of_user_columns(fields);
        let rows = bound
            .into_iter()
            .map(|row| row.into_iter().map(|value| value.expr).collect())
            .collect();
        let plan = LogicalPlan::Values(Values { rows, schema });
        Some(BoundQuery {
            plan,
            columns_unknown: false,
            key: RecordKey::none(),
        })
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The value, or `None` after reporting the problem.
    pub(super) fn checked<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.diagnostics.push(diagnostic)).ok()
    }

    /// When an aggregate's results come out: as the statement says, else at the end of what ends, which are windows and
    /// tables, and with every change.
    ///
    /// EMIT CHANGES speaks of the statement's own results, not of those that feed another aggregate.
    pub(super) fn emit_mode(&mut self, ends: bool) -> Option<EmitMode> {
        match self.emit.map(|emit| (&emit.node, emit.span)) {
            Some((ast::Emit::Changes, _)) if self.nesting.below_aggregate && ends => Some(EmitMode::Final),
            None if ends => Some(EmitMode::Final),
            None | Some((ast::Emit::Changes, _)) => Some(EmitMode::Changes),
            Some((ast::Emit::Final, _)) => Some(EmitMode::Final),
            Some((ast::Emit::Every(_), span)) => {
                self.report(UnsupportedForm::EmitEvery.diagnostic(span));
                None
            }
        }
    }
}
