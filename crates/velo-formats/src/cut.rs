use crate::CsvOptions;
use crate::csv::{Tokenized, tokenize};

/// Finds where records end without decoding them, so that one text can be divided between several decoders.
///
/// A cut stands where a [`Decoder`](crate::Decoder) that reads the same text in order ends a record.
///
/// ```
/// # use velo_formats::RecordCutter;
/// let cutter = RecordCutter::lines();
/// assert_eq!(cutter.cut(b"{}\n{}\n{\"id\"", false).bytes, 6); // The third record is not there yet.
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RecordCutter {
    form: Form,
    record_bytes_max: usize,
}

/// Whole records at the start of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// Bytes that they take.
    pub bytes: usize,
    /// Whether something follows them that cannot be cut out, since only a decoder that sees what lies behind it knows
    /// where it ends: a malformed record, or one that is too long.
    pub is_stuck: bool,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Lines,
    Csv(CsvOptions),
}

impl RecordCutter {
    /// Every line is a record: JSON lines and envelopes.
    pub fn lines() -> Self {
        Self::new(Form::Lines)
    }

    /// Records of delimited text, in which a quoted field may hold line ends.
    pub fn csv(options: CsvOptions) -> Self {
        Self::new(Form::Csv(options))
    }

    fn new(form: Form) -> Self {
        Self {
            form,
            record_bytes_max: crate::decoder::RECORD_BYTES_MAX,
        }
    }

    /// Takes records to be at most this long, in bytes, as
    /// [`Decoder::with_record_bytes_max`](crate::Decoder::with_record_bytes_max) does.
    #[must_use]
    pub fn with_record_bytes_max(mut self, record_bytes_max: usize) -> Self {
        self.record_bytes_max = record_bytes_max;
        self
    }

    /// The whole records at the start of `input`. `is_end` says that nothing follows the input, so that its last record
    /// is whole.
    pub fn cut(&self, input: &[u8], is_end: bool) -> Cut {
        let lines = cut_lines(input, is_end);
        match self.form {
            Form::Lines => lines,
            // Without quotes a record is a line.
            Form::Csv(options) if memchr::memchr(options.quote, &input[..lines.bytes]).is_none() => lines,
            Form::Csv(options) => self.cut_quoted(input, is_end, options),
        }
    }

    fn cut_quoted(&self, input: &[u8], is_end: bool, options: CsvOptions) -> Cut {
        let mut cut = Cut::default();
        loop {
            match tokenize(&input[cut.bytes..], is_end, options, |_, _| {}) {
                Tokenized::Record { length, consumed, .. } if length <= self.record_bytes_max => {
                    cut.bytes += consumed;
                }
                Tokenized::Incomplete => return cut,
                Tokenized::Record { .. } | Tokenized::Malformed(_) => {
                    cut.is_stuck = true;
                    return cut;
                }
            }
        }
    }
}

fn cut_lines(input: &[u8], is_end: bool) -> Cut {
    let lines = memchr::memrchr(b'\n', input).map_or(0, |end| end + 1);
    Cut {
        bytes: if is_end { input.len() } else { lines },
        is_stuck: false,
    }
}
