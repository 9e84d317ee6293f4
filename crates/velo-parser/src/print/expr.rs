use std::fmt::{self, Display, Formatter};

use super::names::{AnyWord, dotted};
use super::{Quoted, clause, flag, list, list_clause};
use crate::ast::{
    Argument, BinaryOperator, CaseBranch, Expr, ExprKind, FunctionCall, Ident, Interval, Literal, LogicalOperator,
    MapEntry, NullTreatment, OrderByItem, Quantifier, Spanned, StructEntry, TrimSide, TypedLiteralKind, UnaryOperator,
};
use crate::keyword::Keyword;
use crate::precedence::Precedence;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// An operand: in parentheses when it binds less tightly than its place asks for.
struct Operand<'a>(&'a Expr, Precedence);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(expr, weakest) = self;
        if precedence(&expr.kind) < *weakest {
            write!(f, "({expr})")
        } else {
            expr.fmt(f)
        }
    }
}

fn precedence(kind: &ExprKind) -> Precedence {
    match kind {
        ExprKind::Logical { operator, .. } => Precedence::of_logical(*operator),
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            ..
        } => Precedence::Not,
        ExprKind::Unary { .. } => Precedence::Unary,
        ExprKind::Binary { operator, .. } => Precedence::of_binary(operator.node),
        ExprKind::Chain { rest, .. } => rest.first().map_or(Precedence::Postfix, |(operator, _)| {
            Precedence::of_binary(operator.node)
        }),
        ExprKind::IsNull { .. }
        | ExprKind::IsBoolean { .. }
        | ExprKind::InList { .. }
        | ExprKind::InSubquery { .. }
        | ExprKind::Between { .. }
        | ExprKind::Like { .. }
        | ExprKind::Quantified { .. } => Precedence::Comparison,
        _ => Precedence::Postfix,
    }
}

/// What stands to the left of a comparison or to the right of one.
fn compared(expr: &Expr) -> Operand<'_> {
    Operand(expr, Precedence::Comparison)
}

fn comparand(expr: &Expr) -> Operand<'_> {
    Operand(expr, Precedence::Comparison.tighter())
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

impl Display for ExprKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Column(parts) => dotted(f, parts),
            Self::FieldAccess { operand, field } => {
                write!(f, "{}->{}", Operand(operand, Precedence::Postfix), AnyWord(field))
            }
            Self::Index { operand, index } => write!(f, "{}[{index}]", Operand(operand, Precedence::Postfix)),
            Self::Unary { operator, operand } => unary(f, *operator, operand),
            Self::Binary { left, operator, right } => binary(f, left, operator.node, right),
            Self::Chain { first, rest } => chain(f, first, rest),
            Self::Logical { operator, operands } => logical(f, *operator, operands),
            Self::Cast {
                operand,
                data_type,
                try_cast,
            } => {
                let function = if *try_cast { "TRY_CAST" } else { "CAST" };
                write!(f, "{function}({operand} AS {data_type})")
            }
            Self::Extract { part, operand } => write!(f, "EXTRACT({} FROM {operand})", AnyWord(part)),
            Self::Trim {
                side,
                characters,
                operand,
            } => trim(f, *side, characters.as_deref(), operand),
            Self::Position { needle, haystack } => {
                write!(f, "POSITION({} IN {haystack})", Operand(needle, Precedence::Concat))
            }
            Self::Case {
                operand,
                branches,
                otherwise,
            } => case(f, operand.as_deref(), branches, otherwise.as_deref()),
            Self::Function(call) => call.fmt(f),
            Self::Array(items) => bracketed(f, "ARRAY[", items, "]"),
            Self::Map(entries) => bracketed(f, "MAP{", entries, "}"),
            Self::Struct(entries) => bracketed(f, "STRUCT(", entries, ")"),
            Self::Row(items) => bracketed(f, "(", items, ")"),
            Self::Lambda { parameters, body } => lambda(f, parameters, body),
            Self::Exists(query) => write!(f, "EXISTS ({query})"),
            Self::Subquery(query) => write!(f, "({query})"),
            test => write_test(f, test),
        }
    }
}

/// Everything of the precedence of a comparison that is not a plain operator.
fn write_test(f: &mut Formatter<'_>, test: &ExprKind) -> fmt::Result {
    match test {
        ExprKind::IsNull { operand, negated } => write!(f, "{} IS {}NULL", compared(operand), not(*negated)),
        ExprKind::IsBoolean {
            operand,
            value,
            negated,
        } => {
            let value = value.map_or("UNKNOWN", |value| if value { "TRUE" } else { "FALSE" });
            write!(f, "{} IS {}{value}", compared(operand), not(*negated))
        }
        ExprKind::InList { operand, list, negated } => {
            bracketed(f, &format!("{} {}IN (", compared(operand), not(*negated)), list, ")")
        }
        ExprKind::InSubquery {
            operand,
            query,
            negated,
        } => {
            write!(f, "{} {}IN ({query})", compared(operand), not(*negated))
        }
        ExprKind::Between {
            operand,
            low,
            high,
            negated,
        } => {
            let (low, high) = (comparand(low), comparand(high));
            write!(f, "{} {}BETWEEN {low} AND {high}", compared(operand), not(*negated))
        }
        ExprKind::Like {
            operand,
            pattern,
            escape,
            case_insensitive,
            negated,
        } => {
            let operator = if *case_insensitive { "ILIKE" } else { "LIKE" };
            write!(
                f,
                "{} {}{operator} {}",
                compared(operand),
                not(*negated),
                comparand(pattern)
            )?;
            clause(f, "ESCAPE", escape.as_ref().map(|escape| Quoted(escape)))
        }
        ExprKind::Quantified {
            left,
            operator,
            quantifier,
            query,
        } => {
            let quantifier = if *quantifier == Quantifier::Any { "ANY" } else { "ALL" };
            write!(f, "{} {} {quantifier} ({query})", compared(left), operator.as_str())
        }
        _ => Ok(()),
    }
}

fn unary(f: &mut Formatter<'_>, operator: UnaryOperator, operand: &Expr) -> fmt::Result {
    let minus_follows = matches!(
        operand.kind,
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            ..
        }
    );
    match operator {
        UnaryOperator::Not => write!(f, "NOT {}", Operand(operand, Precedence::Not)),
        UnaryOperator::Plus => write!(f, "+{}", Operand(operand, Precedence::Unary)),
        // Two dashes would start a comment.
        UnaryOperator::Minus if minus_follows => write!(f, "-({operand})"),
        UnaryOperator::Minus => write!(f, "-{}", Operand(operand, Precedence::Unary)),
    }
}

fn binary(f: &mut Formatter<'_>, left: &Expr, operator: BinaryOperator, right: &Expr) -> fmt::Result {
    let precedence = Precedence::of_binary(operator);
    let (left, right) = (Operand(left, precedence), Operand(right, precedence.tighter()));
    write!(f, "{left} {} {right}", operator.as_str())
}

fn chain(f: &mut Formatter<'_>, first: &Expr, rest: &[(Spanned<BinaryOperator>, Expr)]) -> fmt::Result {
    let precedence = rest.first().map(|(operator, _)| Precedence::of_binary(operator.node));
    let precedence = precedence.unwrap_or(Precedence::Postfix);
    write!(f, "{}", Operand(first, precedence))?;
    for (operator, operand) in rest {
        write!(
            f,
            " {} {}",
            operator.node.as_str(),
            Operand(operand, precedence.tighter())
        )?;
    }
    Ok(())
}

fn logical(f: &mut Formatter<'_>, operator: LogicalOperator, operands: &[Expr]) -> fmt::Result {
    let word = if operator == LogicalOperator::And {
        " AND "
    } else {
        " OR "
    };
    for (index, operand) in operands.iter().enumerate() {
        let separator = if index == 0 { "" } else { word };
        write!(
            f,
            "{separator}{}",
            Operand(operand, Precedence::of_logical(operator).tighter())
        )?;
    }
    Ok(())
}

fn bracketed<T: Display>(f: &mut Formatter<'_>, opener: &str, items: &[T], closer: &str) -> fmt::Result {
    f.write_str(opener)?;
    list(f, items)?;
    f.write_str(closer)
}

fn trim(f: &mut Formatter<'_>, side: TrimSide, characters: Option<&Expr>, operand: &Expr) -> fmt::Result {
    let side = match side {
        TrimSide::Both => "BOTH",
        TrimSide::Leading => "LEADING",
        TrimSide::Trailing => "TRAILING",
    };
    write!(f, "TRIM({side}")?;
    if let Some(characters) = characters {
        write!(f, " {characters}")?;
    }
    write!(f, " FROM {operand})")
}

fn case(
    f: &mut Formatter<'_>,
    operand: Option<&Expr>,
    branches: &[CaseBranch],
    otherwise: Option<&Expr>,
) -> fmt::Result {
    f.write_str("CASE")?;
    if let Some(operand) = operand {
        write!(f, " {operand}")?;
    }
    for CaseBranch { condition, result } in branches {
        write!(f, " WHEN {condition} THEN {result}")?;
    }
    clause(f, "ELSE", otherwise)?;
    f.write_str(" END")
}

fn lambda(f: &mut Formatter<'_>, parameters: &[Ident], body: &Expr) -> fmt::Result {
    match parameters {
        [only] => write!(f, "{only}")?,
        several => bracketed(f, "(", several, ")")?,
    }
    write!(f, " => {body}")
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Number(number) => f.write_str(&number.text),
            Self::String(text) => Quoted(text).fmt(f),
            Self::Typed { kind, text } => {
                let word = match kind {
                    TypedLiteralKind::Date => "DATE",
                    TypedLiteralKind::Time => "TIME",
                    TypedLiteralKind::Timestamp => "TIMESTAMP",
                };
                write!(f, "{word} {}", Quoted(text))
            }
            Self::Interval(interval) => interval.fmt(f),
        }
    }
}

/// `INTERVAL '5' MINUTE`, and with several parts `INTERVAL '1 HOUR 30 MINUTE'`.
impl Display for Interval {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let [part] = self.parts.as_slice() {
            return write!(f, "INTERVAL '{}' {}", part.amount, part.unit.keyword());
        }
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|part| format!("{} {}", part.amount, part.unit.keyword()))
            .collect();
        write!(f, "INTERVAL '{}'", parts.join(" "))
    }
}

impl Display for FunctionCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match Keyword::of(&self.name.name.text) {
            // The one reserved word that is a function, too.
            Some(Keyword::JOIN) if !self.name.name.quoted => f.write_str(&self.name.name.text)?,
            _ => self.name.fmt(f)?,
        }
        if !is_bare(self) {
            f.write_str(if self.distinct { "(DISTINCT " } else { "(" })?;
            list(f, &self.arguments)?;
            list_clause(f, "ORDER BY", &self.order_by)?;
            f.write_str(")")?;
        }
        if !self.within_group.is_empty() {
            bracketed(f, " WITHIN GROUP (ORDER BY ", &self.within_group, ")")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        flag(f, self.null_treatment == Some(NullTreatment::Ignore), "IGNORE NULLS")?;
        flag(f, self.null_treatment == Some(NullTreatment::Respect), "RESPECT NULLS")?;
        clause(f, "OVER", self.over.as_ref())
    }
}

/// Whether the function is one of those that standard SQL calls without parentheses.
fn is_bare(call: &FunctionCall) -> bool {
    let bare = matches!(
        Keyword::of(&call.name.name.text),
        Some(Keyword::CURRENT_DATE | Keyword::CURRENT_TIME | Keyword::CURRENT_TIMESTAMP | Keyword::LOCALTIMESTAMP)
    );
    bare && !call.name.name.quoted && call.arguments.is_empty() && !call.distinct && call.order_by.is_empty()
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Positional(expr) => expr.fmt(f),
            Self::Named { name, value } => write!(f, "{name} := {value}"),
            Self::Wildcard => f.write_str("*"),
        }
    }
}

impl Display for OrderByItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)?;
        flag(f, self.descending, "DESC")?;
        flag(f, self.nulls_first == Some(true), "NULLS FIRST")?;
        flag(f, self.nulls_first == Some(false), "NULLS LAST")
    }
}

impl Display for MapEntry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.value)
    }
}

impl Display for StructEntry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} := {}", AnyWord(&self.name), self.value)
    }
}
