//! What programs read: files, folders of files and tables of SQLite, which change between loads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::Connection;
use velo_tests::random::Random;

use crate::support::Workspace;

/// A row as it comes in.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: Option<i64>,
    pub(super) k: Option<i64>,
    pub(super) n: Option<i64>,
    pub(super) s: Option<&'static str>,
}

pub(super) const COLUMNS: &str = "id BIGINT, k BIGINT, n BIGINT, s STRING";
const KEYED_COLUMNS: &str = "id BIGINT PRIMARY KEY, k BIGINT, n BIGINT, s STRING";

/// Texts that have to be quoted somewhere, and others.
const WORDS: [&str; 8] = ["a", "b", "ab", "x y", "it's", "q\"t", "semi;colon", "comma, too"];

/// Where rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Csv,
    JsonLines,
    /// Files of a folder.
    Folder,
    Sqlite {
        /// Whether only what is new is read of it; then rows only come.
        incremental: bool,
    },
}

/// What a program declares an input as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    KeyedTable,
    Table,
    Stream,
}

/// One input, and what is in it.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) declared: Declared,
    /// The rows of each file, by its path; those of a database are all in one.
    files: BTreeMap<String, Vec<Row>>,
    next_id: i64,
    files_made: usize,
}

impl Input {
    pub(super) fn new(name: String, random: &mut Random, workspace: &Workspace) -> Self {
        let place = match random.below(6) {
            0 | 1 => Place::Csv,
            2 => Place::JsonLines,
            3 => Place::Folder,
            4 => Place::Sqlite { incremental: false },
            _ => Place::Sqlite { incremental: true },
        };
        let declared = match random.below(4) {
            0 => Declared::Stream,
            1 => Declared::Table,
            _ => Declared::KeyedTable,
        };
        let mut input = Self {
            name,
            place,
            declared,
            files: BTreeMap::new(),
            next_id: 0,
            files_made: 0,
        };
        if let Place::Sqlite { .. } = place {
            let create = format!(
                "CREATE TABLE {} (id INTEGER PRIMARY KEY, k INTEGER, n INTEGER, s TEXT)",
                input.name
            );
            database(workspace).execute_batch(&create).unwrap();
            input.files.insert(String::new(), Vec::new());
            input.insert(20, random, workspace);
        } else {
            for _ in 0..if place == Place::Folder {
                random.between(1, 3)
            } else {
                1
            } {
                input.add_file(random, workspace);
            }
        }
        input
    }

    /// The statement that declares it.
    pub(super) fn declaration(&self) -> String {
        let Self { name, .. } = self;
        let (what, columns) = match self.declared {
            Declared::KeyedTable => ("TABLE", KEYED_COLUMNS),
            Declared::Table => ("TABLE", COLUMNS),
            Declared::Stream => ("STREAM", COLUMNS),
        };
        let with = match self.place {
            Place::Csv => format!("path = '{name}.csv'"),
            Place::JsonLines => format!("path = '{name}.jsonl'"),
            Place::Folder => format!("path = '{name}/*.csv'"),
            Place::Sqlite { incremental } => {
                let column = if incremental {
                    ", 'incremental.column' = 'id'"
                } else {
                    ""
                };
                format!("type = 'sql_source', path = 'inputs.db', table = '{name}'{column}")
            }
        };
        format!("CREATE {what} {name} ({columns}) WITH ({with});")
    }

    /// All rows, in the order in which they are read.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.files.values().flatten()
    }

    /// Does something to it.
    pub(super) fn change(&mut self, random: &mut Random, workspace: &Workspace) {
        match self.place {
            Place::Sqlite { incremental: true } => self.insert(random.between(0, 4), random, workspace),
            Place::Sqlite { incremental: false } => match random.below(3) {
                0 => self.insert(random.between(1, 4), random, workspace),
                1 => self.update(random, workspace),
                _ => self.delete(random, workspace),
            },
            Place::Csv | Place::JsonLines => match random.below(3) {
                0 => self.rewrite(random, workspace),
                _ => self.append(random, workspace),
            },
            Place::Folder => match random.below(6) {
                0 => self.rewrite(random, workspace),
                1 => self.rename(random, workspace),
                2 if self.files.len() > 1 => self.remove(random, workspace),
                2 | 3 => self.add_file(random, workspace),
                _ => self.append(random, workspace),
            },
        }
    }

    /// A row; in a file its number may be missing, or that of a row before it, which it replaces where there is a key.
    fn row(&mut self, before: &[Row], random: &mut Random) -> Row {
        let is_file = !matches!(self.place, Place::Sqlite { .. });
        let id = match before.last() {
            Some(_) if is_file && random.chance(3) => None,
            Some(_) if is_file && random.chance(15) => random.pick(before).id,
            _ => {
                self.next_id += 1;
                Some(self.next_id)
            }
        };
        Row {
            id,
            k: (!random.chance(15)).then(|| random.between(0, 12)),
            n: (!random.chance(10)).then(|| random.between(-50, 50)),
            s: (!random.chance(15)).then(|| *random.pick(&WORDS)),
        }
    }

    fn some_rows(&mut self, count: i64, before: &[Row], random: &mut Random) -> Vec<Row> {
        let mut rows = before.to_vec();
        for _ in 0..count {
            let row = self.row(&rows, random);
            rows.push(row);
        }
        rows.split_off(before.len())
    }

    fn some_file(&self, random: &mut Random) -> String {
        let paths: Vec<&String> = self.files.keys().collect();
        (*random.pick(&paths)).clone()
    }

    fn add_file(&mut self, random: &mut Random, workspace: &Workspace) {
        self.files_made += 1;
        let path = match self.place {
            Place::JsonLines => format!("{}.jsonl", self.name),
            Place::Folder => format!("{}/{}-{}.csv", self.name, random.below(10), self.files_made),
            _ => format!("{}.csv", self.name),
        };
        // Now and then there is nothing but a header, or nothing at all.
        let count = if random.chance(15) { 0 } else { random.between(1, 30) };
        let rows = self.some_rows(count, &[], random);
        let is_blank = count == 0 && random.chance(50);
        let text = if is_blank {
            String::new()
        } else {
            self.text(&rows, true)
        };
        workspace.write(&path, text.as_bytes());
        touch(&workspace.path(&path));
        self.files.insert(path, rows);
    }

    fn rewrite(&mut self, random: &mut Random, workspace: &Workspace) {
        let path = self.some_file(random);
        let rows = self.some_rows(random.between(1, 30), &[], random);
        workspace.write(&path, self.text(&rows, true).as_bytes());
        touch(&workspace.path(&path));
        self.files.insert(path, rows);
    }

    fn append(&mut self, random: &mut Random, workspace: &Workspace) {
        let path = self.some_file(random);
        let mut rows = self.files[&path].clone();
        let added = self.some_rows(random.between(1, 5), &rows, random);
        let is_blank = fs::metadata(workspace.path(&path)).unwrap().len() == 0;
        let mut file = OpenOptions::new().append(true).open(workspace.path(&path)).unwrap();
        file.write_all(self.text(&added, is_blank).as_bytes()).unwrap();
        drop(file);
        touch(&workspace.path(&path));
        rows.extend(added);
        self.files.insert(path, rows);
    }

    fn rename(&mut self, random: &mut Random, workspace: &Workspace) {
        let path = self.some_file(random);
        self.files_made += 1;
        let renamed = format!("{}/{}-{}.csv", self.name, random.below(10), self.files_made);
        fs::rename(workspace.path(&path), workspace.path(&renamed)).unwrap();
        let rows = self.files.remove(&path).unwrap();
        self.files.insert(renamed, rows);
    }

    fn remove(&mut self, random: &mut Random, workspace: &Workspace) {
        let path = self.some_file(random);
        fs::remove_file(workspace.path(&path)).unwrap();
        self.files.remove(&path);
    }

    fn text(&self, rows: &[Row], has_header: bool) -> String {
        if self.place == Place::JsonLines {
            let line = |row: &Row| {
                let Row { id, k, n, s } = row;
                format!("{}\n", serde_json::json!({"id": id, "k": k, "n": n, "s": s}))
            };
            return rows.iter().map(line).collect();
        }
        let mut text = if has_header {
            "id,k,n,s\n".to_owned()
        } else {
            String::new()
        };
        for Row { id, k, n, s } in rows {
            let number = |value: &Option<i64>| value.map_or_else(String::new, |value| value.to_string());
            let word = s.map_or_else(String::new, |word| format!("\"{}\"", word.replace('"', "\"\"")));
            writeln!(text, "{},{},{},{word}", number(id), number(k), number(n)).unwrap();
        }
        text
    }

    fn insert(&mut self, count: i64, random: &mut Random, workspace: &Workspace) {
        let rows = self.some_rows(count, &[], random);
        insert_rows(&database(workspace), &self.name, &rows);
        self.files
            .values_mut()
            .for_each(|known| known.extend(rows.iter().cloned()));
    }

    fn update(&mut self, random: &mut Random, workspace: &Workspace) {
        let (k, n) = (random.between(0, 12), random.between(-50, 50));
        let sql = format!("UPDATE {} SET n = ?2 WHERE k = ?1", self.name);
        database(workspace).execute(&sql, (k, n)).unwrap();
        let rows = self.files.values_mut().flatten();
        rows.filter(|row| row.k == Some(k)).for_each(|row| row.n = Some(n));
    }

    fn delete(&mut self, random: &mut Random, workspace: &Workspace) {
        let k = random.between(0, 12);
        let sql = format!("DELETE FROM {} WHERE k = ?1", self.name);
        database(workspace).execute(&sql, [k]).unwrap();
        self.files
            .values_mut()
            .for_each(|rows| rows.retain(|row| row.k != Some(k)));
    }
}

/// The database that all inputs of a program share.
fn database(workspace: &Workspace) -> Connection {
    Connection::open(workspace.path("inputs.db")).unwrap()
}

/// Puts rows into a table of a database, in their order; a row replaces another one of its key.
pub(super) fn insert_rows<'r>(database: &Connection, table: &str, rows: impl IntoIterator<Item = &'r Row>) {
    let sql = format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3, ?4)");
    let mut insert = database.prepare(&sql).unwrap();
    for row in rows {
        insert.execute((row.id, row.k, row.n, row.s)).unwrap();
    }
}

/// Gives a file a time of change that no file has had: those that the system gives are too coarse for a test that is fast.
fn touch(path: &Path) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static TICKS: AtomicU64 = AtomicU64::new(1_700_000_000);
    let time = UNIX_EPOCH + Duration::from_secs(TICKS.fetch_add(1, Ordering::Relaxed));
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}
