use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::ArithmeticOperator;
use super::function::{Arithmetic, operand};

/// `a + b - c …` as one function: what nests as deep as it is long overflows the stack of whoever walks it.
///
/// The operators, one fewer than there are arguments, are applied from the left, each as [`udf`](super::udf) does.
pub fn chain(operators: Vec<ArithmeticOperator>) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Chain {
        operators,
        signature: Signature::user_defined(Volatility::Immutable),
    }))
}

/// The operators of a function that [`chain`] made.
pub fn operators_of_chain(function: &ScalarUDF) -> Option<&[ArithmeticOperator]> {
    let chain = function.inner().downcast_ref::<Chain>()?;
    Some(&chain.operators)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Chain {
    operators: Vec<ArithmeticOperator>,
    signature: Signature,
}

impl Chain {
    /// The type before the first operator, and behind each.
    fn types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let Some((first, rest)) = arguments
            .split_first()
            .filter(|(_, rest)| rest.len() == self.operators.len())
        else {
            return plan_err!("{} operators take one more operand", self.operators.len());
        };
        let mut types = vec![first.clone()];
        let mut left = first.clone();
        for (operator, right) in self.operators.iter().zip(rest) {
            left = Arithmetic::new(*operator).return_type(&[left, right.clone()])?;
            types.push(left.clone());
        }
        Ok(types)
    }
}

impl ScalarUDFImpl for Chain {
    fn name(&self) -> &'static str {
        "arithmetic_chain"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let mut text = args.first().map(operand).unwrap_or_default();
        for (operator, argument) in self.operators.iter().zip(args.iter().skip(1)) {
            let _ = write!(text, " {operator} {}", operand(argument)); // A String takes everything.
        }
        Ok(text)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.types(arg_types)?;
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match self.types(arg_types)?.pop() {
            Some(result) => Ok(result),
            None => plan_err!("a chain has at least one operand"),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        let types = self.types(&given)?;
        let mut operands = args.args.into_iter();
        let Some(mut left) = operands.next() else {
            return exec_err!("a chain has at least one operand");
        };
        let steps = self.operators.iter().zip(operands).zip(types.iter().skip(1));
        for ((operator, right), result) in steps {
            let result = Field::new("", result.clone(), true);
            left = Arithmetic::compute(*operator, &left, &right, &result)?;
        }
        Ok(left)
    }
}
