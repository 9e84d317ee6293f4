//! Select lists: wildcards expanded, names given, metadata told from columns.

use std::collections::{HashMap, HashSet};

use datafusion_expr::Expr;
use velo_common::{Diagnostic, Name, Span, code};
use velo_data::{SqlType, StreamSchema, SystemColumn};
use velo_parser::ast::{self, ExprKind, SelectItem, Spanned};

use super::bound::{Bound, column};
use super::expr::ExprBinder;
use super::grouping::Grouping;
use super::key::RecordKey;
use super::order::OrderTarget;
use super::scope::Scope;
use crate::plan::{LogicalPlan, Project, WatermarkRule};

/// One column of a query's result.
#[derive(Debug)]
pub(super) struct Item {
    name: String,
    /// Whether the name is meant to the letter: it is that of a column, or was written in quotes.
    is_exact: bool,
    /// Whether it is one of those that `*` stands for.
    is_of_wildcard: bool,
    pub(super) bound: Bound,
    is_key: bool,
    /// `expr AS _event_time`: sets metadata, and is no user column.
    sets: Option<SystemColumn>,
    /// The metadata that the value is of the rows that come in, also where rows are grouped by it.
    system: Option<SystemColumn>,
    span: Span,
}

impl Item {
    /// Whether it is `expr AS _event_time`.
    pub(super) fn sets_event_time(&self) -> bool {
        self.sets == Some(SystemColumn::EventTime)
    }
}

/// Binds a select list. Every item sees the aliases of those before it; HAVING sees all of them.
///
/// The names and values of items with an alias come back beside the items.
pub(super) fn bind_items(
    items: &[Spanned<SelectItem>],
    binder: &mut ExprBinder<'_>,
) -> (Option<Vec<Item>>, Vec<(Name, Bound)>) {
    let mut aliases: Vec<(Name, Bound)> = Vec::new();
    let mut bound: Vec<Item> = Vec::with_capacity(items.len());
    let mut complete = true;
    for item in items {
        match &item.node {
            SelectItem::Wildcard => {
                for side in binder.scope.sides() {
                    let shown = side.columns().iter().filter(|(name, _)| !side.is_merged(name));
                    complete &= wildcard(shown, item.span, binder, &mut bound).is_some();
                }
            }
            SelectItem::QualifiedWildcard(name) => {
                let name = name.name();
                if let Some(side) = binder.scope.side(&name) {
                    complete &= wildcard(side.columns(), item.span, binder, &mut bound).is_some();
                } else {
                    let message = format!("the query reads nothing called `{name}`");
                    binder
                        .diagnostics
                        .push(Diagnostic::new(&code::UNKNOWN_TABLE, item.span, message));
                    complete = false;
                }
            }
            SelectItem::Expr {
                expr,
                alias,
                primary_key,
            } => {
                let mut binder = ExprBinder {
                    scope: binder.scope,
                    grouping: binder.grouping.as_deref_mut(),
                    aliases: &aliases,
                    clause: binder.clause,
                    diagnostics: binder.diagnostics,
                };
                let Some(value) = binder.bind(expr) else {
                    complete = false;
                    continue;
                };
                let system = system_of(&value, binder.grouping.as_deref());
                let own_name = || match (&expr.kind, system) {
                    (ExprKind::Column(_), Some(system)) => system.name().to_owned(),
                    _ => own_name(expr, &value, binder.scope),
                };
                let name = alias.as_ref().map_or_else(own_name, |alias| alias.name.text.clone());
                let is_exact = match alias {
                    Some(alias) => alias.name.quoted,
                    None => matches!(value.expr, Expr::Column(_)),
                };
                if let Some(alias) = alias {
                    aliases.push((alias.name.clone(), value.clone()));
                }
                let sets = alias.as_ref().and_then(|alias| sets(&alias.name, &value));
                bound.push(Item {
                    name,
                    is_exact,
                    is_of_wildcard: false,
                    bound: value,
                    is_key: *primary_key,
                    sets,
                    system,
                    span: item.span,
                });
            }
        }
    }
    let checked = check_names(&bound, binder.diagnostics);
    ((complete && checked).then_some(bound), aliases)
}

/// Columns of the input. Of two with one name, as the sides of a join may have, the later one is numbered.
fn wildcard<'a>(
    columns: impl IntoIterator<Item = &'a (String, usize)>,
    span: Span,
    binder: &mut ExprBinder<'_>,
    items: &mut Vec<Item>,
) -> Option<()> {
    let is_join = binder.scope.sides().len() > 1;
    for (name, index) in columns {
        let field = binder.scope.schema.arrow().field(*index);
        let is_taken = is_join && items.iter().any(|item| item.name.eq_ignore_ascii_case(name));
        let value = binder.scope.value(*index, span);
        let value = match &binder.grouping {
            None => value,
            Some(grouping) => value.and_then(|value| grouping.column(value)),
        };
        let bound = binder.checked(value)?;
        items.push(Item {
            name: if is_taken { field.name().clone() } else { name.clone() },
            is_exact: true,
            is_of_wildcard: true,
            system: system_of(&bound, binder.grouping.as_deref()),
            bound,
            is_key: false,
            sets: None,
            span,
        });
    }
    Some(())
}

/// The name of an item without alias: that of the column, as declared, else the expression's text.
fn own_name(expr: &ast::Expr, value: &Bound, scope: &Scope) -> String {
    match (&expr.kind, &value.expr) {
        (ExprKind::Column(parts), Expr::Column(named)) if parts.len() <= 2 => {
            let place = scope.schema.arrow().index_of(&named.name);
            let last = || match parts.last() {
                Some(part) if SystemColumn::ALL.iter().all(|system| system.name() != named.name) => {
                    part.name.text.clone()
                }
                _ => named.name.clone(),
            };
            place.map_or_else(|_| last(), |index| scope.name_of(index).to_owned())
        }
        (ExprKind::Column(parts), _) => parts.last().map(|part| part.name.text.clone()).unwrap_or_default(),
        (ExprKind::FieldAccess { field, .. }, _) => field.name.text.clone(),
        _ => expr.to_string(),
    }
}

/// The metadata of the rows that come in that a value is.
fn system_of(value: &Bound, grouping: Option<&Grouping>) -> Option<SystemColumn> {
    let of_key = grouping.and_then(|grouping| grouping.system_of_key(value));
    let own = || {
        SystemColumn::ALL
            .into_iter()
            .find(|system| value.expr == column(system.name()))
    };
    of_key.or_else(own)
}

/// The columns of the result, for those who order by them.
pub(super) fn order_targets(items: &[Item]) -> Vec<OrderTarget> {
    let columns = items.iter().filter(|item| item.sets.is_none());
    columns
        .map(|item| OrderTarget {
            name: item.name.clone(),
            expr: item.bound.expr.clone(),
            sql_type: item.bound.sql_type.clone(),
        })
        .collect()
}

/// The metadata that `expr AS _event_time` sets; selecting `_event_time` itself sets nothing.
fn sets(alias: &Name, value: &Bound) -> Option<SystemColumn> {
    let system = SystemColumn::parse(&alias.text).filter(|_| !alias.quoted)?;
    (system == SystemColumn::EventTime && value.expr != column(system.name())).then_some(system)
}

/// Reports names that are given twice, or that belong to metadata.
fn check_names(items: &[Item], diagnostics: &mut Vec<Diagnostic>) -> bool {
    let before = diagnostics.len();
    let mut named: HashMap<String, Vec<&Item>> = HashMap::with_capacity(items.len());
    for item in items {
        let namesakes = named.entry(item.name.to_lowercase()).or_default();
        let is_same = |other: &&&Item| other.name == item.name || !(other.is_exact && item.is_exact);
        let namesake = namesakes.iter().find(is_same).copied();
        namesakes.push(item);
        if item.sets.is_some() {
            continue;
        }
        if let Some(namesake) = namesake {
            diagnostics.push(same_name(namesake, item));
        }
        if SystemColumn::ALL.iter().any(|system| system.name() == item.name) && selected_system(item).is_none() {
            let message = format!("`{}` is metadata, and cannot be the name of a column", item.name);
            diagnostics
                .push(Diagnostic::new(&code::DUPLICATE_NAME, item.span, message).with_help("choose another alias"));
        }
    }
    diagnostics.len() == before
}

/// Two columns of a result cannot be told apart.
fn same_name(first: &Item, second: &Item) -> Diagnostic {
    let is_same = first.name == second.name;
    let message = if is_same {
        format!("two columns of the result are called `{}`", second.name)
    } else {
        format!(
            "two columns of the result are called `{}` and `{}`, which is one name up to case",
            first.name, second.name
        )
    };
    let help = if first.is_of_wildcard || second.is_of_wildcard {
        "`*` stands for one of them: give the other one an alias (… AS name), or list the columns instead of `*`"
            .to_owned()
    } else if is_same {
        "give one of them an alias: … AS name".to_owned()
    } else {
        format!(
            "give one of them another alias, or write both in quotes: \"{}\" and \"{}\"",
            first.name, second.name
        )
    };
    Diagnostic::new(&code::DUPLICATE_NAME, second.span, message).with_help(help)
}

/// The metadata column that an item selects under its own name.
fn selected_system(item: &Item) -> Option<SystemColumn> {
    item.system.filter(|system| system.name() == item.name)
}

/// Checks what `expr AS _event_time` is given, and makes it a TIMESTAMP.
pub(super) fn event_time_item(items: &mut [Item]) -> Result<(), Diagnostic> {
    for item in items.iter_mut().filter(|item| item.sets.is_some()) {
        item.bound = match item.bound.sql_type {
            SqlType::Timestamp | SqlType::Date | SqlType::BigInt | SqlType::Null => {
                item.bound.clone().coerced(&SqlType::Timestamp)?
            }
            ref other => {
                let message = format!("`_event_time` is a TIMESTAMP, this is {other}");
                return Err(Diagnostic::new(&code::TYPE_MISMATCH, item.bound.span, message));
            }
        };
    }
    Ok(())
}

/// A projection to the items, with the input's metadata behind them, and which of the items are the record key: those
/// marked PRIMARY KEY, else the columns of the input's key if all of them are selected.
///
/// Where the event time is computed by an item, the watermark follows from it by `rule`.
pub(super) fn project(
    input: LogicalPlan,
    items: Vec<Item>,
    input_key: &RecordKey<String>,
    rule: WatermarkRule,
) -> (LogicalPlan, RecordKey<usize>) {
    let (setting, items): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.sets.is_some());
    let fields = items.iter().map(|item| {
        let field = item.bound.sql_type.field(&item.name, true);
        SqlType::with_single_precision(field, item.bound.is_single_precision)
    });
    let mut schema = StreamSchema::of_user_columns(fields);
    for (index, item) in items.iter().enumerate() {
        if let Some(system) = selected_system(item) {
            schema = schema.with_selected_system(system, index);
        }
    }
    let key = key_of(&items, input_key);
    let mut expressions: Vec<Expr> = items.into_iter().map(|item| item.bound.expr).collect();
    for (system, index) in input.schema().system_columns() {
        if schema.system(*system).is_some() {
            continue;
        }
        let set = setting.iter().find(|item| item.sets == Some(*system));
        let own = || column(input.schema().arrow().field(*index).name());
        expressions.push(set.map_or_else(own, |item| item.bound.expr.clone()));
        schema = schema.with_system(*system);
    }
    // Rows without an event time get one.
    for item in setting {
        if let Some(system) = item.sets.filter(|system| schema.system(*system).is_none()) {
            expressions.push(item.bound.expr);
            schema = schema.with_system(system);
        }
    }
    let passed_on = column(SystemColumn::EventTime.name());
    let timed_by = schema
        .system(SystemColumn::EventTime)
        .and_then(|index| expressions.get(index));
    let watermark = timed_by.filter(|expression| **expression != passed_on).map(|_| rule);
    (
        LogicalPlan::Project(Project {
            input: Box::new(input),
            expressions,
            schema,
            watermark,
        }),
        key,
    )
}

/// Which columns of a result are its record key, and which ones an outer join may leave NULL.
fn key_of(items: &[Item], input_key: &RecordKey<String>) -> RecordKey<usize> {
    let indexes =
        |is_meant: &dyn Fn(&Item) -> bool| (0..items.len()).filter(|index| is_meant(&items[*index])).collect();
    let marked: Vec<usize> = indexes(&|item| item.is_key);
    let may_be_null: HashSet<&str> = input_key.outer.iter().map(String::as_str).collect();
    let outer = indexes(&|item| {
        let read = item.bound.expr.column_refs();
        read.iter().any(|column| may_be_null.contains(column.name.as_str()))
    });
    if !marked.is_empty() {
        return RecordKey::named(marked, outer);
    }
    let selected = |name: &String| items.iter().position(|item| item.bound.expr == column(name));
    RecordKey {
        outer,
        ..input_key.moved(selected)
    }
}
