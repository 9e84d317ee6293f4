//! The command line's flags: the help texts, the completions and `docs/cli.md` all speak of what stands here.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use velo_common::parse_duration;
use velo_graph::Selection;
use velo_loader::{LoadSchedule, MaxParallel, ParallelLoadingConfig, RetryConfig};
use velo_session::Overrides;

/// Heading of the flags that every command takes.
const GLOBAL: &str = "Global options";

const AFTER_HELP: &str = "Exit codes: 0 fine; 1 the SQL is invalid; 2 wrong usage; 3 a run failed; 130 interrupted.";

/// Streaming SQL in one binary: write SQL over your data, have it checked, run it.
#[derive(Debug, Parser)]
#[command(name = "velo-cli", version, help_expected = true, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// When to use colors
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = GLOBAL, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,

    /// Say more about what happens: -v informs, -vv debugs, -vvv traces
    #[arg(short, long, global = true, help_heading = GLOBAL, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check programs: everything that is wrong with them, at once, and nothing is run
    Validate(ValidateArgs),
    /// Run a program over bounded input: read its sources to their end, write its sinks, and exit
    Run(RunArgs),
    /// Load the tables of programs: in parallel, each after those that it reads, and only what is new since the last time
    Load(LoadArgs),
    /// Load the tables of a program, then run its streams until it is stopped
    Deploy(DeployArgs),
    /// Read tables that are loaded, once
    Query(QueryArgs),
    /// Show how the statements of a program would be run
    Explain(ExplainArgs),
    /// Show which statements of a program need which others, and where their columns come from
    Graph(GraphArgs),
    /// Print the JSON Schema of configuration files, for editors
    Schema,
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// SQL files, and directories whose *.sql files are all checked; `-` is the standard input
    #[arg(value_name = "FILE|DIR", required_unless_present_any = ["query", "show_system_columns"])]
    pub(crate) programs: Vec<PathBuf>,

    /// Check this SQL as well, or instead
    #[arg(long, value_name = "SQL")]
    pub(crate) query: Option<String>,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = DiagnosticsFormat::Text)]
    pub(crate) format: DiagnosticsFormat,

    /// Exit with 1 when there are warnings, too
    #[arg(long)]
    pub(crate) strict: bool,

    /// Check programs whose configuration needs environment variables that are not set: each is a warning
    #[arg(long)]
    pub(crate) allow_missing_env: bool,

    /// Add the reference of system columns, for invalid programs too
    #[arg(long)]
    pub(crate) show_system_columns: bool,

    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// SQL files, each a program of its own: all are checked, then run in this order; `-` is the standard input
    #[arg(value_name = "FILE", required_unless_present = "query")]
    pub(crate) programs: Vec<PathBuf>,

    /// Run this SQL as well, or instead
    #[arg(long, value_name = "SQL")]
    pub(crate) query: Option<String>,

    /// How to print rows on the standard output [default: table on a terminal, jsonl elsewhere]
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,

    /// How many workers share the work of a statement [default: the number of cores, fewer for small inputs]
    #[arg(long, value_name = "N")]
    pub(crate) parallelism: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// SQL files, each a program of its own: all are checked, then loaded in this order; `-` is the standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) programs: Vec<PathBuf>,

    /// Load these tables only: names, patterns such as dim_*, and tag:NAME; `+` before one adds what it needs, behind it
    /// those that need it
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) select: Option<Selection>,

    /// Leave these tables out, by the same words; what others need of them is taken from what is kept
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) exclude: Option<Selection>,

    /// Print what each table would read and why, looking at what is kept, and load nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Read everything anew, whatever is kept
    #[arg(long)]
    pub(crate) full_refresh: bool,

    /// How to tell what happens: for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = LoadFormat::Text)]
    pub(crate) format: LoadFormat,

    #[command(flatten)]
    pub(crate) loading: LoadingArgs,

    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,
}

/// How tables are loaded, by the commands that load some.
#[derive(Debug, Args)]
pub(crate) struct LoadingArgs {
    /// Where tables are kept from one load to the next
    #[arg(long, value_name = "DIR", default_value = STATE_DIRECTORY)]
    pub(crate) state_dir: PathBuf,

    /// Tables that load at the same time, or `auto`: as many as cores and memory allow
    #[arg(long, value_name = "N|auto", default_value = "4")]
    pub(crate) max_parallel: MaxParallel,

    /// Start a table when what it needs is there, or when the wave before is over
    #[arg(long, value_name = "eager|waves", default_value = "eager")]
    pub(crate) schedule: LoadSchedule,

    /// Time that a table may take, retries included
    #[arg(long, value_name = "DURATION", default_value = "300s", value_parser = parse_time)]
    pub(crate) table_timeout: Duration,

    /// Time that all tables together may take
    #[arg(long, value_name = "DURATION", default_value = "1800s", value_parser = parse_time)]
    pub(crate) total_timeout: Duration,

    /// End the load with the first table that fails
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// Load a table although one that it needs has failed
    #[arg(long)]
    pub(crate) continue_on_dependency_failure: bool,

    /// How often a table is tried again after an error that may pass
    #[arg(long, value_name = "N", default_value_t = RetryConfig::default().max_attempts - 1)]
    pub(crate) retries: u32,

    /// Memory in MiB that the tables that load at the same time may take [default: without bound]
    #[arg(long, value_name = "MIB")]
    pub(crate) max_memory_mb: Option<NonZeroU64>,
}

/// Where tables are kept unless told.
pub(crate) const STATE_DIRECTORY: &str = ".velo";

impl From<&LoadingArgs> for ParallelLoadingConfig {
    fn from(args: &LoadingArgs) -> Self {
        let mut config = Self {
            max_parallel: args.max_parallel,
            schedule: args.schedule,
            table_timeout: args.table_timeout,
            total_timeout: args.total_timeout,
            fail_fast: args.fail_fast,
            continue_on_dependency_failure: args.continue_on_dependency_failure,
            max_memory_bytes: args
                .max_memory_mb
                .map(|mebibytes| mebibytes.get().saturating_mul(1 << 20)),
            ..Self::default()
        };
        config.retry.max_attempts = args.retries.saturating_add(1);
        // Processes that failed together should not come back together.
        config.retry.seed = u64::from(std::process::id());
        config
    }
}

fn parse_time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// SQL file; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub(crate) program: PathBuf,

    /// How many workers share the work of a statement [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub(crate) parallelism: Option<NonZeroUsize>,

    /// Tell what would go on from its checkpoint and what would begin anew, and start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Forget the checkpoints and what is kept of tables, and read everything from the beginning
    #[arg(long)]
    pub(crate) full_refresh: bool,

    #[command(flatten)]
    pub(crate) loading: LoadingArgs,

    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// A SELECT over tables that are loaded, by their names, and over files; SHOW TABLES; or DESCRIBE table
    #[arg(value_name = "SQL")]
    pub(crate) sql: String,

    /// Where the tables are kept
    #[arg(long, value_name = "DIR", default_value = STATE_DIRECTORY)]
    pub(crate) state_dir: PathBuf,

    /// Print at most so many rows [default: 100 on a terminal, all elsewhere]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,

    /// How to print rows on the standard output [default: table on a terminal, jsonl elsewhere]
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// SQL file; `-` is the standard input
    #[arg(value_name = "FILE", required_unless_present = "query", conflicts_with = "query")]
    pub(crate) program: Option<PathBuf>,

    /// Explain this SQL instead of a file
    #[arg(long, value_name = "SQL")]
    pub(crate) query: Option<String>,

    /// How to print the plans
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub(crate) format: PlanFormat,

    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// SQL file; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub(crate) program: PathBuf,

    /// How to draw the graph
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(crate) format: GraphFormat,

    /// Tell of every column which columns it is computed from
    #[arg(long)]
    pub(crate) columns: bool,

    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// What the command line changes about a program.
#[derive(Debug, Args)]
pub(crate) struct OverrideArgs {
    /// Read a source from another file than configured
    #[arg(long, value_name = "NAME=PATH", value_parser = parse_pair)]
    source: Vec<(String, String)>,

    /// Write a sink to another file than configured; `-` is the standard output, `discard` only counts
    #[arg(long, value_name = "NAME=PATH", value_parser = parse_pair)]
    sink: Vec<(String, String)>,

    /// Set a property over what the SQL says, such as batch.size=100 or orders.delimiter=;
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_pair)]
    set: Vec<(String, String)>,

    /// Look for data that SQL and YAML files name by a relative path in this directory, and not in that of the file
    #[arg(long, value_name = "DIR")]
    base_dir: Option<PathBuf>,
}

impl From<&OverrideArgs> for Overrides {
    fn from(args: &OverrideArgs) -> Self {
        Self {
            sources: args.source.clone(),
            sinks: args.sink.clone(),
            set: args.set.clone(),
            base_dir: args.base_dir.clone(),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiagnosticsFormat {
    /// With the lines concerned, for people
    Text,
    /// One object, for programs
    Json,
    /// Workflow commands, which GitHub shows beside the lines
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// One JSON object a line
    Jsonl,
    /// A line of column names, then one line per row
    Csv,
    /// Aligned columns
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoadFormat {
    /// Bars on a terminal, lines elsewhere, and a summary
    Text,
    /// Every event as it happens, and the result at the end
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// An indented tree, for people
    Text,
    /// One object, for programs
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Lists by wave, for people
    Text,
    /// For Graphviz
    Dot,
    /// For Mermaid, which many viewers of Markdown draw
    Mermaid,
    /// One object, for programs
    Json,
}

/// Splits at the first `=`.
fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("expected two parts with `=` between them".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_are_consistent_and_all_have_help() {
        Cli::command().debug_assert();
    }

    #[test]
    fn pairs_split_at_the_first_equals_sign() {
        assert_eq!(
            parse_pair("orders.delimiter=="),
            Ok(("orders.delimiter".to_owned(), "=".to_owned()))
        );
        for wrong in ["orders", "=a.csv", "orders="] {
            assert!(parse_pair(wrong).is_err(), "{wrong}");
        }
    }
}
