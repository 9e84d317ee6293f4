/// How delimited text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CsvOptions {
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around fields that hold delimiters, quotes or line ends; a doubled one stands for itself.
    pub quote: u8,
}

impl Default for CsvOptions {
    /// Commas and double quotes.
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: b'"',
        }
    }
}
