use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use velo_engine::{JoinedTable, LiveTable};
use velo_planner::plan::{PlannedStatement, TableMissingDataStrategy, TableUse};

use super::{ProgramLoader, Shared};
use crate::{CancellationToken, ParallelLoader, TableReadyStatus};

/// A table that a statement needs, and does not do without.
#[derive(Debug, thiserror::Error)]
#[error("`{statement}` needs table `{table}`, which {reason}")]
pub struct TableMissing {
    /// The statement.
    pub statement: String,
    /// The table.
    pub table: String,
    /// Why it is not there, as the end of a sentence.
    pub reason: String,
}

/// How long a table is waited for, unless the statement that joins it says otherwise.
const WAIT_TIMEOUT: Duration = Duration::from_mins(1);

impl ProgramLoader {
    /// The tables that statements read and look up, for those that are about to run: waits for those that are being
    /// loaded, each as long as its statement says.
    ///
    /// # Errors
    ///
    /// When a table cannot be had, and its statement does not go on without.
    pub async fn wait_for_tables(
        &self,
        statements: &[PlannedStatement],
        loader: &ParallelLoader,
        cancellation: &CancellationToken,
    ) -> Result<HashMap<String, JoinedTable>, TableMissing> {
        let began = Instant::now();
        for statement in statements {
            for table in self.shared.tables_depended_on(statement) {
                let left = WAIT_TIMEOUT.saturating_sub(began.elapsed());
                if self.registry().wait_for_table_ready(table, left).await.is_err() {
                    return Err(self.shared.missing(statement, table));
                }
            }
            for TableUse { table, missing } in statement.plan.table_uses() {
                let timeout = missing.and_then(|missing| missing.wait_timeout).unwrap_or(WAIT_TIMEOUT);
                let left = timeout.saturating_sub(began.elapsed());
                let registry = self.registry();
                let is_there = registry.wait_for_table_ready(table, left).await.is_ok();
                if let (false, Some(TableMissingDataStrategy::WaitAndRetry { max_retries, delay })) =
                    (is_there, missing.map(|missing| &missing.strategy))
                {
                    self.try_again(table, *max_retries, *delay, loader, cancellation).await;
                }
            }
        }
        self.joined_tables(statements)
    }

    /// Loads a table that is missing again, until it is there.
    async fn try_again(
        &self,
        table: &str,
        max_retries: u32,
        delay: Duration,
        loader: &ParallelLoader,
        cancellation: &CancellationToken,
    ) {
        for _ in 0..max_retries {
            if cancellation.is_cancelled() {
                return;
            }
            tokio::time::sleep(delay).await;
            if self.registry().table(table).is_some() {
                return;
            }
            if !matches!(self.registry().status(table), Some(TableReadyStatus::Loading)) {
                // What became of it is what its status says.
                let _ = self.load_again(table, loader, cancellation).await;
            }
        }
    }
}

impl Shared {
    /// Names of the tables that a statement says it depends on, as their definitions spell them.
    fn tables_depended_on<'a>(&'a self, statement: &'a PlannedStatement) -> impl Iterator<Item = &'a str> {
        let named = statement.depends_on.iter().filter_map(|name| self.statement(name));
        named
            .filter(|named| named.kind.is_table())
            .map(|named| named.name.as_str())
    }

    /// Adds the tables that a statement reads and looks up to `joined`; `kept` has some that are not loaded.
    pub(super) fn join(
        &self,
        statement: &PlannedStatement,
        kept: &HashMap<String, Arc<LiveTable>>,
        joined: &mut HashMap<String, JoinedTable>,
    ) -> Result<(), TableMissing> {
        for TableUse { table: name, missing } in statement.plan.table_uses() {
            let goes_on_without = missing.is_some_and(|missing| missing.strategy.goes_on_without());
            let table = self.registry.table(name).or_else(|| kept.get(name).cloned());
            let table = match table {
                Some(table) => JoinedTable::Loaded(table),
                None if goes_on_without => JoinedTable::Missing,
                None => return Err(self.missing(statement, name)),
            };
            joined.insert(name.to_owned(), table);
        }
        Ok(())
    }

    fn missing(&self, statement: &PlannedStatement, table: &str) -> TableMissing {
        let reason = match self.registry.status(table) {
            Some(TableReadyStatus::Failed { message }) => format!("failed: {message}"),
            Some(TableReadyStatus::Skipped { cause }) => format!("was not loaded: {cause}"),
            Some(_) => "is still being loaded; a longer `table.wait.timeout` waits for it".to_owned(),
            None if self.is_kept(table) => format!(
                "is kept as it was before its definition changed; `+{}` selects it, too",
                statement.name
            ),
            None => format!(
                "is neither selected nor kept from an earlier load; `+{}` selects it, too",
                statement.name
            ),
        };
        TableMissing {
            statement: statement.name.clone(),
            table: table.to_owned(),
            reason,
        }
    }
}
