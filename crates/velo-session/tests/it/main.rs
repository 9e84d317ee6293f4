//! Programs over real files: what checking finds, and what it hands on.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod graph;
mod remote;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use velo_common::{RenderStyle, SourceText, render, render_plain};
use velo_session::{
    CheckedProgram, Mode, Output, Overrides, ReadError, SessionOptions, check, find_programs, read_program,
};

/// A directory with the given files.
fn directory(files: &[(&str, &str)]) -> std::io::Result<TempDir> {
    let directory = tempfile::tempdir()?;
    for (name, content) in files {
        let path = directory.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(directory)
}

pub(crate) fn checked(sql: &str, mode: Mode, overrides: Overrides) -> CheckedProgram {
    check(
        SourceText::new("p.sql", sql),
        &SessionOptions {
            overrides,
            ..SessionOptions::new(mode)
        },
    )
}

/// What is wrong with a program. Tests run in the folder of the package, which `tests/data` is relative to.
fn problems(sql: &str, mode: Mode) -> String {
    let program = checked(sql, mode, Overrides::default());
    let rendered = program
        .diagnostics
        .iter()
        .map(|diagnostic| render_plain(diagnostic, &program.source));
    rendered.collect::<Vec<_>>().join("\n")
}

#[test]
fn columns_come_from_declarations_else_from_a_sample() {
    let programs = [
        "SELECT id, price, nam FROM o WITH ('o.path' = 'tests/data/o.jsonl')",
        "SELECT id + 1 AS next, UPPER(name) AS name FROM o WITH ('o.path' = 'tests/data/o.csv')",
        "CREATE STREAM o (id INT, price DECIMAL(10, 2)) WITH (path = 'tests/data/o.jsonl'); SELECT price, name FROM o",
        "CREATE STREAM o (id INT, price DECIMAL(10, 2)) WITH (path = 'tests/data/o.csv'); SELECT price FROM o",
        "SELECT anything FROM o WITH ('o.path' = 'tests/data/empty.jsonl')",
    ];
    let found: Vec<String> = programs
        .iter()
        .map(|sql| format!("{sql}\n--\n{}\n", problems(sql, Mode::Run)))
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_missing_file_is_a_warning_until_the_program_runs() {
    let programs = [
        "SELECT id FROM o WITH ('o.path' = 'tests/data/nothing.jsonl')",
        "CREATE STREAM o (id INT) WITH (path = 'tests/data/nothing.jsonl'); SELECT id, nope FROM o",
        "CREATE STREAM o (id INT); SELECT id FROM o",
        "SELECT id FROM o WITH ('o.path' = 'tests/data/sub', 'o.format' = 'csv')",
        "SELECT id FROM o WITH ('o.path' = 'tests/data/sub/x.txt')",
    ];
    let mut found = String::new();
    for sql in programs {
        for mode in [Mode::Validate, Mode::Run] {
            found.push_str(&[format!("{mode:?}: {sql}\n--"), problems(sql, mode), "\n".to_owned()].join("\n"));
        }
    }
    insta::assert_snapshot!(found);
}

#[test]
fn rows_go_to_sinks_else_to_consumers_else_to_the_standard_output() {
    let sql = "CREATE STREAM a AS SELECT id FROM o WITH ('o.path' = 'tests/data/o.jsonl'); \
               CREATE STREAM b AS SELECT id FROM a; \
               CREATE STREAM c AS SELECT id FROM a WITH ('c.path' = 'tests/data/c.csv')";
    let outputs = |overrides: Overrides| {
        let program = checked(sql, Mode::Run, overrides);
        assert!(program.is_valid(), "{:?}", program.diagnostics);
        let described = program.statements.iter().map(|statement| {
            let outputs = program.outputs(statement).into_iter().map(|output| match output {
                Output::Sink(name, _) => name,
                Output::Default => "stdout".to_owned(),
            });
            format!("{}: {}", statement.name, outputs.collect::<Vec<_>>().join(", "))
        });
        described.collect::<Vec<_>>()
    };
    assert_eq!(outputs(Overrides::default()), ["a: ", "b: stdout", "c: c"]);
    let redirected = Overrides {
        sinks: vec![("a".into(), "discard".into()), ("b".into(), "-".into())],
        ..Overrides::default()
    };
    assert_eq!(outputs(redirected), ["a: a", "b: b", "c: c"]);
}

#[test]
fn the_command_line_has_the_last_word() {
    let sql = "SELECT other FROM o WITH ('o.path' = 'tests/data/o.jsonl', 'batch.size' = '10')";
    let overrides = Overrides {
        sources: vec![("o".into(), "tests/data/p.jsonl".into())],
        sinks: vec![],
        set: vec![("batch.size".into(), "3".into())],
        ..Overrides::default()
    };
    let program = checked(sql, Mode::Run, overrides);
    assert_eq!(program.diagnostics, []);
    assert_eq!(program.statements[0].settings.batch_rows, Some(3));
}

#[test]
fn programs_are_found_below_directories() -> std::io::Result<()> {
    let data = directory(&[("b.sql", ""), ("a/x.SQL", ""), ("a/x.txt", ""), ("z/empty.md", "")])?;
    let found = find_programs(data.path()).map_err(std::io::Error::other)?;
    let names: Vec<String> = found
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(names, ["x.SQL", "b.sql"]);
    let none = find_programs(&data.path().join("z")).map_err(|error| error.to_string());
    assert!(none.is_err_and(|message| message.starts_with("there is no .sql file in")));
    Ok(())
}

#[test]
fn texts_that_are_no_programs() -> std::io::Result<()> {
    let data = directory(&[("bom.sql", "\u{feff}SELECT 1 AS x")])?;
    fs::write(data.path().join("latin.sql"), b"SELECT '\xe4'")?;
    let read = |name: &str| read_program(&data.path().join(name)).map_err(|error| error.to_string());
    assert_eq!(
        read("bom.sql").map(|source| source.text().to_owned()),
        Ok("SELECT 1 AS x".to_owned())
    );
    assert!(read("latin.sql").is_err_and(|message| message.ends_with("the byte at offset 8 fits nowhere")));
    assert!(read(".").is_err_and(|message| message.contains("is a directory")));
    assert!(read("nothing.sql").is_err_and(|message| message.starts_with("cannot read")));
    Ok(())
}

#[test]
fn no_file_is_written_over() {
    let programs = [
        "CREATE STREAM a AS SELECT 1 AS x WITH (path = 'same.jsonl'); CREATE STREAM b AS SELECT 2 AS x WITH (path = './same.jsonl')",
        "CREATE STREAM s AS SELECT id FROM o WITH ('o.path' = 'tests/data/o.jsonl', 's.path' = 'tests/../tests/data/o.jsonl')",
        "CREATE STREAM s AS SELECT id FROM o \
         WITH ('o.path' = 'tests/data/o.jsonl', 's.path' = 'd.envelope.jsonl', 'dead.letter.queue.path' = 'd.envelope.jsonl')",
        "CREATE STREAM s AS SELECT id FROM o WITH ('o.path' = 'tests/data/[op].jsonl', 's.path' = 'tests/data/p.jsonl')",
    ];
    let found = programs.map(|sql| format!("{sql}\n--\n{}\n", problems(sql, Mode::Run)));
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_statement_that_cannot_be_read_is_one_mistake() {
    let overrides = Overrides {
        sources: vec![("o".into(), "tests/data/o.jsonl".into())],
        ..Overrides::default()
    };
    let program = checked("SELECT id name x FROM o", Mode::Run, overrides);
    let codes: Vec<&str> = program
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.id)
        .collect();
    assert_eq!(codes, ["V0100"]);
}

#[test]
fn allowances_leave_out_warnings_within_their_reach() {
    const MONEY: &str = "SELECT price FROM o WITH ('o.path' = 'tests/data/o.jsonl')";
    const TIME: &str = "SELECT id FROM d WHERE at > 1000";
    const DECLARED: &str = "CREATE STREAM d (id INT, at TIMESTAMP) WITH (path = 'tests/data/o.jsonl')";
    let programs = [
        format!("-- @allow: V0900\n{MONEY}"),
        format!("-- @allow: V0900\n\n{DECLARED};\n{MONEY};\n{TIME}"),
        format!("-- @allow: v0901, V0900\n\n{DECLARED};\n{MONEY};\n{TIME}"),
        format!("{DECLARED};\n-- @allow: V0900, V0901\n{MONEY};\n{TIME}"),
        format!("{DECLARED};\n-- @allow: V0900\n-- @name: later\n-- @allow: V0901\n{TIME}"),
        "-- @allow: V0200\nSELECT idd FROM o WITH ('o.path' = 'tests/data/o.jsonl')".to_owned(),
        "-- @allow: V0200, V0900\nSELECT id FROM o WITH ('o.path' = 'tests/data/o.jsonl')".to_owned(),
        format!("-- @allow: V900, everything,V0900\n{MONEY}"),
        format!("-- @allow:\n{MONEY}"),
        "-- @allow: V0600\nSELECT id FROM o WITH ('o.path' = 'tests/data/nothing.jsonl')".to_owned(),
    ];
    let found = programs.map(|sql| {
        let allowed = checked(&sql, Mode::Validate, Overrides::default()).allowed;
        format!("{sql}\n-- allowed: {allowed}\n{}\n", problems(&sql, Mode::Validate))
    });
    insta::assert_snapshot!(found.join("\n"));
}

/// Tabs, long lines, umlauts, wide characters: everything that may upset the place of a marker.
#[test]
fn twenty_mistakes_are_readable_in_a_narrow_and_a_wide_terminal() -> Result<(), ReadError> {
    let source = read_program(Path::new("tests/data/twenty.sql"))?;
    let program = check(source, &SessionOptions::new(Mode::Validate));
    for columns in [80, 120] {
        let style = RenderStyle {
            color: false,
            columns: Some(columns),
        };
        let rendered = program
            .diagnostics
            .iter()
            .map(|diagnostic| render(diagnostic, &program.source, style));
        let text = rendered.collect::<Vec<_>>().join("\n\n");
        insta::assert_snapshot!(format!("twenty_mistakes_{columns}"), text);
    }
    Ok(())
}
