//! Checked `+ - * / % DIV` and unary minus, with the type rules of the dialect.
//!
//! They differ from DataFusion's operators, which wrap around and truncate: an overflow is an error, `/` never
//! truncates, and a division by zero is NULL and counted ([`take_zero_divisions`]).
//!
//! | operands | `+` `-` `*` `%` | `/` | `DIV` |
//! |---|---|---|---|
//! | integers | the wider integer | DOUBLE | BIGINT |
//! | a DECIMAL and DECIMALs or integers | DECIMAL that holds every result | DECIMAL(38, min(max(s1, s2) + 6, 18)), half away from zero | BIGINT |
//! | a DOUBLE and any number | DOUBLE, IEEE 754: beyond the largest is infinity | DOUBLE | BIGINT |
//! | TIMESTAMP, DATE or epoch milliseconds with INTERVAL | TIMESTAMP (`+` and `-`) | – | – |
//! | TIMESTAMP − TIMESTAMP | INTERVAL in days and a remainder | – | – |
//! | DATE − DATE, DATE ± integer | BIGINT days, DATE | – | – |
//! | INTERVAL and a number | INTERVAL (`*`) | INTERVAL | – |

mod chain;
mod decimal;
mod division;
mod function;
mod negate;
mod result_type;
mod temporal;

pub use chain::{chain, operators_of_chain};
pub use division::take_zero_divisions;
pub use function::udf;
pub use negate::{negate, negated_type};
pub use result_type::result_type;
pub(crate) use result_type::{capped_decimal, decimal_digits, quotient_type, wider_integer};

use std::fmt;

/// A binary operator of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArithmeticOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, which never truncates.
    Divide,
    /// `%`: what is left of a truncating division, with the sign of the dividend.
    Modulo,
    /// `DIV`: division that truncates towards zero.
    IntegerDivide,
}

impl ArithmeticOperator {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Modulo,
        Self::IntegerDivide,
    ];

    /// As written in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::IntegerDivide => "DIV",
        }
    }
}

impl fmt::Display for ArithmeticOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
