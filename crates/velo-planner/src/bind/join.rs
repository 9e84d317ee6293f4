//! Joins with tables.

use datafusion_expr::utils::{conjunction, split_conjunction_owned};
use datafusion_expr::{BinaryExpr, Expr, Operator};
use velo_common::{Diagnostic, Name, Span, code};
use velo_data::{SqlType, StreamSchema};
use velo_parser::ast::{self, BinaryOperator, Ident, Join, JoinConstraint, JoinKind, RelationKind, Spanned};

use super::bound::{Bound, column};
use super::expr::ExprBinder;
use super::from::{Input, last_part};
use super::key::RecordKey;
use super::literal::read_as;
use super::operators::binary;
use super::query::QueryBinder;
use super::scope::{Scope, Side};
use super::unsupported::UnsupportedForm;
use crate::catalog::TableDescription;
use crate::plan::{LogicalPlan, Lookup, LookupKey, LookupKind, MissingTable, Relation, TableMissingDataStrategy};

/// The right side of a join.
struct Table {
    /// See [`Relation::Table`].
    name: String,
    /// What the query calls it.
    qualifier: Name,
    description: TableDescription,
}

/// The condition of a join, taken apart.
#[derive(Default)]
struct Condition {
    keys: Vec<LookupKey>,
    rest: Vec<Expr>,
}

impl<'a> QueryBinder<'a, '_> {
    /// What is read so far, joined with one relation more.
    pub(super) fn join(&mut self, left: Option<Input>, join: &'a Spanned<Join>) -> Option<Input> {
        let kind = self.lookup_kind(join);
        let table = self.joined_table(&join.node.relation);
        let (left, kind, table) = (left?, kind?, table?);
        let names = free_names(left.plan.schema(), &table.description.schema);
        let fields = table.description.schema.user_fields().iter().zip(&names);
        let fields = fields.map(|(field, name)| field.as_ref().clone().with_name(name).with_nullable(true));
        let schema = Lookup::schema_of(left.plan.schema(), fields);
        let mut scope = joined_scope(&left.scope, &table, schema.clone());
        let condition = self.condition(&join.node, &left, &table, &mut scope, &names)?;
        let missing = self.missing(&table)?;
        let may_be_null = kind == LookupKind::Left || gives_nulls(&missing);
        let key = joined_key(left.key, &table, &condition.keys, &names, may_be_null);
        let plan = LogicalPlan::Lookup(Lookup {
            input: Box::new(left.plan),
            table: table.name,
            kind,
            keys: condition.keys,
            columns: (0..names.len()).collect(),
            residual: conjunction(condition.rest),
            table_schema: table.description.schema,
            schema,
            missing,
        });
        Some(Input { plan, scope, key })
    }

    /// What happens when a table cannot be had, with constants for its columns.
    fn missing(&mut self, table: &Table) -> Option<MissingTable> {
        let mut missing = self.missing_table.clone();
        let fields = || table.description.schema.user_fields().iter();
        let mut constants = Vec::new();
        for (index, (name, value)) in self.missing_defaults.iter().enumerate() {
            let name = Name::new(name);
            let Some(column) = fields().position(|field| name.matches(field.name())) else {
                continue;
            };
            self.used_defaults.insert(index);
            let sql_type = table.description.schema.sql_type(column).unwrap_or(SqlType::Null);
            let span = value.span.unwrap_or_default();
            match read_as(&sql_type, &value.text, span) {
                Some(bound) => constants.extend(bound.scalar().map(|constant| (column, constant.clone()))),
                None => {
                    let message = format!("`{}` is no {sql_type}, which `{name}` is", value.text);
                    self.report(Diagnostic::new(&code::INVALID_PROPERTY_VALUE, span, message));
                    return None;
                }
            }
        }
        match (&mut missing.strategy, self.missing_defaults.first()) {
            (TableMissingDataStrategy::UseDefaults(defaults), _) => *defaults = constants,
            (_, Some((_, value))) => {
                let message =
                    "values for missing tables have no effect without 'table.missing.strategy' = 'use_defaults'";
                self.report(Diagnostic::new(
                    &code::PROPERTY_WITHOUT_EFFECT,
                    value.span.unwrap_or_default(),
                    message,
                ));
            }
            _ => {}
        }
        Some(missing)
    }

    /// Refuses the kinds of joins that a table cannot be looked up for.
    fn lookup_kind(&mut self, join: &Spanned<Join>) -> Option<LookupKind> {
        let kind = match join.node.kind {
            JoinKind::Inner | JoinKind::Cross => Some(LookupKind::Inner),
            JoinKind::Left => Some(LookupKind::Left),
            JoinKind::Right | JoinKind::Full => None,
        };
        if kind.is_none() {
            self.report(UnsupportedForm::OuterJoin.diagnostic(join.span));
        }
        kind
    }

    /// The table on the right side. A source with an end becomes one by being joined.
    fn joined_table(&mut self, relation: &'a ast::Relation) -> Option<Table> {
        let (reference, own_name) = match &relation.kind {
            RelationKind::Table { as_of: Some(as_of), .. } => {
                self.report(UnsupportedForm::TemporalLookup.diagnostic(as_of.span));
                return None;
            }
            RelationKind::Table { name, .. } => (name.name(), last_part(name)),
            RelationKind::Uri { uri, .. } => (Name::quoted(&uri.node), Name::quoted(&uri.node)),
            _ => {
                self.report(UnsupportedForm::JoinedQuery.diagnostic(relation.span));
                return None;
            }
        };
        let is_query = self.ctes.iter().any(|cte| reference.matches(&cte.name.name.text))
            || self.views.contains_key(&reference.folded());
        if is_query {
            self.report(UnsupportedForm::JoinedQuery.diagnostic(relation.span));
            return None;
        }
        let name = match self.reads.get(&reference.folded())? {
            Relation::Table(name) => name.clone(),
            Relation::Source(id) if self.catalog.may_be_table(id) => id.clone(),
            Relation::Source(_) | Relation::Statement(_) => {
                self.report(UnsupportedForm::StreamJoin.diagnostic(relation.span));
                return None;
            }
        };
        let mut description = self.catalog.table(&name)?;
        let qualifier = match &relation.alias {
            Some(alias) if alias.columns.is_empty() => alias.name.name.clone(),
            Some(alias) => {
                description.schema = self.renamed_columns(&description.schema, &alias.columns, relation.span)?;
                alias.name.name.clone()
            }
            None => own_name,
        };
        Some(Table {
            name,
            qualifier,
            description,
        })
    }

    /// The columns of a table under the names that an alias gives them.
    fn renamed_columns(&mut self, schema: &StreamSchema, _names: &[Ident], span: Span) -> Option<StreamSchema> {
        let message = format!(
            "a joined table keeps the names of its {} columns",
            schema.user_columns()
        );
        self.report(
            Diagnostic::new(&code::UNSUPPORTED, span, message).with_help("give the selected columns aliases instead"),
        );
        None
    }

    fn condition(
        &mut self,
        join: &'a Join,
        left: &Input,
        table: &Table,
        scope: &mut Scope,
        names: &[String],
    ) -> Option<Condition> {
        let conjuncts = match join
            .constraint
            .as_ref()
            .map(|constraint| (&constraint.node, constraint.span))
        {
            None => Vec::new(),
            Some((JoinConstraint::Using(columns), _)) => self.using(columns, scope)?,
            Some((JoinConstraint::On(condition), _)) => {
                let mut binder = ExprBinder {
                    scope,
                    grouping: None,
                    aliases: &[],
                    clause: "ON",
                    diagnostics: self.diagnostics,
                };
                split_conjunction_owned(binder.boolean(condition)?.expr)
            }
        };
        let mut condition = Condition::default();
        let sides = Sides {
            left: left.plan.schema(),
            table: &table.description.schema,
            names,
        };
        for conjunct in conjuncts {
            match sides.key(&conjunct) {
                Some(key) => condition.keys.push(key),
                None if conjunct == datafusion_expr::lit(true) => {}
                None => condition.rest.push(conjunct),
            }
        }
        Some(condition)
    }

    /// `USING (columns)`: equal on both sides, and one column from then on.
    fn using(&mut self, columns: &[Ident], scope: &mut Scope) -> Option<Vec<Expr>> {
        let mut conjuncts = Vec::with_capacity(columns.len());
        for ident in columns {
            let (left, right) = self.checked(scope.on_both_sides(ident))?;
            let name = right.1;
            let equal = binary(left, BinaryOperator::Equal, right.0, ident.span);
            conjuncts.push(self.checked(equal)?.expr);
            scope.merge_last(name);
        }
        Some(conjuncts)
    }
}

/// The columns of both sides, as a condition over them names them.
struct Sides<'a> {
    left: &'a StreamSchema,
    table: &'a StreamSchema,
    /// Names of the table's columns in the condition.
    names: &'a [String],
}

impl Sides<'_> {
    /// A condition that says that a value of the left side equals one of the table.
    fn key(&self, condition: &Expr) -> Option<LookupKey> {
        let Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) = condition
        else {
            return None;
        };
        let key = |input: &Expr, table: &Expr| {
            (self.is_of_left(input) && self.is_of_table(table)).then(|| LookupKey {
                input: input.clone(),
                table: self.over_table(table.clone()),
            })
        };
        key(left, right).or_else(|| key(right, left))
    }

    fn is_of_left(&self, expr: &Expr) -> bool {
        let columns = expr.column_refs();
        !expr.is_volatile()
            && columns
                .iter()
                .all(|column| self.left.arrow().index_of(&column.name).is_ok())
    }

    fn is_of_table(&self, expr: &Expr) -> bool {
        let columns = expr.column_refs();
        !expr.is_volatile() && !columns.is_empty() && columns.iter().all(|column| self.names.contains(&column.name))
    }

    /// The expression with the table's own names.
    fn over_table(&self, expr: Expr) -> Expr {
        use datafusion_common::tree_node::{Transformed, TreeNode};
        let original = expr.clone();
        let replaced = expr.transform(|inner| {
            let place = match &inner {
                Expr::Column(named) => self.names.iter().position(|name| *name == named.name),
                _ => None,
            };
            Ok(match place {
                Some(place) => Transformed::yes(column(self.table.user_fields()[place].name())),
                None => Transformed::no(inner),
            })
        });
        replaced.map_or(original, |transformed| transformed.data)
    }
}

/// Names for a table's columns that nothing on the left has: their own where free, else numbered.
fn free_names(left: &StreamSchema, table: &StreamSchema) -> Vec<String> {
    let fields = left.arrow().fields().iter().chain(table.user_fields());
    let mut taken: std::collections::HashSet<String> = left
        .arrow()
        .fields()
        .iter()
        .map(|field| field.name().to_lowercase())
        .collect();
    let all: std::collections::HashSet<String> = fields.map(|field| field.name().to_lowercase()).collect();
    let mut free = |name: &str| {
        if taken.insert(name.to_lowercase()) {
            return name.to_owned();
        }
        let mut number = 1;
        loop {
            let numbered = format!("{name}_{number}");
            let folded = numbered.to_lowercase();
            if !all.contains(&folded) && taken.insert(folded) {
                return numbered;
            }
            number += 1;
        }
    };
    table.user_fields().iter().map(|field| free(field.name())).collect()
}

fn joined_scope(left: &Scope, table: &Table, schema: StreamSchema) -> Scope {
    let first = schema.user_columns() - table.description.schema.user_columns();
    let fields = table.description.schema.user_fields().iter().enumerate();
    let columns = fields
        .map(|(index, field)| (field.name().clone(), first + index))
        .collect();
    let right = Side::new(Some(table.qualifier.clone()), columns);
    let sides = left.sides().iter().cloned().chain([right]).collect();
    Scope::joined(sides, schema, left.columns_unknown || table.description.columns_unknown)
}

/// Whether rows come out with NULL for the columns of a table that cannot be had, whatever the kind of the join.
fn gives_nulls(missing: &MissingTable) -> bool {
    matches!(
        missing.strategy,
        TableMissingDataStrategy::EmitWithNulls | TableMissingDataStrategy::UseDefaults(_)
    )
}

/// The columns that tell rows of the join apart. The parts of the table's key that are compared with the left side are the
/// same for all matches of one row, so that it has at most one if these are all parts; otherwise the others tell its matches
/// apart, and without a key nothing does.
fn joined_key(
    left: RecordKey<String>,
    table: &Table,
    keys: &[LookupKey],
    names: &[String],
    may_be_null: bool,
) -> RecordKey<String> {
    let own = &table.description.key;
    let compared = |index: &&usize| {
        let part = column(table.description.schema.user_fields()[**index].name());
        keys.iter().any(|key| key.table == part)
    };
    let mut columns = left.columns;
    if own.columns.is_empty() {
        columns.clear();
    }
    if !columns.is_empty() {
        let others = own.columns.iter().filter(|index| !compared(index));
        columns.extend(others.map(|index| names[*index].clone()));
    }
    let mut outer = left.outer;
    if may_be_null {
        outer.extend(names.iter().cloned());
    } else {
        outer.extend(own.outer.iter().map(|index| names[*index].clone()));
    }
    RecordKey {
        columns,
        required: left.required,
        outer,
    }
}

/// What `USING` finds of a column: the value on the left, and that of the last side with its name there.
pub(super) type BothSides = (Bound, (Bound, String));
