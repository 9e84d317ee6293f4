//! Trees on one line, for snapshots: the `Debug` output without spans, wrappers and whatever is absent.

use std::fmt::Debug;

/// The tree of a node as `Kind{field: value, …}`.
pub(crate) fn compact(node: &impl Debug) -> String {
    let text = format!("{node:?}");
    let mut reader = Reader { rest: &text };
    reader.value().simplified().unwrap_or_default()
}

/// A value of `Debug` output.
enum Value {
    Atom(String),
    List(Vec<Value>),
    Tuple(String, Vec<Value>),
    Struct(String, Vec<(String, Value)>),
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn value(&mut self) -> Value {
        if self.eat("[") {
            return Value::List(self.until("]", Self::value));
        }
        if self.rest.starts_with('"') {
            return Value::Atom(self.string());
        }
        let end = self
            .rest
            .find([' ', ',', '(', ')', '[', ']', '{', '}'])
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if self.eat(" { ") {
            return Value::Struct(word.to_owned(), self.until(" }", Self::field));
        }
        if self.eat("(") {
            Value::Tuple(word.to_owned(), self.until(")", Self::value))
        } else {
            Value::Atom(word.to_owned())
        }
    }

    fn field(&mut self) -> (String, Value) {
        let (name, rest) = self.rest.split_once(": ").expect("a field");
        self.rest = rest;
        (name.to_owned(), self.value())
    }

    fn string(&mut self) -> String {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let end = end.expect("a closed string").0 + 1;
        let (string, rest) = self.rest.split_at(end);
        self.rest = rest;
        string.to_owned()
    }

    fn until<T>(&mut self, closer: &str, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        while !self.eat(closer) {
            items.push(item(self));
            self.eat(", ");
        }
        items
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

impl Value {
    /// `None` for what is absent: `None`, `false`, an empty list.
    fn simplified(self) -> Option<String> {
        match self {
            Self::Atom(atom) => (atom != "None" && atom != "false").then_some(atom),
            Self::List(items) if items.is_empty() => None,
            Self::List(items) => Some(format!("[{}]", simplify_all(items).join(", "))),
            Self::Tuple(name, items) if name == "Some" => match items.into_iter().next()? {
                Self::Atom(atom) => Some(atom),
                value => value.simplified(),
            },
            Self::Tuple(name, items) if name == "Boolean" => {
                let value = items
                    .iter()
                    .any(|item| matches!(item, Self::Atom(atom) if atom == "true"));
                Some(format!("Boolean({value})"))
            }
            Self::Tuple(name, items) => {
                let simple = simplify_all(items).join(", ");
                if name == "Number" {
                    return Some(simple);
                }
                Some(if simple.starts_with('[') {
                    format!("{name}{simple}")
                } else {
                    format!("{name}({simple})")
                })
            }
            Self::Struct(name, mut fields) => {
                fields.retain(|(field, _)| field != "span");
                match (name.as_str(), fields.len()) {
                    ("Spanned" | "Ident" | "Expr" | "ObjectName", 1) => fields.pop()?.1.simplified(),
                    ("Name", _) => name_text(fields),
                    ("NumberLiteral", _) => number_text(fields),
                    _ => Some(format!("{name}{{{}}}", simplify_fields(fields).join(", "))),
                }
            }
        }
    }
}

fn simplify_all(values: Vec<Value>) -> Vec<String> {
    values
        .into_iter()
        .map(|value| value.simplified().unwrap_or_else(|| "-".to_owned()))
        .collect()
}

fn simplify_fields(fields: Vec<(String, Value)>) -> Vec<String> {
    fields
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value.simplified()?;
            Some(if value == "true" {
                name
            } else {
                format!("{name}: {value}")
            })
        })
        .collect()
}

/// A name without quotes unless it had some.
fn name_text(fields: Vec<(String, Value)>) -> Option<String> {
    let mut values = fields.into_iter().map(|(_, value)| value);
    let text = values.next()?.simplified()?;
    let quoted = values.next()?.simplified().is_some();
    Some(if quoted {
        text
    } else {
        text.trim_matches('"').to_owned()
    })
}

/// A number as its kind and text.
fn number_text(fields: Vec<(String, Value)>) -> Option<String> {
    let mut values = fields.into_iter().map(|(_, value)| value.simplified());
    let text = values.next()??;
    Some(format!("{}({})", values.next()??, text.trim_matches('"')))
}
