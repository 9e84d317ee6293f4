//! Finding what a path leads to, without building the document.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::path::Step;

/// The text of the value that the steps lead to; `None` where there is none.
///
/// # Errors
///
/// The text is not JSON.
pub(super) fn seek<'a>(json: &'a str, steps: &[Step]) -> serde_json::Result<Option<&'a str>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = Seek(steps).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found.map(RawValue::get))
}

struct Seek<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => serde::Deserialize::deserialize(deserializer).map(Some),
            [step, rest @ ..] => deserializer.deserialize_any(SeekIn { step, rest }),
        }
    }
}

struct SeekIn<'p> {
    step: &'p Step,
    rest: &'p [Step],
}

impl<'de> Visitor<'de> for SeekIn<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_wanted) = object.next_key_seed(IsKey(self.step))? {
            if is_wanted {
                // Of members with one name the last one counts, as for columns.
                found = object.next_value_seed(Seek(self.rest))?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let index = match self.step {
            Step::Element(index) => Some(*index),
            Step::Field(name) => name.parse().ok(),
        };
        match index {
            Some(index) if index < 0 => self.visit_from_end(array, index),
            index => {
                let wanted = index.and_then(|index| u64::try_from(index).ok());
                let mut found = None;
                for position in 0.. {
                    let is_there = if wanted == Some(position) {
                        let element = array.next_element_seed(Seek(self.rest))?;
                        found = element.flatten();
                        element.is_some()
                    } else {
                        array.next_element::<IgnoredAny>()?.is_some()
                    };
                    if !is_there {
                        break;
                    }
                }
                Ok(found)
            }
        }
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl SeekIn<'_> {
    /// Only the end of the array tells which element is meant, so their texts are kept until then.
    fn visit_from_end<'de, A: SeqAccess<'de>>(
        &self,
        mut array: A,
        index: i64,
    ) -> Result<Option<&'de RawValue>, A::Error> {
        let mut elements: Vec<&'de RawValue> = Vec::new();
        while let Some(element) = array.next_element()? {
            elements.push(element);
        }
        let from_end = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        let Some(element) = elements
            .len()
            .checked_sub(from_end)
            .and_then(|position| elements.get(position))
        else {
            return Ok(None);
        };
        let mut deserializer = serde_json::Deserializer::from_str(element.get());
        Seek(self.rest).deserialize(&mut deserializer).map_err(A::Error::custom)
    }
}

/// Whether the next key is the one of a step, compared without a copy unless it has escapes.
struct IsKey<'p>(&'p Step);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(matches!(self.0, Step::Field(name) if name == key))
    }
}

/// What the function [`visit_children`] reports.
pub(super) enum Children<'k> {
    /// The value is an object; called once for each key.
    Key(&'k str),
    /// The value is an array; called once for each element.
    Element,
}

/// Calls `visit` for each key of an object or element of an array; for nothing else.
///
/// # Errors
///
/// The text is not JSON.
pub(super) fn visit_children(json: &str, visit: &mut dyn FnMut(Children<'_>)) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    match json.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => deserializer.deserialize_any(EachChild(visit))?,
        _ => {
            let _: IgnoredAny = serde::Deserialize::deserialize(&mut deserializer)?;
        }
    }
    deserializer.end()
}

struct EachChild<'v>(&'v mut dyn FnMut(Children<'_>));

impl<'de> Visitor<'de> for EachChild<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<std::borrow::Cow<'de, str>>()? {
            (self.0)(Children::Key(&key));
            object.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {
            (self.0)(Children::Element);
        }
        Ok(())
    }
}
