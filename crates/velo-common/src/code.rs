//! The stable codes of all diagnostics, in one table.
//!
//! A code is added, never reused and never given another meaning. `docs/diagnostics.md` is printed from
//! this table, and a test keeps the two together. `V01xx` is syntax, `V02xx` names, `V03xx` types,
//! `V04xx` the shape of queries, `V05xx` properties and annotations, `V06xx` files and schemas, `V08xx`
//! what cannot run yet, `V09xx` lints.

use crate::Severity;

/// One rule: its identifier and what the index says about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `V` and four digits.
    pub id: &'static str,
    /// Unless a diagnostic says otherwise.
    pub severity: Severity,
    /// The rule in a few words.
    pub title: &'static str,
    /// Why it exists and how to satisfy it, in one or two sentences.
    pub explanation: &'static str,
}

macro_rules! codes {
    ($($name:ident = $id:literal, $severity:ident, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code {
            id: $id,
            severity: Severity::$severity,
            title: $title,
            explanation: $explanation,
        };)*
        /// Every code, in the order of the index.
        pub const ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    SYNTAX = "V0100", Error, "Unexpected token",
        "The text does not continue as SQL; the message lists what could stand at that place.";
    UNTERMINATED = "V0101", Error, "Unterminated string, identifier or comment",
        "A quote or `/*` is opened and never closed. Close it; a quote inside a string is written twice.";
    INVALID_TOKEN = "V0102", Error, "Invalid character or number",
        "The text contains a character that SQL has no use for, or a number that no type can hold.";
    NESTED_TOO_DEEPLY = "V0103", Error, "Nested too deeply",
        "Expressions and subqueries may be nested up to a fixed depth. Split the query into several, for example with CTEs.";
    DUPLICATE_CLAUSE = "V0104", Error, "Clause given twice",
        "Each clause of a query may stand once. Merge the two.";
    CLAUSE_ORDER = "V0105", Error, "Clause in the wrong place",
        "The clauses of a query have a fixed order: FROM, joins, WHERE, GROUP BY, WINDOW, HAVING, QUALIFY, ORDER BY, LIMIT, EMIT.";
    UNKNOWN_UNIT = "V0106", Error, "Unknown unit of time",
        "Durations take ms, s, m, h, d, w or the words MILLISECOND to WEEK; INTERVALs also MONTH, QUARTER and YEAR.";

    UNKNOWN_COLUMN = "V0200", Error, "Unknown column",
        "No source of the query has a column of that name. The help lists the columns that are there.";
    UNKNOWN_TABLE = "V0201", Error, "Unknown stream or table",
        "The name is neither declared, created, configured nor given on the command line.";
    UNKNOWN_FUNCTION = "V0202", Error, "Unknown function",
        "There is no function of that name. `docs/sql/functions.md` lists all of them.";
    AMBIGUOUS_COLUMN = "V0203", Error, "Ambiguous column",
        "Several sources have a column of that name. Write the source before it: `orders.id`.";
    DUPLICATE_NAME = "V0204", Error, "Name defined twice",
        "Two statements create the same stream, table or view, or two columns of one result have the same name.";
    CYCLE = "V0205", Error, "Statements depend on each other in a circle",
        "No statement of the circle could ever start. The message shows the path.";
    UNUSED_DEFINITION = "V0206", Warning, "Definition not used",
        "CREATE … IF NOT EXISTS keeps the definition that is there already, and CREATE OR REPLACE takes the place of an earlier one. Remove the one that is not used.";

    TYPE_MISMATCH = "V0300", Error, "Types do not fit",
        "An operator, function or clause was given a type that it does not take. Cast one side.";
    WRONG_ARGUMENTS = "V0301", Error, "Wrong arguments",
        "The function exists, but not for this number or these types of arguments.";
    CONSTANT_OVERFLOW = "V0302", Error, "Constant expression fails",
        "An expression without columns cannot be computed, for example because it overflows; it would fail on every row.";
    INVALID_LITERAL = "V0303", Error, "Literal cannot be read as its type",
        "The text of a date, timestamp, interval or number literal does not have the form of its type.";
    WRONG_CONSTANT = "V0304", Error, "Constant that the function cannot work with",
        "A unit of time, a pattern, a regular expression, a time zone, a path or a number in the SQL that would fail for every row: `DATE_TRUNC('dya', ts)` for `DATE_TRUNC('day', ts)`.";

    UNGROUPED_COLUMN = "V0400", Error, "Column neither grouped nor aggregated",
        "In a query with GROUP BY every selected column is a group key or stands inside an aggregate.";
    AGGREGATE_WITHOUT_GROUP = "V0401", Error, "Aggregate without GROUP BY or WINDOW",
        "A stream has no end, so an aggregate over all of it would never have a value. Add a GROUP BY, or a WINDOW.";
    MISPLACED_AGGREGATE = "V0402", Error, "Aggregate where none is allowed",
        "Aggregates belong to the select list, HAVING and ORDER BY, and cannot be nested.";
    MISPLACED_WINDOW_BOUND = "V0403", Error, "Window bound outside a windowed query",
        "`TUMBLE_START()`, `_window_start` and their like are the bounds of the row's window. Add a WINDOW clause.";
    EMIT_FINAL_WITHOUT_AGGREGATE = "V0404", Error, "EMIT FINAL without an aggregate",
        "Rows of a query without aggregates are final when they arrive. Remove EMIT FINAL.";
    MISPLACED_CLAUSE = "V0405", Error, "Clause has no meaning in this query",
        "For example HAVING without aggregates, or ORDER BY over a stream that never ends.";
    COLUMN_COUNT = "V0406", Error, "Number of columns differs",
        "A column list, INSERT or set operation needs the same number of columns on both sides.";
    INVALID_WINDOW = "V0407", Error, "Invalid window",
        "A window's size, advance and gap are positive, and its time column is a TIMESTAMP or epoch milliseconds.";
    UPDATES_INTO_APPEND_ONLY = "V0408", Error, "Updates into an output that only appends",
        "With an allowed lateness a window comes out again when a late row changes it. Plain files and the standard output cannot say that a row replaces another.";
    FINAL_WITHOUT_END = "V0409", Error, "EMIT FINAL over input that never ends",
        "Without a WINDOW final results come out when the input ends, and a topic or a watched file never does. Write EMIT CHANGES for running values, or add a WINDOW.";
    NOTHING_RUNS = "V0410", Error, "Nothing to run",
        "The program declares streams or tables, or is empty, and has no statement that reads or writes anything. For `validate` this is a warning.";

    UNKNOWN_PROPERTY = "V0500", Error, "Unknown property",
        "No source, sink or statement has a property of that name. The help names the nearest one.";
    INVALID_PROPERTY_VALUE = "V0501", Error, "Invalid property value",
        "The property exists, but does not take this value; the message says what it takes.";
    CONFLICTING_PROPERTY = "V0502", Error, "Property given twice with different values",
        "Two places configure the same thing differently, and neither has precedence.";
    PROPERTY_WITHOUT_EFFECT = "V0503", Warning, "Property without effect",
        "The property is known, but means nothing for this statement.";
    MISSING_PROPERTY = "V0504", Error, "Property missing",
        "A source or sink cannot be used without this property.";
    INVALID_ANNOTATION = "V0505", Error, "Invalid annotation",
        "The annotation is unknown or its value does not fit.";
    IDLE_ALLOWANCE = "V0506", Warning, "Allowance that allows nothing",
        "`-- @allow: CODE` leaves out warnings of its statement or, at the top of a file, of the file. None of that code is there, or it is an error, which cannot be allowed.";

    FILE_NOT_FOUND = "V0600", Error, "File cannot be read",
        "The file does not exist, is a directory, or may not be read. For data files `validate` only warns.";
    SCHEMA_UNKNOWN = "V0601", Error, "Schema unknown",
        "The columns of a source are neither declared nor told by its records, so that no statement over it can run. For `validate`, which asks nothing over a network, it is a warning: names and types are checked only in part. Declare them: CREATE STREAM name (column TYPE, …).";
    HEADER_MISMATCH = "V0602", Error, "File does not fit the declared columns",
        "A declared column is missing in the file's header line or schema, or a Parquet or Avro file has values of another type there, some of which would be lost. The message says how they can be read.";
    CONFIG_FILE = "V0603", Error, "Configuration file cannot be used",
        "The file that `config_file` names, or one that it extends, is missing, is no YAML, refers to a variable that is not set, or declares a column that makes no sense.";

    UNWRITABLE_COLUMN = "V0604", Error, "Column without a form in the sink's format",
        "Parquet and Avro files have no INTERVAL, and names in Avro are letters, digits and `_`. Cast the column or write `AS name` behind it: `CAST(took AS STRING) AS took`.";

    SCHEMA_FILE = "V0605", Error, "Schema file cannot be used",
        "The file that `value.schema.file` names is missing, is no Avro schema in JSON, is no record, or has a field for which SQL has no type. The message says where, as a JSON pointer.";

    UNREADABLE_RECORDS = "V0606", Warning, "No record can be read",
        "The file is not empty, but none of its first records can be read, so that a run would give no rows. A file that is not of its format at all is an error. Most often `format` or `delimiter` is not that of the file, or a column is declared with a type that its values do not have.";

    SOURCE_REFUSED = "V0607", Error, "Source cannot be reached or refuses to be read",
        "A database or another server cannot be reached, refuses the login, or does not have what is asked of it. The message says which, and what can be done about it.";

    UNSUPPORTED = "V0800", Error, "Not supported yet",
        "The form is part of the dialect, but this version cannot run it yet.";
    UNSUPPORTED_PROPERTY = "V0801", Error, "Property not supported yet",
        "The property is part of the dialect, but this version cannot honour it yet.";

    LINT_DOUBLE_MONEY = "V0900", Warning, "DOUBLE used for an amount of money",
        "Binary fractions cannot hold cents exactly. Declare the column as DECIMAL(p, s).";
    LINT_EPOCH_COMPARISON = "V0901", Warning, "TIMESTAMP compared with a number",
        "The number is read as milliseconds since 1970-01-01 UTC. A TIMESTAMP literal says it more clearly.";
    LINT_DELETES_SKIPPED = "V0902", Warning, "Sink cannot take deletes",
        "Plain files and the standard output hold rows, not changes; deletes are counted and skipped.";
    LINT_GROWING_STATE = "V0903", Warning, "State grows without bound",
        "Over an input without end, groups without a window, DISTINCT, and aggregates that keep their values hold more and more. Add a window, or a limit such as 'max.groups'.";
    LINT_ONE_WORKER = "V0904", Warning, "One worker does all of the work",
        "Work is divided by group key. Where all rows have the same one, or a window has none, more workers do not help.";
    LINT_RECORD_TIME = "V0905", Warning, "Window by record time",
        "No event time is named, so that windows go by the records' own timestamps, often the time of writing. Name the column: 'event.time.field' = 'column'.";
    LINT_HIDDEN_CAST = "V0906", Warning, "Hidden conversion",
        "The language converts a value by itself, and the conversion loses digits or may fail. An explicit CAST says that it is meant.";
    LINT_JOIN_WITHOUT_BOUND = "V0907", Warning, "Streams joined without a bound in time",
        "Any two rows of the streams may match, however far apart, so that all of them are kept. Add WITHIN, or a condition on both event times.";
    LINT_WILDCARD_INTO_SINK = "V0908", Warning, "SELECT * into a sink",
        "The columns of the sink follow those of the source, and who reads the sink learns of a new one when it is there. Name the columns.";
    LINT_TABLE_WITHOUT_KEY = "V0909", Warning, "Table without a key",
        "The key says which row a new one replaces: PRIMARY KEY, the selected GROUP BY, the selected key of the table it reads, or the key of a topic's records. Without one every row is kept.";
    LINT_KSQLDB = "V0910", Warning, "Means something else in ksqlDB",
        "Told where a file has ksqlDB's property keys: `/` between integers keeps the fraction, unquoted names keep their spelling, and windows come out when they are due.";
}

/// The code of an identifier, in any case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_sorted() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
