//! What means something else in ksqlDB, told to those who bring files from there.

use velo_common::{Diagnostic, Span, code};
use velo_parser::ast::{ExprKind, Ident, Property, Query, Script, SelectItem, SetExpr, StatementKind};

use super::syntax::properties_of;

/// Keys that nobody writes but who learned them from ksqlDB.
const KEYS: [&str; 12] = [
    "kafka_topic",
    "key_delimiter",
    "key_format",
    "key_schema_id",
    "retention_ms",
    "timestamp_format",
    "value_avro_schema_full_name",
    "value_delimiter",
    "value_format",
    "value_schema_full_name",
    "value_schema_id",
    "wrap_single_value",
];

/// Whether a file looks as if it had been written for ksqlDB.
pub(super) fn looks_like_ksqldb(script: &Script) -> bool {
    let is_key = |property: &Property| KEYS.iter().any(|key| property.key.node.eq_ignore_ascii_case(key));
    script
        .statements
        .iter()
        .any(|statement| properties_of(statement).iter().any(is_key))
}

/// Where the meaning of a file that looks like ksqlDB's differs from what it was there.
///
/// Division is left to those who know types.
pub(super) fn check(script: &Script, diagnostics: &mut Vec<Diagnostic>) {
    let queries = || {
        script.statements.iter().filter_map(|statement| match &statement.kind {
            StatementKind::CreateAs(create) => Some(&*create.query),
            StatementKind::Insert(insert) => Some(&*insert.query),
            _ => None,
        })
    };
    diagnostics.extend(queries().filter_map(window_without_emit));
    // One is enough to say it: it holds for all names.
    diagnostics.extend(queries().find_map(unquoted_name).map(folding));
}

fn window_without_emit(query: &Query) -> Option<Diagnostic> {
    let SetExpr::Select(select) = &query.body else {
        return None;
    };
    let window = select.any_window().filter(|_| query.emit.is_none())?;
    let message = "windows come out once, when they are due; in ksqlDB they come out with every change";
    Some(
        Diagnostic::new(&code::LINT_KSQLDB, window.span, message)
            .with_help("say which is meant: EMIT CHANGES as in ksqlDB, or EMIT FINAL"),
    )
}

/// The first output column whose name ksqlDB would write in capitals.
fn unquoted_name(query: &Query) -> Option<&Ident> {
    let SetExpr::Select(select) = &query.body else {
        return None;
    };
    let names = select.items.iter().filter_map(|item| match &item.node {
        SelectItem::Expr { alias: Some(alias), .. } => Some(alias),
        SelectItem::Expr { expr, .. } => match &expr.kind {
            ExprKind::Column(parts) => parts.last(),
            _ => None,
        },
        SelectItem::Wildcard | SelectItem::QualifiedWildcard(_) => None,
    });
    names
        .filter(|ident| !ident.name.quoted)
        .find(|ident| ident.name.text.chars().any(char::is_lowercase))
}

fn folding(ident: &Ident) -> Diagnostic {
    let name = &ident.name.text;
    let message = format!(
        "names keep their spelling: this column is written as `{name}`, and not as `{}` like in ksqlDB",
        name.to_uppercase()
    );
    Diagnostic::new(&code::LINT_KSQLDB, ident.span, message).with_help(format!(
        "where readers expect ksqlDB's names, write `{}`",
        name.to_uppercase()
    ))
}

/// `/` between integers, which ksqlDB cuts off.
pub(crate) fn division(span: Span) -> Diagnostic {
    let message = "`/` between integers gives a DOUBLE with its fraction; in ksqlDB it cuts the fraction off";
    Diagnostic::new(&code::LINT_KSQLDB, span, message).with_help("write DIV to divide as ksqlDB does")
}
