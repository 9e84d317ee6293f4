use std::fmt;

use super::schema::AvroType;

/// Reads values from the bytes of a block.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

/// Why bytes are no values of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Most items of one array or map. They may take no byte at all each, so that the block does not bound them.
const ITEMS_MAX: u64 = 1 << 24;

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(ended)?;
        self.bytes = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or_else(ended)?;
        self.bytes = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(Malformed(format!("{other} is no boolean"))),
        }
    }

    /// A whole number: seven bits a byte, least significant first, the sign in the lowest bit.
    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Malformed> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array::<1>()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                if shift == 63 && byte > 1 {
                    break;
                }
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(Malformed("a number takes more than 64 bits".to_owned()))
    }

    #[inline]
    pub(super) fn int(&mut self) -> Result<i32, Malformed> {
        let value = self.long()?;
        i32::try_from(value).map_err(|_| Malformed(format!("{value} is out of the range of int")))
    }

    /// A length that is not negative and not beyond the bytes that are left.
    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| Malformed(format!("{length} is no length")))?;
        self.take(length)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        let bytes = self.bytes()?;
        simdutf8::basic::from_utf8(bytes).map_err(|_| Malformed("a string is not UTF-8".to_owned()))
    }

    /// A place in a list of `count` things.
    #[inline]
    pub(super) fn index(&mut self, count: usize, of: &str) -> Result<usize, Malformed> {
        let index = self.long()?;
        let known = usize::try_from(index).ok().filter(|index| *index < count);
        known.ok_or_else(|| Malformed(format!("there is no {of} {index}; there are {count}")))
    }

    /// Reads the items of an array or map with `read`; tells how many there were.
    pub(super) fn items(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), Malformed>) -> Result<u64, Malformed> {
        let mut items = 0;
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(items);
            }
            if count < 0 {
                // The size of the items follows, for readers that pass over them.
                count = count
                    .checked_neg()
                    .ok_or_else(|| Malformed("a count is out of range".to_owned()))?;
                self.long()?;
            }
            items += count as u64;
            if items > ITEMS_MAX {
                return Err(Malformed(format!(
                    "an array or map has {items} items, more than {ITEMS_MAX}"
                )));
            }
            for _ in 0..count {
                read(self)?;
            }
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, avro_type: &AvroType) -> Result<(), Malformed> {
        match avro_type {
            AvroType::Null => {}
            AvroType::Boolean => drop(self.take(1)?),
            AvroType::Int
            | AvroType::Long
            | AvroType::Enum(_)
            | AvroType::Date
            | AvroType::TimeMillis
            | AvroType::TimeMicros
            | AvroType::Timestamp { .. } => drop(self.long()?),
            AvroType::Float => drop(self.take(4)?),
            AvroType::Double => drop(self.take(8)?),
            AvroType::Bytes | AvroType::String | AvroType::Decimal { fixed: None, .. } => drop(self.bytes()?),
            AvroType::Fixed(size) | AvroType::Decimal { fixed: Some(size), .. } => drop(self.take(*size)?),
            AvroType::UuidFixed => drop(self.take(16)?),
            AvroType::Duration => drop(self.take(12)?),
            AvroType::Array(element) => drop(self.items(|cursor| cursor.skip(element))?),
            AvroType::Map(value) => drop(self.items(|cursor| {
                cursor.bytes()?;
                cursor.skip(value)
            })?),
            AvroType::Record(fields) => {
                for field in fields {
                    self.skip(&field.avro_type)?;
                }
            }
            AvroType::Union(branches) => {
                let branch = self.index(branches.len(), "branch of the union")?;
                self.skip(&branches[branch])?;
            }
        }
        Ok(())
    }
}

#[cold]
fn ended() -> Malformed {
    Malformed("its bytes end within a value".to_owned())
}
