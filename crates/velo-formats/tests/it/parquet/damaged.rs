use bytes::Bytes;
use velo_formats::ParquetFile;

use super::{everything, fixture, natural_fields, read_range};

fn refused(bytes: impl Into<Bytes>) -> String {
    ParquetFile::open(&bytes.into()).unwrap_err().to_string()
}

#[test]
fn what_is_no_parquet_file_is_told() {
    let whole = fixture("groups.parquet");
    let length = whole.len();
    let mut encrypted = whole.to_vec();
    encrypted[length - 1] = b'E';
    let mut long_footer = whole.to_vec();
    long_footer[length - 8..length - 4].copy_from_slice(&i32::MAX.to_le_bytes());
    let mut bad_footer = whole.to_vec();
    bad_footer[length - 40..length - 8].fill(0xFF);
    let found = [
        refused(Bytes::new()),
        refused("id,name\n1,a\n"),
        refused("PAR1"),
        refused(whole.slice(..length - 1)),
        refused(whole.slice(..length / 2)),
        refused(encrypted),
        refused(long_footer),
        refused(bad_footer),
    ];
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_damaged_page_names_its_row_group() {
    let mut bytes = fixture("gzip.parquet").to_vec();
    bytes[30..60].fill(0xAA);
    let bytes = Bytes::from(bytes);
    let error = read_range(&bytes, &natural_fields(&bytes), &[], &[], everything(10)).unwrap_err();
    assert!(error.to_string().starts_with("row group 0 is damaged: "), "{error}");
}

/// Whatever single byte is wrong, reading ends with rows or an error.
#[test]
fn no_damage_brings_a_panic() {
    for (name, step) in [
        ("groups.parquet", 1),
        ("snappy.parquet", 1),
        ("no_rows.parquet", 1),
        ("types.parquet", 29),
    ] {
        let whole = fixture(name);
        for place in (0..whole.len()).step_by(step) {
            let mut bytes = whole.to_vec();
            bytes[place] ^= 1 << (place % 8);
            let bytes = Bytes::from(bytes);
            let Ok(file) = ParquetFile::open(&bytes) else {
                continue;
            };
            let schema = file.natural_schema();
            let fields: Vec<_> = schema
                .user_fields()
                .iter()
                .map(|field| field.as_ref().clone())
                .collect();
            let _ = read_range(&bytes, &fields, &[], &[], everything(10));
        }
    }
}
