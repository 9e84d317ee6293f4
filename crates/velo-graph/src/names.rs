use std::collections::HashMap;

/// Names as they are spelled, numbered in the order in which they are first mentioned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    spellings: Vec<String>,
    number_of: HashMap<String, usize>,
}

impl Names {
    /// The number of the name with this key, which is spelled so if it is mentioned for the first time.
    pub(crate) fn mention(&mut self, key: String, spelling: impl Into<String>) -> usize {
        *self.number_of.entry(key).or_insert_with(|| {
            self.spellings.push(spelling.into());
            self.spellings.len() - 1
        })
    }

    pub(crate) fn number_of(&self, key: &str) -> Option<usize> {
        self.number_of.get(key).copied()
    }

    /// The name as it was spelled first.
    pub(crate) fn spelling(&self, number: usize) -> &str {
        &self.spellings[number]
    }

    pub(crate) fn len(&self) -> usize {
        self.spellings.len()
    }
}
