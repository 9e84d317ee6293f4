//! The syntax tree of the whole dialect.
//!
//! A tree holds what was written and nothing more: names are not resolved, numbers keep their digits, types are
//! syntax. Synonyms are folded while parsing (`LIST` is `SHOW`, `HOPPING` is `SLIDING`, `a::INT` is
//! `CAST(a AS INT)`), so a consumer handles each meaning once.
//!
//! Spans take no part in `==`: two trees are equal when they mean the same text up to layout. That is why the types
//! with a span write `PartialEq` by hand.
//!
//! The height of a tree is limited ([`MAX_DEPTH`](crate::MAX_DEPTH)), so recursive functions over it are safe.

mod annotation;
mod expr;
mod job;
mod literal;
mod name;
mod query;
mod statement;
mod types;
mod window;

pub use annotation::{Annotation, comma_separated};
pub use expr::{
    Argument, BinaryOperator, CaseBranch, Expr, ExprKind, FunctionCall, LogicalOperator, MapEntry, NullTreatment,
    OrderByItem, Quantifier, StructEntry, TrimSide, UnaryOperator,
};
pub use job::{DeployStrategy, JobStatement};
pub use literal::{Interval, IntervalPart, Literal, NumberKind, NumberLiteral, TypedLiteralKind};
pub use name::{Ident, ObjectName, Spanned};
pub use query::{
    Cte, Emit, FromClause, GroupByItem, Join, JoinConstraint, JoinKind, Property, Query, Relation, RelationKind,
    Select, SelectItem, SetExpr, SetOperator, TableAlias, With, Within,
};
pub use statement::{
    Assert, AssertKind, ColumnDefinition, ColumnRole, CreateAs, CreateView, Declare, Describe, DescribeKind, DropKind,
    DropObject, Explain, Insert, JobName, Print, Script, Show, ShowObject, Statement, StatementKind, TableKind,
};
pub use types::{DataType, StructField};
pub use window::{BufferEmit, BufferExpiry, Frame, FrameBound, FrameUnit, Over, RowBuffer, Window, WindowKind};
