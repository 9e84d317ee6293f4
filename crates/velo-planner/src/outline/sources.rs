//! The sources that statements read, configured as each statement sees them.

use velo_common::{Diagnostic, Span, code};

use velo_parser::ast::{Declare, StatementKind as Syntax, TableKind};

use super::build::{Builder, Draft, has_key, is_of_statement};
use super::definitions::declared_columns;
use super::objects::{Role, is_sink, kind_of};
use super::overrides::redirect_source;
use super::{DeclaredAs, DeclaredColumn, SourceOutline};
use crate::Reported;
use crate::plan::{Relation, StatementKind};
use crate::properties::{Properties, PropertyValue, Scope, ValueKind, contradictions, definition};
use crate::walk::RelationReference;

/// What `CREATE STREAM | TABLE name (columns)` says of a source.
pub(super) struct Declaration {
    /// None when it leaves them to the source.
    pub(super) columns: Option<Vec<DeclaredColumn>>,
    /// Index of its statement.
    pub(super) at: usize,
    pub(super) kind: TableKind,
    /// Whether it names a key.
    pub(super) is_keyed: bool,
}

/// The statement that reads a source.
pub(super) struct Reader {
    index: usize,
    /// Whether what it says of objects without a name can only be about what it reads.
    has_no_sink: bool,
}

impl Reader {
    pub(super) fn of(draft: &Draft<'_>) -> Self {
        Self {
            index: draft.index,
            has_no_sink: draft.kind == StatementKind::Query && draft.query.into.is_none(),
        }
    }
}

/// Keys that say where the rows of a table are.
const PLACES: [&str; 4] = ["path", "type", "url", "connection.url"];

impl Declaration {
    pub(super) fn new(declare: &Declare, at: usize, diagnostics: &mut Vec<Diagnostic>) -> Self {
        Self {
            columns: declared_columns(declare, diagnostics),
            at,
            kind: declare.kind,
            is_keyed: has_key(declare),
        }
    }

    fn declared_as(&self) -> DeclaredAs {
        match self.kind {
            TableKind::Stream => DeclaredAs::Stream,
            TableKind::Table if self.is_keyed => DeclaredAs::KeyedTable,
            TableKind::Table => DeclaredAs::Table,
        }
    }
}

impl Builder<'_, '_> {
    /// The source that a relation names, configured as this statement sees it.
    pub(super) fn source(
        &mut self,
        reader: &Reader,
        reference: &RelationReference<'_>,
        name: String,
        statement: &Properties,
        declared: Option<Declaration>,
    ) -> Relation {
        let name = if reference.is_uri {
            without_credentials(name)
        } else {
            name
        };
        let mut properties = match &declared {
            Some(declaration) => self.assignments[declaration.at].bare.clone(),
            None => Properties::new(),
        };
        let is_declared = declared.is_some();
        let reaches_source = |scope: Scope| match scope {
            Scope::Time => true,
            Scope::Source => !is_declared,
            Scope::Object => !is_declared && reader.has_no_sink,
            _ => false,
        };
        let of_statement = statement
            .iter()
            .filter(|(key, _)| definition(key).is_some_and(|definition| reaches_source(definition.scope)));
        properties.extend(of_statement.map(|(key, value)| (key.clone(), value.clone())));
        properties.extend(self.configured(reader.index, &name, reference.span));
        let is_declared_table = declared
            .as_ref()
            .is_some_and(|declaration| declaration.kind == TableKind::Table);
        if is_declared_table {
            // It is a statement of its own, whose settings the command line gives like those of any other.
            let of_statement = self.set.bare.iter().filter(|(key, _)| is_of_statement(key));
            properties.extend(of_statement.map(|(key, value)| (key.clone(), value.clone())));
        }
        let is_uri_usable = !reference.is_uri || self.add_uri(&mut properties, reference).is_ok();
        if let Some(set) = self.set.named.get(&name.to_lowercase()) {
            properties.extend(set.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        let configured = self.add_config_file(Role::Source, &mut properties, reference.span);
        let is_redirected = redirect_source(&mut properties, &self.overrides.sources, &name);
        let has_gaps = !is_redirected && configured.as_ref().is_ok_and(|configured| configured.has_gaps);
        let kind = if has_gaps {
            Ok(()) // What it is may be among what is unknown.
        } else {
            self.check_kind(Role::Source, &name, &properties, reference.span)
        };
        let is_configured = is_redirected || (configured.is_ok() && is_uri_usable && !has_gaps);
        let configured_columns = configured.ok().and_then(|configured| configured.columns);
        let declared_as = declared.as_ref().map(Declaration::declared_as).unwrap_or_default();
        let (depends_on, tags) = match &declared {
            Some(declaration) if is_declared_table => {
                (self.explicit_dependencies(declaration.at), self.tags(declaration.at))
            }
            _ => (Vec::new(), Vec::new()),
        };
        let declared = declared
            .and_then(|declaration| declaration.columns)
            .or(configured_columns);
        let id = self.add_source(SourceOutline {
            id: name.clone(),
            name,
            properties,
            declared,
            span: reference.span,
            is_read: !self.is_checking_views,
            is_usable: is_configured && kind.is_ok(),
            declared_as,
            is_table_of_its_own: false,
            depends_on,
            tags,
        });
        match declared_as {
            DeclaredAs::Table | DeclaredAs::KeyedTable => Relation::Table(id),
            DeclaredAs::Nothing | DeclaredAs::Stream => Relation::Source(id),
        }
    }

    /// Declared tables that nothing reads or writes: they can be loaded for others to query.
    pub(super) fn unread_tables(&mut self) {
        self.is_checking_views = true;
        for (index, statement) in self.script.statements.iter().enumerate() {
            let Syntax::Declare(declare) = &statement.kind else {
                continue;
            };
            let name = declare.name.name();
            let is_used = self.sources_by_name.contains_key(&name.folded()) || self.sink_names.contains(&name.folded());
            let properties = &self.assignments[index].bare;
            let has_place = PLACES.iter().any(|key| properties.contains_key(*key));
            let is_sink = is_sink(properties);
            if declare.kind != TableKind::Table || is_used || is_sink || !has_place || self.definitions.is_unused(index)
            {
                continue;
            }
            let reference = RelationReference {
                span: declare.name.span(),
                properties: &[],
                is_uri: false,
                name: name.clone(),
            };
            let reader = Reader {
                index,
                has_no_sink: false,
            };
            let declaration = Declaration::new(declare, index, &mut self.diagnostics);
            let known = self.sources.len();
            self.source(&reader, &reference, name.text, &Properties::new(), Some(declaration));
            if let Some(source) = self.sources.get_mut(known) {
                source.is_table_of_its_own = true;
            }
        }
    }

    fn add_uri(&mut self, properties: &mut Properties, reference: &RelationReference<'_>) -> Result<(), Reported> {
        let uri = reference.name.text.as_str();
        let path = match uri.split_once("://") {
            Some(("file", path)) => path,
            None | Some(("http" | "https" | "s3", _)) => uri,
            Some((scheme, _)) => {
                let message = format!("sources of the form `{scheme}://…` are not supported yet");
                self.diagnostics
                    .push(Diagnostic::new(&code::UNSUPPORTED, reference.span, message));
                return Err(Reported);
            }
        };
        let mut path = PropertyValue::new(path, Some(reference.span));
        path.locate(ValueKind::DataPath, &self.config_files.base());
        properties.insert("path".into(), path);
        Ok(())
    }

    /// What the statement configures under a name, else what the only other statement does that configures it.
    pub(super) fn configured(&mut self, index: usize, name: &str, span: Span) -> Properties {
        if let Some(own) = self.assignments[index].of(name) {
            return own.clone();
        }
        let statements = self
            .configured_by
            .get(&name.to_lowercase())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut elsewhere = statements
            .iter()
            .filter_map(|statement| self.assignments[*statement].of(name));
        let Some(first) = elsewhere.next() else {
            return Properties::new();
        };
        if elsewhere.any(|other| !same_values(first, other)) {
            let message = format!("`{name}` is configured differently by other statements, and not by this one");
            self.diagnostics.push(
                Diagnostic::new(&code::CONFLICTING_PROPERTY, span, message)
                    .with_help(format!("configure `{name}` in this statement's WITH")),
            );
        }
        first.clone()
    }

    /// Refuses an object of a kind that is unknown or not supported.
    pub(super) fn check_kind(
        &mut self,
        role: Role,
        name: &str,
        properties: &Properties,
        span: Span,
    ) -> Result<(), Reported> {
        match kind_of(role, properties, span) {
            Ok(Some(kind)) if !kind.is_supported(role) => {
                let at = properties.get("type").and_then(|value| value.span).unwrap_or(span);
                let (verb, option) = match role {
                    Role::Source => ("reading from", "source"),
                    Role::Sink => ("writing to", "sink"),
                };
                let message = format!("{verb} {} is not supported yet: `{name}`", kind.describe());
                let diagnostic = Diagnostic::new(&code::UNSUPPORTED, at, message)
                    .with_help(format!("run it on a file instead: --{option} {name}=PATH"));
                if !self.diagnostics.contains(&diagnostic) {
                    self.diagnostics.push(diagnostic);
                }
                Err(Reported)
            }
            Ok(_) => Ok(()),
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                Err(Reported)
            }
        }
    }

    /// Adds a source, or finds the one that is configured the same.
    fn add_source(&mut self, mut source: SourceOutline) -> String {
        let of_same_name = self.sources_by_name.entry(source.name.to_lowercase()).or_default();
        let same = of_same_name
            .iter()
            .find(|index| same_values(&self.sources[**index].properties, &source.properties));
        if let Some(same) = same {
            return self.sources[*same].id.clone();
        }
        self.diagnostics.extend(contradictions(&source.properties, source.span));
        if !of_same_name.is_empty() {
            source.id = format!("{}#{}", source.name, of_same_name.len() + 1);
        }
        of_same_name.push(self.sources.len());
        let id = source.id.clone();
        self.sources.push(source);
        id
    }
}

/// A URI that a source is called by, without what it may hold of credentials: messages show names.
fn without_credentials(uri: String) -> String {
    let Some((scheme @ ("http" | "https" | "s3"), rest)) = uri.split_once("://") else {
        return uri;
    };
    if scheme == "s3" {
        // Any mark may stand in a key.
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let bucket = bucket.rsplit_once('@').map_or(bucket, |(_, bucket)| bucket);
        return format!("{scheme}://{bucket}/{key}");
    }
    // Where a password ends that is not escaped, nobody can tell.
    if rest.contains('@') {
        return format!("{scheme}://…");
    }
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    format!("{scheme}://{}", &rest[..end])
}

fn same_values(left: &Properties, right: &Properties) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|(key, value)| right.get(key).is_some_and(|other| other.text == value.text))
}
