use std::fmt::{self, Display, Formatter};

use super::names::{AnyWord, with_properties};
use super::query::Row;
use super::{Length, Quoted, clause, flag, optional_list};
use crate::ast::{
    Assert, AssertKind, ColumnDefinition, ColumnRole, CreateAs, CreateView, Declare, DeployStrategy, Describe,
    DescribeKind, DropKind, DropObject, Explain, Ident, Insert, JobStatement, Print, Script, Show, ShowObject,
    Statement, StatementKind, TableKind,
};

/// The head, then each statement below its annotations and with a `;`.
impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for annotation in &self.head {
            writeln!(f, "{annotation}")?;
        }
        if !self.head.is_empty() {
            writeln!(f)?;
        }
        self.statements
            .iter()
            .try_for_each(|statement| writeln!(f, "{statement};"))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for annotation in &self.annotations {
            writeln!(f, "{annotation}")?;
        }
        self.kind.fmt(f)
    }
}

impl Display for StatementKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateAs(create) => create.fmt(f),
            Self::Declare(declare) => {
                f.write_str("CREATE")?;
                flag(f, declare.or_replace, "OR REPLACE")?;
                flag(f, declare.source, "SOURCE")?;
                write!(f, " {declare}")
            }
            Self::CreateView(view) => view.fmt(f),
            Self::Drop(drop) => drop.fmt(f),
            Self::Query(query) => query.fmt(f),
            Self::Insert(insert) => insert.fmt(f),
            Self::Show(show) => show.fmt(f),
            Self::Describe(describe) => describe.fmt(f),
            Self::Explain(Explain::Statement(statement)) => write!(f, "EXPLAIN {statement}"),
            Self::Explain(Explain::Job(name)) => write!(f, "EXPLAIN {name}"),
            Self::Job(job) => job.fmt(f),
            Self::Set(property) => write!(f, "SET {property}"),
            Self::Unset { key } => write!(f, "UNSET {}", Quoted(key)),
            Self::Define { name, value } => write!(f, "DEFINE {name} = {}", Quoted(value)),
            Self::Undefine { name } => write!(f, "UNDEFINE {name}"),
            Self::Assert(assert) => assert.fmt(f),
            Self::Print(print) => print.fmt(f),
        }
    }
}

impl Display for TableKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Stream { "STREAM" } else { "TABLE" })
    }
}

impl Display for CreateAs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CREATE")?;
        flag(f, self.or_replace, "OR REPLACE")?;
        write!(f, " {}", self.kind)?;
        flag(f, self.if_not_exists, "IF NOT EXISTS")?;
        write!(f, " {}", self.name)?;
        optional_list(f, &self.columns)?;
        write!(f, " AS {}", self.query)
    }
}

/// Without the word CREATE, as ASSERT has it too.
impl Display for Declare {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        flag(f, self.if_not_exists, "IF NOT EXISTS")?;
        write!(f, " {}", self.name)?;
        let mut elements: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        if !self.primary_key.is_empty() {
            elements.push(format!("PRIMARY KEY ({})", names(&self.primary_key)));
        }
        optional_list(f, &elements)?;
        with_properties(f, &self.properties)
    }
}

fn names(names: &[Ident]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Display for ColumnDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        AnyWord(&self.name).fmt(f)?;
        if let Some(data_type) = &self.data_type {
            write!(f, " {data_type}")?;
        }
        flag(f, self.not_null, "NOT NULL")?;
        self.role.as_ref().map_or(Ok(()), |role| write!(f, " {role}"))
    }
}

impl Display for ColumnRole {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrimaryKey => f.write_str("PRIMARY KEY"),
            Self::Key => f.write_str("KEY"),
            Self::Headers => f.write_str("HEADERS"),
            Self::Header(key) => write!(f, "HEADER({})", Quoted(key)),
        }
    }
}

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CREATE")?;
        flag(f, self.or_replace, "OR REPLACE")?;
        f.write_str(" VIEW")?;
        flag(f, self.if_not_exists, "IF NOT EXISTS")?;
        write!(f, " {}", self.name)?;
        optional_list(f, &self.columns)?;
        write!(f, " AS {}", self.query)
    }
}

impl Display for DropObject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DropKind::Stream => "STREAM",
            DropKind::Table => "TABLE",
            DropKind::View => "VIEW",
            DropKind::Job => "JOB",
        };
        write!(f, "DROP {kind}")?;
        flag(f, self.if_exists, "IF EXISTS")?;
        write!(f, " {}", self.name)?;
        flag(f, self.delete_topic, "DELETE TOPIC")
    }
}

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT INTO {}", self.target)?;
        optional_list(f, &self.columns)?;
        write!(f, " {}", self.query)
    }
}

impl Display for Show {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let object = match self.object.node {
            ShowObject::Streams => "STREAMS",
            ShowObject::Tables => "TABLES",
            ShowObject::Views => "VIEWS",
            ShowObject::Topics => "TOPICS",
            ShowObject::Functions => "FUNCTIONS",
            ShowObject::Jobs => "JOBS",
            ShowObject::Status => "STATUS",
            ShowObject::Versions => "VERSIONS",
            ShowObject::Metrics => "METRICS",
            ShowObject::Schema => "SCHEMA",
            ShowObject::Properties => "PROPERTIES",
            ShowObject::Partitions => "PARTITIONS",
            ShowObject::Variables => "VARIABLES",
        };
        write!(f, "SHOW {object}")?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " {name}"))?;
        clause(f, "LIKE", self.like.as_ref().map(|pattern| Quoted(pattern)))?;
        flag(f, self.extended, "EXTENDED")
    }
}

impl Display for Describe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("DESCRIBE ")?;
        if let Some(kind) = self.kind {
            let kind = match kind {
                DescribeKind::Stream => "STREAM",
                DescribeKind::Table => "TABLE",
                DescribeKind::View => "VIEW",
                DescribeKind::Job => "JOB",
                DescribeKind::Function => "FUNCTION",
            };
            write!(f, "{kind} ")?;
        }
        self.name.fmt(f)?;
        flag(f, self.extended, "EXTENDED")
    }
}

impl Display for JobStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { name, statement } => write!(f, "START JOB {name} AS {statement}"),
            Self::Stop { name, force } => {
                write!(f, "STOP JOB {name}")?;
                flag(f, *force, "FORCE")
            }
            Self::Pause { name } => write!(f, "PAUSE JOB {name}"),
            Self::Resume { name } => write!(f, "RESUME JOB {name}"),
            Self::Terminate { name: Some(name) } => write!(f, "TERMINATE JOB {name}"),
            Self::Terminate { name: None } => f.write_str("TERMINATE ALL"),
            Self::Deploy {
                name,
                version,
                statement,
                strategy,
            } => {
                write!(f, "DEPLOY JOB {name} VERSION {} AS {statement}", Quoted(version))?;
                clause(f, "STRATEGY", strategy.as_ref())
            }
            Self::Rollback { name, version } => {
                write!(f, "ROLLBACK JOB {name}")?;
                clause(f, "VERSION", version.as_ref().map(|version| Quoted(version)))
            }
        }
    }
}

impl Display for DeployStrategy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlueGreen => f.write_str("BLUE_GREEN"),
            Self::Canary { percent } => write!(f, "CANARY({percent})"),
            Self::Rolling => f.write_str("ROLLING"),
            Self::Replace => f.write_str("REPLACE"),
        }
    }
}

impl Display for Assert {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("ASSERT")?;
        flag(f, self.negated, "NOT EXISTS")?;
        write!(f, " {}", self.kind)?;
        clause(f, "TIMEOUT", self.timeout.as_ref().map(|length| Length(length.node)))
    }
}

impl Display for AssertKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic { name, properties } => {
                write!(f, "TOPIC {}", Quoted(name))?;
                with_properties(f, properties)
            }
            Self::Schema { subject, id } => {
                f.write_str("SCHEMA")?;
                clause(f, "SUBJECT", subject.as_ref().map(|subject| Quoted(subject)))?;
                clause(f, "ID", id.as_ref())
            }
            Self::Values { name, columns, values } => {
                write!(f, "VALUES {name}")?;
                optional_list(f, columns)?;
                write!(f, " VALUES {}", Row(values))
            }
            Self::Tombstone { name, columns, values } => {
                write!(f, "NULL VALUES {name}")?;
                optional_list(f, columns)?;
                write!(f, " KEY {}", Row(values))
            }
            Self::Declaration(declare) => declare.fmt(f),
        }
    }
}

impl Display for Print {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "PRINT {}", Quoted(&self.topic))?;
        flag(f, self.from_beginning, "FROM BEGINNING")?;
        clause(f, "INTERVAL", self.interval.as_ref())?;
        clause(f, "LIMIT", self.limit.as_ref())
    }
}
