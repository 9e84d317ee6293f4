//! Long chains of arithmetic.

use datafusion_expr::Expr;
use velo_common::{Diagnostic, Span};
use velo_data::SqlType;
use velo_functions::ArithmeticOperator;
use velo_functions::arithmetic::chain;
use velo_parser::ast::BinaryOperator;

use super::bound::{Bound, column};
use super::operators::{arithmetic, binary};

/// `first + a - b …`, computed by one function however long it is.
pub(super) struct ArithmeticChain {
    operands: Vec<Expr>,
    operators: Vec<ArithmeticOperator>,
    first: Option<Bound>,
    sql_type: SqlType,
}

impl ArithmeticChain {
    pub(super) fn new(first: Bound) -> Self {
        Self {
            operands: Vec::new(),
            operators: Vec::new(),
            sql_type: first.sql_type.clone(),
            first: Some(first),
        }
    }

    /// What stands to the left of the next operator: its type is what matters, unless it is still the first operand.
    pub(super) fn so_far(&self, span: Span) -> Bound {
        let computed = || Bound::new(column("…"), self.sql_type.clone(), span);
        self.first.clone().unwrap_or_else(computed)
    }

    /// Adds an operator, and what stands to its right.
    pub(super) fn push(&mut self, operator: BinaryOperator, right: Bound, span: Span) -> Result<(), Diagnostic> {
        let step = binary(self.so_far(span), operator, right, span)?;
        let Expr::ScalarFunction(mut call) = step.expr else {
            return Ok(());
        };
        let (right, left) = (call.args.pop(), call.args.pop());
        if self.first.take().is_some() {
            self.operands.extend(left);
        }
        self.operands.extend(right);
        self.operators.extend(arithmetic(operator));
        self.sql_type = step.sql_type;
        Ok(())
    }

    pub(super) fn finish(self, span: Span) -> Bound {
        match self.first {
            Some(only) => only,
            None => Bound::new(chain(self.operators).call(self.operands), self.sql_type, span),
        }
    }
}
