//! Where the columns of a statement come from.

use std::collections::BTreeSet;

use datafusion_common::Column;
use datafusion_expr::Expr;
use velo_data::{StreamSchema, SystemColumn};

use crate::plan::{Aggregate, LogicalPlan, Lookup, PlannedStatement, Project, Scan, Union};

/// A column of what a statement reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnOrigin {
    /// The source, stream or table, by its name in the program.
    pub relation: String,
    /// The column, by its name there.
    pub column: String,
}

/// Columns that something comes from, in the order of their names.
pub type Origins = BTreeSet<ColumnOrigin>;

/// What a column of a statement is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLineage {
    /// The column.
    pub name: String,
    /// What its values are computed from; nothing for constants and `COUNT(*)`.
    pub from: Origins,
}

/// What the rows of a statement come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The user columns of its rows, in their order.
    pub columns: Vec<ColumnLineage>,
    /// What decides which rows there are and which go together, be it part of their values or not: filters, keys and
    /// conditions of joins, groups and windows.
    pub conditions: Origins,
}

/// Follows every column of a statement to the columns of what the statement reads itself.
pub fn lineage(statement: &PlannedStatement) -> Lineage {
    let traced = trace(&statement.plan);
    let fields = statement.plan.schema().user_fields().iter();
    let column = |(field, from): (&arrow::datatypes::FieldRef, Origins)| ColumnLineage {
        name: field.name().clone(),
        from,
    };
    Lineage {
        columns: fields.zip(traced.columns).map(column).collect(),
        conditions: traced.conditions,
    }
}

/// The lineage of a plan: of each field of its schema, metadata included.
#[derive(Debug)]
struct Traced {
    columns: Vec<Origins>,
    conditions: Origins,
}

impl Traced {
    /// What an expression over the fields of `schema` is computed from; `self` has one entry for each of them.
    fn origins(&self, expr: &Expr, schema: &StreamSchema) -> Origins {
        let names = expr.column_refs().into_iter().map(Column::name);
        let indexes = names.filter_map(|name| schema.arrow().index_of(name).ok());
        let origins = indexes.filter_map(|index| self.columns.get(index));
        origins.flatten().cloned().collect()
    }

    fn origins_of_system(&self, column: SystemColumn, schema: &StreamSchema) -> Origins {
        let index = schema.system(column);
        index
            .and_then(|index| self.columns.get(index))
            .cloned()
            .unwrap_or_default()
    }

    /// Adds what conditions over the fields of `schema` are computed from.
    fn depend_on<'a>(&mut self, conditions: impl IntoIterator<Item = &'a Expr>, schema: &StreamSchema) {
        for condition in conditions {
            let origins = self.origins(condition, schema);
            self.conditions.extend(origins);
        }
    }
}

fn trace(plan: &LogicalPlan) -> Traced {
    match plan {
        LogicalPlan::Scan(scan) => trace_scan(scan),
        LogicalPlan::Values(values) => Traced {
            columns: vec![Origins::new(); values.schema.arrow().fields().len()],
            conditions: Origins::new(),
        },
        LogicalPlan::Filter(filter) => {
            let mut traced = trace(&filter.input);
            traced.depend_on([&filter.predicate], filter.input.schema());
            traced
        }
        LogicalPlan::Project(project) => trace_project(project),
        LogicalPlan::Lookup(lookup) => trace_lookup(lookup),
        LogicalPlan::Aggregate(aggregate) => trace_aggregate(aggregate),
        LogicalPlan::Distinct(distinct) => trace(&distinct.input),
        LogicalPlan::Sort(sort) => {
            let mut traced = trace(&sort.input);
            // Which rows are the first ones depends on what they are ordered by.
            if sort.rows_max.is_some() {
                let keys: Vec<Expr> = sort
                    .keys
                    .iter()
                    .map(|key| Expr::Column(Column::from_name(&key.column)))
                    .collect();
                traced.depend_on(&keys, sort.input.schema());
            }
            traced
        }
        LogicalPlan::Limit(limit) => trace(&limit.input),
        LogicalPlan::Union(union) => trace_union(union),
        LogicalPlan::DropUpdateBefore(node) => trace(&node.input),
    }
}

fn trace_scan(scan: &Scan) -> Traced {
    let fields = scan.schema.arrow().fields();
    let mut traced = Traced {
        columns: fields
            .iter()
            .map(|field| origin(scan.relation.name(), field.name()))
            .collect(),
        conditions: Origins::new(),
    };
    let expression = scan.event_time.as_ref().and_then(|time| time.expression.as_ref());
    if let (Some(expression), Some(index)) = (expression, scan.schema.system(SystemColumn::EventTime)) {
        traced.columns[index] = traced.origins(expression, &scan.schema);
    }
    traced.depend_on(&scan.filters, &scan.schema);
    traced
}

fn origin(relation: &str, column: &str) -> Origins {
    Origins::from([ColumnOrigin {
        relation: relation.to_owned(),
        column: column.to_owned(),
    }])
}

fn trace_project(project: &Project) -> Traced {
    let input = trace(&project.input);
    let schema = project.input.schema();
    let expressions = project.expressions.iter();
    Traced {
        columns: expressions
            .map(|expression| input.origins(expression, schema))
            .collect(),
        conditions: input.conditions,
    }
}

fn trace_lookup(lookup: &Lookup) -> Traced {
    let input = trace(&lookup.input);
    let input_schema = lookup.input.schema();
    let table_fields = lookup.table_schema.arrow().fields();
    let table = Traced {
        columns: table_fields
            .iter()
            .map(|field| origin(&lookup.table, field.name()))
            .collect(),
        conditions: Origins::new(),
    };
    let mut traced = Traced {
        columns: Vec::with_capacity(lookup.schema.arrow().fields().len()),
        conditions: input.conditions.clone(),
    };
    let (own, metadata) = input
        .columns
        .split_at(input_schema.user_columns().min(input.columns.len()));
    traced.columns.extend_from_slice(own);
    let taken = lookup.columns.iter().filter_map(|index| table.columns.get(*index));
    traced.columns.extend(taken.cloned());
    traced.columns.extend_from_slice(metadata);
    for key in &lookup.keys {
        traced.conditions.extend(input.origins(&key.input, input_schema));
        traced
            .conditions
            .extend(table.origins(&key.table, &lookup.table_schema));
    }
    traced.depend_on(&lookup.residual, &lookup.schema);
    traced
}

fn trace_union(union: &Union) -> Traced {
    let mut traced = Traced {
        columns: vec![Origins::new(); union.schema.arrow().fields().len()],
        conditions: Origins::new(),
    };
    for input in union.inputs.iter().map(trace) {
        for (column, origins) in traced.columns.iter_mut().zip(input.columns) {
            column.extend(origins);
        }
        traced.conditions.extend(input.conditions);
    }
    traced
}

fn trace_aggregate(aggregate: &Aggregate) -> Traced {
    let input = trace(&aggregate.input);
    let schema = aggregate.input.schema();
    let keys = aggregate.keys.iter().map(|key| input.origins(key, schema));
    let calls = aggregate.aggregates.iter().map(|call| {
        let arguments = call.arguments.iter().map(|argument| input.origins(argument, schema));
        arguments.flatten().collect()
    });
    let mut columns: Vec<Origins> = keys.chain(calls).collect();
    columns.resize(aggregate.schema.arrow().fields().len(), Origins::new());
    for (column, index) in aggregate.schema.system_columns() {
        let from = match column {
            SystemColumn::WindowStart | SystemColumn::WindowEnd => SystemColumn::EventTime,
            other => *other,
        };
        if let Some(origins) = columns.get_mut(*index) {
            origins.extend(input.origins_of_system(from, schema));
        }
    }
    let mut conditions = input.conditions.clone();
    let filters = aggregate.aggregates.iter().filter_map(|call| call.filter.as_ref());
    for condition in aggregate.keys.iter().chain(filters) {
        conditions.extend(input.origins(condition, schema));
    }
    if aggregate.window.is_some() {
        conditions.extend(input.origins_of_system(SystemColumn::EventTime, schema));
    }
    let mut traced = Traced { columns, conditions };
    traced.depend_on(&aggregate.having, &aggregate.schema);
    traced
}
