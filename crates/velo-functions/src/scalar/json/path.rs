use datafusion_common::{Result, exec_datafusion_err};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A field of an object; of an array, if it is a number.
    Field(String),
    /// An element of an array, from 0; negative ones count from the end.
    Element(i64),
}

/// A path such as `$.a.b[0].c` or `$.a.b.0.c`. Text that does not start with `$` is the name of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath {
    pub(super) steps: Vec<Step>,
}

impl JsonPath {
    /// # Errors
    ///
    /// The text is not such a path. Wildcards and filters are not supported.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let Some(mut rest) = text.strip_prefix('$') else {
            return Ok(Self {
                steps: vec![Step::Field(text.to_owned())],
            });
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = next_step(rest).ok_or_else(|| exec_datafusion_err!("`{text}` is not a JSON path"))?;
            steps.push(step);
            rest = after;
        }
        Ok(Self { steps })
    }
}

fn next_step(text: &str) -> Option<(Step, &str)> {
    if let Some(field) = text.strip_prefix('.') {
        if let Some(quoted) = field.strip_prefix('"') {
            let (name, after) = quoted.split_once('"')?;
            return Some((Step::Field(name.to_owned()), after));
        }
        let end = field.find(['.', '[']).unwrap_or(field.len());
        let (name, after) = field.split_at(end);
        return (!name.is_empty() && name != "*").then(|| (Step::Field(name.to_owned()), after));
    }
    let inner = text.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(quoted) = inner.strip_prefix(quote) {
            let (name, after) = quoted.split_once(quote)?;
            return Some((Step::Field(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (index, after) = inner.split_once(']')?;
    Some((Step::Element(index.trim().parse().ok()?), after))
}
