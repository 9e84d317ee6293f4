use std::collections::HashMap;
use std::fmt::{Result, Write};

use super::GraphDescription;
use super::facts::{facts, visible};

impl GraphDescription<'_> {
    /// The graph as a Mermaid flowchart, which Markdown viewers draw, with a box around the tables of each wave.
    /// Missing tables are dashed; edges of circles are red.
    pub fn to_mermaid(&self) -> String {
        let mut mermaid = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_mermaid(&mut mermaid);
        mermaid
    }

    fn write_mermaid(&self, mermaid: &mut String) -> Result {
        let numbers = self.numbers();
        writeln!(mermaid, "flowchart LR")?;
        for tables in self.tables.chunk_by(|a, b| a.wave == b.wave) {
            let wave = tables.first().and_then(|table| table.wave);
            if let Some(wave) = wave {
                writeln!(mermaid, "  subgraph wave{wave}[\"wave {wave}\"]")?;
            }
            for table in tables {
                let facts = facts(table.metadata).join(", ");
                let below = if facts.is_empty() {
                    facts
                } else {
                    format!("<br>{}", escaped(&facts))
                };
                let indent = if wave.is_some() { "    " } else { "  " };
                writeln!(
                    mermaid,
                    "{indent}t{}[\"{}{below}\"]",
                    numbers[table.name],
                    escaped(table.name)
                )?;
            }
            if wave.is_some() {
                writeln!(mermaid, "  end")?;
            }
        }
        self.write_missing(&numbers, mermaid)?;
        self.write_edges(&numbers, mermaid)
    }

    fn write_missing(&self, numbers: &HashMap<&str, usize>, mermaid: &mut String) -> Result {
        for table in &self.missing {
            let number = numbers[table.name.as_str()];
            writeln!(mermaid, "  t{number}[\"{}<br>missing\"]", escaped(&table.name))?;
            writeln!(mermaid, "  style t{number} stroke-dasharray: 5 5")?;
        }
        Ok(())
    }

    /// Edges, and at the end the numbers of those to color, which is how Mermaid wants it.
    fn write_edges(&self, numbers: &HashMap<&str, usize>, mermaid: &mut String) -> Result {
        let circular = self.circular_edges();
        let mut red: Vec<String> = Vec::new();
        for (index, (dependency, name)) in self.edges().enumerate() {
            writeln!(mermaid, "  t{} --> t{}", numbers[dependency], numbers[name])?;
            if circular.contains(&(dependency, name)) {
                red.push(index.to_string());
            }
        }
        if red.is_empty() {
            return Ok(());
        }
        writeln!(mermaid, "  linkStyle {} stroke:red", red.join(","))
    }

    /// Numbers from 1 to name tables by, since Mermaid's own names allow little.
    fn numbers(&self) -> HashMap<&str, usize> {
        let tables = self.tables.iter().map(|table| table.name);
        let missing = self.missing.iter().map(|table| table.name.as_str());
        let needed = self.edges().map(|(dependency, _)| dependency);
        let mut numbers = HashMap::new();
        for name in tables.chain(missing).chain(needed) {
            let next = numbers.len() + 1;
            numbers.entry(name).or_insert(next);
        }
        numbers
    }
}

/// Text in which nothing has a meaning to Mermaid: all other ASCII punctuation becomes an entity.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        if character.is_ascii_punctuation() && !matches!(character, '_' | '-' | '.' | ',') {
            escaped.extend(["#", &u32::from(character).to_string(), ";"]);
        } else {
            escaped.push(character);
        }
    }
    escaped
}
