use datafusion_common::ScalarValue;
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Name, Span, code};
use velo_data::{SqlType, SystemColumn};
use velo_functions::comparison_key;
use velo_parser::ast::{
    self, BinaryOperator, CaseBranch, ExprKind, Ident, Literal, LogicalOperator, MapEntry, StructEntry, UnaryOperator,
};

use super::bound::{Bound, column};
use super::chain::ArithmeticChain;
use super::grouping::Grouping;
use super::scope::Scope;
use super::unsupported::UnsupportedForm;
use super::{fold, literal, operators};
use crate::types::sql_type;

/// Turns expressions of the syntax tree into expressions with names and types resolved.
///
/// Problems go to `diagnostics`; `None` stands for an expression in which one was found.
pub(crate) struct ExprBinder<'a> {
    pub(crate) scope: &'a Scope,
    /// In the select list and HAVING of a grouped query: what columns mean there.
    pub(crate) grouping: Option<&'a mut Grouping>,
    /// Select items so far, by their names.
    pub(crate) aliases: &'a [(Name, Bound)],
    /// What the clause is called where an aggregate in it is a mistake; `None` where one is not.
    pub(crate) clause: &'static str,
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
}

impl ExprBinder<'_> {
    /// The expression, and `None` after reporting what is wrong with it.
    pub(crate) fn bind(&mut self, expr: &ast::Expr) -> Option<Bound> {
        if let Some(key) = self.group_key(expr) {
            return Some(key);
        }
        let span = expr.span;
        let bound = match &expr.kind {
            ExprKind::Literal(value) => self.checked(literal::bind(value, false, span)),
            ExprKind::Column(parts) => self.column(parts, span),
            ExprKind::FieldAccess { operand, field } => {
                let operand = self.bind(operand)?;
                self.field(operand, field, span)
            }
            ExprKind::Index { operand, index } => self.index(operand, index, span),
            ExprKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ExprKind::Binary { left, operator, right } => self.binary(left, operator.node, right, span),
            ExprKind::Chain { first, rest } => self.chain(first, rest, span),
            ExprKind::Logical { operator, operands } => self.logical(*operator, operands, span),
            ExprKind::IsNull { operand, negated } => {
                let operand = self.bind(operand)?;
                let expr = if *negated {
                    operand.expr.is_not_null()
                } else {
                    operand.expr.is_null()
                };
                Some(Bound::new(expr, SqlType::Boolean, span))
            }
            ExprKind::IsBoolean {
                operand,
                value,
                negated,
            } => {
                let operand = self.boolean(operand)?;
                Some(Bound::new(
                    operators::is_boolean(operand.expr, *value, *negated),
                    SqlType::Boolean,
                    span,
                ))
            }
            ExprKind::InList { operand, list, negated } => self.in_list(operand, list, *negated, span),
            ExprKind::Between {
                operand,
                low,
                high,
                negated,
            } => self.between(operand, low, high, *negated, span),
            ExprKind::Like {
                operand,
                pattern,
                escape,
                case_insensitive,
                negated,
            } => {
                let (operand, pattern) = self.both(operand, pattern)?;
                let escape = escape.as_ref().map(|escape| (escape.node.as_str(), escape.span));
                let like = operators::like(operand, pattern, escape, *case_insensitive, *negated, span);
                self.checked(like)
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref(), span),
            ExprKind::Cast {
                operand,
                data_type,
                try_cast,
            } => {
                let operand = self.bind(operand)?;
                let to = self.checked(sql_type(data_type))?;
                self.checked(operators::cast(operand, &to, *try_cast, span))
            }
            ExprKind::Extract { part, operand } => {
                let part_text = Bound::text(&part.name.text.to_lowercase(), part.span);
                let operand = self.bind(operand)?;
                self.call("extract", vec![part_text, operand], span)
            }
            ExprKind::Trim {
                side,
                characters,
                operand,
            } => {
                let operand = self.bind(operand)?;
                let name = match side {
                    ast::TrimSide::Both => "trim",
                    ast::TrimSide::Leading => "ltrim",
                    ast::TrimSide::Trailing => "rtrim",
                };
                let mut arguments = vec![operand];
                if let Some(characters) = characters {
                    arguments.push(self.bind(characters)?);
                }
                self.call(name, arguments, span)
            }
            ExprKind::Position { needle, haystack } => {
                let (needle, haystack) = self.both(needle, haystack)?;
                self.call("position", vec![needle, haystack], span)
            }
            ExprKind::Function(call) => self.function(call, span),
            ExprKind::Array(items) => {
                let items = self.all(items)?;
                self.call("make_array", items, span)
            }
            ExprKind::Map(entries) => self.map(entries, span),
            ExprKind::Struct(entries) => self.named_struct(entries, span),
            ExprKind::Row(_) => self.unsupported(UnsupportedForm::Row, span),
            ExprKind::Lambda { .. } => self.unsupported(UnsupportedForm::Lambda, span),
            ExprKind::Exists(_) => self.unsupported(UnsupportedForm::Exists, span),
            ExprKind::Subquery(_) => self.unsupported(UnsupportedForm::ScalarSubquery, span),
            ExprKind::InSubquery { .. } => self.unsupported(UnsupportedForm::InSubquery, span),
            ExprKind::Quantified { .. } => self.unsupported(UnsupportedForm::QuantifiedComparison, span),
        }?;
        self.checked(fold::folded(bound))
    }

    /// An expression that must be BOOLEAN.
    pub(crate) fn boolean(&mut self, expr: &ast::Expr) -> Option<Bound> {
        let bound = self.bind(expr)?;
        self.checked(operators::require_boolean(bound))
    }

    /// All of them, so that every problem is reported; `None` when there was one.
    pub(crate) fn all(&mut self, exprs: &[ast::Expr]) -> Option<Vec<Bound>> {
        let bound: Vec<Option<Bound>> = exprs.iter().map(|expr| self.bind(expr)).collect();
        bound.into_iter().collect()
    }

    /// Both, so that the problems of both are reported.
    fn both(&mut self, left: &ast::Expr, right: &ast::Expr) -> Option<(Bound, Bound)> {
        let left = self.bind(left);
        let right = self.bind(right);
        Some((left?, right?))
    }

    /// The value, or `None` after reporting the problem.
    pub(crate) fn checked<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.diagnostics.push(diagnostic)).ok()
    }

    pub(crate) fn unsupported<T>(&mut self, form: UnsupportedForm, span: Span) -> Option<T> {
        self.diagnostics.push(form.diagnostic(span));
        None
    }

    fn column(&mut self, parts: &[Ident], span: Span) -> Option<Bound> {
        if let Some(bound) = self.bound_of_window(parts, span) {
            return self.checked(bound);
        }
        let aliases = self.aliases;
        let alias = || {
            let [only] = parts else { return None };
            let (_, bound) = aliases.iter().rev().find(|(name, _)| only.name.matches(&name.text))?;
            Some(Bound { span, ..bound.clone() })
        };
        let resolved = match self.scope.resolve(parts, span) {
            Ok(resolved) => resolved,
            Err(diagnostic) => {
                return alias().or_else(|| {
                    self.diagnostics.push(diagnostic);
                    None
                });
            }
        };
        if let Some((key, used)) = self.grouped_field(&resolved.bound, &parts[resolved.used..], span) {
            let fields = parts[resolved.used + used..].iter();
            return fields
                .into_iter()
                .try_fold(key, |operand, field| self.field(operand, field, span));
        }
        let column = match &mut self.grouping {
            None => Ok(resolved.bound),
            Some(grouping) => grouping.column(resolved.bound),
        };
        let column = match column {
            Ok(column) => column,
            // A name that cannot be the column may still be the alias.
            Err(diagnostic) => {
                return alias().or_else(|| {
                    self.diagnostics.push(diagnostic);
                    None
                });
            }
        };
        parts[resolved.used..]
            .iter()
            .try_fold(column, |operand, field| self.field(operand, field, span))
    }

    /// The group key that a column, or one of the fields within it that `fields` lead to, is: the one that leads farthest,
    /// and how many of `fields` it takes.
    fn grouped_field(&mut self, column: &Bound, fields: &[Ident], span: Span) -> Option<(Bound, usize)> {
        self.grouping.as_ref().filter(|_| !fields.is_empty())?;
        let mut silent = Vec::new();
        let mut binder = ExprBinder {
            scope: self.scope,
            grouping: None,
            aliases: &[],
            clause: self.clause,
            diagnostics: &mut silent,
        };
        let mut bound = column.clone();
        let mut reached = vec![bound.clone()];
        for field in fields {
            match binder.field(bound, field, span) {
                Some(inner) => bound = inner,
                None => break,
            }
            reached.push(bound.clone());
        }
        let grouping = self.grouping.as_ref()?;
        let keys = reached.iter().enumerate().rev();
        keys.into_iter()
            .find_map(|(used, bound)| Some((grouping.key(bound)?, used)))
    }

    /// `_window_start` and `_window_end`, which exist in windowed queries and in what they put out; `None` when the
    /// name is another one.
    fn bound_of_window(&self, parts: &[Ident], span: Span) -> Option<Result<Bound, Diagnostic>> {
        let [only] = parts else { return None };
        let system = SystemColumn::parse(&only.name.text).filter(|_| !only.name.quoted)?;
        let is_bound = matches!(system, SystemColumn::WindowStart | SystemColumn::WindowEnd);
        let grouped_by_window = self.grouping.as_ref().is_some_and(|grouping| grouping.is_windowed());
        if !is_bound || (self.scope.has(&only.name) && !grouped_by_window) {
            return None;
        }
        if grouped_by_window {
            return Some(Ok(Bound::new(column(system.name()), system.sql_type(), span)));
        }
        let message = format!(
            "`{}` is a bound of the row's window, and this query has no window",
            only.name
        );
        let diagnostic = Diagnostic::new(&code::MISPLACED_WINDOW_BOUND, span, message);
        Some(Err(diagnostic.with_help("add a window, such as WINDOW TUMBLING(1m)")))
    }

    fn field(&mut self, operand: Bound, field: &Ident, span: Span) -> Option<Bound> {
        match &operand.sql_type {
            SqlType::Struct(fields) => {
                let names = || fields.iter().map(|candidate| candidate.name.as_str());
                let exact = fields.iter().find(|candidate| candidate.name == field.name.text);
                let Some(found) = exact.or_else(|| fields.iter().find(|candidate| field.name.matches(&candidate.name)))
                else {
                    let meant = velo_common::nearest(&field.name.text, names());
                    let help = match meant {
                        Some(meant) => format!("a similar field exists: `{meant}`"),
                        None => format!(
                            "it has {}",
                            names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                        ),
                    };
                    let message = format!("there is no field `{}` in this struct", field.name);
                    self.diagnostics
                        .push(Diagnostic::new(&code::UNKNOWN_COLUMN, field.span, message).with_help(help));
                    return None;
                };
                let name = Bound::text(&found.name, field.span);
                self.call("get_field", vec![operand, name], span)
            }
            SqlType::Null => Some(Bound { span, ..operand }),
            SqlType::Map(..) => {
                let name = Bound::text(&field.name.text, field.span);
                self.map_value(operand, name, span)
            }
            SqlType::Json | SqlType::String => {
                let path = Bound::text(&format!("$.{}", field.name.text), field.span);
                self.call("json_value", vec![operand, path], span)
            }
            other => {
                let message = format!("{other} has no fields");
                self.diagnostics
                    .push(Diagnostic::new(&code::TYPE_MISMATCH, field.span, message));
                None
            }
        }
    }

    fn index(&mut self, operand: &ast::Expr, index: &ast::Expr, span: Span) -> Option<Bound> {
        let (operand, index) = self.both(operand, index)?;
        match &operand.sql_type {
            SqlType::Array(_) => {
                let index = self.checked(index.coerced(&SqlType::BigInt))?;
                self.call("array_element", vec![operand, index], span)
            }
            SqlType::Map(key, _) => {
                let index = self.checked(index.coerced(key))?;
                self.map_value(operand, index, span)
            }
            SqlType::Null => Some(Bound { span, ..operand }),
            other => {
                let message = format!("{other} has no elements; only arrays and maps do");
                self.diagnostics
                    .push(Diagnostic::new(&code::TYPE_MISMATCH, span, message));
                None
            }
        }
    }

    /// The value of a key: the first of those that the map has for it, NULL when it has none.
    fn map_value(&mut self, map: Bound, key: Bound, span: Span) -> Option<Bound> {
        let values = self.call("map_extract", vec![map, key], span)?;
        let first = Bound::literal(ScalarValue::Int64(Some(1)), SqlType::BigInt, span);
        self.call("array_element", vec![values, first], span)
    }

    /// `MAP{'k': v}`: an array of keys and one of values.
    fn map(&mut self, entries: &[MapEntry], span: Span) -> Option<Bound> {
        let bound: Vec<_> = entries
            .iter()
            .map(|entry| self.both(&entry.key, &entry.value))
            .collect();
        let (keys, values) = bound.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let keys = self.call("make_array", keys, span)?;
        let values = self.call("make_array", values, span)?;
        self.call("map", vec![keys, values], span)
    }

    /// `STRUCT(f := v)`: names and values in turn.
    fn named_struct(&mut self, entries: &[StructEntry], span: Span) -> Option<Bound> {
        let mut arguments = Vec::with_capacity(entries.len() * 2);
        for entry in entries {
            arguments.push(Some(Bound::text(&entry.name.name.text, entry.name.span)));
            arguments.push(self.bind(&entry.value));
        }
        let arguments = arguments.into_iter().collect::<Option<Vec<_>>>()?;
        self.call("named_struct", arguments, span)
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &ast::Expr, span: Span) -> Option<Bound> {
        // A sign belongs to the number behind it, so that the smallest BIGINT can be written.
        if let (UnaryOperator::Minus, ExprKind::Literal(number @ Literal::Number(_))) = (operator, &operand.kind) {
            return self.checked(literal::bind(number, true, span));
        }
        if operator == UnaryOperator::Not {
            let operand = self.boolean(operand)?;
            return Some(Bound::new(Expr::Not(Box::new(operand.expr)), SqlType::Boolean, span));
        }
        let operand = self.bind(operand)?;
        self.checked(operators::sign(operator == UnaryOperator::Minus, operand, span))
    }

    fn binary(&mut self, left: &ast::Expr, operator: BinaryOperator, right: &ast::Expr, span: Span) -> Option<Bound> {
        let (left, right) = self.both(left, right)?;
        self.operate(left, operator, right, span)
    }

    /// A long chain of operators of one precedence: thousands of them must not nest as deep.
    fn chain(
        &mut self,
        first: &ast::Expr,
        rest: &[(ast::Spanned<BinaryOperator>, ast::Expr)],
        span: Span,
    ) -> Option<Bound> {
        let first = self.bind(first);
        let rest: Vec<Option<_>> = rest
            .iter()
            .map(|(operator, operand)| Some((operator.node, self.bind(operand)?)))
            .collect();
        let (first, rest) = (first?, rest.into_iter().collect::<Option<Vec<_>>>()?);
        if rest.iter().all(|(operator, _)| *operator == BinaryOperator::Concat) {
            let operands = std::iter::once(first).chain(rest.into_iter().map(|(_, operand)| operand));
            return self.concatenated(operands.collect(), span);
        }
        let mut chain = ArithmeticChain::new(first);
        for (operator, right) in rest {
            let left = chain.so_far(span);
            self.diagnostics
                .extend(operators::conversions(operator, &left, &right, span));
            let pushed = chain.push(operator, right, span);
            self.checked(pushed)?;
        }
        Some(chain.finish(span))
    }

    /// `a || b || …` as a balanced tree, since it does not matter which are joined first.
    fn concatenated(&mut self, mut operands: Vec<Bound>, span: Span) -> Option<Bound> {
        if operands.len() < 2 {
            return operands.pop();
        }
        let right = operands.split_off(operands.len() / 2);
        let (left, right) = (self.concatenated(operands, span)?, self.concatenated(right, span)?);
        self.operate(left, BinaryOperator::Concat, right, span)
    }

    fn operate(&mut self, left: Bound, operator: BinaryOperator, right: Bound, span: Span) -> Option<Bound> {
        match operator {
            BinaryOperator::RegexMatch => self.call("regexp_like", vec![left, right], span),
            BinaryOperator::Power => self.call("power", vec![left, right], span),
            BinaryOperator::Concat if matches!(left.sql_type, SqlType::Array(_)) => {
                self.call("array_concat", vec![left, right], span)
            }
            _ => {
                self.diagnostics
                    .extend(operators::conversions(operator, &left, &right, span));
                self.checked(operators::binary(left, operator, right, span))
            }
        }
    }

    /// AND and OR, as a balanced tree: a chain of thousands must not nest as deep.
    fn logical(&mut self, operator: LogicalOperator, operands: &[ast::Expr], span: Span) -> Option<Bound> {
        let bound: Vec<Option<Bound>> = operands.iter().map(|operand| self.boolean(operand)).collect();
        let bound: Option<Vec<Bound>> = bound.into_iter().collect();
        let exprs: Vec<Expr> = bound?.into_iter().map(|operand| operand.expr).collect();
        Some(Bound::new(operators::balanced(operator, exprs), SqlType::Boolean, span))
    }

    fn in_list(&mut self, operand: &ast::Expr, list: &[ast::Expr], negated: bool, span: Span) -> Option<Bound> {
        let operand = self.bind(operand);
        let list = self.all(list);
        let mut all = vec![operand?];
        all.extend(list?);
        operators::round_beside_single_precision(&mut all);
        let unified = operators::unify(&mut all, "IN");
        let sql_type = self.checked(unified)?;
        let mut all: Vec<Expr> = all
            .into_iter()
            .map(|item| comparison_key(item.expr, &sql_type))
            .collect();
        let operand = all.remove(0);
        // The kernel for lists of constants takes some expressions for constants, and tells 0 from -0.
        let is_constant_list = all.iter().all(|item| matches!(item, Expr::Literal(..)));
        let expr = if is_constant_list && sql_type != SqlType::Double {
            operand.in_list(all, negated)
        } else {
            let equal = all.into_iter().map(|item| operand.clone().eq(item)).collect();
            let any = operators::balanced(LogicalOperator::Or, equal);
            if negated { Expr::Not(Box::new(any)) } else { any }
        };
        Some(Bound::new(expr, SqlType::Boolean, span))
    }

    fn between(
        &mut self,
        operand: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        negated: bool,
        span: Span,
    ) -> Option<Bound> {
        let operand = self.bind(operand);
        let (low, high) = self.both(low, high)?;
        let operand = operand?;
        for bound in [&low, &high] {
            self.diagnostics
                .extend(operators::compared("BETWEEN", &operand, bound, span));
        }
        self.checked(operators::between(operand, low, high, negated, span))
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        branches: &[CaseBranch],
        otherwise: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Bound> {
        let operand = match operand {
            Some(operand) => Some(self.bind(operand)?),
            None => None,
        };
        let mut conditions = Vec::with_capacity(branches.len());
        let mut results = Vec::with_capacity(branches.len() + 1);
        for branch in branches {
            let condition = match operand {
                Some(_) => self.bind(&branch.condition),
                None => self.boolean(&branch.condition),
            };
            conditions.push(condition);
            results.push(self.bind(&branch.result));
        }
        results.push(match otherwise {
            Some(otherwise) => self.bind(otherwise),
            None => Some(Bound::literal(ScalarValue::Null, SqlType::Null, span)),
        });
        let conditions: Vec<Bound> = conditions.into_iter().collect::<Option<_>>()?;
        let results: Vec<Bound> = results.into_iter().collect::<Option<_>>()?;
        self.checked(operators::case(operand, conditions, results, span))
    }

    /// The group key that an expression of a grouped query is, if it is one.
    fn group_key(&mut self, expr: &ast::Expr) -> Option<Bound> {
        let grouping = self.grouping.as_ref()?;
        if !grouping.may_be_key(expr) {
            return None;
        }
        // Bound once more, as the key was, to see through spelling: `UPPER(t.a)` is `upper(a)`.
        let mut silent = Vec::new();
        let mut binder = ExprBinder {
            scope: self.scope,
            grouping: None,
            aliases: &[],
            clause: self.clause,
            diagnostics: &mut silent,
        };
        let bound = binder.bind(expr)?;
        self.grouping.as_ref()?.key(&bound)
    }
}
