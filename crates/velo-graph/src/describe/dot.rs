use std::fmt::{Display, Formatter, Result, Write};

use super::GraphDescription;
use super::facts::{facts, picture};

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
            let (name, below) = (table.name, &facts(table.metadata).join(", "));
            writeln!(dot, "  {} [label={}];", Quoted(name), Label { name, below })?;
        }
        for table in &self.missing {
            let (name, below) = (&table.name, "missing");
            writeln!(
                dot,
                "  {} [label={}, style=dashed];",
                Quoted(name),
                Label { name, below }
            )?;
        }
        for wave in &self.waves {
            dot.push_str("  { rank=same;");
            wave.iter().try_for_each(|name| write!(dot, " {};", Quoted(name)))?;
            dot.push_str(" }\n");
        }
        let circular = self.circular_edges();
        for (dependency, name) in self.edges() {
            let color = if circular.contains(&(dependency, name)) {
                " [color=red]"
            } else {
                ""
            };
            writeln!(dot, "  {} -> {}{color};", Quoted(dependency), Quoted(name))?;
        }
        writeln!(dot, "}}")
    }
}

/// Text between quotes as Graphviz reads it.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('"')?;
        write_escaped(self.0, f)?;
        f.write_char('"')
    }
}

/// What is written into the box of a table: its name, and below it what is known.
struct Label<'a> {
    name: &'a str,
    below: &'a str,
}

impl Display for Label<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        // Graphviz replaces entities in labels, but not in names.
        let escape = |text: &str| text.replace('&', "&amp;");
        f.write_char('"')?;
        write_escaped(&escape(self.name), f)?;
        if !self.below.is_empty() {
            f.write_str("\\n")?;
            write_escaped(&escape(self.below), f)?;
        }
        f.write_char('"')
    }
}

fn write_escaped(text: &str, f: &mut Formatter<'_>) -> Result {
    for character in text.chars().map(picture) {
        if matches!(character, '\\' | '"') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    Ok(())
}
