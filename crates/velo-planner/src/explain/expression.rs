use datafusion_common::ScalarValue;
use datafusion_expr::expr::{Case, InList, Like, ScalarFunction};
use datafusion_expr::{Between, Expr, Operator};
use velo_data::SqlType;
use velo_functions::ArithmeticOperator;

/// How tightly an expression binds, as the dialect has it: an operand that binds less than its operator asks for
/// gets parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Concat,
    Sum,
    Product,
    Sign,
    Atom,
}

/// An expression over resolved columns as SQL, for people to read.
pub(crate) fn sql(expr: &Expr) -> String {
    render(expr).0
}

fn render(expr: &Expr) -> (String, Binding) {
    use Binding::{Atom, Comparison, Not};
    match expr {
        Expr::Column(column) => (column.name.clone(), Atom),
        Expr::Literal(value, _) => (literal(value), Atom),
        Expr::Alias(alias) => render(&alias.expr),
        Expr::BinaryExpr(binary) => {
            let binding = operator_binding(binary.op);
            let operator = match binary.op {
                Operator::NotEq => "<>".to_owned(),
                other => other.to_string(),
            };
            (infix(&binary.left, &operator, &binary.right, binding), binding)
        }
        Expr::ScalarFunction(call) => function(call),
        Expr::Not(operand) => (format!("NOT {}", at_least(operand, Not)), Not),
        Expr::IsNull(operand) => (format!("{} IS NULL", at_least(operand, Comparison)), Comparison),
        Expr::IsNotNull(operand) => (format!("{} IS NOT NULL", at_least(operand, Comparison)), Comparison),
        Expr::IsTrue(operand) => (format!("{} IS TRUE", at_least(operand, Comparison)), Comparison),
        Expr::IsFalse(operand) => (format!("{} IS FALSE", at_least(operand, Comparison)), Comparison),
        Expr::IsNotTrue(operand) => (format!("{} IS NOT TRUE", at_least(operand, Comparison)), Comparison),
        Expr::IsNotFalse(operand) => (format!("{} IS NOT FALSE", at_least(operand, Comparison)), Comparison),
        Expr::Cast(cast) => (
            format!("CAST({} AS {})", sql(&cast.expr), type_name(cast.field.data_type())),
            Atom,
        ),
        Expr::Like(like) => (render_like(like), Comparison),
        Expr::Between(between) => (render_between(between), Comparison),
        Expr::InList(list) => (render_in(list), Comparison),
        Expr::Case(case) => (render_case(case), Atom),
        other => (other.to_string(), Atom),
    }
}

fn at_least(expr: &Expr, binding: Binding) -> String {
    let (text, own) = render(expr);
    if own < binding { format!("({text})") } else { text }
}

fn infix(left: &Expr, operator: &str, right: &Expr, binding: Binding) -> String {
    let (right_text, right_binding) = render(right);
    // Operators lean to the left: `a - (b - c)` needs its parentheses, `a AND (b AND c)` does not.
    let is_chain = matches!(binding, Binding::And | Binding::Or);
    let right = if right_binding < binding || (right_binding == binding && !is_chain) {
        format!("({right_text})")
    } else {
        right_text
    };
    format!("{} {operator} {right}", at_least(left, binding))
}

const fn operator_binding(operator: Operator) -> Binding {
    match operator {
        Operator::Or => Binding::Or,
        Operator::And => Binding::And,
        Operator::StringConcat => Binding::Concat,
        Operator::Plus | Operator::Minus => Binding::Sum,
        Operator::Multiply | Operator::Divide | Operator::Modulo => Binding::Product,
        _ => Binding::Comparison,
    }
}

fn function(call: &ScalarFunction) -> (String, Binding) {
    let name = call.func.name();
    if let Some(chain) = velo_functions::arithmetic::operators_of_chain(&call.func) {
        return render_chain(chain, &call.args);
    }
    match (name, call.args.as_slice()) {
        ("+" | "-", [left, right]) => (infix(left, name, right, Binding::Sum), Binding::Sum),
        ("*" | "/" | "%" | "DIV", [left, right]) => (infix(left, name, right, Binding::Product), Binding::Product),
        ("negate", [operand]) => (format!("-{}", at_least(operand, Binding::Atom)), Binding::Sign),
        ("CAST" | "TRY_CAST", [operand]) => {
            let target = call.func.return_type(&[arrow::datatypes::DataType::Null]).ok();
            let target = target.as_ref().map_or_else(|| "?".to_owned(), type_name);
            (format!("{name}({} AS {target})", sql(operand)), Binding::Atom)
        }
        (name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(sql).collect();
            (format!("{name}({})", arguments.join(", ")), Binding::Atom)
        }
    }
}

/// `a + b - c …`; all operators are of one precedence.
fn render_chain(operators: &[ArithmeticOperator], operands: &[Expr]) -> (String, Binding) {
    let is_sum = matches!(
        operators.first(),
        Some(ArithmeticOperator::Add | ArithmeticOperator::Subtract)
    );
    let (binding, tighter) = if is_sum {
        (Binding::Sum, Binding::Product)
    } else {
        (Binding::Product, Binding::Sign)
    };
    let mut text = operands
        .first()
        .map(|first| at_least(first, binding))
        .unwrap_or_default();
    for (operator, operand) in operators.iter().zip(operands.iter().skip(1)) {
        text.push(' ');
        text.push_str(operator.as_str());
        text.push(' ');
        text.push_str(&at_least(operand, tighter));
    }
    (text, binding)
}

fn render_like(like: &Like) -> String {
    let not = if like.negated { "NOT " } else { "" };
    let operator = if like.case_insensitive { "ILIKE" } else { "LIKE" };
    let operand = at_least(&like.expr, Binding::Concat);
    format!("{operand} {not}{operator} {}", sql(&like.pattern))
}

fn render_between(between: &Between) -> String {
    let not = if between.negated { "NOT " } else { "" };
    let side = |expr| at_least(expr, Binding::Concat);
    format!(
        "{} {not}BETWEEN {} AND {}",
        side(&between.expr),
        side(&between.low),
        side(&between.high)
    )
}

fn render_in(list: &InList) -> String {
    let not = if list.negated { "NOT " } else { "" };
    let items: Vec<String> = list.list.iter().map(sql).collect();
    format!(
        "{} {not}IN ({})",
        at_least(&list.expr, Binding::Concat),
        items.join(", ")
    )
}

fn render_case(case: &Case) -> String {
    let operand = case
        .expr
        .as_ref()
        .map(|operand| format!(" {}", sql(operand)))
        .unwrap_or_default();
    let branches = case.when_then_expr.iter();
    let branches: String = branches
        .map(|(when, then)| format!(" WHEN {} THEN {}", sql(when), sql(then)))
        .collect();
    let otherwise = case
        .else_expr
        .as_ref()
        .map(|otherwise| format!(" ELSE {}", sql(otherwise)))
        .unwrap_or_default();
    format!("CASE{operand}{branches}{otherwise} END")
}

fn literal(value: &ScalarValue) -> String {
    if value.is_null() {
        return "NULL".to_owned();
    }
    match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        ScalarValue::Date32(_) | ScalarValue::TimestampMillisecond(..) | ScalarValue::IntervalMonthDayNano(_) => {
            format!("{} '{}'", type_name(&value.data_type()), printed(value))
        }
        _ => printed(value),
    }
}

/// The value in the words of Arrow's formatter, which writes decimals and times as people do.
fn printed(value: &ScalarValue) -> String {
    let array = value.to_array().ok();
    let text = array.and_then(|array| arrow::util::display::array_value_to_string(&array, 0).ok());
    text.unwrap_or_else(|| value.to_string())
}

fn type_name(data_type: &arrow::datatypes::DataType) -> String {
    SqlType::from_arrow(data_type).map_or_else(|| data_type.to_string(), |sql_type| sql_type.to_string())
}
