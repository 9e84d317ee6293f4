use datafusion_expr::Expr;
use velo_data::{ChangelogMode, StreamSchema, SystemColumn};
use velo_functions::without_key_value;

use crate::plan::{Aggregate, EmitMode, LogicalPlan, Project, Relation, Scan};

/// What may become of the rows of a plan once they are out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Produced {
    /// They may be replaced or deleted.
    pub(crate) changes: bool,
    /// They may be deleted, and not only replaced.
    pub(crate) deletes: bool,
    /// Names of the columns that tell which row an update replaces; `None` if the plan has no such columns.
    pub(crate) key: Option<Vec<String>>,
}

/// What the readers of a statement must know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatementChanges {
    pub(crate) changes: bool,
    pub(crate) deletes: bool,
    pub(crate) key: Option<Vec<KeyPart>>,
}

/// A column of a statement's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// The user column of this index.
    User(usize),
    Metadata(SystemColumn),
}

impl StatementChanges {
    pub(crate) fn of<'a>(plan: &LogicalPlan, statement: &dyn Fn(&str) -> Option<&'a Self>) -> Self {
        let Produced { changes, deletes, key } = produced(plan, statement);
        let schema = plan.schema();
        let parts = |key: Vec<String>| key.iter().map(|name| KeyPart::of(name, schema)).collect();
        Self {
            changes,
            deletes,
            key: key.and_then(parts),
        }
    }

    /// Of a statement of which no more is known than how it tells of changes.
    pub(crate) fn of_mode(mode: ChangelogMode) -> Self {
        let changes = mode != ChangelogMode::AppendOnly;
        Self {
            changes,
            deletes: changes,
            key: None,
        }
    }
}

impl KeyPart {
    /// The column of that name.
    pub(crate) fn of(name: &str, schema: &StreamSchema) -> Option<Self> {
        let index = schema.arrow().index_of(name).ok()?;
        if index < schema.user_columns() {
            return Some(Self::User(index));
        }
        let mut system = schema.system_columns().iter();
        let (column, _) = system.find(|(_, place)| *place == index)?;
        Some(Self::Metadata(*column))
    }

    /// Its name behind a scan, if the scan reads it.
    fn read_by(self, scan: &Scan) -> Option<String> {
        let index = match self {
            Self::User(index) => scan.columns.iter().position(|column| *column == index)?,
            Self::Metadata(column) => scan.schema.system(column)?,
        };
        Some(scan.schema.arrow().field(index).name().clone())
    }
}

/// What a plan produces; `statement` tells of the statements that it reads.
pub(crate) fn produced<'a>(plan: &LogicalPlan, statement: &dyn Fn(&str) -> Option<&'a StatementChanges>) -> Produced {
    let input = |node: &LogicalPlan| produced(node, statement);
    match plan {
        LogicalPlan::Scan(scan) => of_scan(scan, statement),
        LogicalPlan::Values(_) => Produced::default(),
        LogicalPlan::Filter(filter) => partly(input(&filter.input)),
        LogicalPlan::Limit(limit) => partly(input(&limit.input)),
        LogicalPlan::DropUpdateBefore(node) => input(&node.input),
        LogicalPlan::Project(project) => of_project(project, &input(&project.input)),
        LogicalPlan::Lookup(lookup) => Produced {
            // A row may have several matches, which its own key does not tell apart.
            key: None,
            ..partly(input(&lookup.input))
        },
        LogicalPlan::Aggregate(aggregate) => of_aggregate(aggregate, input(&aggregate.input).changes),
        LogicalPlan::Distinct(distinct) => Produced {
            key: Some(names(distinct.input.schema().user_fields())),
            ..partly(input(&distinct.input))
        },
        LogicalPlan::Union(union) => {
            let inputs: Vec<Produced> = union.inputs.iter().map(input).collect();
            Produced {
                changes: inputs.iter().any(|input| input.changes),
                deletes: inputs.iter().any(|input| input.deletes),
                // Rows of different inputs may be alike.
                key: None,
            }
        }
        // What comes out at the end is final.
        LogicalPlan::Sort(sort) if !sort.by_window => Produced::default(),
        LogicalPlan::Sort(sort) => partly(input(&sort.input)),
    }
}

/// Some rows of an input: where one that changes no longer belongs to them, it is deleted.
fn partly(input: Produced) -> Produced {
    Produced {
        deletes: input.changes,
        ..input
    }
}

fn of_scan<'a>(scan: &Scan, statement: &dyn Fn(&str) -> Option<&'a StatementChanges>) -> Produced {
    let read = match &scan.relation {
        Relation::Statement(name) => statement(name),
        Relation::Source(_) | Relation::Table(_) => None,
    };
    let Some(read) = read.filter(|read| read.changes) else {
        return Produced::default();
    };
    let key = read.key.as_ref().and_then(|key| {
        let columns = key.iter().map(|part| part.read_by(scan));
        columns.collect::<Option<Vec<String>>>()
    });
    Produced {
        changes: true,
        deletes: read.deletes || !scan.filters.is_empty(),
        key,
    }
}

fn of_project(project: &Project, input: &Produced) -> Produced {
    let fields = project.schema.arrow().fields();
    let output = |name: &String| {
        let is_it = |expression: &Expr| match without_key_value(expression) {
            Expr::Column(column) => column.name == *name,
            _ => false,
        };
        let index = project.expressions.iter().position(is_it)?;
        Some(fields.get(index)?.name().clone())
    };
    let key = input.key.as_ref();
    Produced {
        key: key.and_then(|key| key.iter().map(output).collect()),
        changes: input.changes,
        deletes: input.deletes,
    }
}

fn of_aggregate(aggregate: &Aggregate, input_changes: bool) -> Produced {
    if !updates(aggregate) {
        return Produced::default();
    }
    let window = aggregate.window.as_ref().map(|_| {
        let index = aggregate.schema.system(SystemColumn::WindowStart)?;
        Some(aggregate.schema.arrow().field(index).name().clone())
    });
    let keys = aggregate.key_names().into_iter().map(Some).chain(window);
    let has_keys = !aggregate.keys.is_empty() || aggregate.window.is_some();
    Produced {
        changes: true,
        deletes: (aggregate.emit == EmitMode::Changes && aggregate.having.is_some()) || (input_changes && has_keys),
        key: keys.collect(),
    }
}

/// Why rows of a plan change, where an aggregate is the reason: the one nearest to the output.
pub(crate) fn changed_by(plan: &LogicalPlan) -> Option<&Aggregate> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => Some(aggregate).filter(|aggregate| updates(aggregate)),
        other => other.inputs().into_iter().find_map(changed_by),
    }
}

fn updates(aggregate: &Aggregate) -> bool {
    Aggregate::updates_results(aggregate.window.as_ref(), aggregate.emit)
}

fn names(fields: &[arrow::datatypes::FieldRef]) -> Vec<String> {
    fields.iter().map(|field| field.name().clone()).collect()
}
