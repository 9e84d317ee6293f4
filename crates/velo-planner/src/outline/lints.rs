//! Advice that the text of a statement is enough for.

use velo_common::{Diagnostic, Span, code};
use velo_parser::ast::{Declare, FromClause, Query, RelationKind, Select, SelectItem, SetExpr, TableKind};

use super::build::{Builder, Draft, has_key};
use super::objects::{ObjectKind, Role, kind_of};
use super::{SinkOutline, TargetColumns};

impl<'a> Builder<'a, '_> {
    /// `SELECT *` into a sink of no fixed columns: what the sink gets depends on what the source has.
    pub(super) fn lint_wildcard(&mut self, draft: &Draft<'a>, sinks: &[String]) {
        // Redirected for a run, the rows go where somebody looks at them.
        if !matches!(draft.columns, TargetColumns::Own) || self.is_redirected(&draft.name) {
            return;
        }
        let Some(wildcard) = open_wildcard(draft.query) else {
            return;
        };
        let mut kept = sinks.iter().filter_map(|name| self.sink(name));
        if let Some(sink) = kept.find(|sink| keeps_rows(sink) && sink.declared.is_none()) {
            let message = format!(
                "`*` writes whatever columns the source has: one that is added there changes what `{}` gets",
                sink.name
            );
            self.diagnostics.push(
                Diagnostic::new(&code::LINT_WILDCARD_INTO_SINK, wildcard, message)
                    .with_help("name the columns that the sink is to get"),
            );
        }
    }

    fn sink(&self, name: &str) -> Option<&SinkOutline> {
        self.sinks.iter().find(|sink| sink.name.eq_ignore_ascii_case(name))
    }

    /// A declared table whose rows nothing tells apart. The records of topics have a key of their own.
    pub(super) fn lint_declared_key(&mut self, index: usize, declare: &Declare) {
        let properties = &self.assignments[index].bare;
        let is_topic = matches!(
            kind_of(Role::Source, properties, declare.name.span()),
            Ok(Some(ObjectKind::Kafka))
        );
        if declare.kind == TableKind::Table && !declare.columns.is_empty() && !has_key(declare) && !is_topic {
            let name = declare.name.name();
            self.diagnostics.push(table_without_key(
                &name.text,
                declare.name.span(),
                "mark the column that tells rows apart: … PRIMARY KEY",
            ));
        }
    }
}

/// A table that keeps every row, since no key says which of them a new one replaces.
pub(crate) fn table_without_key(name: &str, span: Span, help: &str) -> Diagnostic {
    let message = format!("the table `{name}` has no key, so that no row ever replaces another and all are kept");
    Diagnostic::new(&code::LINT_TABLE_WITHOUT_KEY, span, message).with_help(help)
}

/// Whether somebody may read later what is written to the sink.
fn keeps_rows(sink: &SinkOutline) -> bool {
    let passes_on = |text: &str| matches!(text, "-" | "discard");
    let path = sink.properties.get("path").map(|path| path.text.as_str());
    let kind = kind_of(Role::Sink, &sink.properties, sink.span);
    !path.is_some_and(passes_on)
        && matches!(
            kind,
            Ok(Some(
                ObjectKind::File
                    | ObjectKind::Kafka
                    | ObjectKind::Database
                    | ObjectKind::Http
                    | ObjectKind::ObjectStore
            ))
        )
}

/// The `*` of a query whose columns the statement itself does not tell.
fn open_wildcard(query: &Query) -> Option<Span> {
    match &query.body {
        SetExpr::Select(select) => wildcard_of(select, query),
        SetExpr::Query(inner) => open_wildcard(inner),
        SetExpr::Values(_) | SetExpr::SetOperation { .. } => None,
    }
}

fn wildcard_of(select: &Select, query: &Query) -> Option<Span> {
    let wildcard = select
        .items
        .iter()
        .find(|item| matches!(item.node, SelectItem::Wildcard | SelectItem::QualifiedWildcard(_)))?;
    reads_open(&select.from.as_ref()?.node, query).then_some(wildcard.span)
}

/// Whether some relation's columns are not told by the statement.
fn reads_open(from: &FromClause, query: &Query) -> bool {
    let joined = from.joins.iter().map(|join| &join.node.relation);
    std::iter::once(&from.relation)
        .chain(joined)
        .any(|relation| match &relation.kind {
            RelationKind::Table { name, .. } => {
                let mut ctes = query.with.iter().flat_map(|with| &with.node.ctes);
                let cte = ctes.find(|cte| name.name().matches(&cte.name.name.text));
                cte.is_none_or(|cte| open_wildcard(&cte.query).is_some())
            }
            RelationKind::Uri { .. } | RelationKind::Windowed { .. } => true,
            RelationKind::Subquery(inner) => open_wildcard(inner).is_some(),
            RelationKind::Nested(from) => reads_open(from, query),
            RelationKind::Unnest(_) => false,
        })
}
