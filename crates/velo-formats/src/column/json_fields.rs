use std::borrow::Cow;

use velo_data::RowErrorCause;

use super::cell::{Cell, Cells, Syntax, Token};
use super::convert::unfit;
use super::rejections::{Problem, Rejections};
use crate::json::scanner::Scanner;

/// JSON values out of the fields of a CSV column, unquoted and checked: one cell a record, NULL where the field
/// is empty or is not JSON.
pub(super) struct JsonFields<'a> {
    texts: Vec<Cow<'a, str>>,
    cells: Vec<Cell>,
}

impl<'a> JsonFields<'a> {
    /// Checks the fields and rejects the records of those that are not JSON.
    pub(super) fn new(fields: Cells<'a>, column: &str, rejections: &mut Rejections) -> Self {
        let mut scratch = String::new();
        let mut texts = Vec::with_capacity(fields.places.len());
        let mut cells = Vec::with_capacity(fields.places.len());
        for (index, field) in fields.places.iter().enumerate() {
            let raw = fields.raw(index).unwrap_or_default();
            let text = match fields.token(index, &mut scratch) {
                Some(Token::Bare(text)) if field.is_escaped => Cow::Owned(text.to_owned()),
                _ => Cow::Borrowed(raw),
            };
            let mut cell = Cell::default();
            if field.is_present {
                match json_cell(&text) {
                    Some(found) => cell = found,
                    None => rejections.reject(fields.row(index), || Problem {
                        cause: RowErrorCause::InvalidValue,
                        column: Some(column.to_owned()),
                        message: unfit(Token::Bare(&text), "JSON", "").0,
                    }),
                }
            }
            texts.push(text);
            cells.push(cell);
        }
        Self { texts, cells }
    }

    /// Runs `append` on the values as cells of JSON.
    pub(super) fn with_cells(&self, append: impl FnOnce(Cells<'_>)) {
        let texts: Vec<&str> = self.texts.iter().map(AsRef::as_ref).collect();
        append(Cells {
            texts: &texts,
            places: &self.cells,
            rows: None,
            syntax: Syntax::Json,
        });
    }
}

/// The cell of the one JSON value that a text is.
fn json_cell(text: &str) -> Option<Cell> {
    let mut scanner = Scanner::new(text.as_bytes(), 0);
    let value = scanner.value().ok()?;
    scanner.end().ok()?;
    Some(Cell::of_json(value))
}
