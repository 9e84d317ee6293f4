//! What the fuzz targets share: bytes in any portions give what they give in one piece, and lines what they give alone.

use std::sync::Arc;

use arrow::compute::concat_batches;
use velo_data::{SqlType, StructField, SystemColumn, UnknownMember, UnknownMembers};
use velo_formats::{DecodedBatch, Decoder, Fault, Projection, RecordPosition};

/// Longest record, in bytes.
const RECORD_BYTES_MAX: usize = 64;

/// Columns that are decoded at once: few, so that an input takes little time.
const COLUMNS: usize = 3;

/// Three columns, found by the names `a`, `b` and `c`, whose types the selector says, and with every fourth selector all
/// metadata.
fn projection(selector: u8) -> Projection {
    let structure = SqlType::Struct(vec![StructField {
        name: "a".to_owned(),
        sql_type: SqlType::BigInt,
    }]);
    let types = [
        SqlType::BigInt,
        SqlType::Double,
        SqlType::Decimal { precision: 20, scale: 4 },
        SqlType::Decimal { precision: 70, scale: 9 },
        SqlType::String,
        SqlType::Json,
        SqlType::Bytes,
        SqlType::Boolean,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::Interval,
        SqlType::Array(Box::new(SqlType::String)),
        SqlType::Map(Box::new(SqlType::BigInt), Box::new(structure.clone())),
        structure,
    ];
    let types = types.iter().cycle().skip(usize::from(selector / 4) % types.len()).take(COLUMNS);
    let fields = ["a", "b", "c"].iter().zip(types).map(|(name, sql_type)| Arc::new(sql_type.field(name, true)));
    let system = if selector % 4 == 0 { SystemColumn::ALL.to_vec() } else { Vec::new() };
    Projection {
        fields: fields.collect(),
        system,
        topic: "fuzz".into(),
        partition: 0,
    }
}

/// Decodes the input in one piece and in portions, whose size its first byte says, and compares. The second byte selects
/// the columns.
pub fn check(data: &[u8], decoder: impl Fn(Projection) -> Decoder) {
    let [portion, selector, input @ ..] = data else {
        return;
    };
    let decoder = || decoder(projection(*selector)).with_record_bytes_max(RECORD_BYTES_MAX);
    let (whole, whole_fault) = decode(decoder(), input, input.len());
    let (portions, fault) = decode(decoder(), input, usize::from(*portion) + 1);
    assert_eq!(whole.records, portions.records);
    assert_eq!(whole.rejected, portions.rejected);
    assert_eq!(whole_fault, fault);
}

/// Decodes lines by one decoder and each by a decoder of its own, which knows nothing of the others, and compares. The
/// second byte selects the columns.
pub fn check_alone(data: &[u8], decoder: impl Fn(Projection) -> Decoder) {
    let [_, selector, input @ ..] = data else {
        return;
    };
    let decoder = || decoder(projection(*selector)).with_record_bytes_max(RECORD_BYTES_MAX);
    let (together, _) = decode(decoder(), input, input.len());
    let mut position = RecordPosition { record: 0, line: 1 };
    let (mut records, mut rejected, mut unknown) = (Vec::new(), Vec::new(), UnknownMembers::default());
    for line in input.split(|byte| *byte == b'\n') {
        let mut decoder = decoder().starting_at(position);
        decoder.decode(line, true, usize::MAX);
        position.record = decoder.position().record;
        position.line += 1;
        let batch = decoder.finish_batch(0).expect("columns of one length");
        records.push(batch.records);
        rejected.extend(batch.rejected);
        unknown.add_all(batch.unknown);
    }
    let records = concat_batches(&together.records.schema(), &records).expect("columns of one type");
    assert_eq!(together.records, records);
    assert_eq!(together.rejected, rejected);
    assert_eq!(by_name(&together.unknown), by_name(&unknown));
}

fn by_name(unknown: &UnknownMembers) -> Vec<&UnknownMember> {
    let mut members: Vec<&UnknownMember> = unknown.members().iter().collect();
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members
}

fn decode(mut decoder: Decoder, input: &[u8], portion: usize) -> (DecodedBatch, Option<Fault>) {
    let (mut start, mut end) = (0, 0);
    while end < input.len() {
        end = (end + portion).min(input.len());
        start += decoder.decode(&input[start..end], end == input.len(), usize::MAX);
    }
    assert_eq!(start, input.len());
    (decoder.finish_batch(0).expect("columns of one length"), decoder.fault())
}
