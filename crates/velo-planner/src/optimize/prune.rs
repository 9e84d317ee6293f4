use std::collections::BTreeSet;

use datafusion_expr::Expr;
use velo_data::{StreamSchema, SystemColumn};
use velo_functions::AggregateKind;

use crate::bind::column;
use crate::plan::{
    Aggregate, AggregateCall, Distinct, Filter, Limit, LogicalPlan, Lookup, Project, Relation, Scan, Sort, Union,
};

/// Names of columns that somebody reads.
type Names = BTreeSet<String>;

/// Leaves out all columns but the user's and `metadata`, all the way down to what sources decode.
///
/// `carried` is metadata that every node gets with its input, as far as the input has it: what a row error tells of
/// the row.
pub(crate) fn prune_columns(plan: LogicalPlan, metadata: &[SystemColumn], carried: &[SystemColumn]) -> LogicalPlan {
    let schema = plan.schema();
    let user = schema.user_fields().iter().map(|field| field.name().clone());
    let system = metadata.iter().filter_map(|column| schema.system(*column));
    let system = system.map(|index| schema.arrow().field(index).name().clone());
    let required = user.chain(system).collect();
    Pruning { carried }.prune(plan, &required)
}

/// Metadata that a plan reads of other statements.
pub(crate) fn required_metadata(plan: &LogicalPlan) -> Vec<(&str, Vec<SystemColumn>)> {
    let scans = plan.scans().into_iter().filter_map(|scan| {
        let Relation::Statement(name) = &scan.relation else {
            return None;
        };
        let columns = scan.schema.system_columns().iter().map(|(column, _)| *column);
        Some((name.as_str(), columns.collect()))
    });
    scans.collect()
}

/// One pass over a plan.
struct Pruning<'a> {
    carried: &'a [SystemColumn],
}

impl Pruning<'_> {
    fn prune(&self, plan: LogicalPlan, required: &Names) -> LogicalPlan {
        match plan {
            LogicalPlan::Scan(scan) => LogicalPlan::Scan(self.prune_scan(scan, required)),
            LogicalPlan::Values(_) => plan,
            LogicalPlan::Filter(filter) => {
                let mut below = required.clone();
                add_columns(&mut below, [&filter.predicate]);
                self.add_carried(&mut below, filter.input.schema());
                LogicalPlan::Filter(Filter {
                    input: Box::new(self.prune(*filter.input, &below)),
                    ..filter
                })
            }
            LogicalPlan::Project(project) => self.prune_project(project, required),
            LogicalPlan::Lookup(lookup) => LogicalPlan::Lookup(self.prune_lookup(lookup, required)),
            LogicalPlan::Aggregate(aggregate) => LogicalPlan::Aggregate(self.prune_aggregate(aggregate, required)),
            LogicalPlan::Distinct(distinct) => {
                let mut below = required.clone();
                below.extend(
                    distinct
                        .input
                        .schema()
                        .user_fields()
                        .iter()
                        .map(|field| field.name().clone()),
                );
                LogicalPlan::Distinct(Distinct {
                    input: Box::new(self.prune(*distinct.input, &below)),
                })
            }
            LogicalPlan::Sort(sort) => {
                let mut below = required.clone();
                below.extend(sort.keys.iter().map(|key| key.column.clone()));
                if sort.by_window {
                    below.insert(SystemColumn::WindowStart.name().to_owned());
                }
                LogicalPlan::Sort(Sort {
                    input: Box::new(self.prune(*sort.input, &below)),
                    ..sort
                })
            }
            LogicalPlan::Limit(limit) => LogicalPlan::Limit(Limit {
                input: Box::new(self.prune(*limit.input, required)),
                ..limit
            }),
            LogicalPlan::Union(union) => LogicalPlan::Union(self.prune_union(union, required)),
            LogicalPlan::DropUpdateBefore(_) => plan.map_input(&mut |input| self.prune(input, required)),
        }
    }

    fn prune_scan(&self, scan: Scan, required: &Names) -> Scan {
        let mut read = required.clone();
        add_columns(&mut read, &scan.filters);
        self.add_carried(&mut read, &scan.schema);
        let event_time = scan
            .event_time
            .filter(|_| read.contains(SystemColumn::EventTime.name()));
        add_columns(&mut read, event_time.iter().filter_map(|time| time.expression.as_ref()));
        let (schema, kept) = pruned_schema(&scan.schema, &read);
        let columns = kept
            .iter()
            .filter_map(|index| scan.columns.get(*index))
            .copied()
            .collect();
        Scan {
            columns,
            event_time,
            schema,
            ..scan
        }
    }

    fn prune_project(&self, project: Project, required: &Names) -> LogicalPlan {
        let (schema, kept) = pruned_schema(&project.schema, required);
        let expressions: Vec<Expr> = kept
            .iter()
            .filter_map(|index| project.expressions.get(*index))
            .cloned()
            .collect();
        let mut below = Names::new();
        add_columns(&mut below, &expressions);
        self.add_carried(&mut below, project.input.schema());
        let input = self.prune(*project.input, &below);
        if is_identity(&expressions, &schema, input.schema()) {
            return input;
        }
        LogicalPlan::Project(Project {
            input: Box::new(input),
            expressions,
            watermark: project
                .watermark
                .filter(|_| schema.system(SystemColumn::EventTime).is_some()),
            schema,
        })
    }

    fn prune_lookup(&self, lookup: Lookup, required: &Names) -> Lookup {
        let mut read = required.clone();
        add_columns(&mut read, &lookup.residual);
        self.add_carried(&mut read, &lookup.schema);
        let mut below: Names = lookup
            .input
            .schema()
            .arrow()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        below.retain(|name| read.contains(name));
        add_columns(&mut below, lookup.keys.iter().map(|key| &key.input));
        let of_table = lookup.table_fields().iter().map(|field| field.as_ref().clone());
        let (fields, columns): (Vec<_>, Vec<_>) = of_table
            .zip(&lookup.columns)
            .filter(|(field, _)| read.contains(field.name()))
            .unzip();
        let input = Box::new(self.prune(*lookup.input, &below));
        Lookup {
            schema: Lookup::schema_of(input.schema(), fields),
            columns,
            input,
            ..lookup
        }
    }

    fn prune_union(&self, union: Union, required: &Names) -> Union {
        let mut read = required.clone();
        self.add_carried(&mut read, &union.schema);
        let (schema, _) = pruned_schema(&union.schema, &read);
        let inputs = union.inputs.into_iter().map(|input| {
            let input = self.prune(input, &read);
            if input.schema() == &schema {
                return input;
            }
            // It could not leave out everything, such as the keys of groups.
            LogicalPlan::Project(Project {
                input: Box::new(input),
                expressions: schema
                    .arrow()
                    .fields()
                    .iter()
                    .map(|field| column(field.name()))
                    .collect(),
                schema: schema.clone(),
                watermark: None,
            })
        });
        Union {
            inputs: inputs.collect(),
            schema,
        }
    }

    fn prune_aggregate(&self, aggregate: Aggregate, required: &Names) -> Aggregate {
        let mut read = required.clone();
        add_columns(&mut read, &aggregate.having);
        // Keys make the groups and aggregates are few; metadata is what can be left out.
        read.extend(aggregate.schema.user_fields().iter().map(|field| field.name().clone()));
        let (schema, _) = pruned_schema(&aggregate.schema, &read);
        let mut below = Names::new();
        add_columns(&mut below, &aggregate.keys);
        self.add_carried(&mut below, aggregate.input.schema());
        for call in &aggregate.aggregates {
            add_columns(&mut below, call.arguments.iter().chain(&call.filter));
        }
        let by_time = aggregate.window.is_some() || aggregate.aggregates.iter().any(goes_by_event_time);
        for column in [SystemColumn::EventTime, SystemColumn::Timestamp] {
            let own = column == SystemColumn::EventTime && by_time;
            let input = aggregate.input.schema();
            if let Some(index) = input.system(column).filter(|_| own || schema.system(column).is_some()) {
                below.insert(input.arrow().field(index).name().clone());
            }
        }
        let input = Box::new(self.prune(*aggregate.input, &below));
        Aggregate {
            input,
            schema,
            ..aggregate
        }
    }

    fn add_carried(&self, names: &mut Names, schema: &StreamSchema) {
        let carried = self.carried.iter().filter_map(|column| schema.system(*column));
        names.extend(carried.map(|index| schema.arrow().field(index).name().clone()));
    }
}

/// Whether a projection hands on its input's columns as they are. Metadata that nobody reads may be left over.
fn is_identity(expressions: &[Expr], schema: &StreamSchema, input: &StreamSchema) -> bool {
    let names_itself = |(expr, field): (&Expr, &std::sync::Arc<arrow::datatypes::Field>)| matches!(expr, Expr::Column(column) if column.name == *field.name());
    let starts_alike = input
        .arrow()
        .fields()
        .iter()
        .zip(schema.arrow().fields())
        .all(|(left, right)| left.name() == right.name());
    schema.user_columns() == input.user_columns()
        && schema.arrow().fields().len() <= input.arrow().fields().len()
        && starts_alike
        && expressions.iter().zip(schema.arrow().fields()).all(names_itself)
}

fn goes_by_event_time(call: &AggregateCall) -> bool {
    matches!(call.kind, AggregateKind::FirstValue | AggregateKind::LastValue)
}

/// The columns of a schema that are read, and their indexes.
fn pruned_schema(schema: &StreamSchema, read: &Names) -> (StreamSchema, Vec<usize>) {
    let fields = schema.arrow().fields();
    let kept: Vec<usize> = (0..fields.len())
        .filter(|index| read.contains(fields[*index].name()))
        .collect();
    let user: Vec<usize> = kept
        .iter()
        .copied()
        .filter(|index| *index < schema.user_columns())
        .collect();
    let mut pruned = StreamSchema::of_user_columns(user.iter().map(|index| fields[*index].as_ref().clone()));
    for (column, index) in schema.system_columns() {
        match user.iter().position(|kept| kept == index) {
            Some(position) => pruned = pruned.with_selected_system(*column, position),
            None if kept.contains(index) => pruned = pruned.with_system(*column),
            None => {}
        }
    }
    (pruned, kept)
}

fn add_columns<'a>(names: &mut Names, exprs: impl IntoIterator<Item = &'a Expr>) {
    for expr in exprs {
        names.extend(expr.column_refs().into_iter().map(|column| column.name.clone()));
    }
}
