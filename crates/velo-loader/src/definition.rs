//! Tables that a program in Rust defines, without a SQL file.

use std::collections::BTreeMap;

use velo_common::{Diagnostic, SourceText, render_plain};
use velo_session::{Mode, SessionOptions, check};

use crate::{
    CancellationToken, ParallelLoader, ParallelLoadingResult, ProgramLoadError, ProgramLoadOptions, ProgramLoader,
    TableChoice,
};

/// A table: its name, the query that makes it, what configures it and its sources, and what has to be there before.
///
/// ```
/// use velo_loader::TableDefinition;
///
/// let customers = TableDefinition::new("customers", "SELECT id PRIMARY KEY, name FROM customers_file")
///     .with_property("customers_file.path", "customers.csv")
///     .with_dependency("regions");
/// assert_eq!(
///     customers.to_sql(),
///     "-- @depends_on: regions\n\
///      CREATE TABLE customers AS SELECT id PRIMARY KEY, name FROM customers_file \
///      WITH ('customers_file.path' = 'customers.csv');\n"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition {
    name: String,
    sql: String,
    properties: BTreeMap<String, String>,
    dependencies: Vec<String>,
}

impl TableDefinition {
    /// A table that is made by `sql`: a `SELECT`, or the whole `CREATE TABLE` if it has columns to declare.
    pub fn new(name: impl Into<String>, sql: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            sql: sql.into(),
            properties: BTreeMap::new(),
            dependencies: Vec::new(),
        }
    }

    /// The same with one property more, as in `WITH`. A whole `CREATE TABLE` has its own.
    #[must_use]
    pub fn with_property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// The same, loaded behind another table, whether it reads that or not.
    #[must_use]
    pub fn with_dependency(mut self, table: impl Into<String>) -> Self {
        self.dependencies.push(table.into());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The statement that defines it.
    pub fn to_sql(&self) -> String {
        let explicit = match self.dependencies.as_slice() {
            [] => String::new(),
            dependencies => format!("-- @depends_on: {}\n", dependencies.join(", ")),
        };
        let query = self.sql.trim().trim_end_matches(';').trim_end();
        let is_whole = query.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("create"));
        let head = if is_whole {
            String::new()
        } else {
            format!("CREATE TABLE {} AS ", self.name)
        };
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let property = |(key, value): (&String, &String)| format!("{} = {}", quoted(key), quoted(value));
        let properties: Vec<String> = self.properties.iter().map(property).collect();
        let with = if properties.is_empty() {
            String::new()
        } else {
            format!(" WITH ({})", properties.join(", "))
        };
        format!("{explicit}{head}{query}{with};\n")
    }
}

/// Tables that were loaded from definitions.
pub struct LoadedDefinitions {
    /// What became of each.
    pub result: ParallelLoadingResult,
    /// The tables, in [`ProgramLoader::registry`].
    pub tables: ProgramLoader,
}

/// Why definitions cannot be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The SQL is wrong.
    #[error("the definitions are not valid:\n{text}")]
    Invalid {
        /// Everything that is wrong, each with its place.
        text: String,
        /// The same, one by one.
        diagnostics: Vec<Diagnostic>,
    },
    /// Nothing could be loaded.
    #[error(transparent)]
    Load(#[from] ProgramLoadError),
}

impl ParallelLoader {
    /// Loads tables that are defined one by one: in parallel, each behind those that its SQL reads and those that it is
    /// said to depend on.
    ///
    /// ```
    /// use velo_loader::{CancellationToken, ParallelLoader, ParallelLoadingConfig, ProgramLoadOptions, TableDefinition};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("orders.csv");
    /// std::fs::write(&path, "id,customer,amount\n1,Ann,5\n2,Bob,7\n3,Ann,9\n")?;
    /// let definitions = [
    ///     TableDefinition::new("totals", "SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer"),
    ///     TableDefinition::new("orders", "SELECT id PRIMARY KEY, customer, amount FROM orders_file")
    ///         .with_property("orders_file.path", path.display().to_string()),
    /// ];
    ///
    /// let loader = ParallelLoader::new(ParallelLoadingConfig::default())?;
    /// let (options, cancellation) = (ProgramLoadOptions::default(), CancellationToken::new());
    /// let load = loader.load_tables_with_dependencies(&definitions, options, &cancellation);
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let loaded = runtime.block_on(load)?;
    ///
    /// assert!(loaded.result.is_complete());
    /// let totals = loaded.tables.registry().table("totals").ok_or("not loaded")?;
    /// assert_eq!(totals.current().num_rows(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the SQL is wrong, or there is no order to load in. Tables that fail are part of the result.
    pub async fn load_tables_with_dependencies(
        &self,
        definitions: &[TableDefinition],
        options: ProgramLoadOptions,
        cancellation: &CancellationToken,
    ) -> Result<LoadedDefinitions, DefinitionError> {
        let sql: String = definitions.iter().map(TableDefinition::to_sql).collect();
        let source = SourceText::new("definitions", &sql);
        let mut program = check(source, &SessionOptions::new(Mode::Load));
        if !program.is_valid() {
            let errors: Vec<Diagnostic> = program.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
            let rendered: Vec<String> = errors
                .iter()
                .map(|error| render_plain(error, &program.source))
                .collect();
            return Err(DefinitionError::Invalid {
                text: rendered.join("\n\n"),
                diagnostics: errors,
            });
        }
        let tables = program.take_tables();
        let tables = ProgramLoader::new(&program, &tables, options);
        let result = tables.load(self, &TableChoice::default(), cancellation).await?;
        Ok(LoadedDefinitions { result, tables })
    }
}
