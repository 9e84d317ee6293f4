//! Windows that go by another time than that of the events.

use velo_common::{Diagnostic, Span, code};
use velo_data::SystemColumn;

use crate::catalog::Catalog;
use crate::plan::{LogicalPlan, Relation};

/// A window over rows whose only time is that of their records, which may be when they were written.
pub(in crate::bind) fn record_time(input: &LogicalPlan, window: Span, catalog: &Catalog<'_>) -> Option<Diagnostic> {
    let name = timed_by_records(input, catalog)?;
    let message =
        format!("the window goes by the time of the records of `{name}`, since nothing names their event time");
    let help = format!(
        "name the column that holds it: '{name}.event.time.field' = 'column'; \
         if the record's time is meant, say so: WINDOW TUMBLING({}, size)",
        SystemColumn::Timestamp.name()
    );
    Some(Diagnostic::new(&code::LINT_RECORD_TIME, window, message).with_help(help))
}

/// The source whose record time is the event time of a plan's rows.
pub(crate) fn timed_by_records<'a>(plan: &'a LogicalPlan, catalog: &'a Catalog<'_>) -> Option<&'a str> {
    match plan {
        LogicalPlan::Scan(scan) => match &scan.relation {
            Relation::Source(id) => {
                let (source, _) = catalog.source(id)?;
                let is_named = source.properties.contains_key("event.time.field");
                let by_record = scan.event_time.as_ref().is_some_and(|time| time.expression.is_none());
                (by_record && !is_named).then_some(source.name.as_str())
            }
            Relation::Table(_) => None,
            Relation::Statement(name) => catalog.output(name)?.timed_by_records.as_deref(),
        },
        // The time of a result is that of its window or group, which has been spoken of.
        LogicalPlan::Aggregate(_) | LogicalPlan::Values(_) => None,
        other => other
            .inputs()
            .into_iter()
            .find_map(|input| timed_by_records(input, catalog)),
    }
}
