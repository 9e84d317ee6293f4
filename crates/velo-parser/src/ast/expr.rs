use velo_common::Span;

use super::{DataType, Ident, Literal, Over, Query, Spanned};

/// An expression and where it stands. Parentheses around it belong to the span of the expression that holds it.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first to its last token.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Expr {
    /// An expression as found at `span`.
    pub const fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }
}

/// Every form of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// `a`, `t.a`, `t.s.f`: identifiers with dots between them. Which of them is the source, the column and the
    /// field is for the planner to find out.
    Column(Vec<Ident>),
    /// `operand->field`, and `operand.field` where the operand is not a [`Column`](Self::Column).
    FieldAccess {
        /// A struct or JSON value.
        operand: Box<Expr>,
        /// The field.
        field: Ident,
    },
    /// `operand[index]`.
    Index {
        /// An array or a map.
        operand: Box<Expr>,
        /// A position, from 1, or a key.
        index: Box<Expr>,
    },
    /// `NOT a`, `-a`, `+a`.
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// What it applies to.
        operand: Box<Expr>,
    },
    /// `left operator right`.
    Binary {
        /// The left side.
        left: Box<Expr>,
        /// The operator with its place.
        operator: Spanned<BinaryOperator>,
        /// The right side.
        right: Box<Expr>,
    },
    /// `first + a - b …`, grouped from the left: the end of a long chain of operators of one precedence, so that a chain of
    /// any length is a few levels deep. Short chains are nested.
    Chain {
        /// What stands first.
        first: Box<Expr>,
        /// Each operator with its place, and what stands to its right.
        rest: Vec<(Spanned<BinaryOperator>, Expr)>,
    },
    /// `a AND b AND c`, `a OR b OR c`: the operands of one chain side by side, so that a chain of any length is
    /// one level deep. A parenthesised chain within a chain stays an operand of its own.
    Logical {
        /// What joins the operands.
        operator: LogicalOperator,
        /// At least two.
        operands: Vec<Expr>,
    },
    /// `operand IS [NOT] NULL`.
    IsNull {
        /// What is tested.
        operand: Box<Expr>,
        /// Whether there is a `NOT`.
        negated: bool,
    },
    /// `operand IS [NOT] TRUE | FALSE | UNKNOWN`.
    IsBoolean {
        /// What is tested.
        operand: Box<Expr>,
        /// The truth value asked for; `None` is `UNKNOWN`.
        value: Option<bool>,
        /// Whether there is a `NOT`.
        negated: bool,
    },
    /// `operand [NOT] IN (a, b, …)`.
    InList {
        /// What is looked for.
        operand: Box<Expr>,
        /// At least one.
        list: Vec<Expr>,
        /// Whether there is a `NOT`.
        negated: bool,
    },
    /// `operand [NOT] IN (query)`.
    InSubquery {
        /// What is looked for.
        operand: Box<Expr>,
        /// Where.
        query: Box<Query>,
        /// Whether there is a `NOT`.
        negated: bool,
    },
    /// `operand [NOT] BETWEEN low AND high`.
    Between {
        /// What is compared.
        operand: Box<Expr>,
        /// The lower bound, inclusive.
        low: Box<Expr>,
        /// The upper bound, inclusive.
        high: Box<Expr>,
        /// Whether there is a `NOT`.
        negated: bool,
    },
    /// `operand [NOT] LIKE | ILIKE pattern [ESCAPE escape]`.
    Like {
        /// The text.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// The character behind which `%` and `_` stand for themselves.
        escape: Option<Spanned<String>>,
        /// Whether it is `ILIKE`.
        case_insensitive: bool,
        /// Whether there is a `NOT`.
        negated: bool,
    },
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`.
    Case {
        /// What a simple CASE compares.
        operand: Option<Box<Expr>>,
        /// At least one.
        branches: Vec<CaseBranch>,
        /// The value when no branch applies; NULL when absent.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(operand AS type)`, `TRY_CAST(operand AS type)`, `operand::type`.
    Cast {
        /// The value.
        operand: Box<Expr>,
        /// The type it is to have.
        data_type: Spanned<DataType>,
        /// Whether a value that does not fit becomes NULL.
        try_cast: bool,
    },
    /// `EXTRACT(part FROM operand)`.
    Extract {
        /// The part, such as `HOUR` or `EPOCH`, as written.
        part: Ident,
        /// A date or time.
        operand: Box<Expr>,
    },
    /// `TRIM([LEADING | TRAILING | BOTH] [characters] FROM operand)`; `TRIM(x)` is a [`Function`](Self::Function).
    Trim {
        /// Which ends.
        side: TrimSide,
        /// What is cut off; blanks when absent.
        characters: Option<Box<Expr>>,
        /// The text.
        operand: Box<Expr>,
    },
    /// `POSITION(needle IN haystack)`; with a comma it is a [`Function`](Self::Function).
    Position {
        /// What is looked for.
        needle: Box<Expr>,
        /// Where.
        haystack: Box<Expr>,
    },
    /// `f(…)` with all that may follow, and `CURRENT_TIMESTAMP` and its like, with or without `()`.
    Function(Box<FunctionCall>),
    /// `ARRAY[a, b]`.
    Array(Vec<Expr>),
    /// `MAP{'k': v}`, `MAP('k' := v)`.
    Map(Vec<MapEntry>),
    /// `STRUCT(f := v)`.
    Struct(Vec<StructEntry>),
    /// `(a, b)`: a row of at least two.
    Row(Vec<Expr>),
    /// `x => body`, `(k, v) => body`; only as an argument of a function.
    Lambda {
        /// At least one.
        parameters: Vec<Ident>,
        /// The function's value.
        body: Box<Expr>,
    },
    /// `EXISTS (query)`. `NOT EXISTS` is a [`Unary`](Self::Unary) around it.
    Exists(Box<Query>),
    /// `(query)` used as a value.
    Subquery(Box<Query>),
    /// `left operator ANY | ALL (query)`.
    Quantified {
        /// What is compared.
        left: Box<Expr>,
        /// A comparison.
        operator: Spanned<BinaryOperator>,
        /// With how many of the rows.
        quantifier: Quantifier,
        /// A query of one column.
        query: Box<Query>,
    },
}

/// An operator before its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `NOT a`.
    Not,
    /// `-a`.
    Minus,
    /// `+a`.
    Plus,
}

/// What joins the operands of a [`ExprKind::Logical`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogicalOperator {
    /// `AND`.
    And,
    /// `OR`.
    Or,
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `=`
    Equal,
    /// `<>`, `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS DISTINCT FROM`
    IsDistinctFrom,
    /// `IS NOT DISTINCT FROM`
    IsNotDistinctFrom,
    /// `~`: the regular expression on the right matches.
    RegexMatch,
    /// `||`
    Concat,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `DIV`
    IntegerDivide,
    /// `^`
    Power,
}

impl BinaryOperator {
    /// The operator as canonical SQL writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
            Self::RegexMatch => "~",
            Self::Concat => "||",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::IntegerDivide => "DIV",
            Self::Power => "^",
        }
    }
}

/// `ANY` or `ALL`; `SOME` is `ANY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `ANY`, `SOME`.
    Any,
    /// `ALL`.
    All,
}

/// Which ends `TRIM` cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrimSide {
    /// `BOTH`, the default.
    Both,
    /// `LEADING`.
    Leading,
    /// `TRAILING`.
    Trailing,
}

/// `WHEN condition THEN result`.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseBranch {
    /// A condition, or in a simple CASE the value to compare with.
    pub condition: Expr,
    /// The value when it applies.
    pub result: Expr,
}

/// `key: value` in a `MAP{…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MapEntry {
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// `name := value` in a `STRUCT(…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct StructEntry {
    /// The field's name.
    pub name: Ident,
    /// The field's value.
    pub value: Expr,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionCall {
    /// The function's name, as written.
    pub name: Ident,
    /// `f(DISTINCT …)`.
    pub distinct: bool,
    /// What stands between the parentheses.
    pub arguments: Vec<Argument>,
    /// `f(… ORDER BY …)`.
    pub order_by: Vec<OrderByItem>,
    /// `f(…) WITHIN GROUP (ORDER BY …)`; empty when absent.
    pub within_group: Vec<OrderByItem>,
    /// `f(…) FILTER (WHERE …)`.
    pub filter: Option<Expr>,
    /// `f(…) IGNORE NULLS`, within the parentheses or behind them.
    pub null_treatment: Option<NullTreatment>,
    /// `f(…) OVER (…)`.
    pub over: Option<Spanned<Over>>,
}

/// One argument of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// `expr`, which may be a lambda.
    Positional(Expr),
    /// `name := expr`.
    Named {
        /// The parameter.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `*`, as in `COUNT(*)`.
    Wildcard,
}

/// What a function does with NULLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullTreatment {
    /// `IGNORE NULLS`.
    Ignore,
    /// `RESPECT NULLS`.
    Respect,
}

/// `expr [ASC | DESC] [NULLS FIRST | LAST]`.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderByItem {
    /// What to order by.
    pub expr: Expr,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST` is `Some(true)`, `NULLS LAST` is `Some(false)`.
    pub nulls_first: Option<bool>,
}
