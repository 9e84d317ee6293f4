use std::collections::{HashMap, HashSet};

use velo_common::{Diagnostic, Name, Severity, Span, code, nearest};
use velo_parser::ast::{self, Insert, Property, Query, Script, Statement, StatementKind as Syntax};

use super::definitions::{Definition, Definitions, declared_columns};
use super::objects::{Role, is_sink, kind_of};
use super::order::order_by_dependencies;
use super::{DeclaredColumn, Outline, Overrides, QueryOutline, SinkOutline, SourceOutline, TargetColumns, annotations};
use crate::plan::{Relation, StatementKind};
use crate::properties::{
    Assignment, KnownNames, Properties, PropertyValue, Scope, assign, definition, known_keys, split_key,
};
use crate::walk::{RelationReference, relations};

pub(super) fn build<'a>(script: &'a Script, unparsed: &[Name], overrides: &Overrides) -> Outline<'a> {
    let mut diagnostics = Vec::new();
    annotations::check(&script.head, &mut diagnostics);
    let definitions = Definitions::collect(script, &mut diagnostics);
    let known_names = known_names(script, &definitions, overrides);
    let set = SetOverrides::parse(overrides, &known_names, &mut diagnostics);
    let mut assignments = Vec::with_capacity(script.statements.len());
    for statement in &script.statements {
        annotations::check(&statement.annotations, &mut diagnostics);
        let properties: Vec<Property> = properties_of(statement)
            .iter()
            .cloned()
            .chain(relation_properties(statement))
            .collect();
        assignments.push(assign(&properties, &known_names, &mut diagnostics));
    }
    let mut builder = Builder {
        script,
        overrides,
        unparsed: unparsed.iter().map(Name::folded).collect(),
        definitions,
        set,
        configured_by: configured_by(&assignments),
        assignments,
        unnamed_queries: 0,
        queries: Vec::new(),
        sources: Vec::new(),
        sources_by_name: HashMap::new(),
        sinks: Vec::new(),
        sink_names: HashSet::new(),
        diagnostics,
    };
    for index in 0..script.statements.len() {
        builder.statement(index);
    }
    let views = builder.definitions.views();
    let Builder {
        mut queries,
        sources,
        sinks,
        mut diagnostics,
        ..
    } = builder;
    order_by_dependencies(&mut queries, &mut diagnostics);
    Outline {
        queries,
        sources,
        sinks,
        diagnostics,
        views,
    }
}

/// `--set`, sorted by what it applies to.
#[derive(Default)]
struct SetOverrides {
    named: HashMap<String, Properties>,
    bare: Properties,
}

impl SetOverrides {
    fn parse(overrides: &Overrides, known_names: &KnownNames, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut set = Self::default();
        for (key, text) in &overrides.set {
            let Some((name, definition)) = split_key(key, known_names) else {
                let meant = nearest(key, known_keys()).map(|meant| format!("a similar property exists: `{meant}`"));
                diagnostics.push(
                    Diagnostic::global(&code::UNKNOWN_PROPERTY, format!("--set: there is no property `{key}`"))
                        .with_help_if(meant),
                );
                continue;
            };
            if let Err(reason) = definition.value.check(text) {
                let message = format!("--set: `{key}` {reason}");
                diagnostics.push(Diagnostic::global(&code::INVALID_PROPERTY_VALUE, message));
                continue;
            }
            let target = match name {
                Some(name) => set.named.entry(name.to_lowercase()).or_default(),
                None => &mut set.bare,
            };
            target.insert(
                definition.key,
                PropertyValue {
                    text: text.clone(),
                    span: None,
                },
            );
        }
        set
    }
}

struct Builder<'a, 'o> {
    script: &'a Script,
    overrides: &'o Overrides,
    /// Folded names that some statement defines which could not be parsed.
    unparsed: HashSet<String>,
    definitions: Definitions<'a>,
    set: SetOverrides,
    /// One for each statement.
    assignments: Vec<Assignment>,
    /// Statements that configure a name, by folded name.
    configured_by: HashMap<String, Vec<usize>>,
    unnamed_queries: usize,
    queries: Vec<QueryOutline<'a>>,
    sources: Vec<SourceOutline>,
    /// Indexes of the sources of a name, by folded name.
    sources_by_name: HashMap<String, Vec<usize>>,
    sinks: Vec<SinkOutline>,
    /// Folded.
    sink_names: HashSet<String>,
    diagnostics: Vec<Diagnostic>,
}

/// What the relations of a query are.
#[derive(Default)]
struct Reads {
    /// By folded name.
    relations: HashMap<String, Relation>,
    any_unparsed: bool,
}

/// A query on its way to becoming a [`QueryOutline`].
struct Draft<'a> {
    index: usize,
    name: String,
    kind: StatementKind,
    query: &'a Query,
    columns: TargetColumns<'a>,
    /// `INSERT INTO target`, `SELECT … INTO target`.
    target: Option<(Name, Span)>,
}

impl<'a> Builder<'a, '_> {
    fn statement(&mut self, index: usize) {
        let statement = &self.script.statements[index];
        match &statement.kind {
            Syntax::CreateAs(create) => {
                let kind = match create.kind {
                    ast::TableKind::Stream => StatementKind::Stream,
                    ast::TableKind::Table => StatementKind::Table,
                };
                let columns = match create.columns.as_slice() {
                    [] => TargetColumns::Own,
                    columns => TargetColumns::Defined(columns),
                };
                let name = create.name.name().text;
                self.query(Draft {
                    index,
                    name,
                    kind,
                    query: &create.query,
                    columns,
                    target: None,
                });
            }
            Syntax::Query(query) => self.unnamed(index, StatementKind::Query, query, TargetColumns::Own, None),
            Syntax::Insert(Insert { target, columns, query }) => {
                let columns = match columns.as_slice() {
                    [] => TargetColumns::Own,
                    columns => TargetColumns::Named(columns),
                };
                let target = Some((target.name(), target.span()));
                self.unnamed(index, StatementKind::Insert, query, columns, target);
            }
            Syntax::Declare(_) => self.check_support(index, None),
            Syntax::CreateView(_) => {}
            other => {
                let message = format!("{} is not supported yet", describe(other));
                self.diagnostics
                    .push(Diagnostic::new(&code::UNSUPPORTED, statement.span, message));
            }
        }
    }

    fn unnamed(
        &mut self,
        index: usize,
        kind: StatementKind,
        query: &'a Query,
        columns: TargetColumns<'a>,
        target: Option<(Name, Span)>,
    ) {
        let annotations = &self.script.statements[index].annotations;
        let named = annotations
            .iter()
            .find(|annotation| annotation.name.eq_ignore_ascii_case("name"));
        let name = match named {
            Some(annotation) if !annotation.value.is_empty() => annotation.value.node.clone(),
            _ => self.free_name(),
        };
        self.query(Draft {
            index,
            name,
            kind,
            query,
            columns,
            target,
        });
    }

    /// `query_1`, `query_2`, …: the next that nothing else is called.
    fn free_name(&mut self) -> String {
        loop {
            self.unnamed_queries += 1;
            let name = format!("query_{}", self.unnamed_queries);
            if self.definitions.get(&Name::new(&name)).is_none() {
                return name;
            }
        }
    }

    fn query(&mut self, draft: Draft<'a>) {
        let diagnostics_before = self.diagnostics.len();
        let span = self.script.statements[draft.index].span;
        let mut properties = self.assignments[draft.index].bare.clone();
        properties.extend(self.set.bare.iter().map(|(key, value)| (*key, value.clone())));
        let reads = self.reads(&draft, &properties);
        let sinks = self.sinks(&draft, &properties, &reads.relations);
        self.check_support(draft.index, Some(&draft));
        let fresh = &self.diagnostics[diagnostics_before..];
        let reported = |code| fresh.iter().any(|diagnostic| diagnostic.code == code);
        let broken = reads.any_unparsed || reported(&code::UNKNOWN_TABLE) || reported(&code::CYCLE);
        let reads = reads.relations;
        let headline = headline(&self.script.statements[draft.index]);
        let Draft {
            name,
            kind,
            query,
            columns,
            ..
        } = draft;
        self.queries.push(QueryOutline {
            name,
            kind,
            span,
            headline,
            reads,
            sinks,
            properties,
            query,
            columns,
            broken,
        });
    }

    /// Finds what each relation of the query is.
    fn reads(&mut self, draft: &Draft<'a>, properties: &Properties) -> Reads {
        let mut reads = Reads::default();
        let mut open_views = Vec::new();
        self.read_query(draft, draft.query, properties, &mut open_views, &mut reads);
        reads
    }

    fn read_query(
        &mut self,
        draft: &Draft<'a>,
        query: &'a Query,
        properties: &Properties,
        open_views: &mut Vec<String>,
        reads: &mut Reads,
    ) {
        for reference in relations(query) {
            let folded = reference.name.folded();
            if reads.relations.contains_key(&folded) {
                continue;
            }
            match self
                .definitions
                .get(&reference.name)
                .map(|(name, definition)| (name.text.clone(), definition))
            {
                Some((name, Definition::Statement)) => {
                    reads.relations.insert(folded, Relation::Statement(name));
                }
                Some((name, Definition::View(_))) if open_views.contains(&name) => {
                    let path = open_views
                        .iter()
                        .chain([&name])
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(" → ");
                    let message = format!("views depend on each other in a circle: {path}");
                    self.diagnostics
                        .push(Diagnostic::new(&code::CYCLE, reference.span, message));
                }
                Some((name, Definition::View(view))) => {
                    open_views.push(name);
                    self.read_query(draft, &view.query, properties, open_views, reads);
                    open_views.pop();
                }
                Some((name, Definition::Declared(declare, declared_at))) => {
                    let declared = declared_columns(declare, &mut self.diagnostics);
                    let source = self.source(draft, &reference, name, properties, Some((declared, declared_at)));
                    reads.relations.insert(folded, source);
                }
                None if self.is_configured(&reference) => {
                    let name = reference.name.text.clone();
                    let source = self.source(draft, &reference, name, properties, None);
                    reads.relations.insert(folded, source);
                }
                None if self.unparsed.contains(&folded) => reads.any_unparsed = true,
                None => self.unknown_relation(&reference),
            }
        }
    }

    fn is_configured(&self, reference: &RelationReference<'_>) -> bool {
        let name = &reference.name.text;
        reference.is_uri
            || !reference.properties.is_empty()
            || self.configured_by.contains_key(&name.to_lowercase())
            || self.set.named.contains_key(&name.to_lowercase())
            || self
                .overrides
                .sources
                .iter()
                .any(|(source, _)| source.eq_ignore_ascii_case(name))
    }

    fn unknown_relation(&mut self, reference: &RelationReference<'_>) {
        let name = &reference.name;
        let configured = self
            .assignments
            .iter()
            .flat_map(|assignment| &assignment.named)
            .map(|named| named.name.as_str());
        let redirected = self.overrides.sources.iter().map(|(source, _)| source.as_str());
        let similar = nearest(&name.text, self.definitions.names().chain(configured).chain(redirected));
        let help = match similar {
            Some(similar) => format!("a similar name exists: `{similar}`"),
            None => format!(
                "declare it: CREATE STREAM {name} (column TYPE, …) WITH (path = '…'); or run with --source {name}=PATH"
            ),
        };
        let message = format!("there is no stream, table or source `{name}`");
        self.diagnostics
            .push(Diagnostic::new(&code::UNKNOWN_TABLE, reference.span, message).with_help(help));
    }

    /// The source that a relation names, configured as this statement sees it.
    fn source(
        &mut self,
        draft: &Draft<'a>,
        reference: &RelationReference<'_>,
        name: String,
        statement: &Properties,
        declared: Option<(Option<Vec<DeclaredColumn>>, usize)>,
    ) -> Relation {
        let mut properties = match &declared {
            Some((_, at)) => self.assignments[*at].bare.clone(),
            None => Properties::new(),
        };
        properties.extend(self.configured(draft.index, &name, reference.span));
        if reference.is_uri {
            self.add_uri(&mut properties, reference);
        }
        let is_declared = declared.is_some();
        let reaches_source = |scope: Scope| match scope {
            Scope::Time => true,
            Scope::Source => !is_declared,
            Scope::Object => !is_declared && draft.kind == StatementKind::Query && draft.query.into.is_none(),
            _ => false,
        };
        for (key, value) in statement {
            if definition(key).is_some_and(|definition| reaches_source(definition.scope)) {
                properties.entry(key).or_insert_with(|| value.clone());
            }
        }
        if let Some(set) = self.set.named.get(&name.to_lowercase()) {
            properties.extend(set.iter().map(|(key, value)| (*key, value.clone())));
        }
        redirect(&mut properties, &self.overrides.sources, &name);
        self.check_kind(Role::Source, &name, &properties, reference.span);
        let declared = declared.and_then(|(columns, _)| columns);
        Relation::Source(self.add_source(SourceOutline {
            id: name.clone(),
            name,
            properties,
            declared,
            span: reference.span,
        }))
    }

    fn add_uri(&mut self, properties: &mut Properties, reference: &RelationReference<'_>) {
        let uri = reference.name.text.as_str();
        match uri.split_once("://") {
            Some(("file", path)) => {
                properties.insert(
                    "path",
                    PropertyValue {
                        text: path.to_owned(),
                        span: Some(reference.span),
                    },
                );
            }
            Some((scheme, _)) => {
                let message = format!("sources of the form `{scheme}://…` are not supported yet");
                self.diagnostics
                    .push(Diagnostic::new(&code::UNSUPPORTED, reference.span, message));
            }
            None => {
                let message = format!("`{uri}` is no URI");
                self.diagnostics.push(
                    Diagnostic::new(&code::INVALID_LITERAL, reference.span, message)
                        .with_help(format!("write 'file://{uri}'")),
                );
            }
        }
    }

    /// What the statement configures under a name, else what the only other statement does that configures it.
    fn configured(&mut self, index: usize, name: &str, span: Span) -> Properties {
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

    fn check_kind(&mut self, role: Role, name: &str, properties: &Properties, span: Span) {
        match kind_of(role, properties, span) {
            Ok(Some(kind)) if !kind.is_supported() => {
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
            }
            Ok(_) => {}
            Err(diagnostic) => self.diagnostics.push(diagnostic),
        }
    }

    /// Adds a source, or finds the one that is configured the same.
    fn add_source(&mut self, mut source: SourceOutline) -> String {
        let of_same_name = self.sources_by_name.entry(source.name.to_lowercase()).or_default();
        let mut others = of_same_name.iter().map(|index| &self.sources[*index]);
        if let Some(same) = others.find(|other| same_values(&other.properties, &source.properties)) {
            return same.id.clone();
        }
        if !of_same_name.is_empty() {
            source.id = format!("{}#{}", source.name, of_same_name.len() + 1);
        }
        of_same_name.push(self.sources.len());
        let id = source.id.clone();
        self.sources.push(source);
        id
    }

    /// Names of the statement's sinks: those it configures, inserts into, or is redirected to.
    fn sinks(&mut self, draft: &Draft<'a>, statement: &Properties, reads: &HashMap<String, Relation>) -> Vec<String> {
        let mut names: Vec<(String, Span)> = Vec::new();
        let span = self.script.statements[draft.index].span;
        let into = draft.query.into.as_ref().map(|into| (into.node.name(), into.span));
        if let Some((target, target_span)) = draft.target.clone().or(into) {
            match self.definitions.get(&target) {
                Some((_, Definition::Statement | Definition::View(_))) => {
                    let message = format!("inserting into `{target}`, which a query creates, is not supported yet");
                    self.diagnostics
                        .push(Diagnostic::new(&code::UNSUPPORTED, target_span, message));
                }
                _ => names.push((target.text, target_span)),
            }
        }
        if let Some(list) = statement.get("sinks") {
            let listed = list.text.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.extend(listed.map(|name| (name.to_owned(), list.span.unwrap_or(span))));
        }
        for named in &self.assignments[draft.index].named {
            let own = named.name.eq_ignore_ascii_case(&draft.name);
            let read = reads.contains_key(&named.name.to_lowercase());
            if !read && (own || is_sink(&named.properties)) {
                names.push((named.name.clone(), first_span(&named.properties).unwrap_or(span)));
            }
        }
        let is_created = matches!(draft.kind, StatementKind::Stream | StatementKind::Table);
        let configures_own = ["type", "path", "topic"].iter().any(|key| statement.contains_key(key));
        if is_created && configures_own || self.is_redirected(&draft.name) {
            names.push((draft.name.clone(), span));
        }
        let mut seen = HashSet::new();
        names.retain(|(name, _)| seen.insert(name.to_lowercase()));
        for (name, span) in &names {
            self.add_sink(draft, name, statement, *span);
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn is_redirected(&self, name: &str) -> bool {
        self.overrides
            .sinks
            .iter()
            .any(|(sink, _)| sink.eq_ignore_ascii_case(name))
    }

    fn add_sink(&mut self, draft: &Draft<'a>, name: &str, statement: &Properties, span: Span) {
        let declared = match self.definitions.get(&Name::new(name)) {
            Some((_, Definition::Declared(declare, at))) => Some((declare, at)),
            _ => None,
        };
        let mut properties = Properties::new();
        if let Some((_, at)) = declared {
            properties.extend(self.assignments[at].bare.clone());
        }
        if name.eq_ignore_ascii_case(&draft.name) {
            let own = statement.iter().filter(|(key, _)| {
                definition(key).is_some_and(|definition| matches!(definition.scope, Scope::Object | Scope::Sink))
            });
            properties.extend(own.map(|(key, value)| (*key, value.clone())));
        }
        properties.extend(self.configured(draft.index, name, span));
        if let Some(set) = self.set.named.get(&name.to_lowercase()) {
            properties.extend(set.iter().map(|(key, value)| (*key, value.clone())));
        }
        redirect(&mut properties, &self.overrides.sinks, name);
        self.check_kind(Role::Sink, name, &properties, span);
        if !self.sink_names.insert(name.to_lowercase()) {
            return;
        }
        let declared = declared.and_then(|(declare, _)| declared_columns(declare, &mut self.diagnostics));
        self.sinks.push(SinkOutline {
            name: name.to_owned(),
            properties,
            declared,
            span,
        });
    }

    /// Refuses the properties of a statement that this version cannot honour, and warns of those without effect.
    fn check_support(&mut self, index: usize, draft: Option<&Draft<'a>>) {
        let Some(statement) = self.assignments.get(index) else {
            return;
        };
        let span = self.script.statements[index].span;
        let mut found = Vec::new();
        let objects = statement.named.iter().map(|named| &named.properties);
        for properties in objects.chain([&statement.bare]) {
            // What cannot be used at all is refused as a whole.
            let role = if is_sink(properties) { Role::Sink } else { Role::Source };
            if matches!(kind_of(role, properties, span), Ok(Some(kind)) if !kind.is_supported()) {
                continue;
            }
            for (key, value) in properties {
                if definition(key).is_some_and(|definition| !definition.supported) {
                    let message = format!("`{key}` is not supported yet");
                    found.push(Diagnostic::new(
                        &code::UNSUPPORTED_PROPERTY,
                        value.span.unwrap_or(span),
                        message,
                    ));
                }
            }
        }
        for (key, value) in &statement.bare {
            let scope = definition(key).map(|definition| definition.scope);
            if let (Some(reason), Some(at)) = (draft.and_then(|draft| idle(draft, scope)), value.span) {
                let message = format!("`{key}` has no effect here: {reason}");
                found.push(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, at, message));
            }
        }
        debug_assert!(found.iter().all(|diagnostic| diagnostic.severity >= Severity::Warning));
        self.diagnostics.extend(found);
    }
}

/// The few words of a statement that stand for all of it: the name of what it creates or fills, else its first word.
fn headline(statement: &Statement) -> Span {
    match &statement.kind {
        Syntax::CreateAs(create) => create.name.span(),
        Syntax::Insert(insert) => insert.target.span(),
        _ => {
            let start = statement.span.start;
            Span::new(start, statement.span.end.min(start + "SELECT".len() as u32))
        }
    }
}

/// The statements that configure each name, by folded name.
fn configured_by(assignments: &[Assignment]) -> HashMap<String, Vec<usize>> {
    let mut statements: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, assignment) in assignments.iter().enumerate() {
        for named in &assignment.named {
            statements.entry(named.name.to_lowercase()).or_default().push(index);
        }
    }
    statements
}

/// Why a property of this scope does nothing for the statement.
fn idle(draft: &Draft<'_>, scope: Option<Scope>) -> Option<&'static str> {
    match scope? {
        Scope::Window if !crate::bind::has_window(draft.query) => Some("the query has no WINDOW"),
        Scope::Table if draft.kind != StatementKind::Table => Some("the statement creates no table"),
        Scope::Source | Scope::Time if relations(draft.query).is_empty() => Some("the query reads nothing"),
        _ => None,
    }
}

/// Replaces the place of an object by the one that the command line names.
fn redirect(properties: &mut Properties, redirections: &[(String, String)], name: &str) {
    let Some((_, path)) = redirections
        .iter()
        .rev()
        .find(|(redirected, _)| redirected.eq_ignore_ascii_case(name))
    else {
        return;
    };
    properties.retain(|key, _| {
        definition(key)
            .is_some_and(|definition| !matches!(definition.scope, Scope::Object | Scope::Source | Scope::Sink))
    });
    properties.insert(
        "path",
        PropertyValue {
            text: path.clone(),
            span: None,
        },
    );
}

fn same_values(left: &Properties, right: &Properties) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|(key, value)| right.get(key).is_some_and(|other| other.text == value.text))
}

fn first_span(properties: &Properties) -> Option<Span> {
    properties.values().filter_map(|value| value.span).min()
}

fn properties_of(statement: &Statement) -> &[Property] {
    match &statement.kind {
        Syntax::CreateAs(create) => &create.query.properties,
        Syntax::Query(query) | Syntax::Insert(Insert { query, .. }) => &query.properties,
        Syntax::Declare(declare) => &declare.properties,
        _ => &[],
    }
}

fn query_of(statement: &Statement) -> Option<&Query> {
    match &statement.kind {
        Syntax::CreateAs(create) => Some(&create.query),
        Syntax::Query(query) | Syntax::Insert(Insert { query, .. }) => Some(query),
        Syntax::CreateView(view) => Some(&view.query),
        _ => None,
    }
}

/// `FROM name WITH (…)`: properties of that relation, put under its name.
fn relation_properties(statement: &Statement) -> Vec<Property> {
    let references = query_of(statement).map(relations).unwrap_or_default();
    let under_name = |reference: &RelationReference<'_>| {
        let name = reference.name.text.clone();
        let renamed = move |property: &Property| {
            let mut property = property.clone();
            property.key.node = format!("{name}.{}", property.key.node);
            property
        };
        reference.properties.iter().map(renamed).collect::<Vec<_>>()
    };
    references.iter().flat_map(under_name).collect()
}

fn known_names(script: &Script, definitions: &Definitions<'_>, overrides: &Overrides) -> KnownNames {
    let mut known = KnownNames::default();
    for name in definitions.names() {
        known.insert(name);
    }
    for (name, _) in overrides.sources.iter().chain(&overrides.sinks) {
        known.insert(name);
    }
    for statement in &script.statements {
        if let Syntax::Insert(insert) = &statement.kind {
            known.insert(&insert.target.name().text);
        }
        let Some(query) = query_of(statement) else { continue };
        if let Some(into) = &query.into {
            known.insert(&into.node.name().text);
        }
        for reference in relations(query) {
            known.insert(&reference.name.text);
        }
        for property in properties_of(statement) {
            if let Some(name) = property.key.node.strip_suffix(".type") {
                known.insert(name);
            }
        }
    }
    known
}

/// A statement in the words of a message.
fn describe(statement: &Syntax) -> &'static str {
    match statement {
        Syntax::CreateAs(_) => "CREATE … AS",
        Syntax::Declare(_) => "CREATE",
        Syntax::CreateView(_) => "CREATE VIEW",
        Syntax::Drop(_) => "DROP",
        Syntax::Query(_) => "SELECT",
        Syntax::Insert(_) => "INSERT",
        Syntax::Show(_) => "SHOW",
        Syntax::Describe(_) => "DESCRIBE",
        Syntax::Explain(_) => "EXPLAIN as a statement",
        Syntax::Job(_) => "managing jobs by SQL",
        Syntax::Set(_) => "SET",
        Syntax::Unset { .. } => "UNSET",
        Syntax::Define { .. } => "DEFINE",
        Syntax::Undefine { .. } => "UNDEFINE",
        Syntax::Assert(_) => "ASSERT",
        Syntax::Print(_) => "PRINT",
    }
}
