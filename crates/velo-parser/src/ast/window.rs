use std::time::Duration;

use super::{Expr, OrderByItem, Spanned};

/// A window, from a WINDOW clause, a GROUP BY or a table function.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its shape and measures.
    pub kind: WindowKind,
    /// The column that tells the time; the event time when absent.
    pub time_column: Option<Expr>,
    /// `OFFSET 6h`: shifts the alignment.
    pub offset: Option<Spanned<Duration>>,
    /// `TIME ZONE 'Europe/Berlin'`: aligns to local time.
    pub time_zone: Option<Spanned<String>>,
    /// `GRACE PERIOD 1m`: the allowed lateness.
    pub grace_period: Option<Spanned<Duration>>,
    /// `RETENTION 7d`: how long closed windows can be read.
    pub retention: Option<Spanned<Duration>>,
}

/// The shapes of windows.
#[derive(Debug, Clone, PartialEq)]
pub enum WindowKind {
    /// `TUMBLING(size)`, `TUMBLE(column, size)`.
    Tumbling {
        /// Length of a window.
        size: Spanned<Duration>,
    },
    /// `SLIDING(size, advance)`, `HOPPING(size, advance)`, `HOP(column, advance, size)`.
    Sliding {
        /// Length of a window.
        size: Spanned<Duration>,
        /// Time from the start of a window to that of the next.
        advance: Spanned<Duration>,
    },
    /// `SESSION([time_column,] gap [, key])`.
    Session {
        /// Silence that ends a session.
        gap: Spanned<Duration>,
        /// What tells sessions apart, besides the keys of the query.
        key: Option<Box<Expr>>,
    },
    /// `CUMULATE(step, size)`.
    Cumulate {
        /// How much each window is longer than the one before.
        step: Spanned<Duration>,
        /// Length of the longest.
        size: Spanned<Duration>,
    },
}

/// What stands between the parentheses of `OVER (…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// `ROWS WINDOW BUFFER n ROWS` and what belongs to it.
    pub buffer: Option<RowBuffer>,
    /// Empty when absent.
    pub partition_by: Vec<Expr>,
    /// Empty when absent.
    pub order_by: Vec<OrderByItem>,
    /// `ROWS BETWEEN …`, `RANGE BETWEEN …`.
    pub frame: Option<Spanned<Frame>>,
}

/// `ROWS WINDOW BUFFER n ROWS … [EMIT …] [EXPIRE …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RowBuffer {
    /// How many rows a partition keeps.
    pub rows: Spanned<u64>,
    /// When rows come out.
    pub emit: Option<Spanned<BufferEmit>>,
    /// When a partition is forgotten.
    pub expiry: Option<Spanned<BufferExpiry>>,
}

/// When a row buffer emits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferEmit {
    /// `EMIT EVERY RECORD`.
    EveryRecord,
    /// `EMIT ON BUFFER FULL`.
    OnBufferFull,
}

/// When a row buffer forgets a partition.
#[derive(Debug, Clone, PartialEq)]
pub enum BufferExpiry {
    /// `EXPIRE AFTER INTERVAL … INACTIVITY`.
    AfterInactivity(Spanned<Duration>),
    /// `EXPIRE AFTER NEVER`, `EXPIRE NEVER`.
    Never,
}

/// `ROWS | RANGE BETWEEN start AND end`, `ROWS | RANGE start`.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What the bounds count.
    pub unit: FrameUnit,
    /// Where the frame starts.
    pub start: FrameBound,
    /// Where it ends; at the current row when absent.
    pub end: Option<FrameBound>,
}

/// What the bounds of a frame count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUnit {
    /// `ROWS`.
    Rows,
    /// `RANGE`.
    Range,
}

/// One end of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`.
    UnboundedPreceding,
    /// `n PRECEDING`; an interval for RANGE.
    Preceding(Box<Expr>),
    /// `CURRENT ROW`.
    CurrentRow,
    /// `n FOLLOWING`.
    Following(Box<Expr>),
    /// `UNBOUNDED FOLLOWING`.
    UnboundedFollowing,
}
