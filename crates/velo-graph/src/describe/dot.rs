use std::collections::HashSet;
use std::fmt::{Result, Write};

use super::facts::{facts, visible};
use super::{GraphDescription, TableDescription};

impl GraphDescription<'_> {
    /// The graph in the language of Graphviz, drawn from left to right with the tables of a wave in one column.
    /// Missing tables are dashed; edges of circles are red.
    pub fn to_dot(&self) -> String {
        let mut dot = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_dot(&mut dot);
        dot
    }

    fn write_dot(&self, dot: &mut String) -> Result {
        writeln!(dot, "digraph tables {{\n  rankdir=LR;\n  node [shape=box];")?;
        for table in &self.tables {
            writeln!(dot, "  {} [label={}];", quoted(table.name), label(table))?;
        }
        for table in &self.missing {
            let label = quoted(&format!("{} is missing", table.name));
            writeln!(dot, "  {} [label={label}, style=dashed];", quoted(&table.name))?;
        }
        for wave in &self.waves {
            let names: String = wave.iter().map(|name| format!(" {};", quoted(name))).collect();
            writeln!(dot, "  {{ rank=same;{names} }}")?;
        }
        let circular = self.circular_edges();
        for (dependency, name) in self.edges() {
            let color = if circular.contains(&(dependency, name)) {
                " [color=red]"
            } else {
                ""
            };
            writeln!(dot, "  {} -> {}{color};", quoted(dependency), quoted(name))?;
        }
        writeln!(dot, "}}")
    }

    /// Every edge the way of the data: what is needed, then who needs it.
    pub(super) fn edges<'a>(&'a self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of_table = |table: &'a TableDescription<'_>| {
            let name = table.name;
            table.dependencies.iter().map(move |dependency| (*dependency, name))
        };
        self.tables.iter().flat_map(of_table)
    }

    /// The edges of circles, the way of the data.
    pub(super) fn circular_edges(&self) -> HashSet<(&str, &str)> {
        let steps = self.cycles.iter().flat_map(|cycle| cycle.path.windows(2));
        steps.map(|step| (step[1].as_str(), step[0].as_str())).collect()
    }
}

/// The name, and below it what is known about the table.
fn label(table: &TableDescription<'_>) -> String {
    let facts = facts(table.metadata);
    let mut label = escaped(table.name);
    if !facts.is_empty() {
        label.push_str("\\n");
        label.push_str(&escaped(&facts.join(", ")));
    }
    // Graphviz replaces entities in labels, but not in names.
    format!("\"{}\"", label.replace('&', "&amp;"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", escaped(name))
}

fn escaped(name: &str) -> String {
    visible(name).replace('\\', "\\\\").replace('"', "\\\"")
}
