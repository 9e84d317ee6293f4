use super::facts::{counted, facts, visible};
use super::{GraphDescription, TableDescription};

/// Lists are broken before this column; only a name that is longer by itself goes past it.
const WIDTH_MAX: usize = 80;

impl GraphDescription<'_> {
    /// Waves with their tables as indented lists, at most 80 columns wide as far as names allow; then what is wrong
    /// with the graph, if anything.
    pub fn to_text(&self) -> String {
        self.to_text_of("table")
    }

    /// The same of a graph of other things than tables: `noun` is what one of them is called.
    pub fn to_text_of(&self, noun: &str) -> String {
        let mut text = Text::default();
        text.line(&self.headline(noun));
        for (index, wave) in self.tables.chunk_by(|a, b| a.wave == b.wave).enumerate() {
            let title = match wave.first().and_then(|table| table.wave) {
                Some(number) => format!("wave {number}"),
                None => "in no wave".to_owned(),
            };
            if index == 0 {
                text.line("");
            }
            text.list(&title, wave.iter().map(table_item));
        }
        text.list("circles", self.cycles.iter().map(|cycle| Item::new(&cycle.to_string())));
        let missing = self.missing.iter().map(|table| {
            let item = Item::new(&table.name).with_names("needed by", table.needed_by.iter().map(String::as_str));
            item.with_names("similar to", table.suggestion.as_deref())
        });
        text.list("missing", missing);
        text.0
    }

    fn headline(&self, noun: &str) -> String {
        let tables = counted(self.tables.len() as u64, noun);
        let waves = counted(self.waves.len() as u64, "wave");
        format!("{tables} in {waves}")
    }
}

fn table_item(table: &TableDescription<'_>) -> Item {
    let item = match facts(table.metadata) {
        facts if facts.is_empty() => Item::new(table.name),
        facts => Item::new(&format!("{} ({})", table.name, facts.join(", "))),
    };
    item.with_names("needs", table.dependencies.iter().copied())
}

/// An entry of a list: a line, and lists of names below it.
struct Item {
    line: String,
    below: Vec<(&'static str, Vec<String>)>,
}

impl Item {
    fn new(line: &str) -> Self {
        let line = visible(line).into_owned();
        Self {
            line,
            below: Vec::new(),
        }
    }

    /// The same with a line of names below; none when there are no names.
    fn with_names<'a>(mut self, label: &'static str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<String> = names.into_iter().map(|name| visible(name).into_owned()).collect();
        if !names.is_empty() {
            self.below.push((label, names));
        }
        self
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    /// A title and its entries; nothing when there are none.
    fn list(&mut self, title: &str, items: impl IntoIterator<Item = Item>) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.line(title);
        }
        while let Some(item) = items.next() {
            let (branch, indent) = if items.peek().is_some() {
                ("├─ ", "│  ")
            } else {
                ("└─ ", "   ")
            };
            self.line(&format!("{branch}{}", item.line));
            for (label, names) in item.below {
                self.names(indent, label, &names);
            }
        }
    }

    /// Names behind a label, broken into lines that begin below the first name.
    fn names(&mut self, indent: &str, label: &str, names: &[String]) {
        let blank = " ".repeat(label.len());
        let mut line = format!("{indent}{label}");
        let mut is_first_of_line = true;
        for (index, name) in names.iter().enumerate() {
            let comma = if index + 1 < names.len() { "," } else { "" };
            let width = line.chars().count() + 1 + name.chars().count() + comma.len();
            if !is_first_of_line && width > WIDTH_MAX {
                self.line(&line);
                line = format!("{indent}{blank}");
            }
            line.extend([" ", name, comma]);
            is_first_of_line = false;
        }
        self.line(&line);
    }
}
