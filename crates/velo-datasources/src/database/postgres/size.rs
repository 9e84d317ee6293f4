use tokio_postgres::Row;

use crate::SizeEstimate;

/// How much the server expects, from the rows of an `EXPLAIN`.
pub(super) fn expected_size(plan: &[Row]) -> SizeEstimate {
    let first_line: Option<&str> = plan.first().and_then(|line| line.try_get(0).ok());
    first_line.map_or_else(SizeEstimate::default, read_line)
}

/// Reads `… rows=1000 width=12)`, the first line of a plan.
fn read_line(line: &str) -> SizeEstimate {
    let number = |key: &str| -> Option<u64> {
        let digits = line.split_once(key)?.1;
        let end = digits.find(|character: char| !character.is_ascii_digit());
        digits[..end.unwrap_or(digits.len())].parse().ok()
    };
    let rows = number(" rows=");
    SizeEstimate {
        rows,
        bytes: rows
            .zip(number(" width="))
            .map(|(rows, width)| rows.saturating_mul(width)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_tell_sizes() {
        let told = read_line("Seq Scan on orders  (cost=0.00..22.70 rows=1270 width=36)");
        assert_eq!((told.rows, told.bytes), (Some(1270), Some(45_720)));
        assert_eq!(read_line("something else"), SizeEstimate::default());
    }
}
