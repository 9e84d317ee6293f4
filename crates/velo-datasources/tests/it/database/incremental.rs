use rusqlite::Connection;
use tempfile::TempDir;
use velo_datasources::{DatabaseSource, DatabaseSourceConfig, Increment, SourceOffset, TableDataSource};

use super::{Loaded, all_columns, connect, load, postgres, postgres_config, query, read, sqlite_config, table};

fn by(column: &str, mut config: DatabaseSourceConfig) -> DatabaseSourceConfig {
    config.incremental_column = Some(column.to_owned());
    config
}

async fn increment(source: &DatabaseSource, since: &SourceOffset) -> Result<Loaded, String> {
    match source
        .incremental_load(&all_columns(source, 1000), since)
        .await
        .unwrap()
    {
        Increment::Rows(load) => Ok(read(load).await),
        Increment::Reload { reason } => Err(reason),
    }
}

fn highest(column: &str, value: &str) -> SourceOffset {
    SourceOffset::HighWater {
        column: column.to_owned(),
        value: Some(value.to_owned()),
    }
}

/// A database of either kind and how to change it.
struct Either {
    config: DatabaseSourceConfig,
    change: Box<dyn Fn(&str)>,
}

/// The same table `t` in both databases; what it is made with is written so that both read it.
fn both(directory: &TempDir, create: &str) -> Vec<Either> {
    let path = directory.path().join("t.db");
    let file = Connection::open(&path).unwrap();
    let mut both = vec![Either {
        config: sqlite_config(&path, table("t")),
        change: Box::new(move |sql| file.execute_batch(sql).unwrap()),
    }];
    if let Some(database) = postgres() {
        both.push(Either {
            config: postgres_config(&database, table("t")),
            change: Box::new(move |sql| {
                database.sql(sql);
            }),
        });
    }
    for either in &both {
        (either.change)(create);
    }
    both
}

#[tokio::test]
async fn ids_go_on_behind_the_highest() {
    let directory = TempDir::new().unwrap();
    for Either { config, change } in both(&directory, "CREATE TABLE t (id integer PRIMARY KEY, v text)") {
        let source = connect(&by("id", config)).await;
        assert!(source.supports_incremental());
        let nothing = load(&source).await;
        assert_eq!(nothing.row_count(), 0);
        change("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        let first = increment(&source, &nothing.reached).await.unwrap();
        assert_eq!(first.rows().await, "{\"id\":1,\"v\":\"a\"}\n{\"id\":2,\"v\":\"b\"}\n");
        assert_eq!(first.reached, highest("id", "2"));
        assert_eq!(source.current_offset().await.unwrap(), first.reached);

        let unchanged = increment(&source, &first.reached).await.unwrap();
        assert_eq!((unchanged.row_count(), &unchanged.reached), (0, &first.reached));
        change("INSERT INTO t VALUES (10, 'c'); UPDATE t SET v = 'z' WHERE id = 1");
        if source.endpoint().is_none() {
            // A server only estimates it.
            let size = |increment| match increment {
                Increment::Rows(load) => load.size.rows,
                Increment::Reload { reason } => panic!("{reason}"),
            };
            let request = all_columns(&source, 10);
            assert_eq!(
                size(source.incremental_load(&request, &first.reached).await.unwrap()),
                Some(1)
            );
        }
        let second = increment(&source, &first.reached).await.unwrap();
        assert_eq!(second.rows().await, "{\"id\":10,\"v\":\"c\"}\n");
        assert_eq!(second.reached, highest("id", "10"));
    }
}

#[tokio::test]
async fn rows_of_the_same_instant_are_not_lost() {
    let directory = TempDir::new().unwrap();
    let create = "CREATE TABLE t (id integer, changed timestamp); \
                  INSERT INTO t VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-02 00:00:00.123456')";
    for Either { config, change } in both(&directory, create) {
        let source = connect(&by("changed", config)).await;
        let first = load(&source).await;
        assert_eq!(first.reached, highest("changed", "2024-01-02 00:00:00.123456"));
        change(
            "INSERT INTO t VALUES (3, '2024-01-02 00:00:00.123456'), (4, '2024-01-03 00:00:00'), (5, '2023-01-01 00:00:00'), (6, NULL)",
        );
        let second = increment(&source, &first.reached).await.unwrap();
        let mut ids: Vec<String> = second.rows().await.lines().map(|line| line[6..7].to_owned()).collect();
        ids.sort();
        // The row that is loaded already comes again, as those of its instant must.
        assert_eq!(ids, ["2", "3", "4"]);
    }
}

#[tokio::test]
async fn what_was_loaded_must_still_be_there() {
    let directory = TempDir::new().unwrap();
    let create = "CREATE TABLE t (id integer PRIMARY KEY, v integer); INSERT INTO t VALUES (1, 1), (9, 9)";
    for Either { config, change } in both(&directory, create) {
        let source = connect(&by("id", config)).await;
        let first = load(&source).await;
        let place = source.location();
        change("DELETE FROM t WHERE id = 9");
        let reason = increment(&source, &first.reached).await.err().unwrap();
        assert_eq!(reason, format!("the highest `id` of {place} went back from 9 to 1"));
        change("DELETE FROM t");
        let reason = increment(&source, &first.reached).await.err().unwrap();
        assert_eq!(
            reason,
            format!("the highest `id` of {place} went back from 9 to nothing")
        );

        let reason = increment(&source, &highest("v", "9")).await.err().unwrap();
        assert_eq!(reason, format!("{place} was loaded by `v` and now goes by `id`"));
        let reason = increment(&source, &SourceOffset::Unknown).await.err().unwrap();
        assert_eq!(reason, format!("{place} was not loaded by `id`"));
    }
}

#[tokio::test]
async fn queries_and_other_types_can_be_incremental() {
    let Some(database) = postgres() else { return };
    database.sql(
        "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, amount numeric, code text, flag boolean); \
         INSERT INTO t VALUES (1, '2024-01-01 10:00+02', 1.5, 'a', true), (2, '2024-06-01 10:00+02', 10.25, 'b', false)",
    );
    let rows = || query("SELECT * FROM t WHERE id > 0");
    for (column, expected) in [
        ("id", "2"),
        ("at", "2024-06-01 08:00:00+00"),
        ("amount", "10.25"),
        ("code", "b"),
    ] {
        let source = connect(&by(column, postgres_config(&database, rows()))).await;
        let loaded = load(&source).await;
        assert_eq!(loaded.reached, highest(column, expected));
        // A query may give equal values, whatever they are in the table.
        assert_eq!(
            increment(&source, &loaded.reached).await.unwrap().row_count(),
            1,
            "{column}"
        );
    }
    let error = DatabaseSource::connect(&by("flag", postgres_config(&database, rows())), None).await;
    let error = error.err().unwrap().to_string();
    assert!(
        error.ends_with(
            "`incremental.column` `flag` is bool; it takes a number, date, timestamp or text that only grows"
        ),
        "{error}"
    );
}
