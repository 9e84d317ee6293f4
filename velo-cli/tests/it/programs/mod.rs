//! Random programs of tables: their inputs change, their loads are killed, and what they hold in the end is what a batch
//! database makes of the same statements.
//!
//! `VELO_PROGRAMS` says how many programs there are, `VELO_PROGRAMS_FROM` the seed of the first. Each seed is a program,
//! so that one that fails is tried again alone: `VELO_PROGRAMS=1 VELO_PROGRAMS_FROM=17 cargo test … programs::`.

mod input;
mod oracle;
mod table;

use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use input::{Input, Place};
use oracle::Oracle;
use serde_json::Value;
use table::Made;
use velo_tests::random::Random;

use crate::support::{Outcome, Workspace};

const PROGRAM: &str = "program.sql";

/// Tables that are larger than this when they are first made are left out: those made of them would be too large.
const ROWS_MAX: usize = 1_500;

/// How often the inputs of a program change.
const ROUNDS: usize = 2;

#[test]
#[expect(
    clippy::print_stdout,
    reason = "whoever tries a thousand programs wants to know what was looked at"
)]
fn tables_hold_what_a_batch_database_computes() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let (programs, first) = (number("VELO_PROGRAMS", 30), number("VELO_PROGRAMS_FROM", 1));
    let next = AtomicU64::new(first);
    let totals = Totals::default();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + programs {
                        return;
                    }
                    Run::new(seed).check(&totals);
                }
            });
        }
    });
    println!(
        "{programs} programs, {} contents of tables, {} loads killed",
        totals.contents.load(Ordering::Relaxed),
        totals.kills.load(Ordering::Relaxed)
    );
}

#[derive(Default)]
struct Totals {
    contents: AtomicU64,
    kills: AtomicU64,
}

/// A program and what it reads.
struct Run {
    seed: u64,
    random: Random,
    workspace: Workspace,
    inputs: Vec<Input>,
    /// Those that are inputs, too; each behind those that it reads.
    tables: Vec<Made>,
    /// How long a load takes, more or less.
    duration: Duration,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let workspace = Workspace::with(&[]);
        let inputs: Vec<Input> = (0..random.between(1, 4))
            .map(|number| Input::new(format!("in{number}"), &mut random, &workspace))
            .collect();
        let mut tables: Vec<Made> = inputs.iter().map(|input| Made::of_input(input, &mut random)).collect();
        let oracle = Oracle::new(&inputs, &tables);
        // Few have many tables: each of them is loaded and looked at several times.
        let wanted = random.between(3, 25).min(random.between(3, 25)) as usize;
        while tables.len() < wanted {
            let table = Made::of_tables(format!("t{}", tables.len()), &tables, &mut random);
            if oracle.add_table(&table) <= ROWS_MAX {
                tables.push(table);
            } else {
                oracle.drop_table(&table);
            }
        }
        Self {
            seed,
            random,
            workspace,
            inputs,
            tables,
            duration: Duration::from_millis(200),
        }
    }

    fn check(mut self, totals: &Totals) {
        self.write_program();
        for round in 0..=ROUNDS {
            if round > 0 {
                self.change();
            }
            while self.random.chance(50) {
                self.killed_load();
                totals.kills.fetch_add(1, Ordering::Relaxed);
                if self.random.chance(40) {
                    self.change();
                }
            }
            if self.random.chance(20) {
                self.load_some();
            }
            self.whole_load(&[]);
            self.compare();
            totals.contents.fetch_add(self.tables.len() as u64, Ordering::Relaxed);
        }
        self.expect_nothing_to_do();
    }

    /// Changes some inputs, or a number in the program.
    fn change(&mut self) {
        for input in &mut self.inputs {
            if self.random.chance(60) {
                input.change(&mut self.random, &self.workspace);
            }
        }
        if self.random.chance(25) {
            let at = self.random.below(self.tables.len());
            self.tables[at].number += 3;
            self.write_program();
        }
    }

    /// Writes the statements in any order: what needs what follows from them.
    fn write_program(&mut self) {
        let declarations = self.inputs.iter().map(Input::declaration);
        let besides = self.tables.iter().map(|table| table.besides.clone());
        let made = self.tables.iter().filter_map(Made::statement);
        let mut statements: Vec<String> = declarations.chain(besides).chain(made).collect();
        self.random.shuffle(&mut statements);
        self.workspace.write(PROGRAM, statements.join("\n").as_bytes());
    }

    fn start(&mut self, arguments: &[&str]) -> Child {
        let parallel = self.random.between(1, 4).to_string();
        let command = [&["load", PROGRAM, "--max-parallel", &parallel], arguments].concat();
        let mut command = self.workspace.command(&command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn killed_load(&mut self) {
        let mut child = self.start(&["-q"]);
        thread::sleep(self.duration * self.random.below(110) as u32 / 100);
        child.kill().unwrap(); // SIGKILL: nobody cleans up.
        child.wait().unwrap();
    }

    /// Loads one table, with what it needs or with what is kept of that, which may be nothing.
    fn load_some(&mut self) {
        let table = self.random.pick(&self.tables).name.clone();
        let selection = if self.random.chance(50) {
            format!("+{table}")
        } else {
            table
        };
        let child = self.start(&["--select", &selection]);
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        if outcome.exit != Some(0) && outcome.exit != Some(3) {
            self.fail(&format!("--select {selection}: {}", outcome.stderr));
        }
    }

    fn whole_load(&mut self, arguments: &[&str]) -> Outcome {
        let began = Instant::now();
        let child = self.start(arguments);
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        self.duration = began.elapsed();
        if outcome.exit != Some(0) {
            self.fail(&format!("{:?}: {}", outcome.exit, outcome.stderr));
        }
        outcome
    }

    fn compare(&self) {
        let oracle = Oracle::new(&self.inputs, &self.tables);
        let expected = oracle.contents(&self.tables);
        for table in &self.tables {
            let (rows, expected) = (self.rows(table), &expected[&table.name]);
            if rows == *expected {
                continue;
            }
            let only = |these: &[String], those: &[String]| {
                let only = these.iter().filter(|row| !those.contains(row));
                only.take(10).cloned().collect::<Vec<_>>().join(" ")
            };
            self.fail(&format!(
                "`{}` has {} rows, not {}; too much: {}; missing: {}",
                table.name,
                rows.len(),
                expected.len(),
                only(&rows, expected),
                only(expected, &rows),
            ));
        }
    }

    /// The rows of a table as the command line tells them, each as a JSON array, in the order of these texts.
    fn rows(&self, table: &Made) -> Vec<String> {
        let query = format!("SELECT * FROM {}", table.name);
        let asked = self
            .workspace
            .run(&["query", &query, "--state-dir", ".velo", "--format", "jsonl"]);
        if asked.exit != Some(0) {
            self.fail(&format!("{query}: {}", asked.stderr));
        }
        let row = |line: &str| {
            let row: Value = serde_json::from_str(line).unwrap();
            let values = table.columns.iter().map(|column| row[column.name.as_str()].clone());
            Value::from(values.collect::<Vec<_>>()).to_string()
        };
        let mut rows: Vec<String> = asked.stdout.lines().map(row).collect();
        rows.sort_unstable();
        rows
    }

    /// Where all inputs can tell that nothing is new, nothing is done.
    fn expect_nothing_to_do(&mut self) {
        let outcome = self.whole_load(&["--format", "json"]);
        let can_tell = |input: &Input| input.place != Place::Sqlite { incremental: false };
        if !self.inputs.iter().all(can_tell) {
            return;
        }
        for line in outcome.stdout.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            if event["event"] == "table_completed" && event["outcome"] != "unchanged" {
                self.fail(&format!("nothing has changed, and {event}"));
            }
        }
    }

    fn fail(&self, message: &str) -> ! {
        let mut text = format!("seed {}: {message}\n{}\n", self.seed, self.workspace.read(PROGRAM));
        for input in &self.inputs {
            let rows = input.rows().take(200).map(|row| format!("{row:?}\n"));
            write!(text, "-- {}\n{}", input.name, rows.collect::<String>()).unwrap();
        }
        panic!("{text}");
    }
}
