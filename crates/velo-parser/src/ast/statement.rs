use std::time::Duration;

use velo_common::Span;

use super::{Annotation, DataType, Expr, Ident, JobStatement, ObjectName, Property, Query, Spanned};

/// The statements of a file, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    /// What the comments at the top say about the whole file.
    pub head: Vec<Annotation>,
    /// Those that could be parsed.
    pub statements: Vec<Statement>,
}

/// One statement with the annotations above it.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// In the order of the text.
    pub annotations: Vec<Annotation>,
    /// From its first to its last token, without the `;`.
    pub span: Span,
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.annotations) == (&other.kind, &other.annotations)
    }
}

/// Every form of statement.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `CREATE STREAM | TABLE … AS query`.
    CreateAs(CreateAs),
    /// `CREATE STREAM | TABLE … (columns) WITH (…)`.
    Declare(Declare),
    /// `CREATE VIEW … AS query`.
    CreateView(CreateView),
    /// `DROP …`.
    Drop(DropObject),
    /// `SELECT …`, `WITH … SELECT …`, `VALUES …`.
    Query(Box<Query>),
    /// `INSERT INTO …`.
    Insert(Insert),
    /// `SHOW …`, `LIST …`.
    Show(Show),
    /// `DESCRIBE …`.
    Describe(Describe),
    /// `EXPLAIN …`.
    Explain(Explain),
    /// `START JOB …` and its like.
    Job(JobStatement),
    /// `SET 'key' = 'value'`.
    Set(Property),
    /// `UNSET 'key'`.
    Unset {
        /// The property.
        key: Spanned<String>,
    },
    /// `DEFINE name = 'value'`.
    Define {
        /// The variable.
        name: Ident,
        /// Its value.
        value: Spanned<String>,
    },
    /// `UNDEFINE name`.
    Undefine {
        /// The variable.
        name: Ident,
    },
    /// `ASSERT …`.
    Assert(Assert),
    /// `PRINT topic …`.
    Print(Print),
}

/// `STREAM` or `TABLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// A running query, or a source or sink of records.
    Stream,
    /// Rows by key.
    Table,
}

/// `CREATE STREAM | TABLE [OR REPLACE] [IF NOT EXISTS] name [(columns)] AS query`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateAs {
    /// Which of the two.
    pub kind: TableKind,
    /// `CREATE OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// What is created.
    pub name: ObjectName,
    /// Names, and where given types, for the columns; empty when absent.
    pub columns: Vec<ColumnDefinition>,
    /// Holds also the statement's EMIT and all of its properties.
    pub query: Box<Query>,
}

/// `CREATE [SOURCE] STREAM | TABLE name (columns) WITH (…)`: a source or sink and its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Declare {
    /// Which of the two.
    pub kind: TableKind,
    /// `CREATE SOURCE`: may only be read.
    pub source: bool,
    /// `CREATE OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// What is declared.
    pub name: ObjectName,
    /// Each with a type; empty when the schema comes from elsewhere.
    pub columns: Vec<ColumnDefinition>,
    /// `PRIMARY KEY (a, b)` behind the columns; empty when absent.
    pub primary_key: Vec<Ident>,
    /// `WITH (…)`; empty when absent.
    pub properties: Vec<Property>,
}

/// `name type [NOT NULL] [PRIMARY KEY | KEY | HEADERS | HEADER('k')]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDefinition {
    /// The column.
    pub name: Ident,
    /// Absent only in the column list of a [`CreateAs`].
    pub data_type: Option<Spanned<DataType>>,
    /// `NOT NULL`.
    pub not_null: bool,
    /// Where its value comes from, if not from the record's value.
    pub role: Option<Spanned<ColumnRole>>,
}

/// What a column is to its record.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnRole {
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// `KEY`: part of the record's key.
    Key,
    /// `HEADERS`: all headers.
    Headers,
    /// `HEADER('k')`: one of them.
    Header(String),
}

/// `CREATE VIEW name AS query`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    /// `CREATE OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// What is created.
    pub name: ObjectName,
    /// Names for its columns; empty when absent.
    pub columns: Vec<Ident>,
    /// What it stands for.
    pub query: Box<Query>,
}

/// `DROP kind [IF EXISTS] name [DELETE TOPIC]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DropObject {
    /// What kind of object.
    pub kind: DropKind,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// Which one.
    pub name: ObjectName,
    /// `DELETE TOPIC`.
    pub delete_topic: bool,
}

/// What `DROP` removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropKind {
    /// `DROP STREAM`.
    Stream,
    /// `DROP TABLE`.
    Table,
    /// `DROP VIEW`.
    View,
    /// `DROP JOB`, `DROP QUERY`.
    Job,
}

/// `INSERT INTO name [(columns)] query`; the query may be `VALUES …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// The sink.
    pub target: ObjectName,
    /// Empty when absent.
    pub columns: Vec<Ident>,
    /// Holds also the statement's EMIT and properties.
    pub query: Box<Query>,
}

/// `SHOW object [name] [LIKE 'pattern'] [EXTENDED]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// What is listed.
    pub object: Spanned<ShowObject>,
    /// Of what, such as the job of `SHOW METRICS job`.
    pub name: Option<ObjectName>,
    /// `LIKE 'pattern'`.
    pub like: Option<Spanned<String>>,
    /// `EXTENDED`, or `SHOW ALL TOPICS`.
    pub extended: bool,
}

/// What `SHOW` can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the keyword")]
pub enum ShowObject {
    Streams,
    Tables,
    Views,
    Topics,
    Functions,
    /// `JOBS`, `QUERIES`.
    Jobs,
    Status,
    Versions,
    Metrics,
    Schema,
    Properties,
    Partitions,
    Variables,
}

/// `DESCRIBE [kind] name [EXTENDED]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Describe {
    /// The kind, where it was given.
    pub kind: Option<DescribeKind>,
    /// Which one.
    pub name: ObjectName,
    /// `EXTENDED`.
    pub extended: bool,
}

/// What `DESCRIBE` may be told to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the keyword")]
pub enum DescribeKind {
    Stream,
    Table,
    View,
    Job,
    Function,
}

/// `EXPLAIN statement`, `EXPLAIN name`.
#[derive(Debug, Clone, PartialEq)]
pub enum Explain {
    /// Of a statement.
    Statement(Box<Statement>),
    /// Of a running job.
    Job(JobName),
}

/// The name of a job.
pub type JobName = ObjectName;

/// `ASSERT [NOT EXISTS] …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assert {
    /// `NOT EXISTS`.
    pub negated: bool,
    /// What is asserted.
    pub kind: AssertKind,
    /// `TIMEOUT d`: how long to wait for it.
    pub timeout: Option<Spanned<Duration>>,
}

/// What can be asserted.
#[derive(Debug, Clone, PartialEq)]
pub enum AssertKind {
    /// `TOPIC name [WITH (…)]`.
    Topic {
        /// The topic.
        name: Spanned<String>,
        /// What it must have; empty when absent.
        properties: Vec<Property>,
    },
    /// `SCHEMA [SUBJECT 's'] [ID n]`.
    Schema {
        /// Its subject.
        subject: Option<Spanned<String>>,
        /// Its number.
        id: Option<Spanned<u64>>,
    },
    /// `VALUES name [(columns)] VALUES (…)`: the next record.
    Values {
        /// Of which stream or table.
        name: ObjectName,
        /// Empty when absent.
        columns: Vec<Ident>,
        /// One for each column.
        values: Vec<Expr>,
    },
    /// `NULL VALUES name [(columns)] KEY (…)`: the next record is a tombstone.
    Tombstone {
        /// Of which table.
        name: ObjectName,
        /// Empty when absent.
        columns: Vec<Ident>,
        /// One for each column.
        values: Vec<Expr>,
    },
    /// `STREAM | TABLE name (columns) WITH (…)`.
    Declaration(Declare),
}

/// `PRINT topic [FROM BEGINNING] [INTERVAL n] [LIMIT n]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Print {
    /// The topic.
    pub topic: Spanned<String>,
    /// `FROM BEGINNING`.
    pub from_beginning: bool,
    /// `INTERVAL n`, `SAMPLE n`: every n-th record.
    pub interval: Option<Spanned<u64>>,
    /// `LIMIT n`.
    pub limit: Option<Spanned<u64>>,
}
