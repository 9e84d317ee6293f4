//! Properties that are right by themselves and cannot both hold.

use velo_common::{Diagnostic, Span, code, parse_duration};

use super::value::parse_boolean;
use super::{Properties, PropertyValue};

/// Two properties, and whether their values exclude each other.
struct Pair {
    keys: [&'static str; 2],
    excludes: fn(&str, &str) -> bool,
    help: &'static str,
}

const PAIRS: [Pair; 3] = [
    Pair {
        keys: ["failure_strategy", "error.policy"],
        excludes: |strategy, policy| policy_of(strategy).is_some_and(|meant| !meant.eq_ignore_ascii_case(policy)),
        help: "both say what becomes of rows that fail: keep `error.policy`",
    },
    Pair {
        keys: ["watermark.strategy", "watermark.max_out_of_orderness"],
        excludes: |strategy, bound| {
            strategy.eq_ignore_ascii_case("ascending") && parse_duration(bound).is_ok_and(|bound| !bound.is_zero())
        },
        help: "ascending times are never out of order: remove one of the two",
    },
    Pair {
        keys: ["format", "has_headers"],
        excludes: |format, has_headers| {
            format.eq_ignore_ascii_case("csv_no_header") && parse_boolean(has_headers) == Some(true)
        },
        help: "write `csv` for a file with a header line",
    },
];

/// The `error.policy` that a `failure_strategy` is the older spelling of.
pub(super) fn policy_of(strategy: &str) -> Option<&'static str> {
    [
        ("LogAndContinue", "skip"),
        ("FailBatch", "fail"),
        ("SendToDLQ", "dead_letter"),
    ]
    .into_iter()
    .find_map(|(known, policy)| known.eq_ignore_ascii_case(strategy).then_some(policy))
}

/// Says which properties contradict each other, with the places of both. What the command line says goes before SQL,
/// so that it contradicts nothing there.
pub(crate) fn contradictions(properties: &Properties, object: Span) -> Vec<Diagnostic> {
    let found = PAIRS.iter().filter_map(|pair| {
        let [one, other] = pair.keys.map(|key| properties.get(key).map(|value| (key, value)));
        let (one, other) = (one?, other?);
        let same_rank = one.1.span.is_some() == other.1.span.is_some();
        (same_rank && (pair.excludes)(&one.1.text, &other.1.text)).then(|| diagnostic(one, other, pair.help, object))
    });
    found.collect()
}

fn diagnostic(one: (&str, &PropertyValue), other: (&str, &PropertyValue), help: &str, object: Span) -> Diagnostic {
    let starts = |(_, value): (&str, &PropertyValue)| value.span.map(|span| span.start);
    // The later of the two is the one that contradicts.
    let (first, second) = if starts(one) <= starts(other) {
        (one, other)
    } else {
        (other, one)
    };
    let message = format!(
        "`{}` = `{}` contradicts `{}` = `{}`",
        second.0, second.1.text, first.0, first.1.text
    );
    let place = second.1.span.unwrap_or(object);
    Diagnostic::new(&code::CONFLICTING_PROPERTY, place, message)
        .with_related(first.1.span.filter(|span| *span != place), "given here")
        .with_help(help)
}
