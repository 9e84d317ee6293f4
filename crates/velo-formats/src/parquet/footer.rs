//! Footers as old and careless writers leave them, put right before the library reads them.
//!
//! A footer is a tree of structs in Thrift's compact protocol. It is copied once from its beginning to its end; what
//! readers of other implementations do without, and ours would stumble over, is left out on the way: offsets of 0,
//! statistics that are no values of the column's type, numbers of row groups, unknown encodings. What is not understood is
//! copied as it is.

use parquet::errors::ParquetError;
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::{FileMetaData, FooterTail, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::chunks::with_whole_chunks;

/// Reads the footer of a file.
pub(super) fn read_footer<R: ChunkReader>(input: &R) -> Result<ParquetMetaData, ParquetError> {
    let cut_off = || ParquetError::General("it is longer than the file".to_owned());
    let tail_at = input.len().checked_sub(FOOTER_SIZE as u64).ok_or_else(cut_off)?;
    let tail = input.get_bytes(tail_at, FOOTER_SIZE)?;
    let tail = tail.as_ref().try_into().map_err(|_| cut_off())?;
    let length = FooterTail::try_new(tail)?.metadata_length();
    let start = tail_at.checked_sub(length as u64).ok_or_else(cut_off)?;
    let footer = input.get_bytes(start, length)?;
    let metadata = match Copy::of(&footer) {
        Some(footer) => ParquetMetaDataReader::decode_metadata(&footer)?,
        // The library will say what is wrong with it.
        None => ParquetMetaDataReader::decode_metadata(&footer)?,
    };
    with_whole_chunks(input, with_rows_of_groups(metadata))
}

/// The rows of a file are those of its row groups: some writers leave 0 as their total.
fn with_rows_of_groups(metadata: ParquetMetaData) -> ParquetMetaData {
    let groups = metadata.row_groups();
    let rows = groups
        .iter()
        .map(RowGroupMetaData::num_rows)
        .fold(0, i64::saturating_add);
    let file = metadata.file_metadata();
    if file.num_rows() == rows {
        return metadata;
    }
    let file = FileMetaData::new(
        file.version(),
        rows,
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    ParquetMetaData::new(file, groups.to_vec())
}

// Types of the protocol.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// Structs within structs that a footer has at most; deeper ones are no footer.
const DEPTH_MAX: usize = 32;

/// A list in whose head this stands has its length behind it.
const LONG_LIST: u8 = 15;

/// Which struct of `parquet.thrift` fields are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    SchemaElement,
    RowGroup,
    ColumnChunk,
    ColumnMetaData,
    Statistics,
    /// Any other: copied as it is.
    Other,
}

impl Kind {
    /// The struct that a field holds, or that the elements of its list are.
    fn of_field(self, field: i16) -> Self {
        match (self, field) {
            (Self::File, 2) => Self::SchemaElement,
            (Self::File, 4) => Self::RowGroup,
            (Self::RowGroup, 1) => Self::ColumnChunk,
            (Self::ColumnChunk, 3) => Self::ColumnMetaData,
            (Self::ColumnMetaData, 12) => Self::Statistics,
            _ => Self::Other,
        }
    }
}

/// What is known of the column whose metadata is being copied.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    /// Bytes of a value, where all have as many.
    value_bytes: Option<usize>,
    data_page_offset: Option<i64>,
}

/// Copies a footer.
struct Copy<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
    column: Column,
    depth: usize,
}

impl<'a> Copy<'a> {
    /// The footer put right; `None` for what is none.
    fn of(footer: &'a [u8]) -> Option<Vec<u8>> {
        let mut copy = Self {
            rest: footer,
            out: Vec::with_capacity(footer.len()),
            column: Column::default(),
            depth: 0,
        };
        copy.fields(Kind::File)?;
        Some(copy.out)
    }

    fn fields(&mut self, kind: Kind) -> Option<()> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        if kind == Kind::ColumnMetaData {
            self.column = Column::default();
        }
        let (mut read, mut written) = (0_i16, 0);
        loop {
            let head = self.byte()?;
            let value_type = head & 0x0F;
            if value_type == STOP {
                self.out.push(STOP);
                self.depth -= 1;
                return Some(());
            }
            read = match head >> 4 {
                0 => self.zigzag()?.try_into().ok()?,
                delta => read.checked_add(delta.into())?,
            };
            let before = self.out.len();
            let is_short_integer = kind != Kind::Other && value_type == BYTE;
            self.field_head(if is_short_integer { I64 } else { value_type }, read, written);
            if self.field(kind, read, value_type)? {
                written = read;
            } else {
                self.out.truncate(before);
            }
        }
    }

    /// Reads a struct: each field by its number and type, to the end of its value.
    fn each_field(&mut self, mut read: impl FnMut(&mut Self, i16, u8) -> Option<()>) -> Option<()> {
        let mut field = 0_i16;
        loop {
            let head = self.byte()?;
            let value_type = head & 0x0F;
            if value_type == STOP {
                return Some(());
            }
            field = match head >> 4 {
                0 => self.zigzag()?.try_into().ok()?,
                delta => field.checked_add(delta.into())?,
            };
            read(self, field, value_type)?;
        }
    }

    /// Copies the value of a field; whether it stays.
    fn field(&mut self, kind: Kind, field: i16, value_type: u8) -> Option<bool> {
        match (kind, field) {
            (Kind::ColumnMetaData, 1) => {
                let physical_type = self.integer(value_type)?;
                self.column.value_bytes = value_bytes(physical_type);
                Some(true)
            }
            (Kind::ColumnMetaData, 2) if value_type == LIST => self.known_encodings().map(|()| true),
            (Kind::ColumnMetaData, 9) => {
                self.column.data_page_offset = Some(self.integer(value_type)?);
                Some(true)
            }
            // The first page of a column is its dictionary, if it has one, whatever else is said.
            (Kind::ColumnMetaData, 11) => {
                let offset = self.integer(value_type)?;
                Some(offset > 0 && self.column.data_page_offset.is_none_or(|data| offset < data))
            }
            // Statistics of encodings and of sizes nobody here asks for; they may be of unknown encodings and any width.
            (Kind::ColumnMetaData, 13 | 16) => self.value(Kind::Other, value_type).map(|()| false),
            // A row group's number is its place.
            (Kind::RowGroup, 7) => self.value(Kind::Other, value_type).map(|()| false),
            (Kind::Statistics, 3 | 4) => Some(self.integer(value_type)? >= 0),
            (Kind::Statistics, 1 | 2 | 5 | 6) if value_type == BINARY => {
                let bytes = self.binary()?;
                Some(self.column.value_bytes.is_none_or(|wanted| wanted == bytes))
            }
            _ => {
                if kind != Kind::Other && value_type == BYTE {
                    self.integer(value_type)?;
                } else {
                    self.value(kind.of_field(field), value_type)?;
                }
                Some(true)
            }
        }
    }

    /// Copies a value; structs in it are of a kind.
    fn value(&mut self, kind: Kind, value_type: u8) -> Option<()> {
        match value_type {
            TRUE | FALSE => Some(()), // The type is the value.
            BYTE => self.copy(1),
            I16..=I64 => self.varint().map(drop),
            DOUBLE => self.copy(8),
            BINARY => self.binary().map(drop),
            LIST | SET => self.list(kind),
            STRUCT => self.fields(kind),
            _ => None,
        }
    }

    fn list(&mut self, kind: Kind) -> Option<()> {
        let (element, count) = self.list_head()?;
        self.list_start(element, count);
        for _ in 0..count {
            match element {
                TRUE | FALSE => self.copy(1)?,
                _ => self.value(kind, element)?,
            }
        }
        Some(())
    }

    /// Copies a list of encodings without those that nothing here knows; where they are used, their pages are refused.
    fn known_encodings(&mut self) -> Option<()> {
        let (element, count) = self.list_head()?;
        if !(I16..=I64).contains(&element) {
            return None;
        }
        let mut known = Vec::new();
        for _ in 0..count {
            let encoding = self.zigzag()?;
            if matches!(encoding, 0 | 2..=9) {
                known.push(encoding);
            }
        }
        self.list_start(I32, known.len() as u64);
        for encoding in known {
            self.push_zigzag(encoding);
        }
        Some(())
    }

    /// Copies an integer of any width; returns it. All but the shortest are written in the same way.
    fn integer(&mut self, value_type: u8) -> Option<i64> {
        let value = match value_type {
            BYTE => i64::from(self.byte()? as i8),
            I16..=I64 => self.zigzag()?,
            _ => return None,
        };
        self.push_zigzag(value);
        Some(value)
    }

    /// Copies bytes with their length before them; returns the length.
    fn binary(&mut self) -> Option<usize> {
        let length = usize::try_from(self.varint()?).ok()?;
        self.copy(length)?;
        Some(length)
    }

    fn copy(&mut self, length: usize) -> Option<()> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.out.extend_from_slice(bytes);
        self.rest = rest;
        Some(())
    }

    /// Copies a number of a variable length; returns it.
    fn varint(&mut self) -> Option<u64> {
        let value = self.read_varint()?;
        self.push_varint(value);
        Some(value)
    }

    fn field_head(&mut self, value_type: u8, field: i16, before: i16) {
        match field.checked_sub(before) {
            Some(delta @ 1..=15) => self.out.push((delta as u8) << 4 | value_type),
            _ => {
                self.out.push(value_type);
                self.push_zigzag(field.into());
            }
        }
    }

    fn list_head(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            LONG_LIST => self.read_varint()?,
            count => u64::from(count),
        };
        Some((head & 0x0F, count))
    }

    fn list_start(&mut self, element: u8, count: u64) {
        match u8::try_from(count) {
            Ok(count) if count < LONG_LIST => self.out.push(count << 4 | element),
            _ => {
                self.out.push(LONG_LIST << 4 | element);
                self.push_varint(count);
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.read_varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn read_varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn push_zigzag(&mut self, value: i64) {
        self.push_varint((value << 1 ^ value >> 63) as u64);
    }

    fn push_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }
}

/// A page of a column chunk.
pub(super) struct Page {
    /// Its length with its header.
    pub(super) bytes: u64,
    /// Values of the column in it, NULLs included; none in pages of other kinds than data.
    pub(super) values: i64,
}

/// Reads the header of a page, behind which there may be more; `None` for what is none.
pub(super) fn page_header(bytes: &[u8]) -> Option<Page> {
    let mut header = Copy {
        rest: bytes,
        out: Vec::new(),
        column: Column::default(),
        depth: 0,
    };
    let (mut content, mut values) = (None, 0);
    header.each_field(|header, field, value_type| {
        match (field, value_type) {
            (3, I16..=I64) => content = Some(header.zigzag()?),
            // Data, of both versions.
            (5 | 8, STRUCT) => header.each_field(|header, field, value_type| {
                match (field, value_type) {
                    (1, I16..=I64) => values = header.zigzag()?,
                    _ => header.value(Kind::Other, value_type)?,
                }
                Some(())
            })?,
            _ => header.value(Kind::Other, value_type)?,
        }
        Some(())
    })?;
    let header_bytes = (bytes.len() - header.rest.len()) as u64;
    Some(Page {
        bytes: header_bytes.checked_add(u64::try_from(content?).ok()?)?,
        values: values.max(0),
    })
}

/// Bytes that each value of a physical type has in statistics.
fn value_bytes(physical_type: i64) -> Option<usize> {
    match physical_type {
        0 => Some(1),     // BOOLEAN
        1 | 4 => Some(4), // INT32, FLOAT
        2 | 5 => Some(8), // INT64, DOUBLE
        3 => Some(12),    // INT96
        _ => None,
    }
}
