use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::{Length, Quoted};
use crate::ast::{
    BufferEmit, BufferExpiry, Expr, Frame, FrameBound, FrameUnit, ObjectName, Over, Spanned, Window, WindowKind,
};

/// As a WINDOW clause or GROUP BY item has it: `SLIDING(column, size, advance)`.
impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (name, measures): (_, &[_]) = match &self.kind {
            WindowKind::Tumbling { size } => ("TUMBLING", &[size.node]),
            WindowKind::Sliding { size, advance } => ("SLIDING", &[size.node, advance.node]),
            WindowKind::Session { gap, .. } => ("SESSION", &[gap.node]),
            WindowKind::Cumulate { step, size } => ("CUMULATE", &[step.node, size.node]),
        };
        let column = self.time_column.iter().map(Expr::to_string);
        let measures = measures.iter().map(|length| Length(*length).to_string());
        write_arguments(f, name, column.chain(measures), self)
    }
}

/// As a table function has it: `HOP(table, column, advance, size)`.
pub(super) fn windowed_table(f: &mut Formatter<'_>, table: &ObjectName, window: &Window) -> fmt::Result {
    let (name, measures): (_, &[_]) = match &window.kind {
        WindowKind::Tumbling { size } => ("TUMBLE", &[size.node]),
        WindowKind::Sliding { size, advance } => ("HOP", &[advance.node, size.node]),
        WindowKind::Session { gap, .. } => ("SESSION", &[gap.node]),
        WindowKind::Cumulate { step, size } => ("CUMULATE", &[step.node, size.node]),
    };
    let column = window.time_column.iter().map(Expr::to_string);
    let measures = measures.iter().map(|length| Length(*length).to_string());
    write_arguments(
        f,
        name,
        [table.to_string()].into_iter().chain(column).chain(measures),
        window,
    )
}

/// The name, the leading arguments, and those that every window can have.
fn write_arguments(
    f: &mut Formatter<'_>,
    name: &str,
    leading: impl Iterator<Item = String>,
    window: &Window,
) -> fmt::Result {
    let labelled = |label: &str, length: &Option<Spanned<Duration>>| {
        length.as_ref().map(|length| format!("{label} {}", Length(length.node)))
    };
    let key = match &window.kind {
        WindowKind::Session { key, .. } => key.as_ref().map(ToString::to_string),
        _ => None,
    };
    let trailing = [
        key,
        labelled("OFFSET", &window.offset),
        window
            .time_zone
            .as_ref()
            .map(|zone| format!("TIME ZONE {}", Quoted(zone))),
        labelled("GRACE PERIOD", &window.grace_period),
        labelled("RETENTION", &window.retention),
    ];
    let arguments: Vec<String> = leading.chain(trailing.into_iter().flatten()).collect();
    write!(f, "{name}({})", arguments.join(", "))
}

impl Display for Over {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(
            self.buffer
                .as_ref()
                .map(|buffer| format!("ROWS WINDOW BUFFER {} ROWS", buffer.rows)),
        );
        parts.extend(by("PARTITION BY", &self.partition_by));
        parts.extend(by("ORDER BY", &self.order_by));
        parts.extend(self.frame.as_ref().map(ToString::to_string));
        parts.extend(
            self.buffer
                .as_ref()
                .and_then(|buffer| buffer.emit.as_ref())
                .map(ToString::to_string),
        );
        parts.extend(
            self.buffer
                .as_ref()
                .and_then(|buffer| buffer.expiry.as_ref())
                .map(ToString::to_string),
        );
        write!(f, "({})", parts.join(" "))
    }
}

/// `keyword a, b`, or nothing when there are no items.
fn by<T: Display>(keyword: &str, items: &[T]) -> Option<String> {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| format!("{keyword} {}", texts.join(", ")))
}

impl Display for BufferEmit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EveryRecord => "EMIT EVERY RECORD",
            Self::OnBufferFull => "EMIT ON BUFFER FULL",
        })
    }
}

impl Display for BufferExpiry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AfterInactivity(length) => write!(f, "EXPIRE AFTER {} INACTIVITY", Length(length.node)),
            Self::Never => f.write_str("EXPIRE NEVER"),
        }
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let unit = if self.unit == FrameUnit::Rows { "ROWS" } else { "RANGE" };
        match &self.end {
            Some(end) => write!(f, "{unit} BETWEEN {} AND {end}", self.start),
            None => write!(f, "{unit} {}", self.start),
        }
    }
}

impl Display for FrameBound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnboundedPreceding => f.write_str("UNBOUNDED PRECEDING"),
            Self::Preceding(distance) => write!(f, "{distance} PRECEDING"),
            Self::CurrentRow => f.write_str("CURRENT ROW"),
            Self::Following(distance) => write!(f, "{distance} FOLLOWING"),
            Self::UnboundedFollowing => f.write_str("UNBOUNDED FOLLOWING"),
        }
    }
}
