use velo_common::{Diagnostic, Span, code};

/// Forms of queries that the dialect has and this version cannot run yet. The list can only shrink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnsupportedForm {
    /// A JOIN of two streams.
    StreamJoin,
    /// RIGHT and FULL joins.
    OuterJoin,
    /// A JOIN with a query, a view or a common table expression.
    JoinedQuery,
    /// `FOR SYSTEM_TIME AS OF`.
    TemporalLookup,
    /// `UNNEST` and `EXPLODE` in FROM.
    Unnest,
    /// `UNNEST` and `EXPLODE` as a value.
    UnnestInExpression,
    /// `FROM TUMBLE(t, …)` and its like.
    WindowTableFunction,
    /// `EXCEPT ALL` and `INTERSECT ALL`.
    SetOperationAll,
    /// `WITH RECURSIVE`.
    RecursiveCte,
    /// A subquery as a value.
    ScalarSubquery,
    /// `EXISTS (…)`.
    Exists,
    /// `IN (SELECT …)`.
    InSubquery,
    /// `= ANY (…)`, `> ALL (…)`.
    QuantifiedComparison,
    /// `SLIDING`, `HOPPING`, `HOP`.
    SlidingWindow,
    /// `SESSION`.
    SessionWindow,
    /// `CUMULATE`.
    CumulateWindow,
    /// `TIME ZONE` in a window.
    WindowTimeZone,
    /// `RETENTION` in a window.
    WindowRetention,
    /// `EMIT EVERY`.
    EmitEvery,
    /// `f(…) OVER (…)`.
    Over,
    /// `QUALIFY`.
    Qualify,
    /// `PARTITION BY` of a query.
    PartitionBy,
    /// `ORDER BY` within an aggregate.
    AggregateOrderBy,
    /// `IGNORE NULLS`.
    NullTreatment,
    /// `x => …`.
    Lambda,
    /// `f(name := value)`.
    NamedArgument,
    /// `(a, b)`.
    Row,
    /// `SET_HEADER`, `REMOVE_HEADER`.
    HeaderChange,
}

impl UnsupportedForm {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::StreamJoin,
        Self::OuterJoin,
        Self::JoinedQuery,
        Self::TemporalLookup,
        Self::Unnest,
        Self::UnnestInExpression,
        Self::WindowTableFunction,
        Self::SetOperationAll,
        Self::RecursiveCte,
        Self::ScalarSubquery,
        Self::Exists,
        Self::InSubquery,
        Self::QuantifiedComparison,
        Self::SlidingWindow,
        Self::SessionWindow,
        Self::CumulateWindow,
        Self::WindowTimeZone,
        Self::WindowRetention,
        Self::EmitEvery,
        Self::Over,
        Self::Qualify,
        Self::PartitionBy,
        Self::AggregateOrderBy,
        Self::NullTreatment,
        Self::Lambda,
        Self::NamedArgument,
        Self::Row,
        Self::HeaderChange,
    ];

    /// What the form is called in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StreamJoin => "a join of two streams",
            Self::OuterJoin => "RIGHT JOIN and FULL JOIN",
            Self::JoinedQuery => "a join with a query",
            Self::TemporalLookup => "FOR SYSTEM_TIME AS OF",
            Self::Unnest => "UNNEST in FROM",
            Self::UnnestInExpression => "UNNEST, or EXPLODE, in an expression",
            Self::WindowTableFunction => "a window function in FROM",
            Self::SetOperationAll => "EXCEPT ALL and INTERSECT ALL",
            Self::RecursiveCte => "WITH RECURSIVE",
            Self::ScalarSubquery => "a subquery as a value",
            Self::Exists => "EXISTS",
            Self::InSubquery => "IN with a subquery",
            Self::QuantifiedComparison => "comparison with ANY or ALL",
            Self::SlidingWindow => "a sliding window",
            Self::SessionWindow => "a session window",
            Self::CumulateWindow => "a cumulating window",
            Self::WindowTimeZone => "TIME ZONE in a window",
            Self::WindowRetention => "RETENTION in a window",
            Self::EmitEvery => "EMIT EVERY",
            Self::Over => "OVER",
            Self::Qualify => "QUALIFY",
            Self::PartitionBy => "PARTITION BY",
            Self::AggregateOrderBy => "ORDER BY within an aggregate",
            Self::NullTreatment => "IGNORE NULLS and RESPECT NULLS",
            Self::Lambda => "a lambda",
            Self::NamedArgument => "a named argument",
            Self::Row => "a row value",
            Self::HeaderChange => "changing headers",
        }
    }

    pub(crate) fn diagnostic(self, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            &code::UNSUPPORTED,
            span,
            format!("{} is not supported yet", self.name()),
        );
        match self {
            Self::SlidingWindow | Self::SessionWindow | Self::CumulateWindow => {
                diagnostic.with_help("TUMBLING(size) is supported")
            }
            Self::QuantifiedComparison => {
                diagnostic.with_help("whether an array holds a value is ARRAY_CONTAINS(array, value)")
            }
            Self::StreamJoin => {
                diagnostic.with_help("a table can be joined: CREATE TABLE … AS SELECT … from what is on the right")
            }
            Self::OuterJoin => diagnostic.with_help("put what must not lose rows on the left of a LEFT JOIN"),
            Self::JoinedQuery => diagnostic.with_help("make a table of it first: CREATE TABLE name AS SELECT …"),
            Self::SetOperationAll => diagnostic.with_help("without ALL every row comes out once"),
            Self::EmitEvery => diagnostic.with_help("EMIT CHANGES and EMIT FINAL are supported"),
            _ => diagnostic,
        }
    }
}
