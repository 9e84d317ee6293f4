use super::decode::malformed;

/// An array as the server sends it: dimensions, then its elements one behind the other.
pub(super) struct ArrayValue<'a> {
    elements: &'a [u8],
    count: usize,
}

/// Bytes before the dimensions, and of each of them.
const HEADER_BYTES: usize = 12;
const DIMENSION_BYTES: usize = 8;

impl<'a> ArrayValue<'a> {
    /// Reads the dimensions. More than one is a fault, since an `ARRAY` has one.
    pub(super) fn parse(cell: &'a [u8]) -> Result<Self, String> {
        let dimensions = read_i32(cell, 0)?;
        match dimensions {
            0 => Ok(Self {
                elements: &[],
                count: 0,
            }),
            1 => Ok(Self {
                count: read_i32(cell, HEADER_BYTES)?.try_into().map_err(|_| malformed())?,
                elements: cell.get(HEADER_BYTES + DIMENSION_BYTES..).ok_or_else(malformed)?,
            }),
            _ => Err(format!("an array of {dimensions} dimensions is no ARRAY of values")),
        }
    }

    /// Adds the elements, each as the server sent it.
    pub(super) fn push_elements(self, elements: &mut Vec<Option<&'a [u8]>>) -> Result<(), String> {
        let mut rest = self.elements;
        for _ in 0..self.count {
            let length = read_i32(rest, 0)?;
            rest = &rest[4..];
            // A negative length is NULL.
            let Ok(length) = usize::try_from(length) else {
                elements.push(None);
                continue;
            };
            let (element, behind) = rest.split_at_checked(length).ok_or_else(malformed)?;
            elements.push(Some(element));
            rest = behind;
        }
        Ok(())
    }
}

fn read_i32(bytes: &[u8], at: usize) -> Result<i32, String> {
    let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
    field.map(i32::from_be_bytes).ok_or_else(malformed)
}
