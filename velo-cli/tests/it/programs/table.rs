//! Tables that are made of others, by statements which mean the same to a batch database.

use std::fmt::Write as _;

use velo_tests::random::Random;

use super::input::{Declared, Input};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    kind: Kind,
    /// An outer join may leave it NULL, which then is a value like any other in a key.
    is_outer: bool,
}

/// A table of a program.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Indexes of columns that tell its rows apart; of some tables nothing does.
    key: Vec<usize>,
    /// The query that makes it, `{c}` standing for a number that may change.
    query: String,
    /// What a batch database is asked that it does not do by itself: leave out groups without a key.
    groups_kept: String,
    pub(super) number: i64,
    /// Statements that are needed besides.
    pub(super) besides: String,
    /// A key that the query marks, so that the last row of each counts.
    pub(super) marked_key: Option<&'static str>,
}

impl Made {
    /// An input as the table that it is, or as one that is made of its stream.
    pub(super) fn of_input(input: &Input, random: &mut Random) -> Self {
        let column = |(name, kind): &(&str, Kind)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            is_outer: false,
        };
        let columns = [
            ("id", Kind::Number),
            ("k", Kind::Number),
            ("n", Kind::Number),
            ("s", Kind::Text),
        ];
        let made = Self {
            name: input.name.clone(),
            columns: columns.iter().map(column).collect(),
            key: if input.declared == Declared::Table {
                vec![]
            } else {
                vec![0]
            },
            query: String::new(),
            groups_kept: String::new(),
            number: random.between(-40, 10),
            besides: String::new(),
            marked_key: None,
        };
        if input.declared != Declared::Stream {
            return made;
        }
        let name = &input.name;
        let (besides, from) = match random.below(3) {
            0 => (String::new(), name.clone()),
            1 => (
                format!("CREATE VIEW {name}_seen AS SELECT s, n, k, id FROM {name};"),
                format!("{name}_seen"),
            ),
            _ => (
                format!("CREATE STREAM {name}_seen AS SELECT s, n, k, id FROM {name};"),
                format!("{name}_seen"),
            ),
        };
        if random.chance(35) {
            // What cannot be added to, but has to be made anew when something of the input changes.
            return Self {
                name: format!("{name}_table"),
                query: format!(
                    "SELECT COALESCE(k, -1) AS id, COUNT(*) AS k, SUM(n) % 1000 AS n, MAX(s) AS s
                     FROM {from} GROUP BY COALESCE(k, -1)"
                ),
                besides,
                ..made
            };
        }
        let condition = if random.chance(40) {
            " WHERE n > {c} OR n IS NULL"
        } else {
            ""
        };
        Self {
            name: format!("{name}_table"),
            query: format!("SELECT id PRIMARY KEY, k, n, s FROM {from}{condition}"),
            marked_key: Some("id"),
            besides,
            ..made
        }
    }

    /// One that is made of others.
    pub(super) fn of_tables(name: String, tables: &[Self], random: &mut Random) -> Self {
        match random.below(10) {
            0..3 => Self::filtered(name, tables, random),
            3..6 => Self::grouped(name, tables, random),
            _ => Self::joined(name, tables, random),
        }
    }

    /// Its statement.
    pub(super) fn statement(&self) -> Option<String> {
        let query = self.query.replace("{c}", &self.number.to_string());
        (!query.is_empty()).then(|| format!("CREATE TABLE {} AS {query};", self.name))
    }

    /// The query for a batch database.
    pub(super) fn batch_query(&self) -> String {
        let query = self.query.replace("PRIMARY KEY", "") + &self.groups_kept;
        query.replace("{c}", &self.number.to_string())
    }

    fn filtered(name: String, tables: &[Self], random: &mut Random) -> Self {
        let mut query = Select::from(random.pick(tables));
        query.add_columns(random);
        let condition = query.condition(random);
        query.made(name, &format!("WHERE {condition}"), random)
    }

    fn joined(name: String, tables: &[Self], random: &mut Random) -> Self {
        let mut query = Select::from(random.pick(tables));
        for _ in 0..if random.chance(25) { 2 } else { 1 } {
            query.join(random.pick(tables), random);
        }
        query.add_columns(random);
        let rest = if random.chance(30) {
            format!("WHERE {}", query.condition(random))
        } else {
            String::new()
        };
        query.made(name, &rest, random)
    }

    fn grouped(name: String, tables: &[Self], random: &mut Random) -> Self {
        let mut query = Select::from(random.pick(tables));
        if random.chance(30) {
            query.join(random.pick(tables), random);
        }
        let mut keys = Vec::new();
        let mut dropped = Vec::new();
        for at in 0..random.between(1, 2) {
            let source = query.some(Kind::Number, random);
            let (expression, is_checked) = match random.below(3) {
                0 => (format!("COALESCE({}, -1)", source.expression), false),
                1 => (format!("{} % 5", source.expression), !source.is_outer),
                _ => (source.expression.clone(), !source.is_outer),
            };
            if keys.contains(&expression) {
                continue;
            }
            if is_checked {
                dropped.push(format!("{expression} IS NOT NULL"));
            }
            query.add(&expression, &format!("g{at}"), Kind::Number, source.is_outer);
            keys.push(expression);
        }
        let key: Vec<usize> = (0..keys.len()).collect();
        let value = query.some(Kind::Number, random).expression;
        let text = query.some(Kind::Text, random).expression;
        let aggregates = [
            ("COUNT(*)".to_owned(), Kind::Number),
            (format!("COUNT({value})"), Kind::Number),
            (format!("COUNT(DISTINCT {value})"), Kind::Number),
            (format!("SUM({value}) % 1000"), Kind::Number),
            (format!("MIN({value})"), Kind::Number),
            (format!("MAX({text})"), Kind::Text),
        ];
        for at in 0..random.between(1, 3) {
            let (expression, kind) = random.pick(&aggregates);
            query.add(expression, &format!("a{at}"), *kind, false);
        }
        let mut rest = format!("GROUP BY {}", keys.join(", "));
        if random.chance(30) {
            rest = format!("WHERE {} {rest}", query.condition(random));
        }
        let has_having = random.chance(25);
        if has_having {
            rest += " HAVING COUNT(*) > 1";
        }
        let kept = match (dropped.is_empty(), has_having) {
            (true, _) => String::new(),
            (false, true) => format!(" AND {}", dropped.join(" AND ")),
            (false, false) => format!(" HAVING {}", dropped.join(" AND ")),
        };
        Self {
            key,
            groups_kept: kept,
            ..query.made(name, &rest, random)
        }
    }
}

/// A value that a query can select.
#[derive(Clone)]
struct Value {
    expression: String,
    kind: Kind,
    is_outer: bool,
    /// Whether it is part of the key of its relation.
    is_key: bool,
}

/// A query on its way.
struct Select {
    from: String,
    /// What can be selected, by the relation that it is of.
    relations: Vec<Vec<Value>>,
    items: Vec<String>,
    columns: Vec<Column>,
    key: Vec<usize>,
}

impl Select {
    fn from(table: &Made) -> Self {
        let mut query = Self {
            from: format!("FROM {} r0", table.name),
            relations: Vec::new(),
            items: Vec::new(),
            columns: Vec::new(),
            key: Vec::new(),
        };
        query.add_relation(table, false);
        query
    }

    fn add_relation(&mut self, table: &Made, is_left: bool) {
        let alias = format!("r{}", self.relations.len());
        let value = |(index, column): (usize, &Column)| Value {
            expression: format!("{alias}.{}", column.name),
            kind: column.kind,
            is_outer: column.is_outer || is_left,
            is_key: table.key.contains(&index),
        };
        self.relations
            .push(table.columns.iter().enumerate().map(value).collect());
    }

    /// Joins a table by what is likely to find something now and then.
    fn join(&mut self, table: &Made, random: &mut Random) {
        let left = self.values();
        let is_left = random.chance(60);
        let number = self.relations.len();
        self.add_relation(table, is_left);
        let right = &self.relations[number];
        let numbers = |values: &[Value]| -> Vec<Value> {
            let numbers = values.iter().filter(|value| value.kind == Kind::Number);
            numbers.cloned().collect()
        };
        let (left, right) = (numbers(&left), numbers(right));
        let key: Vec<&Value> = right.iter().filter(|value| value.is_key).collect();
        let mut conditions = Vec::new();
        if random.chance(60) && !key.is_empty() {
            for part in key {
                conditions.push(format!("{} = {}", random.pick(&left).expression, part.expression));
            }
        } else {
            let (left, right) = (random.pick(&left), random.pick(&right));
            conditions.push(format!("{} = {}", left.expression, right.expression));
        }
        if random.chance(20) {
            let (left, right) = (random.pick(&left), random.pick(&right));
            conditions.push(format!("{} < {}", left.expression, right.expression));
        }
        let word = if is_left { "LEFT JOIN" } else { "JOIN" };
        let conditions = conditions.join(" AND ");
        write!(self.from, " {word} {} r{number} ON {conditions}", table.name).unwrap();
    }

    fn values(&self) -> Vec<Value> {
        self.relations.iter().flatten().cloned().collect()
    }

    /// Some value of a kind, of any relation. There is always a number; where there is no text, it is one.
    fn some(&self, kind: Kind, random: &mut Random) -> Value {
        let values = self.values();
        let fitting: Vec<&Value> = values.iter().filter(|value| value.kind == kind).collect();
        if fitting.is_empty() {
            return Value {
                expression: "'none'".to_owned(),
                kind,
                is_outer: false,
                is_key: false,
            };
        }
        (*random.pick(&fitting)).clone()
    }

    fn add(&mut self, expression: &str, name: &str, kind: Kind, is_outer: bool) {
        self.items.push(format!("{expression} AS {name}"));
        self.columns.push(Column {
            name: name.to_owned(),
            kind,
            is_outer,
        });
    }

    /// Selects the keys of most relations, and other values.
    fn add_columns(&mut self, random: &mut Random) {
        let mut has_keys = true;
        for relation in self.relations.clone() {
            let is_selected = random.chance(85) && relation.iter().any(|value| value.is_key);
            has_keys &= is_selected;
            for value in relation.iter().filter(|value| is_selected && value.is_key) {
                let name = format!("c{}", self.columns.len());
                self.key.push(self.columns.len());
                self.add(&value.expression, &name, value.kind, value.is_outer);
            }
        }
        if !has_keys {
            self.key.clear();
        }
        for _ in 0..random.between(1, 3) {
            let number = self.some(Kind::Number, random);
            let other = self.some(Kind::Number, random);
            let text = self.some(Kind::Text, random);
            let is_outer = number.is_outer;
            let (expression, kind, is_outer) = match random.below(7) {
                0 => (
                    format!("({} + {}) % 100", number.expression, other.expression),
                    Kind::Number,
                    is_outer || other.is_outer,
                ),
                1 => (
                    format!("COALESCE({}, {})", number.expression, other.expression),
                    Kind::Number,
                    is_outer || other.is_outer,
                ),
                2 => (
                    format!(
                        "CASE WHEN {} > {} THEN 1 ELSE 0 END",
                        number.expression, other.expression
                    ),
                    Kind::Number,
                    is_outer || other.is_outer,
                ),
                3 => (format!("{} || '+'", text.expression), Kind::Text, text.is_outer),
                4 => (format!("LENGTH({})", text.expression), Kind::Number, text.is_outer),
                5 => (text.expression, Kind::Text, text.is_outer),
                _ => (number.expression, Kind::Number, is_outer),
            };
            let name = format!("c{}", self.columns.len());
            self.add(&expression, &name, kind, is_outer);
        }
        if self.columns.iter().all(|column| column.kind == Kind::Text) {
            let number = self.some(Kind::Number, random);
            self.add(&number.expression, "number", Kind::Number, number.is_outer);
        }
    }

    /// Something that is true of some rows, false of others, and perhaps of none that is not known.
    fn condition(&self, random: &mut Random) -> String {
        let number = self.some(Kind::Number, random).expression;
        let other = self.some(Kind::Number, random).expression;
        let text = self.some(Kind::Text, random).expression;
        match random.below(7) {
            0 => format!("{number} > {{c}}"),
            1 => format!("{number} IS NULL OR {other} < {{c}} + 30"),
            2 => format!("NOT ({number} = {other})"),
            3 => format!("{number} BETWEEN {{c}} AND {{c}} + 25"),
            4 => format!("{text} IN ('a', 'x y', 'it''s') OR {number} IS NOT NULL"),
            5 => format!("{text} <> 'b' AND {number} <= {other}"),
            _ => format!("{text} IS NOT NULL"),
        }
    }

    fn made(self, name: String, rest: &str, random: &mut Random) -> Made {
        let items = self.items.join(", ");
        Made {
            name,
            columns: self.columns,
            key: self.key,
            query: format!("SELECT {items} {} {rest}", self.from),
            groups_kept: String::new(),
            number: random.between(-30, 15),
            besides: String::new(),
            marked_key: None,
        }
    }
}
