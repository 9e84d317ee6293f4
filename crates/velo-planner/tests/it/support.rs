use std::collections::{BTreeMap, HashMap};

use velo_common::{Diagnostic, Name, SourceText, render_plain};
use velo_data::{ChangelogMode, SqlType, StreamSchema, StructField, SystemColumn};
use velo_planner::explain::explain;
use velo_planner::lineage::{Lineage, Origins, lineage};
use velo_planner::plan::{LogicalPlan, PlannedStatement};
use velo_planner::properties::BaseDirectory;
use velo_planner::{
    ConfigFiles, ConfigValue, Outline, Overrides, SinkDescription, SourceDescription, outline, plan_program,
};

/// The plans of a program, or everything that is wrong with it, in the order of the text.
pub(crate) fn plan(sql: &str) -> String {
    let source = SourceText::new("t.sql", sql);
    let (diagnostics, statements) = planned(sql);
    let mut text = String::new();
    for diagnostic in &diagnostics {
        text.push_str(&render_plain(diagnostic, &source));
        text.push('\n');
    }
    if !velo_common::has_errors(&diagnostics) {
        for statement in &statements {
            text.push_str(&explain(statement));
        }
    }
    text
}

/// The statements of a valid program.
pub(crate) fn statements(sql: &str) -> Vec<PlannedStatement> {
    let (diagnostics, statements) = planned(sql);
    assert!(!velo_common::has_errors(&diagnostics), "{sql}\n{diagnostics:?}");
    statements
}

/// The key of the last statement of a valid program, `?` behind a column in which NULL is no error.
pub(crate) fn key_of_last(sql: &str) -> String {
    let statements = statements(sql);
    let last = &statements[statements.len() - 1];
    let expressions = match &last.plan {
        LogicalPlan::Project(project) => project.expressions.as_slice(),
        _ => &[],
    };
    let name = |index: &usize| {
        let field = last.plan.schema().arrow().field(*index).name();
        let is_checked = expressions[*index].to_string().starts_with("key_value(");
        format!("{field}{}", if is_checked { "" } else { "?" })
    };
    last.key.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Where the columns of a valid program's statements come from.
pub(crate) fn lineages(sql: &str) -> String {
    let statements = statements(sql);
    let listed = |origins: &Origins| {
        let names = origins
            .iter()
            .map(|origin| format!("{}.{}", origin.relation, origin.column));
        names.collect::<Vec<_>>().join(", ")
    };
    let describe = |statement: &PlannedStatement| {
        let Lineage { columns, conditions } = lineage(statement);
        let name = &statement.name;
        let lines = columns
            .iter()
            .map(|column| format!("{name}.{} from [{}]\n", column.name, listed(&column.from)));
        lines.collect::<String>() + &format!("{name} if [{}]\n", listed(&conditions))
    };
    statements.iter().map(describe).collect()
}

/// What a program is warned of, each with the code, the words that are marked, the message and the help.
pub(crate) fn warnings(sql: &str) -> String {
    let source = SourceText::new("t.sql", sql);
    let (mut diagnostics, _) = planned(sql);
    diagnostics.retain(|diagnostic| !diagnostic.is_error());
    diagnostics.dedup();
    let warning = |diagnostic: &Diagnostic| {
        let marked = source.slice(diagnostic.span.unwrap_or_default());
        let Diagnostic {
            code, message, help, ..
        } = diagnostic;
        format!(
            "{} at `{marked}`\n  {message}\n  help: {}\n",
            code.id,
            help.as_deref().unwrap_or_default()
        )
    };
    diagnostics.iter().map(warning).collect()
}

/// What is wrong with a program, in the order of the text, and its plans.
fn planned(sql: &str) -> (Vec<Diagnostic>, Vec<PlannedStatement>) {
    let parsed = velo_parser::parse_script(sql);
    let unparsed: Vec<Name> = parsed
        .failed
        .iter()
        .filter_map(|failed| Some(failed.defines.as_ref()?.name()))
        .collect();
    let overrides = Overrides {
        sources: vec![("orders".into(), "orders.jsonl".into())],
        ..Overrides::default()
    };
    let outline = outline(&parsed.script, &unparsed, &overrides, &Configs);
    let planned = plan_program(&outline, &descriptions(&outline), &sinks(&outline));
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(outline.diagnostics);
    diagnostics.extend(planned.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.unwrap_or_default());
    (diagnostics, planned.statements)
}

/// Configuration files that tests name.
struct Configs;

impl ConfigFiles for Configs {
    fn load(&self, path: &str) -> Result<BTreeMap<String, ConfigValue>, String> {
        let values: &[(&str, &str)] = match path {
            "x.yaml" => &[
                ("datasource.type", "file_source"),
                ("path", "x.csv"),
                ("format", "csv"),
                ("event.time.field", "at"),
                ("schema.fields[0].name", "at"),
                ("schema.fields[0].type", "BIGINT"),
                ("schema.fields[1].name", "price"),
                ("schema.fields[1].type", "DECIMAL(10, 2)"),
                ("schema.fields[1].nullable", "false"),
            ],
            "wrong.yaml" => &[
                ("path", "x.csv"),
                ("formt", "csv"),
                ("has_headers", "perhaps"),
                ("error.policy", "skip"),
                ("schema.fields[0].name", "a"),
                ("schema.fields[0].type", "NUMBER"),
                ("schema.fields[1].type", "INT"),
                ("schema.fields[2].nmae", "b"),
            ],
            other => return Err(format!("cannot read `{other}`")),
        };
        Ok(values
            .iter()
            .map(|(key, value)| {
                let value = ConfigValue {
                    text: (*value).to_owned(),
                    base: BaseDirectory::default(),
                    unset: vec![],
                };
                ((*key).to_owned(), value)
            })
            .collect())
    }

    fn base(&self) -> BaseDirectory {
        BaseDirectory::default()
    }
}

/// Several programs, each with what comes of it.
pub(crate) fn plan_all(programs: &[&str]) -> String {
    programs
        .iter()
        .map(|sql| format!("{sql}\n--\n{}\n\n", plan(sql).trim_end()))
        .collect()
}

/// All sources have the columns of `orders`, but for those called `missing`, which are unknown.
fn descriptions(outline: &Outline<'_>) -> HashMap<String, SourceDescription> {
    let described = outline.sources.iter().map(|source| {
        let declared = source.declared.as_ref().map(|columns| {
            StreamSchema::of_user_columns(
                columns
                    .iter()
                    .map(|column| column.sql_type.field(&column.name.text, column.nullable)),
            )
        });
        let schema = match source.name.as_str() {
            "missing" => None,
            _ => Some(declared.unwrap_or_else(orders)),
        };
        let system_columns = vec![SystemColumn::Timestamp, SystemColumn::EventTime, SystemColumn::Key];
        let system_columns = if source.name == "timeless" {
            vec![]
        } else {
            system_columns
        };
        (source.id.clone(), SourceDescription { schema, system_columns })
    });
    described.collect()
}

fn sinks(outline: &Outline<'_>) -> HashMap<String, SinkDescription> {
    let described = outline.sinks.iter().map(|sink| {
        let is_envelope = sink
            .properties
            .get("path")
            .is_some_and(|path| path.text.ends_with(".envelope.jsonl"));
        let metadata = if is_envelope {
            vec![SystemColumn::WindowStart]
        } else {
            vec![]
        };
        (
            sink.name.clone(),
            SinkDescription {
                metadata,
                takes: if is_envelope {
                    ChangelogMode::Upsert
                } else {
                    ChangelogMode::AppendOnly
                },
            },
        )
    });
    described.collect()
}

fn orders() -> StreamSchema {
    let address = SqlType::Struct(vec![StructField {
        name: "city".into(),
        sql_type: SqlType::String,
    }]);
    let columns = [
        ("id", SqlType::BigInt),
        ("customer_id", SqlType::BigInt),
        (
            "amount",
            SqlType::Decimal {
                precision: 10,
                scale: 2,
            },
        ),
        ("price", SqlType::Double),
        ("name", SqlType::String),
        ("ts", SqlType::Timestamp),
        ("ms", SqlType::BigInt),
        ("ok", SqlType::Boolean),
        ("address", address),
        ("tags", SqlType::Array(Box::new(SqlType::String))),
    ];
    StreamSchema::of_user_columns(columns.iter().map(|(name, sql_type)| sql_type.field(name, true)))
}

/// Compares several programs, each with what comes of it, with the snapshot of the test.
macro_rules! assert_plans {
    ([$($sql:expr),* $(,)?]) => {
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!($crate::support::plan_all(&[$($sql),*]));
        });
    };
}
