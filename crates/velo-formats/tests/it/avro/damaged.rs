use std::io::Cursor;

use velo_formats::AvroFile;

use super::{fixture, natural_fields, read};

fn error(bytes: &[u8]) -> String {
    let file = match AvroFile::open(Cursor::new(bytes)) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    read(bytes, &super::fields(&file.natural_schema()))
        .unwrap_err()
        .to_string()
}

/// The fixture with other bytes in place of the first that equal `from`.
fn replaced(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = fixture(name);
    let place = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[place..place + from.len()].copy_from_slice(to);
    bytes
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let whole = fixture("null.avro");
    let header = whole
        .windows(16)
        .position(|window| window == b"0123456789abcdef")
        .unwrap()
        + 16;
    let with_byte = |place: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[place] = byte;
        bytes
    };
    let mut bad_marker = whole.clone();
    let last = bad_marker.len() - 1;
    bad_marker[last] = b'!';
    let cases: [(&str, Vec<u8>); 13] = [
        ("empty", vec![]),
        ("other file", b"id,name\n1,a\n".to_vec()),
        ("cut off in the header", whole[..40].to_vec()),
        ("cut off in a block", whole[..whole.len() - 30].to_vec()),
        ("cut off in a marker", whole[..whole.len() - 3].to_vec()),
        ("cut off behind a count", whole[..=header].to_vec()),
        ("wrong marker", bad_marker),
        ("fewer records than bytes", with_byte(header, 2)),
        ("more records than bytes", with_byte(header, 0x7E)),
        ("negative count", with_byte(header, 1)),
        ("unknown codec", replaced("snappy.avro", b"snappy", b"bzip2x")),
        (
            "schema without columns",
            replaced("null.avro", b"\"record\"", b"\"double\""),
        ),
        ("wrong checksum", {
            let mut bytes = fixture("snappy.avro");
            let place = bytes.len() - 18;
            bytes[place] ^= 1;
            bytes
        }),
    ];
    let found: Vec<String> = cases
        .iter()
        .map(|(name, bytes)| format!("{name}: {}", error(bytes)))
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

/// Whatever single byte is wrong, reading ends with rows or an error.
#[test]
fn no_damage_brings_a_panic_or_an_endless_read() {
    for name in [
        "types.avro",
        "nullable.avro",
        "null.avro",
        "deflate.avro",
        "snappy.avro",
        "zstandard.avro",
    ] {
        let whole = fixture(name);
        for place in 0..whole.len() {
            for bit in [0, 3, 7] {
                let mut bytes = whole.clone();
                bytes[place] ^= 1 << bit;
                if AvroFile::open(Cursor::new(&bytes)).is_ok() {
                    let _ = read(&bytes, &natural_fields(&bytes));
                }
            }
        }
    }
}
