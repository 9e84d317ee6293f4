use std::collections::{HashMap, HashSet};

use velo_common::{Diagnostic, Name, Span, code};
use velo_parser::ast::{
    ColumnDefinition, ColumnRole, CreateAs, CreateView, Declare, Ident, ObjectName, Script, StatementKind,
};

use super::DeclaredColumn;
use crate::types::sql_type;

/// What a name of the program stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Definition<'a> {
    /// `CREATE STREAM | TABLE … AS`.
    Statement(&'a CreateAs),
    /// `CREATE STREAM | TABLE … (columns)`: the index of its statement.
    Declared(&'a Declare, usize),
    /// `CREATE VIEW`.
    View(&'a CreateView),
}

/// The names that a program defines, without regard to case.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    by_name: HashMap<String, Entry<'a>>,
    /// Indexes of statements whose definition gave way to another one of the name.
    unused: HashSet<usize>,
}

#[derive(Debug)]
struct Entry<'a> {
    name: Name,
    definition: Definition<'a>,
    /// Index of its statement.
    index: usize,
    /// Where the name stands.
    span: Span,
}

/// A definition as it stands in a statement.
struct Defining<'a> {
    name: &'a ObjectName,
    definition: Definition<'a>,
    or_replace: bool,
    if_not_exists: bool,
}

impl<'a> Defining<'a> {
    fn of(statement: &'a StatementKind, index: usize) -> Option<Self> {
        Some(match statement {
            StatementKind::CreateAs(create) => Self {
                name: &create.name,
                definition: Definition::Statement(create),
                or_replace: create.or_replace,
                if_not_exists: create.if_not_exists,
            },
            StatementKind::Declare(declare) => Self {
                name: &declare.name,
                definition: Definition::Declared(declare, index),
                or_replace: declare.or_replace,
                if_not_exists: declare.if_not_exists,
            },
            StatementKind::CreateView(view) => Self {
                name: &view.name,
                definition: Definition::View(view),
                or_replace: view.or_replace,
                if_not_exists: view.if_not_exists,
            },
            _ => return None,
        })
    }
}

impl<'a> Definitions<'a> {
    pub(super) fn collect(script: &'a Script, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut definitions = Self::default();
        for (index, statement) in script.statements.iter().enumerate() {
            if let Some(defining) = Defining::of(&statement.kind, index) {
                diagnostics.extend(definitions.add(&defining, index));
            }
        }
        definitions
    }

    /// Adds a definition, and says what becomes of another one of the name.
    fn add(&mut self, defining: &Defining<'a>, index: usize) -> Option<Diagnostic> {
        let span = defining.name.span();
        let name = defining.name.name();
        let entry = Entry {
            name: name.clone(),
            definition: defining.definition,
            index,
            span,
        };
        let Some(before) = self.by_name.get_mut(&name.folded()) else {
            self.by_name.insert(name.folded(), entry);
            return None;
        };
        let first = Some(before.span);
        if defining.or_replace {
            let message = format!("`{name}` is not used: a later CREATE OR REPLACE takes its place");
            let replaced = Diagnostic::new(&code::UNUSED_DEFINITION, before.span, message)
                .with_related(Some(span), "replaced here")
                .with_help("remove the one that is replaced");
            self.unused.insert(before.index);
            *before = entry;
            Some(replaced)
        } else if defining.if_not_exists {
            self.unused.insert(index);
            let message = format!("`{name}` is not used: it exists already, and IF NOT EXISTS keeps what exists");
            Some(
                Diagnostic::new(&code::UNUSED_DEFINITION, span, message)
                    .with_related(first, "exists since here")
                    .with_help("remove one of the two"),
            )
        } else {
            Some(
                Diagnostic::new(&code::DUPLICATE_NAME, span, format!("`{name}` is defined twice"))
                    .with_related(first, "first defined here")
                    .with_help("give one of them another name, or write CREATE OR REPLACE to replace the first"),
            )
        }
    }

    /// Whether the definition of the statement at this index gave way to another one.
    pub(super) fn is_unused(&self, index: usize) -> bool {
        self.unused.contains(&index)
    }

    /// What a reference means.
    pub(super) fn get(&self, reference: &Name) -> Option<(&Name, Definition<'a>)> {
        self.by_name
            .get(&reference.folded())
            .map(|entry| (&entry.name, entry.definition))
    }

    /// All defined names, as written.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().map(|entry| entry.name.text.as_str())
    }

    /// The views, by folded name.
    pub(super) fn views(&self) -> HashMap<String, &'a CreateView> {
        let view = |(name, entry): (&String, &Entry<'a>)| match entry.definition {
            Definition::View(view) => Some((name.clone(), view)),
            _ => None,
        };
        self.by_name.iter().filter_map(view).collect()
    }
}

/// The columns of a declaration; none when it leaves the schema to the source.
pub(super) fn declared_columns(declare: &Declare, diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<DeclaredColumn>> {
    if declare.columns.is_empty() {
        return None;
    }
    let mut columns: Vec<DeclaredColumn> = Vec::with_capacity(declare.columns.len());
    let mut names: HashMap<String, Vec<Name>> = HashMap::with_capacity(declare.columns.len());
    for definition in &declare.columns {
        let Some(column) = declared_column(definition, &declare.primary_key, diagnostics) else {
            continue;
        };
        let namesakes = names.entry(column.name.text.to_lowercase()).or_default();
        let is_same = |other: &&Name| other.text == column.name.text || !(other.quoted && column.name.quoted);
        match namesakes.iter().find(is_same) {
            None => {
                namesakes.push(column.name.clone());
                columns.push(column);
            }
            Some(other) if other.text == column.name.text => {
                let message = format!("column `{}` is declared twice", column.name);
                diagnostics.push(Diagnostic::new(&code::DUPLICATE_NAME, column.span, message));
            }
            Some(other) => {
                let (one, other) = (&other.text, &column.name.text);
                let message = format!("`{one}` and `{other}` are one column up to case, which is declared twice");
                diagnostics.push(
                    Diagnostic::new(&code::DUPLICATE_NAME, column.span, message).with_help(format!(
                        "where both are meant, write them in quotes: \"{one}\" and \"{other}\""
                    )),
                );
            }
        }
    }
    for key in &declare.primary_key {
        if !columns.iter().any(|column| key.name.matches(&column.name.text)) {
            let message = format!("the key names `{}`, which is no column", key.name);
            diagnostics.push(Diagnostic::new(&code::UNKNOWN_COLUMN, key.span, message));
        }
    }
    Some(columns)
}

fn declared_column(
    definition: &ColumnDefinition,
    primary_key: &[Ident],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<DeclaredColumn> {
    let role = definition.role.as_ref();
    if let Some(role) = role.filter(|role| matches!(role.node, ColumnRole::Headers | ColumnRole::Header(_))) {
        diagnostics.push(Diagnostic::new(
            &code::UNSUPPORTED,
            role.span,
            "header columns are not supported yet",
        ));
        return None;
    }
    let sql_type = match sql_type(definition.data_type.as_ref()?) {
        Ok(sql_type) => sql_type,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return None;
        }
    };
    let name = definition.name.name.clone();
    let is_key = role.is_some() || primary_key.iter().any(|key| key.name.matches(&name.text));
    let span: Span = definition.name.span;
    Some(DeclaredColumn {
        name,
        sql_type,
        nullable: !definition.not_null,
        is_key,
        span,
    })
}
