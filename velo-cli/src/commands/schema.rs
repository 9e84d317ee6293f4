use std::io::{self, Write};

use velo_planner::properties::config_file_schema;

use crate::exit::Exit;

/// Prints the JSON Schema of configuration files.
pub(crate) fn schema() -> io::Result<Exit> {
    let mut text = serde_json::to_vec_pretty(&config_file_schema())?;
    text.push(b'\n');
    io::stdout().write_all(&text)?;
    Ok(Exit::Success)
}
