//! Bytes in hexadecimal digits and base64.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewBuilder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use velo_data::SqlType;

use super::native::{Arguments, Native, Returns, collect_text};
use super::notation::Notation;
use super::parameter::Parameter;

pub(crate) static HEX: Native = Native {
    name: "to_hex_text",
    parameters: &[Parameter::Bytes],
    required: 1,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let bytes = arguments.bytes(0)?;
        collect_text(arguments, |row, out| {
            Ok(match bytes.get(row) {
                Some(bytes) => {
                    write_hex(bytes, out);
                    true
                }
                None => false,
            })
        })
    },
};

pub(crate) static ENCODE: Native = Native {
    name: "encode",
    parameters: &[Parameter::Bytes, Parameter::In(Notation::Encoding)],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (bytes, encoding) = (arguments.bytes(0)?, arguments.text(1)?);
        collect_text(arguments, |row, out| {
            let (Some(bytes), Some(encoding)) = (bytes.get(row), encoding.get(row)) else {
                return Ok(false);
            };
            match Encoding::parse(encoding)? {
                Encoding::Hex => write_hex(bytes, out),
                Encoding::Base64 => STANDARD.encode_string(bytes, out),
            }
            Ok(true)
        })
    },
};

pub(crate) static DECODE: Native = Native {
    name: "decode",
    parameters: &[Parameter::Text, Parameter::In(Notation::Encoding)],
    required: 2,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: decode,
};

pub(super) enum Encoding {
    Hex,
    Base64,
}

impl Encoding {
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text.eq_ignore_ascii_case("hex") {
            Ok(Self::Hex)
        } else if text.eq_ignore_ascii_case("base64") {
            Ok(Self::Base64)
        } else {
            exec_err!("`{text}` is not an encoding")
        }
    }
}

/// Padding is written, but need not be there when it is read.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn decode(arguments: &Arguments) -> Result<ArrayRef> {
    let (text, encoding) = (arguments.text(0)?, arguments.text(1)?);
    let mut column = BinaryViewBuilder::with_capacity(arguments.rows);
    let mut bytes = Vec::new();
    for row in 0..arguments.rows {
        let (Some(text), Some(encoding)) = (text.get(row), encoding.get(row)) else {
            column.append_null();
            continue;
        };
        bytes.clear();
        match Encoding::parse(encoding)? {
            Encoding::Hex => read_hex(text, &mut bytes)?,
            Encoding::Base64 => LENIENT
                .decode_vec(text, &mut bytes)
                .map_err(|error| exec_datafusion_err!("'{text}' is not base64: {error}"))?,
        }
        column.append_value(&bytes);
    }
    Ok(Arc::new(column.finish()))
}

fn write_hex(bytes: &[u8], out: &mut String) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

fn read_hex(text: &str, bytes: &mut Vec<u8>) -> Result<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    for pair in text.as_bytes().chunks(2) {
        match pair {
            [high, low] => match digit(*high).zip(digit(*low)) {
                Some((high, low)) => bytes.push((high * 16 + low) as u8),
                None => return exec_err!("'{text}' has characters that are not hexadecimal digits"),
            },
            _ => return exec_err!("'{text}' has an odd number of hexadecimal digits"),
        }
    }
    Ok(())
}
