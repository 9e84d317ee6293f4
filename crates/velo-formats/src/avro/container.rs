use std::io::{Read, Seek, SeekFrom};

use super::cursor::Cursor;
use super::schema::AvroSchema;
use crate::columnar::ColumnarError;

pub(super) const MAGIC: &[u8; 4] = b"Obj\x01";
pub(super) const SYNC_BYTES: usize = 16;

/// Most bytes of a block, packed and unpacked: what a damaged length may make us reserve.
const BLOCK_BYTES_MAX: u64 = 1 << 30;
/// Most bytes of the header.
const HEADER_BYTES_MAX: u64 = 64 << 20;

/// How blocks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
}

/// What stands before the blocks of a file.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) schema: AvroSchema,
    pub(super) codec: Codec,
    pub(super) sync: [u8; SYNC_BYTES],
}

/// Records that are packed together.
#[derive(Debug)]
pub(super) struct Block {
    /// Where it begins in the file.
    pub(super) start: u64,
    pub(super) records: u64,
    /// The records, unpacked; none of a block that was passed over.
    pub(super) bytes: Vec<u8>,
}

/// A file, read from its beginning and counted.
#[derive(Debug)]
pub(super) struct Container<R> {
    input: R,
    /// Bytes read so far.
    pub(super) position: u64,
}

impl<R: Read + Seek> Container<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, position: 0 }
    }

    /// Reads what stands before the first block.
    pub(super) fn header(&mut self) -> Result<Header, ColumnarError> {
        let mut magic = [0; MAGIC.len()];
        let read = self.fill(&mut magic)?;
        if read == 0 {
            return Err(damaged("the file is empty; an Avro file has at least a header"));
        }
        if magic != *MAGIC {
            return Err(damaged("it is no Avro file: it does not begin with `Obj` and 1"));
        }
        let (mut schema, mut codec) = (None, Codec::Null);
        loop {
            let mut count = self.header_long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                count = count
                    .checked_neg()
                    .ok_or_else(|| damaged("its header is damaged: a count is out of range"))?;
                self.header_long()?;
            }
            for _ in 0..count {
                let (key, value) = (self.header_bytes()?, self.header_bytes()?);
                match key.as_slice() {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = Codec::of_name(&value)?,
                    _ => {}
                }
            }
        }
        let schema = schema.ok_or_else(|| damaged("its header has no schema"))?;
        let schema = String::from_utf8(schema).map_err(|_| damaged("the schema in its header is not UTF-8"))?;
        let schema = AvroSchema::parse(&schema);
        let schema = schema.map_err(|error| damaged(format!("the schema in its header cannot be used: {error}")))?;
        let mut sync = [0; SYNC_BYTES];
        self.header_fill(&mut sync)?;
        Ok(Header { schema, codec, sync })
    }

    /// The next block; `None` at the end. A block whose records `is_wanted` does not ask for, by their number in it, is
    /// passed over.
    pub(super) fn block(
        &mut self,
        header: &Header,
        is_wanted: impl FnOnce(u64) -> bool,
    ) -> Result<Option<Block>, ColumnarError> {
        let start = self.position;
        let at = |message: String| damaged(format!("the block at byte {start} is damaged: {message}"));
        let cut_off = || damaged(format!("the file is cut off within the block at byte {start}"));
        let Some(records) = self.long()? else {
            return if self.position == start {
                Ok(None)
            } else {
                Err(cut_off())
            };
        };
        let records = u64::try_from(records).map_err(|_| at(format!("it says that it has {records} records")))?;
        let size = self.long()?.ok_or_else(cut_off)?;
        let size = u64::try_from(size).ok().filter(|size| *size <= BLOCK_BYTES_MAX);
        let size = size.ok_or_else(|| at("it says that it has no sensible size".to_owned()))?;
        let packed = if is_wanted(records) {
            let mut packed = Vec::new();
            let read = (&mut self.input)
                .take(size)
                .read_to_end(&mut packed)
                .map_err(|error| io_error(&error))?;
            self.position += read as u64;
            if (read as u64) < size {
                return Err(cut_off());
            }
            Some(packed)
        } else {
            let skip = i64::try_from(size).unwrap_or(i64::MAX);
            self.input
                .seek(SeekFrom::Current(skip))
                .map_err(|error| io_error(&error))?;
            self.position += size;
            None
        };
        let mut sync = [0; SYNC_BYTES];
        if self.fill(&mut sync)? < SYNC_BYTES {
            return Err(cut_off());
        }
        if sync != header.sync {
            return Err(at("the marker behind it is not that of the file".to_owned()));
        }
        let bytes = match packed {
            Some(packed) => header.codec.unpack(packed).map_err(at)?,
            None => Vec::new(),
        };
        Ok(Some(Block { start, records, bytes }))
    }

    /// Fills the buffer as far as the file goes.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ColumnarError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.input.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io_error(&error)),
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }

    /// A number; `None` where the file ends before it or in it.
    fn long(&mut self) -> Result<Option<i64>, ColumnarError> {
        let mut bytes = Vec::with_capacity(10);
        loop {
            let mut byte = [0];
            if self.fill(&mut byte)? == 0 {
                return Ok(None);
            }
            bytes.push(byte[0]);
            if byte[0] & 0x80 == 0 || bytes.len() == 10 {
                break;
            }
        }
        let number = Cursor::new(&bytes).long();
        let position = self.position;
        let number = number.map_err(|error| damaged(format!("it is damaged at byte {position}: {error}")))?;
        Ok(Some(number))
    }

    fn header_long(&mut self) -> Result<i64, ColumnarError> {
        self.check_header_size()?;
        self.long()?.ok_or_else(header_cut_off)
    }

    fn header_bytes(&mut self) -> Result<Vec<u8>, ColumnarError> {
        let length = self.header_long()?;
        let length = u64::try_from(length).ok().filter(|length| *length <= HEADER_BYTES_MAX);
        let length = length.ok_or_else(|| damaged("its header is damaged: it has no sensible size"))?;
        let mut bytes = Vec::new();
        let read = (&mut self.input)
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(|error| io_error(&error))?;
        self.position += read as u64;
        self.check_header_size()?;
        if (read as u64) < length {
            Err(header_cut_off())
        } else {
            Ok(bytes)
        }
    }

    fn header_fill(&mut self, buffer: &mut [u8]) -> Result<(), ColumnarError> {
        if self.fill(buffer)? < buffer.len() {
            Err(header_cut_off())
        } else {
            Ok(())
        }
    }

    fn check_header_size(&self) -> Result<(), ColumnarError> {
        if self.position > HEADER_BYTES_MAX {
            return Err(damaged("its header is damaged: it does not end"));
        }
        Ok(())
    }
}

impl Codec {
    fn of_name(name: &[u8]) -> Result<Self, ColumnarError> {
        Ok(match name {
            b"null" | b"" => Self::Null,
            b"deflate" => Self::Deflate,
            b"snappy" => Self::Snappy,
            b"zstandard" => Self::Zstandard,
            other => {
                let name = String::from_utf8_lossy(other);
                return Err(damaged(format!(
                    "its codec `{name}` is not supported; null, deflate, snappy and zstandard are"
                )));
            }
        })
    }

    fn unpack(self, packed: Vec<u8>) -> Result<Vec<u8>, String> {
        match self {
            Self::Null => Ok(packed),
            Self::Deflate => unpack_stream(flate2::read::DeflateDecoder::new(packed.as_slice())),
            Self::Zstandard => {
                let decoder = zstd::Decoder::new(packed.as_slice()).map_err(|error| error.to_string())?;
                unpack_stream(decoder)
            }
            Self::Snappy => unpack_snappy(&packed),
        }
    }
}

fn unpack_stream(decoder: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = decoder.take(BLOCK_BYTES_MAX + 1).read_to_end(&mut bytes);
    match read {
        Ok(read) if read as u64 > BLOCK_BYTES_MAX => Err("it is larger than 1 GiB when unpacked".to_owned()),
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}

/// Packed bytes, then the checksum of what they unpack to.
fn unpack_snappy(packed: &[u8]) -> Result<Vec<u8>, String> {
    let (packed, checksum) = packed.split_last_chunk::<4>().ok_or("it has no checksum")?;
    let length = snap::raw::decompress_len(packed).map_err(|error| error.to_string())?;
    if length as u64 > BLOCK_BYTES_MAX {
        return Err("it is larger than 1 GiB when unpacked".to_owned());
    }
    let bytes = snap::raw::Decoder::new()
        .decompress_vec(packed)
        .map_err(|error| error.to_string())?;
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    if crc.sum() == u32::from_be_bytes(*checksum) {
        Ok(bytes)
    } else {
        Err("its checksum is wrong".to_owned())
    }
}

fn damaged(message: impl Into<String>) -> ColumnarError {
    ColumnarError::Damaged(message.into())
}

fn header_cut_off() -> ColumnarError {
    damaged("the file is cut off within its header")
}

fn io_error(error: &std::io::Error) -> ColumnarError {
    damaged(error.to_string())
}
