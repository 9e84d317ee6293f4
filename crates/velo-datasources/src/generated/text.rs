use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};

use super::{Random, Rows};

/// The letters of random text: as many as five bits tell apart.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Letters that one random number gives.
const LETTERS_PER_NUMBER: usize = 12;

/// Builds a column of text, row by row, in one buffer.
pub(crate) struct TextColumn {
    builder: StringViewBuilder,
    text: String,
}

impl TextColumn {
    /// The text that `write` appends for each of the rows.
    pub(crate) fn of(rows: &Rows, mut write: impl FnMut(u64, &mut String)) -> ArrayRef {
        let mut column = Self {
            builder: StringViewBuilder::with_capacity(rows.count),
            text: String::new(),
        };
        for row in rows.numbers() {
            column.text.clear();
            write(row, &mut column.text);
            column.builder.append_value(&column.text);
        }
        Arc::new(column.builder.finish())
    }
}

/// Appends so many random letters, which follow from the row, and from `branch` where a row has several texts.
pub(crate) fn push_letters(text: &mut String, random: Random, row: u64, branch: u64, length: usize) {
    let mut left = length;
    let mut number = 0;
    while left > 0 {
        let mut bits = random.branch(row, (branch << 32) | number);
        let letters = left.min(LETTERS_PER_NUMBER);
        for _ in 0..letters {
            text.push(char::from(LETTERS[(bits & 31) as usize]));
            bits >>= 5;
        }
        left -= letters;
        number += 1;
    }
}
