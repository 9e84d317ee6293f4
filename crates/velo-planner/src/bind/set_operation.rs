//! `UNION`, `EXCEPT` and `INTERSECT`.

use arrow::datatypes::Field;
use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, lit};
use velo_common::{Diagnostic, Span, code};
use velo_data::{ChangelogMode, SqlType, StreamSchema, SystemColumn};
use velo_functions::AggregateKind;
use velo_parser::ast::{SetExpr, SetOperator, Spanned};

use super::bound::{Bound, column};
use super::key::RecordKey;
use super::operators::unify;
use super::query::{BoundQuery, QueryBinder};
use super::unsupported::UnsupportedForm;
use crate::plan::{Aggregate, AggregateCall, Distinct, EmitMode, LogicalPlan, Project, Union};

/// The word of an operator.
const fn word(operator: SetOperator) -> &'static str {
    match operator {
        SetOperator::Union => "UNION",
        SetOperator::Except => "EXCEPT",
        SetOperator::Intersect => "INTERSECT",
    }
}

/// Names of the columns that hold, beside those of the operands, how many rows come from the left and from the right.
fn sides(schema: &StreamSchema) -> [String; 2] {
    ["left rows", "right rows"].map(|name| {
        let mut free = name.to_owned();
        while schema.arrow().index_of(&free).is_ok() {
            free.push('\'');
        }
        free
    })
}

impl<'a> QueryBinder<'a, '_> {
    /// Binds a set operation.
    pub(super) fn set_operation(
        &mut self,
        operator: &'a Spanned<SetOperator>,
        all: bool,
        left: &'a SetExpr,
        right: &'a SetExpr,
    ) -> Option<BoundQuery> {
        if operator.node != SetOperator::Union && all {
            self.report(UnsupportedForm::SetOperationAll.diagnostic(operator.span));
            return None;
        }
        // A stream that feeds another operator gives its final rows, where it has an end.
        let outer = self.nesting.below_aggregate;
        self.nesting.below_aggregate |= operator.node != SetOperator::Union;
        let operands = if all {
            let mut operands = Vec::new();
            self.flattened(left, &mut operands);
            operands.push(self.operand(right));
            operands
        } else {
            vec![self.operand(left), self.operand(right)]
        };
        self.nesting.below_aggregate = outer;
        let operands: Vec<BoundQuery> = operands.into_iter().collect::<Option<_>>()?;
        let span = operator.span;
        let (mut operands, schema, columns_unknown, key) = self.aligned(operands, word(operator.node), span)?;
        let plan = match operator.node {
            SetOperator::Union => {
                let inputs = std::mem::take(&mut operands);
                let union = LogicalPlan::Union(Union { inputs, schema });
                if all {
                    union
                } else {
                    LogicalPlan::Distinct(Distinct { input: Box::new(union) })
                }
            }
            SetOperator::Except | SetOperator::Intersect => {
                let is_unbounded = operands.iter().any(|operand| self.catalog.is_unbounded(operand));
                let emit = if is_unbounded {
                    EmitMode::Changes
                } else {
                    EmitMode::Final
                };
                compared(operands, &schema, emit, |left, right| {
                    left.gt(lit(0_i64)).and(if operator.node == SetOperator::Except {
                        right.eq(lit(0_i64))
                    } else {
                        right.gt(lit(0_i64))
                    })
                })
            }
        };
        let key = match operator.node {
            SetOperator::Union if all => key,
            SetOperator::Union => RecordKey::none(),
            // They may be deleted, and nothing but all of their values tells them apart.
            SetOperator::Except | SetOperator::Intersect => RecordKey {
                columns: (0..plan.schema().user_columns()).collect(),
                required: false,
                outer: Vec::new(),
            },
        };
        Some(BoundQuery {
            plan,
            columns_unknown,
            key,
        })
    }

    /// The operands of `a UNION ALL b UNION ALL …`, which are one union.
    fn flattened(&mut self, expr: &'a SetExpr, operands: &mut Vec<Option<BoundQuery>>) {
        match expr {
            SetExpr::SetOperation {
                operator,
                all: true,
                left,
                right,
            } if operator.node == SetOperator::Union => {
                self.flattened(left, operands);
                operands.push(self.operand(right));
            }
            other => operands.push(self.operand(other)),
        }
    }

    /// Gives all operands the columns of the first, of the types that they have in common, and the metadata that all have.
    fn aligned(
        &mut self,
        operands: Vec<BoundQuery>,
        operator: &'static str,
        span: Span,
    ) -> Option<(Vec<LogicalPlan>, StreamSchema, bool, RecordKey<usize>)> {
        let columns_unknown = operands.iter().any(|operand| operand.columns_unknown);
        let first = operands.first()?;
        let names: Vec<String> = first
            .plan
            .schema()
            .user_fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let other = operands
            .iter()
            .map(|operand| operand.plan.schema().user_columns())
            .find(|width| *width != names.len());
        if let Some(other) = other {
            if !columns_unknown {
                let message = format!("the queries of {operator} have {} and {other} columns", names.len());
                self.report(
                    Diagnostic::new(&code::COLUMN_COUNT, span, message)
                        .with_help("select as many columns in each of them"),
                );
            }
            return None;
        }
        let key = shared_key(&operands);
        let metadata = shared_metadata(&operands);
        let mut columns: Vec<Vec<Expr>> = operands.iter().map(|_| Vec::new()).collect();
        let mut fields: Vec<Field> = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let of_operand = |operand: &BoundQuery| Bound::of_field(&operand.plan.schema().user_fields()[index], span);
            let mut values: Vec<Bound> = operands.iter().map(of_operand).collect();
            let unified = unify(&mut values, operator).map_err(|diagnostic| {
                diagnostic.with_help(format!(
                    "`{name}` has types without one in common; cast it in one of the queries"
                ))
            });
            let sql_type = match self.checked(unified)? {
                SqlType::Null => SqlType::String,
                known => known,
            };
            for (columns, value) in columns.iter_mut().zip(values) {
                columns.push(self.checked(value.coerced(&sql_type))?.expr);
            }
            fields.push(sql_type.field(name, true));
        }
        let schema = StreamSchema::new(fields, metadata.iter().copied());
        let plans = operands.into_iter().zip(columns).map(|(operand, mut expressions)| {
            let own = operand.plan.schema();
            let indexes = metadata.iter().filter_map(|system| own.system(*system));
            expressions.extend(indexes.map(|index| column(own.arrow().field(index).name())));
            LogicalPlan::Project(Project {
                input: Box::new(operand.plan),
                expressions,
                schema: schema.clone(),
                watermark: None,
            })
        });
        Some((plans.collect(), schema, columns_unknown, key))
    }
}

/// The key that all operands have, by the places of its columns.
fn shared_key(operands: &[BoundQuery]) -> RecordKey<usize> {
    let first = operands.first().map(|operand| &operand.key);
    let is_shared = |key: &&RecordKey<usize>| operands.iter().all(|operand| operand.key == **key);
    first.filter(is_shared).cloned().unwrap_or_else(RecordKey::none)
}

/// The metadata that all operands have beside their columns.
fn shared_metadata(operands: &[BoundQuery]) -> Vec<SystemColumn> {
    let schemas = || operands.iter().map(|operand| operand.plan.schema());
    let Some(first) = schemas().next() else {
        return Vec::new();
    };
    let is_hidden = |system: SystemColumn| {
        let mut indexes = schemas().map(|schema| (schema, schema.system(system)));
        indexes.all(|(schema, index)| index.is_some_and(|index| index >= schema.user_columns()))
    };
    let columns = first.system_columns().iter().map(|(system, _)| *system);
    columns.filter(|system| is_hidden(*system)).collect()
}

/// The distinct rows of which `keeps` holds, a condition over how many rows there are on the left and on the right.
fn compared(
    operands: Vec<LogicalPlan>,
    schema: &StreamSchema,
    emit: EmitMode,
    keeps: impl Fn(Expr, Expr) -> Expr,
) -> LogicalPlan {
    let [left, right] = sides(schema);
    let own: Vec<Field> = schema
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    let counts = [&left, &right].map(|side| SqlType::BigInt.field(side, true));
    let marked = StreamSchema::of_user_columns(own.iter().cloned().chain(counts));
    let columns = || own.iter().map(|field| column(field.name()));
    let inputs = operands.into_iter().enumerate().map(|(index, operand)| {
        let side = |side: usize| lit(ScalarValue::Int64(Some(i64::from(side == index))));
        LogicalPlan::Project(Project {
            input: Box::new(operand),
            expressions: columns().chain([side(0), side(1)]).collect(),
            schema: marked.clone(),
            watermark: None,
        })
    });
    let union = LogicalPlan::Union(Union {
        inputs: inputs.collect(),
        schema: marked.clone(),
    });
    let sum = |side: &String| AggregateCall {
        kind: AggregateKind::Sum,
        arguments: vec![column(side)],
        distinct: false,
        filter: None,
        sql_type: SqlType::BigInt,
    };
    let counted = LogicalPlan::Aggregate(Aggregate {
        input: Box::new(union),
        keys: columns().collect(),
        aggregates: [&left, &right].map(sum).into(),
        window: None,
        emit,
        having: Some(keeps(column(&left), column(&right))),
        schema: marked,
        input_mode: ChangelogMode::default(),
        output_mode: ChangelogMode::default(),
    });
    LogicalPlan::Project(Project {
        input: Box::new(counted),
        expressions: columns().collect(),
        schema: StreamSchema::of_user_columns(own.iter().cloned()),
        watermark: None,
    })
}
