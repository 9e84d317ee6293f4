//! Columns of columns. The cells of an array's elements, a map's entries or a struct's fields are found for the
//! whole block and handed to the inner columns as one block again.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, MapArray, NullBufferBuilder, StructArray, make_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;

use super::builder::{Appending, ColumnBuilder};
use super::cell::{Cell, Cells, Syntax};
use super::convert::unfit;
use crate::FormatError;
use crate::json::members::{MemberIndex, News};
use crate::json::scanner::Scanner;

/// Values of an `ARRAY` column.
#[derive(Debug)]
pub(crate) struct ArrayBuilder {
    field: FieldRef,
    element: Box<ColumnBuilder>,
    extents: Extents,
}

/// Values of a `MAP` column.
#[derive(Debug)]
pub(crate) struct MapBuilder {
    entries: FieldRef,
    fields: Fields,
    key: Box<ColumnBuilder>,
    value: Box<ColumnBuilder>,
    extents: Extents,
}

/// Values of a `STRUCT` column.
#[derive(Debug)]
pub(crate) struct StructBuilder {
    fields: Fields,
    columns: Vec<ColumnBuilder>,
    members: MemberIndex,
    validity: NullBufferBuilder,
    length: usize,
}

impl ArrayBuilder {
    pub(super) fn new(element: &FieldRef) -> Result<Self, FormatError> {
        Ok(Self {
            field: Arc::clone(element),
            element: Box::new(ColumnBuilder::new(element)?),
            extents: Extents::default(),
        })
    }

    pub(super) fn append(&mut self, target: &mut Appending<'_, '_>) {
        let mut elements = InnerCells::default();
        target.containers(b'[', "an ARRAY", |_, row, scanner| {
            let scanned = scanner.map(|mut scanner| scanner.elements(|value| elements.push(row, Cell::of_json(value))));
            self.extents.push(scanned.is_some(), elements.cells.len());
        });
        self.extents.end_block();
        elements.append_to(&mut self.element, target, Syntax::Json);
    }

    /// What the elements are put into.
    pub(super) fn element(&mut self) -> &mut ColumnBuilder {
        &mut self.element
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, nulls) = self.extents.finish();
        let list = ListArray::try_new(Arc::clone(&self.field), offsets, self.element.finish()?, nulls)?;
        Ok(Arc::new(list))
    }
}

impl MapBuilder {
    pub(super) fn new(entries: &FieldRef) -> Result<Self, FormatError> {
        let unsupported = || FormatError::UnsupportedType {
            column: entries.name().clone(),
            data_type: entries.data_type().clone(),
        };
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(unsupported());
        };
        let [key, value] = fields.as_ref() else {
            return Err(unsupported());
        };
        Ok(Self {
            entries: Arc::clone(entries),
            fields: fields.clone(),
            key: Box::new(ColumnBuilder::new(key)?),
            value: Box::new(ColumnBuilder::new(value)?),
            extents: Extents::default(),
        })
    }

    /// The headers of envelopes, whose values are text, not base64.
    pub(super) fn with_header_values(mut self) -> Self {
        self.value = Box::new(ColumnBuilder::HeaderValue(arrow::array::BinaryViewBuilder::new()));
        self
    }

    pub(super) fn append(&mut self, target: &mut Appending<'_, '_>) {
        let (mut keys, mut values) = (InnerCells::default(), InnerCells::default());
        let mut places: HashMap<&str, usize> = HashMap::new();
        target.containers(b'{', "a MAP", |text, row, scanner| {
            places.clear();
            let scanned = scanner.map(|mut scanner| {
                scanner.members(|name, value| {
                    let raw_name = text.get(name.start..name.end).unwrap_or_default();
                    let value = Cell::of_json(value);
                    if let Some(place) = places.get(raw_name) {
                        values.cells[*place] = value; // The last one wins.
                    } else {
                        places.insert(raw_name, values.cells.len());
                        keys.push(row, Cell::of_json(name));
                        values.push(row, value);
                    }
                })
            });
            self.extents.push(scanned.is_some(), keys.cells.len());
        });
        self.extents.end_block();
        keys.append_to(&mut self.key, target, Syntax::MemberName);
        values.append_to(&mut self.value, target, Syntax::Json);
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, nulls) = self.extents.finish();
        let key = without_nulls(&self.key.finish()?)?;
        let entries = StructArray::try_new(self.fields.clone(), vec![key, self.value.finish()?], None)?;
        let map = MapArray::try_new(Arc::clone(&self.entries), offsets, entries, nulls, false)?;
        Ok(Arc::new(map))
    }
}

impl StructBuilder {
    pub(super) fn new(fields: &Fields) -> Result<Self, FormatError> {
        let columns = fields.iter().map(|field| ColumnBuilder::new(field));
        Ok(Self {
            fields: fields.clone(),
            columns: columns.collect::<Result<_, _>>()?,
            members: MemberIndex::new(fields.iter().map(|field| field.name().as_str())),
            validity: NullBufferBuilder::new(0),
            length: 0,
        })
    }

    pub(super) fn append(&mut self, target: &mut Appending<'_, '_>) {
        let rows = target.cells.places.len();
        let mut fields = vec![vec![Cell::default(); rows]; self.columns.len()];
        let mut index = 0;
        let mut contested = Vec::new();
        target.containers(b'{', "a STRUCT", |_, row, scanner| {
            let scanned = scanner.map(|mut scanner| {
                self.members.scan(&mut scanner, row, |member, value| {
                    fields[member.column][index].take_member(member, value);
                })
            });
            if let Some(Err(error)) = &scanned {
                contested.push((index, *error));
            }
            self.validity.append(scanned.is_some());
            index += 1;
        });
        for (index, error) in contested {
            target.reject(index, error.to_string());
        }
        if self.members.has_news() {
            target.rejections.note_news();
        }
        self.length += rows;
        for (column, cells) in self.columns.iter_mut().zip(&fields) {
            let cells = Cells {
                places: cells,
                ..target.cells
            };
            column.append(cells, target.column, target.rejections);
        }
    }

    /// Takes note of members that no field has the name of.
    pub(super) fn watch(&mut self) {
        self.members.watch([]);
        self.columns.iter_mut().for_each(ColumnBuilder::watch);
    }

    /// Tells members that are news, by the names that lead to them from `path` on.
    pub(super) fn take_news(&mut self, path: &str, tell: &mut dyn FnMut(News<'_>)) {
        self.members.take_news(|news| {
            let name = news.name.map(|name| format!("{path}.{name}"));
            tell(News {
                name: name.as_deref(),
                ..news
            });
        });
        for (field, column) in self.fields.iter().zip(&mut self.columns) {
            column.take_news(&format!("{path}.{}", field.name()), tell);
        }
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish);
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let length = std::mem::take(&mut self.length);
        let nulls = self.validity.finish();
        let array = StructArray::try_new_with_length(self.fields.clone(), columns, nulls, length)?;
        Ok(Arc::new(array))
    }
}

/// Where each list of a column ends among the elements, and which lists are not NULL.
#[derive(Debug)]
struct Extents {
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
    /// Elements of the blocks before this one.
    base: i32,
}

impl Default for Extents {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            validity: NullBufferBuilder::new(0),
            base: 0,
        }
    }
}

impl Extents {
    /// A list that ends behind `end` elements of this block.
    fn push(&mut self, is_valid: bool, end: usize) {
        self.offsets.push(self.base + end as i32);
        self.validity.append(is_valid);
    }

    fn end_block(&mut self) {
        self.base = self.offsets.last().copied().unwrap_or(0);
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, Option<arrow::buffer::NullBuffer>) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        self.base = 0;
        (OffsetBuffer::new(offsets.into()), self.validity.finish())
    }
}

/// Cells of an inner column, with the records they belong to.
#[derive(Debug, Default)]
struct InnerCells {
    cells: Vec<Cell>,
    rows: Vec<u32>,
}

impl InnerCells {
    fn push(&mut self, row: usize, cell: Cell) {
        self.cells.push(cell);
        self.rows.push(row as u32);
    }

    fn append_to(&self, column: &mut ColumnBuilder, target: &mut Appending<'_, '_>, syntax: Syntax) {
        let cells = Cells {
            texts: target.cells.texts,
            places: &self.cells,
            rows: Some(&self.rows),
            syntax,
        };
        column.append(cells, target.column, target.rejections);
    }
}

impl<'a> Appending<'a, '_> {
    /// Goes through the cells; each comes with its record's text and number and, unless it is NULL or rejected
    /// for being something else, a scanner at the container that `open` begins.
    fn containers(&mut self, open: u8, wanted: &str, mut each: impl FnMut(&'a str, usize, Option<Scanner<'a>>)) {
        let mut scratch = String::new();
        for index in 0..self.cells.places.len() {
            let token = self.cells.token(index, &mut scratch);
            let scanner = token.and_then(|_| self.cells.container(index, open));
            if let (Some(token), None) = (token, &scanner) {
                self.reject(index, unfit(token, wanted, "").0);
            }
            each(self.cells.text(index), self.cells.row(index), scanner);
        }
    }
}

/// Keys of rejected records are NULL, which a map may not hold until those records are taken out.
fn without_nulls(keys: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if keys.null_count() == 0 {
        return Ok(Arc::clone(keys));
    }
    Ok(make_array(
        keys.to_data().into_builder().nulls(None).null_count(0).build()?,
    ))
}
