use std::collections::HashMap;

use velo_common::{Diagnostic, Name, Span, code};
use velo_parser::ast::{ColumnDefinition, ColumnRole, CreateView, Declare, Ident, Script, StatementKind};

use super::DeclaredColumn;
use crate::types::sql_type;

/// What a name of the program stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Definition<'a> {
    /// `CREATE STREAM | TABLE … AS`.
    Statement,
    /// `CREATE STREAM | TABLE … (columns)`: the index of its statement.
    Declared(&'a Declare, usize),
    /// `CREATE VIEW`.
    View(&'a CreateView),
}

/// The names that a program defines, without regard to case.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    by_name: HashMap<String, (Name, Definition<'a>)>,
}

impl<'a> Definitions<'a> {
    pub(super) fn collect(script: &'a Script, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut definitions = Self::default();
        for (index, statement) in script.statements.iter().enumerate() {
            let (name, definition) = match &statement.kind {
                StatementKind::CreateAs(create) => (&create.name, Definition::Statement),
                StatementKind::Declare(declare) => (&declare.name, Definition::Declared(declare, index)),
                StatementKind::CreateView(view) => (&view.name, Definition::View(view)),
                _ => continue,
            };
            let span = name.span();
            let name = name.name();
            if definitions.get(&name).is_some() {
                let message = format!("`{name}` is defined twice");
                diagnostics.push(
                    Diagnostic::new(&code::DUPLICATE_NAME, span, message).with_help("give one of them another name"),
                );
            } else {
                definitions.by_name.insert(name.folded(), (name, definition));
            }
        }
        definitions
    }

    /// What a reference means.
    pub(super) fn get(&self, reference: &Name) -> Option<(&Name, Definition<'a>)> {
        self.by_name
            .get(&reference.folded())
            .map(|(name, definition)| (name, *definition))
    }

    /// All defined names, as written.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().map(|(name, _)| name.text.as_str())
    }

    /// The views, by folded name.
    pub(super) fn views(&self) -> HashMap<String, &'a CreateView> {
        let view = |(name, (_, definition)): (&String, &(Name, Definition<'a>))| match definition {
            Definition::View(view) => Some((name.clone(), *view)),
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
    for definition in &declare.columns {
        let Some(column) = declared_column(definition, &declare.primary_key, diagnostics) else {
            continue;
        };
        if columns
            .iter()
            .any(|before| before.name.folded() == column.name.folded())
        {
            let message = format!("column `{}` is declared twice", column.name);
            diagnostics.push(Diagnostic::new(&code::DUPLICATE_NAME, column.span, message));
        } else {
            columns.push(column);
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
