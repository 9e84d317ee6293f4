//! What a batch database makes of the same statements over the same rows: SQLite.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;

use super::input::{Declared, Input, insert_rows};
use super::table::Made;

/// The rows of tables by their names, each row as a JSON array, in the order of these texts.
pub(super) type Contents = BTreeMap<String, Vec<String>>;

/// The inputs and tables of a program in SQLite.
pub(super) struct Oracle(Connection);

impl Oracle {
    pub(super) fn new<'p>(inputs: &[Input], tables: impl IntoIterator<Item = &'p Made>) -> Self {
        let oracle = Self(Connection::open_in_memory().unwrap());
        for input in inputs {
            oracle.add_input(input);
        }
        for table in tables {
            oracle.add_table(table);
        }
        oracle
    }

    /// Makes a table of those that are there; tells how many rows it has.
    pub(super) fn add_table(&self, table: &Made) -> usize {
        let name = &table.name;
        if table.statement().is_some() {
            let query = table.batch_query();
            let sql = match table.marked_key {
                None => format!("CREATE TABLE {name} AS {query}"),
                // The last row of each key counts, and one without a key is an error.
                Some(key) => format!(
                    "CREATE TABLE {name} AS {query} LIMIT 0; CREATE UNIQUE INDEX {name}_key ON {name} ({key});
                     INSERT OR REPLACE INTO {name} SELECT * FROM ({query}) WHERE {key} IS NOT NULL;"
                ),
            };
            self.0
                .execute_batch(&sql)
                .unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
        let count = self
            .0
            .query_row(&format!("SELECT COUNT(*) FROM {name}"), [], |row| row.get::<_, i64>(0));
        count.unwrap() as usize
    }

    pub(super) fn drop_table(&self, table: &Made) {
        self.0.execute_batch(&format!("DROP TABLE {}", table.name)).unwrap();
    }

    pub(super) fn contents<'p>(&self, tables: impl IntoIterator<Item = &'p Made>) -> Contents {
        let contents = |table: &Made| (table.name.clone(), self.rows(&table.name));
        tables.into_iter().map(contents).collect()
    }

    fn add_input(&self, input: &Input) {
        let key = if input.declared == Declared::KeyedTable {
            " NOT NULL UNIQUE"
        } else {
            ""
        };
        let create = format!(
            "CREATE TABLE {} (id INTEGER{key}, k INTEGER, n INTEGER, s TEXT)",
            input.name
        );
        self.0.execute_batch(&create).unwrap();
        let has_key = |row: &&super::input::Row| input.declared != Declared::KeyedTable || row.id.is_some();
        insert_rows(&self.0, &input.name, input.rows().filter(has_key));
        // Of a stream two columns have other places on the way.
        if input.declared == Declared::Stream {
            let view = format!("CREATE VIEW {0}_seen AS SELECT * FROM {0}", input.name);
            self.0.execute_batch(&view).unwrap();
        }
    }

    fn rows(&self, table: &str) -> Vec<String> {
        let mut select = self.0.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let width = select.column_count();
        let value = |value: ValueRef<'_>| match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Text(text) => Value::from(str::from_utf8(text).unwrap()),
            ValueRef::Real(_) | ValueRef::Blob(_) => panic!("{table} holds {value:?}"),
        };
        let rows = select.query_map([], |row| {
            (0..width)
                .map(|index| Ok(value(row.get_ref(index)?)))
                .collect::<Result<Vec<_>, _>>()
        });
        let mut rows: Vec<String> = rows.unwrap().map(|row| Value::from(row.unwrap()).to_string()).collect();
        rows.sort_unstable();
        rows
    }
}
