//! How tightly operators bind: what the grammar and the printer must agree on.

use crate::ast::{BinaryOperator, LogicalOperator};

/// Levels of precedence, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precedence {
    /// `OR`
    Or,
    /// `AND`
    And,
    /// `NOT a = b`
    Not,
    /// `=`, `IS`, `IN`, `BETWEEN`, `LIKE`, `~`
    Comparison,
    /// `||`
    Concat,
    /// `+ -`
    Additive,
    /// `* / % DIV`
    Multiplicative,
    /// `^`
    Power,
    /// `-a`
    Unary,
    /// `a[1]`, `a->f`, and whatever has no operator.
    Postfix,
}

impl Precedence {
    /// Of `AND` and `OR`.
    pub(crate) const fn of_logical(operator: LogicalOperator) -> Self {
        match operator {
            LogicalOperator::Or => Self::Or,
            LogicalOperator::And => Self::And,
        }
    }

    /// Of an operator between two operands; all of them group from the left.
    pub(crate) const fn of_binary(operator: BinaryOperator) -> Self {
        match operator {
            BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual
            | BinaryOperator::IsDistinctFrom
            | BinaryOperator::IsNotDistinctFrom
            | BinaryOperator::RegexMatch => Self::Comparison,
            BinaryOperator::Concat => Self::Concat,
            BinaryOperator::Add | BinaryOperator::Subtract => Self::Additive,
            BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::IntegerDivide => Self::Multiplicative,
            BinaryOperator::Power => Self::Power,
        }
    }

    /// The next level up: what the right operand of this level must have.
    pub(crate) const fn tighter(self) -> Self {
        match self {
            Self::Or => Self::And,
            Self::And => Self::Not,
            Self::Not => Self::Comparison,
            Self::Comparison => Self::Concat,
            Self::Concat => Self::Additive,
            Self::Additive => Self::Multiplicative,
            Self::Multiplicative => Self::Power,
            Self::Power => Self::Unary,
            Self::Unary | Self::Postfix => Self::Postfix,
        }
    }
}
