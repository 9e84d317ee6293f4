//! What `validate` tells about joins: kind, bound and state.

use std::fmt::Write;

use serde::Serialize;
use velo_planner::{JoinBound, JoinOutline};

use super::diagnostics::Finding;

/// Whether a join looks rows up in a table, which needs no bound: nothing about it has to be known.
pub(crate) fn is_lookup(join: &JoinOutline) -> bool {
    join.bound == JoinBound::Unneeded
}

/// Three lines per join of streams, and an empty one behind it.
pub(crate) fn text(finding: &Finding) -> String {
    text_of(finding, |join| !is_lookup(join))
}

/// The same of joins with tables.
pub(crate) fn text_of_lookups(finding: &Finding) -> String {
    text_of(finding, is_lookup)
}

fn text_of(finding: &Finding, is_told: fn(&JoinOutline) -> bool) -> String {
    let mut text = String::new();
    for join in finding.joins.iter().filter(|join| is_told(join)) {
        let place = finding.source.position(join.span.start);
        let condition = join.condition.as_deref().map(|condition| format!(" {condition}"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "join: {} `{}` {} {} `{}`{}\n --> {}:{}:{}\n  = bound: {}\n  = state: {}\n",
            join.left.role.as_str(),
            join.left.name,
            join.keywords(),
            join.right.role.as_str(),
            join.right.name,
            condition.unwrap_or_default(),
            finding.source.name(),
            place.line,
            place.column,
            join.bound.describe(),
            join.state,
        );
    }
    text
}

/// A join in one sentence.
pub(crate) fn sentence(join: &JoinOutline) -> String {
    format!(
        "{}–{} {} of `{}` and `{}`; bound: {}; state: {}",
        join.left.role.as_str(),
        join.right.role.as_str(),
        join.keywords(),
        join.left.name,
        join.right.name,
        join.bound.describe(),
        join.state,
    )
}

/// A join in `validate --format json`.
#[derive(Debug, Serialize)]
pub(crate) struct JsonJoin<'a> {
    line: usize,
    column: usize,
    kind: &'static str,
    left: JsonSide<'a>,
    right: JsonSide<'a>,
    condition: Option<&'a str>,
    bound: &'a str,
    state: &'a str,
}

#[derive(Debug, Serialize)]
struct JsonSide<'a> {
    name: &'a str,
    role: &'static str,
}

/// The joins of a program, in the order of its statements.
pub(crate) fn json(finding: &Finding) -> Vec<JsonJoin<'_>> {
    let join = |join| json_join(join, finding);
    finding.joins.iter().map(join).collect()
}

fn json_join<'a>(join: &'a JoinOutline, finding: &Finding) -> JsonJoin<'a> {
    let place = finding.source.position(join.span.start);
    JsonJoin {
        line: place.line,
        column: place.column,
        kind: join.keywords(),
        left: JsonSide {
            name: &join.left.name,
            role: join.left.role.as_str(),
        },
        right: JsonSide {
            name: &join.right.name,
            role: join.right.role.as_str(),
        },
        condition: join.condition.as_deref(),
        bound: join.bound.describe(),
        state: &join.state,
    }
}
