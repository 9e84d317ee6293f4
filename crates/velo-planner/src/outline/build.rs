use std::collections::{HashMap, HashSet};

use velo_common::{Diagnostic, Name, Span, code, nearest};
use velo_parser::ast::{
    self, AssertKind, Declare, Insert, Property, Query, Script, Spanned, Statement, StatementKind as Syntax,
};

use super::definitions::{Definition, Definitions};
use super::ksqldb::{self, looks_like_ksqldb};
use super::order::order_by_dependencies;
use super::overrides::SetOverrides;
use super::sinks::first_span;
use super::sources::{Declaration, Reader};
use super::syntax::{known_names, names_in_use, properties_of, relation_properties};
use super::{
    ConfigFiles, JoinOutline, Outline, Overrides, QueryOutline, SinkOutline, SourceOutline, TargetColumns, annotations,
};
use crate::metrics::metrics_of;
use crate::plan::{Relation, StatementKind};
use crate::properties::{Assignment, KnownNames, NamedProperties, Properties, Scope, assign, definition};
use crate::walk::{RelationReference, relations};

pub(super) fn build<'a>(
    script: &'a Script,
    unparsed: &[Name],
    overrides: &Overrides,
    config_files: &dyn ConfigFiles,
) -> Outline<'a> {
    let mut diagnostics = Vec::new();
    annotations::check(&script.head, &mut diagnostics);
    annotations::check_ids(script, &mut diagnostics);
    let definitions = Definitions::collect(script, &mut diagnostics);
    let known_names = known_names(script, &definitions, overrides);
    let set = SetOverrides::parse(overrides, &known_names, &mut diagnostics);
    let mut assignments = Vec::with_capacity(script.statements.len());
    for statement in &script.statements {
        annotations::check_above(statement, &mut diagnostics);
        let properties: Vec<Property> = properties_of(statement)
            .iter()
            .cloned()
            .chain(relation_properties(statement))
            .collect();
        let mut assignment = assign(&properties, &known_names, &mut diagnostics);
        assignment.locate(&config_files.base());
        assignments.push(assignment);
    }
    // What an unused definition configures is not used either.
    for (index, assignment) in assignments.iter_mut().enumerate() {
        if definitions.is_unused(index) {
            *assignment = Assignment::default();
        }
    }
    let mut builder = Builder {
        script,
        overrides,
        config_files,
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
        joins: Vec::new(),
        sink_names: HashSet::new(),
        read_views: HashSet::new(),
        is_checking_views: false,
        unread_views: Vec::new(),
        diagnostics,
    };
    for index in 0..script.statements.len() {
        if !builder.definitions.is_unused(index) {
            builder.statement(index);
        }
    }
    builder.unread_tables();
    builder.unread_views();
    // What a declaration is for is known once all that reads or writes it is.
    for (index, statement) in script.statements.iter().enumerate() {
        if matches!(statement.kind, Syntax::Declare(_)) && !builder.definitions.is_unused(index) {
            builder.check_support(index, None);
        }
    }
    // The sources of a view are known once something reads it.
    for statement in &script.statements {
        if let Syntax::CreateView(view) = &statement.kind {
            builder.add_joins(&view.query, None);
        }
    }
    builder.check_names(&names_in_use(script, &builder.definitions, overrides));
    builder.check_owners();
    builder.check_set();
    builder.check_metric_names();
    let views = builder.definitions.views();
    let Builder {
        mut queries,
        mut sources,
        sinks,
        unread_views,
        mut joins,
        mut diagnostics,
        ..
    } = builder;
    let looks_like_ksqldb = looks_like_ksqldb(script);
    if looks_like_ksqldb {
        ksqldb::check(script, &mut diagnostics);
    }
    order_by_dependencies(&mut queries, &mut sources, &mut diagnostics);
    joins.sort_by_key(|join| join.span);
    let loaded = overrides
        .tables
        .iter()
        .map(|(name, schema)| (Name::fold(name), schema.clone()));
    Outline {
        loaded: loaded.collect(),
        queries,
        sources,
        sinks,
        joins,
        diagnostics,
        unread_views,
        reads_once: overrides.reads_once,
        looks_like_ksqldb,
        views,
    }
}

pub(super) struct Builder<'a, 'o> {
    pub(super) script: &'a Script,
    pub(super) overrides: &'o Overrides,
    pub(super) config_files: &'o dyn ConfigFiles,
    /// Folded names that some statement defines which could not be parsed.
    pub(super) unparsed: HashSet<String>,
    pub(super) definitions: Definitions<'a>,
    pub(super) set: SetOverrides,
    /// One for each statement.
    pub(super) assignments: Vec<Assignment>,
    /// Statements that configure a name, by folded name.
    pub(super) configured_by: HashMap<String, Vec<usize>>,
    pub(super) unnamed_queries: usize,
    pub(super) queries: Vec<QueryOutline<'a>>,
    pub(super) sources: Vec<SourceOutline>,
    /// Indexes of the sources of a name, by folded name.
    pub(super) sources_by_name: HashMap<String, Vec<usize>>,
    pub(super) sinks: Vec<SinkOutline>,
    pub(super) joins: Vec<JoinOutline>,
    /// Folded.
    pub(super) sink_names: HashSet<String>,
    /// Views that some statement reads, folded.
    pub(super) read_views: HashSet<String>,
    /// Everything that runs is done; what is left is only looked at.
    pub(super) is_checking_views: bool,
    pub(super) unread_views: Vec<QueryOutline<'a>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// What the relations of a query are.
#[derive(Default)]
pub(super) struct Reads {
    /// By folded name.
    pub(super) relations: HashMap<String, Relation>,
    /// What the statement says of the event time of other statements and of tables, by their name.
    pub(super) times: HashMap<String, Properties>,
    /// One of them cannot be read; that has been reported.
    pub(super) any_unparsed: bool,
}

/// A query on its way to becoming a [`QueryOutline`].
pub(super) struct Draft<'a> {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) kind: StatementKind,
    pub(super) query: &'a Query,
    pub(super) columns: TargetColumns<'a>,
    /// `INSERT INTO target`, `SELECT … INTO target`.
    pub(super) target: Option<(Name, Span)>,
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
            Syntax::Declare(declare) => {
                self.lint_declared_key(index, declare);
            }
            Syntax::CreateView(view) => self.check_view(view),
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
            Some(annotation) if !annotation.value.is_empty() => {
                self.check_given_name(&annotation.value);
                annotation.value.node.clone()
            }
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

    /// A name by `@name` must be nobody else's.
    fn check_given_name(&mut self, name: &Spanned<String>) {
        let defined = self.definitions.get(&Name::new(&name.node)).is_some();
        let other = self.queries.iter().find(|query| query.name.eq_ignore_ascii_case(name));
        if !defined && other.is_none() {
            return;
        }
        let message = format!("something else is called `{}` already", name.node);
        let other = other.map(|query| query.headline);
        self.diagnostics.push(
            Diagnostic::new(&code::DUPLICATE_NAME, name.span, message)
                .with_related(other, "called so, too")
                .with_help("give this statement another name"),
        );
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

    /// Whether something was reported that leaves a query without a plan.
    pub(super) fn is_broken_since(&self, diagnostics_before: usize) -> bool {
        let fresh = self.diagnostics.get(diagnostics_before..).unwrap_or_default();
        fresh
            .iter()
            .any(|diagnostic| [&code::UNKNOWN_TABLE, &code::CYCLE].contains(&diagnostic.code))
    }

    fn query(&mut self, draft: Draft<'a>) {
        let diagnostics_before = self.diagnostics.len();
        let span = self.script.statements[draft.index].span;
        let properties = self.statement_properties(&draft);
        let reads = self.reads(&draft, &properties);
        let sinks = self.sinks(&draft, &properties, &reads.relations);
        self.add_joins(draft.query, properties.get("state.ttl").map(|ttl| ttl.text.as_str()));
        self.lint_wildcard(&draft, &sinks);
        self.check_support(draft.index, Some(&draft));
        let broken = reads.any_unparsed || self.is_broken_since(diagnostics_before);
        let Reads {
            relations: reads,
            times,
            ..
        } = reads;
        let headline = headline(&self.script.statements[draft.index]);
        let depends_on = self.explicit_dependencies(draft.index);
        let tags = self.tags(draft.index);
        let state_id = annotations::state_id(&self.script.statements[draft.index].annotations);
        let missing_defaults = self.assignments[draft.index].missing_defaults.clone();
        let metrics = metrics_of(&self.script.statements[draft.index].annotations, &mut self.diagnostics);
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
            times,
            depends_on,
            tags,
            state_id: state_id.map(|id| id.node.clone()),
            sinks,
            properties,
            missing_defaults,
            query,
            columns,
            metrics,
            broken,
        });
    }

    /// The words of `@tag` above a statement, and of that in the head of the file.
    pub(super) fn tags(&self, index: usize) -> Vec<String> {
        let own = annotations::words(&self.script.statements[index].annotations, "tag");
        let of_file = annotations::words(&self.script.head, "tag");
        let mut seen = HashSet::new();
        let tags = own.into_iter().chain(of_file).map(|tag| tag.node);
        tags.filter(|tag| seen.insert(tag.clone())).collect()
    }

    /// What `@depends_on` names, as it is defined.
    pub(super) fn explicit_dependencies(&mut self, index: usize) -> Vec<String> {
        let words = annotations::words(&self.script.statements[index].annotations, "depends_on");
        let mut names = Vec::with_capacity(words.len());
        for word in words {
            match self.definitions.get(&Name::written(&word.node)) {
                Some((name, Definition::Statement(_) | Definition::Declared(..))) => names.push(name.text.clone()),
                _ => {
                    let similar = nearest(&word.node, self.definitions.names());
                    let message = format!("the program defines no stream or table `{}`", word.node);
                    self.diagnostics.push(
                        Diagnostic::new(&code::UNKNOWN_TABLE, word.span, message)
                            .with_help_if(similar.map(|similar| format!("a similar name exists: `{similar}`"))),
                    );
                }
            }
        }
        names
    }

    /// Finds what each relation of the query is.
    pub(super) fn reads(&mut self, draft: &Draft<'a>, properties: &Properties) -> Reads {
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
                Some((name, Definition::Statement(create))) => {
                    let relation = match create.kind {
                        ast::TableKind::Stream => Relation::Statement(name),
                        ast::TableKind::Table => Relation::Table(name),
                    };
                    self.read_loaded(draft, folded, relation, properties, reads);
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
                    self.read_views.insert(folded);
                    open_views.push(name);
                    self.read_query(draft, &view.query, properties, open_views, reads);
                    open_views.pop();
                }
                Some((name, Definition::Declared(declare, declared_at))) => {
                    let declaration = Declaration::new(declare, declared_at, &mut self.diagnostics);
                    let source = self.source(&Reader::of(draft), &reference, name, properties, Some(declaration));
                    reads.relations.insert(folded, source);
                }
                None if !self.is_configured(&reference) && self.loaded_table(&reference.name).is_some() => {
                    let name = self.loaded_table(&reference.name).unwrap_or_default();
                    self.read_loaded(draft, folded, Relation::Table(name), properties, reads);
                }
                None if self.is_configured(&reference) || configures_its_source(draft, properties) => {
                    let name = reference.name.text.clone();
                    let source = self.source(&Reader::of(draft), &reference, name, properties, None);
                    reads.relations.insert(folded, source);
                }
                None if self.unparsed.contains(&folded) => reads.any_unparsed = true,
                None => self.unknown_relation(&reference),
            }
        }
    }

    /// Takes in a relation that is no source of its own, and what the statement says of its rows' time.
    fn read_loaded(
        &self,
        draft: &Draft<'a>,
        folded: String,
        relation: Relation,
        properties: &Properties,
        reads: &mut Reads,
    ) {
        let name = relation.name();
        let named = self.assignments[draft.index].of(name);
        let set = self.set.named.get(&name.to_lowercase());
        let all = properties.iter().chain(named.into_iter().chain(set).flatten());
        let of_time = all.filter(|(key, _)| definition(key).is_some_and(|definition| definition.scope == Scope::Time));
        let times = of_time.map(|(key, value)| (key.clone(), value.clone())).collect();
        reads.times.insert(name.to_owned(), times);
        reads.relations.insert(folded, relation);
    }

    /// A table that is loaded already, as it is spelled.
    fn loaded_table(&self, reference: &Name) -> Option<String> {
        let mut loaded = self.overrides.tables.iter();
        loaded
            .find(|(name, _)| reference.matches(name))
            .map(|(name, _)| name.clone())
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
        let loaded = self.overrides.tables.iter().map(|(table, _)| table.as_str());
        let known = self
            .definitions
            .names()
            .chain(configured)
            .chain(redirected)
            .chain(loaded);
        let similar = nearest(&name.text, known);
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

    /// What applies to the statement itself: keys without a name, and those under its own name that no source or
    /// sink takes. The command line comes last.
    fn statement_properties(&self, draft: &Draft<'a>) -> Properties {
        let assignment = &self.assignments[draft.index];
        let of_statement = |named: Option<&Properties>| {
            let properties = named.into_iter().flatten();
            let properties = properties.filter(|(key, _)| is_of_statement(key));
            properties
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<Properties>()
        };
        let mut properties = assignment.bare.clone();
        properties.extend(of_statement(assignment.of(&draft.name)));
        properties.extend(self.set.bare.iter().map(|(key, value)| (key.clone(), value.clone())));
        properties.extend(of_statement(self.set.named.get(&draft.name.to_lowercase())));
        properties
    }

    /// Says which names are configured that nothing reads or writes.
    fn check_names(&mut self, names_in_use: &KnownNames) {
        let named = self.assignments.iter().flat_map(|assignment| &assignment.named);
        let unused = named.filter(|named| {
            !names_in_use.contains(&named.name) && !self.sink_names.contains(&named.name.to_lowercase())
        });
        let diagnostic = |named: &NamedProperties| {
            let message = format!(
                "no statement reads or writes `{}`, which is configured here",
                named.name
            );
            let span = first_span(&named.properties)?;
            Some(
                Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message)
                    .with_help("configure sources and sinks under their own names; 'name.sinks' lists further sinks"),
            )
        };
        let diagnostics: Vec<Diagnostic> = unused.filter_map(diagnostic).collect();
        self.diagnostics.extend(diagnostics);
    }
}

/// Whether the properties of a query that writes no sink say where its only source is: `SELECT … FROM t WITH (path = …)`.
fn configures_its_source(draft: &Draft<'_>, properties: &Properties) -> bool {
    let says_where = ["type", "path", "topic", "config_file"]
        .iter()
        .any(|key| properties.contains_key(*key));
    let writes_sink = draft.kind != StatementKind::Query || draft.query.into.is_some();
    says_where && !writes_sink && relations(draft.query).len() == 1
}

/// Whether a declaration names a key.
pub(super) fn has_key(declare: &Declare) -> bool {
    let has_key_column = declare.columns.iter().any(|column| column.role.is_some());
    has_key_column || !declare.primary_key.is_empty()
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

/// Whether a key says how a statement runs, and not where data is and what it looks like.
pub(super) fn is_of_statement(key: &str) -> bool {
    definition(key).is_some_and(|definition| {
        matches!(
            definition.scope,
            Scope::Window | Scope::Table | Scope::Join | Scope::Statement | Scope::Stream
        )
    })
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
        Syntax::Assert(assert) => describe_assert(&assert.kind),
        Syntax::Print(_) => "PRINT",
    }
}

fn describe_assert(kind: &AssertKind) -> &'static str {
    match kind {
        AssertKind::Topic { .. } => "ASSERT TOPIC",
        AssertKind::Schema { .. } => "ASSERT SCHEMA",
        AssertKind::Values { .. } => "ASSERT VALUES",
        AssertKind::Tombstone { .. } => "ASSERT NULL VALUES",
        AssertKind::Declaration(_) => "ASSERT STREAM and ASSERT TABLE",
    }
}
