use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::Field;
use serde_json::{Map, Value};
use velo_data::{SqlType, StreamSchema, StructField};

/// Most types nested in each other; deeper ones are nobody's data.
const DEPTH_MAX: usize = 64;

/// An Avro schema whose top is a record: the columns of a file, or those that a schema file declares.
#[derive(Debug, Clone, PartialEq)]
pub struct AvroSchema {
    pub(super) fields: Vec<AvroField>,
}

/// Why a text is no Avro schema that tells columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", at(.pointer))]
pub struct AvroSchemaError {
    /// JSON pointer to the place; empty for the whole text.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct AvroField {
    pub(super) name: String,
    pub(super) avro_type: AvroType,
    /// Where it stands in the schema.
    pointer: String,
}

/// A type, as values of it are written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AvroType {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Arc<[String]>),
    Array(Box<AvroType>),
    Map(Box<AvroType>),
    Record(Vec<AvroField>),
    /// A union, its branches in order.
    Union(Vec<AvroType>),
    /// `bytes`, or `fixed` of that size, with the digits of a decimal.
    Decimal {
        precision: u8,
        scale: i8,
        fixed: Option<usize>,
    },
    Date,
    TimeMillis,
    TimeMicros,
    /// Instants; this many units are a second.
    Timestamp {
        per_second: i64,
    },
    /// 16 bytes; a `string` that is a UUID is plain text.
    UuidFixed,
    /// Months, days and milliseconds in 12 bytes.
    Duration,
}

impl AvroSchema {
    /// Reads a schema from its JSON.
    ///
    /// # Errors
    ///
    /// When it is no JSON, no schema, or its top is no record.
    pub fn parse(json: &str) -> Result<Self, AvroSchemaError> {
        let value: Value = serde_json::from_str(json).map_err(|error| AvroSchemaError {
            pointer: String::new(),
            message: format!("it is no JSON: {error}"),
        })?;
        let mut parser = Parser::default();
        match parser.parse(&value, &Place::default())? {
            AvroType::Record(fields) => Ok(Self { fields }),
            _ => Err(Place::default().error("the schema is no record, so that it has no columns")),
        }
    }

    /// Its columns. Those that may be null are nullable.
    ///
    /// # Errors
    ///
    /// For each column of a type that SQL has not.
    pub fn columns(&self) -> Result<StreamSchema, Vec<AvroSchemaError>> {
        let (columns, errors): (Vec<_>, Vec<_>) = self.fields.iter().map(AvroField::column).partition(Result::is_ok);
        if errors.is_empty() {
            Ok(StreamSchema::of_user_columns(columns.into_iter().flatten()))
        } else {
            Err(errors.into_iter().filter_map(Result::err).collect())
        }
    }
}

impl AvroField {
    /// The column of a field, or why there is none.
    pub(super) fn column(&self) -> Result<Field, AvroSchemaError> {
        match self.avro_type.sql_type() {
            Some(sql_type) => Ok(SqlType::with_single_precision(
                sql_type.field(&self.name, self.avro_type.is_nullable()),
                *self.avro_type.value_of_union().unwrap_or(&self.avro_type) == AvroType::Float,
            )),
            None => Err(AvroSchemaError {
                pointer: self.pointer.clone(),
                message: format!("field `{}` {}", self.name, self.avro_type.problem()),
            }),
        }
    }
}

impl AvroType {
    /// The SQL type of its values; `None` where there is none.
    pub(super) fn sql_type(&self) -> Option<SqlType> {
        Some(match self {
            Self::Boolean => SqlType::Boolean,
            Self::Int | Self::Long => SqlType::BigInt,
            Self::Float | Self::Double => SqlType::Double,
            Self::Bytes | Self::Fixed(_) => SqlType::Bytes,
            Self::Null | Self::String | Self::Enum(_) | Self::UuidFixed => SqlType::String,
            Self::Array(element) => SqlType::Array(Box::new(element.sql_type()?)),
            Self::Map(value) => SqlType::Map(Box::new(SqlType::String), Box::new(value.sql_type()?)),
            Self::Record(fields) => {
                let fields = fields.iter().map(|field| {
                    Some(StructField {
                        name: field.name.clone(),
                        sql_type: field.avro_type.sql_type()?,
                    })
                });
                SqlType::Struct(fields.collect::<Option<_>>()?)
            }
            Self::Union(_) => self.value_of_union()?.sql_type()?,
            Self::Decimal { precision, scale, .. } => SqlType::Decimal {
                precision: *precision,
                scale: *scale,
            },
            Self::Date => SqlType::Date,
            Self::TimeMillis | Self::TimeMicros => SqlType::Time,
            Self::Timestamp { .. } => SqlType::Timestamp,
            Self::Duration => SqlType::Interval,
        })
    }

    pub(super) fn is_nullable(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Union(branches) => branches.contains(&Self::Null),
            _ => false,
        }
    }

    /// The one branch of a union that is not null.
    pub(super) fn value_of_union(&self) -> Option<&Self> {
        let Self::Union(branches) = self else {
            return None;
        };
        let mut values = branches.iter().filter(|branch| **branch != Self::Null);
        let value = values.next().unwrap_or(&Self::Null);
        values.next().is_none().then_some(value)
    }

    /// What stands in the way of a SQL type.
    fn problem(&self) -> &'static str {
        match self {
            Self::Record(fields) if fields.is_empty() => "is a record without fields",
            Self::Union(_) if self.value_of_union().is_none() => {
                "is a union of several types, for which SQL has no type; a union of one type and null is a column that may be NULL"
            }
            _ => "holds a union of several types, for which SQL has no type",
        }
    }
}

/// Where the parser is.
#[derive(Debug, Clone, Default)]
struct Place {
    pointer: String,
    namespace: Option<String>,
    depth: usize,
}

impl Place {
    fn child(&self, key: &str) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("{}/{key}", self.pointer),
            namespace: self.namespace.clone(),
            depth: self.depth + 1,
        }
    }

    fn error(&self, message: impl Into<String>) -> AvroSchemaError {
        AvroSchemaError {
            pointer: self.pointer.clone(),
            message: message.into(),
        }
    }

    fn full_name(&self, name: &str) -> String {
        match &self.namespace {
            Some(namespace) if !name.contains('.') && !namespace.is_empty() => format!("{namespace}.{name}"),
            _ => name.to_owned(),
        }
    }
}

/// Reads types, and remembers those with names.
#[derive(Debug, Default)]
struct Parser {
    /// `None` while the type is being read.
    named: HashMap<String, Option<AvroType>>,
}

impl Parser {
    fn parse(&mut self, value: &Value, place: &Place) -> Result<AvroType, AvroSchemaError> {
        if place.depth > DEPTH_MAX * 3 {
            return Err(place.error("types are nested too deeply"));
        }
        match value {
            Value::String(name) => self.by_name(name, place),
            Value::Array(branches) => {
                let branches = branches.iter().enumerate();
                let branches = branches.map(|(index, branch)| self.parse(branch, &place.child(&index.to_string())));
                Ok(AvroType::Union(branches.collect::<Result<_, _>>()?))
            }
            Value::Object(object) => self.object(object, place),
            _ => Err(place.error("a type is a name, a list of types or an object")),
        }
    }

    fn by_name(&self, name: &str, place: &Place) -> Result<AvroType, AvroSchemaError> {
        Ok(match name {
            "null" => AvroType::Null,
            "boolean" => AvroType::Boolean,
            "int" => AvroType::Int,
            "long" => AvroType::Long,
            "float" => AvroType::Float,
            "double" => AvroType::Double,
            "bytes" => AvroType::Bytes,
            "string" => AvroType::String,
            _ => {
                let found = self.named.get(&place.full_name(name)).or_else(|| self.named.get(name));
                return match found {
                    Some(Some(known)) => Ok(known.clone()),
                    Some(None) => Err(place.error(format!("`{name}` contains itself, for which SQL has no type"))),
                    None => Err(place.error(format!("there is no type `{name}`"))),
                };
            }
        })
    }

    fn object(&mut self, object: &Map<String, Value>, place: &Place) -> Result<AvroType, AvroSchemaError> {
        let Some(kind) = object.get("type") else {
            return Err(place.error("the type has no `type`"));
        };
        let logical = object.get("logicalType").and_then(Value::as_str);
        let inner = place.child("type");
        let base = match kind.as_str() {
            Some("record" | "error") => return self.record(object, place),
            Some("enum") => return self.enumeration(object, place),
            Some("fixed") => fixed(object, place)?,
            Some("array") => return Ok(AvroType::Array(Box::new(self.part(object, "items", place)?))),
            Some("map") => return Ok(AvroType::Map(Box::new(self.part(object, "values", place)?))),
            _ => self.parse(kind, &inner)?,
        };
        // A logical type that does not go with its type is ignored, as the specification asks.
        let typed = logical
            .and_then(|logical| logical_type(logical, &base, object))
            .unwrap_or(base);
        if kind == "fixed" {
            self.remember(object, &typed, place)?;
        }
        Ok(typed)
    }

    fn part(&mut self, object: &Map<String, Value>, key: &str, place: &Place) -> Result<AvroType, AvroSchemaError> {
        let part = object
            .get(key)
            .ok_or_else(|| place.error(format!("the type has no `{key}`")))?;
        self.parse(part, &place.child(key))
    }

    fn record(&mut self, object: &Map<String, Value>, place: &Place) -> Result<AvroType, AvroSchemaError> {
        let name = object.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| place.error("the record has no `name`"))?;
        let (name, namespace) = named(name, object, place)?;
        self.named.insert(name.clone(), None);
        let Some(Value::Array(fields)) = object.get("fields") else {
            return Err(place.error("the record has no list of `fields`"));
        };
        let mut inside = place.child("fields");
        inside.namespace = namespace;
        let mut parsed: Vec<AvroField> = Vec::with_capacity(fields.len());
        let mut names = HashSet::new();
        for (index, field) in fields.iter().enumerate() {
            let place = inside.child(&index.to_string());
            let field = self.field(field, &place)?;
            if !names.insert(field.name.clone()) {
                return Err(place.error(format!("the record has two fields `{}`", field.name)));
            }
            parsed.push(field);
        }
        let record = AvroType::Record(parsed);
        self.named.insert(name, Some(record.clone()));
        Ok(record)
    }

    fn field(&mut self, field: &Value, place: &Place) -> Result<AvroField, AvroSchemaError> {
        let name = field.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| place.error("the field has no `name`"))?;
        let kind = field
            .get("type")
            .ok_or_else(|| place.error(format!("field `{name}` has no `type`")))?;
        Ok(AvroField {
            name: name.to_owned(),
            avro_type: self.parse(kind, &place.child("type"))?,
            pointer: place.child("type").pointer,
        })
    }

    fn enumeration(&mut self, object: &Map<String, Value>, place: &Place) -> Result<AvroType, AvroSchemaError> {
        let symbols = object.get("symbols").and_then(Value::as_array);
        let symbols = symbols.ok_or_else(|| place.error("the enum has no list of `symbols`"))?;
        let symbols = symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned));
        let symbols: Option<Arc<[String]>> = symbols.collect();
        let symbols = symbols.ok_or_else(|| place.child("symbols").error("a symbol is no text"))?;
        let enumeration = AvroType::Enum(symbols);
        self.remember(object, &enumeration, place)?;
        Ok(enumeration)
    }

    /// Keeps a type that others may name.
    fn remember(
        &mut self,
        object: &Map<String, Value>,
        avro_type: &AvroType,
        place: &Place,
    ) -> Result<(), AvroSchemaError> {
        if let Some(name) = object.get("name").and_then(Value::as_str) {
            let (name, _) = named(name, object, place)?;
            self.named.insert(name, Some(avro_type.clone()));
        }
        Ok(())
    }
}

fn fixed(object: &Map<String, Value>, place: &Place) -> Result<AvroType, AvroSchemaError> {
    let size = object.get("size").and_then(Value::as_u64);
    let size = size.and_then(|size| usize::try_from(size).ok());
    let size = size.ok_or_else(|| place.error("the fixed type has no `size`"))?;
    Ok(AvroType::Fixed(size))
}

/// The full name of a type, and the namespace of the types in it.
fn named(name: &str, object: &Map<String, Value>, place: &Place) -> Result<(String, Option<String>), AvroSchemaError> {
    if name.is_empty() {
        return Err(place.error("the name is empty"));
    }
    if let Some((namespace, _)) = name.rsplit_once('.') {
        return Ok((name.to_owned(), Some(namespace.to_owned())));
    }
    let namespace = object.get("namespace").and_then(Value::as_str).map(str::to_owned);
    let namespace = namespace.or_else(|| place.namespace.clone());
    let place = Place {
        namespace: namespace.clone(),
        ..Place::default()
    };
    Ok((place.full_name(name), namespace))
}

fn logical_type(logical: &str, base: &AvroType, object: &Map<String, Value>) -> Option<AvroType> {
    Some(match (logical, base) {
        ("decimal", AvroType::Bytes | AvroType::Fixed(_)) => {
            let number = |key: &str| object.get(key).and_then(Value::as_u64);
            let precision = u8::try_from(number("precision")?).ok()?;
            let scale = u8::try_from(number("scale").unwrap_or(0)).ok()?;
            if precision == 0 || precision > velo_data::DECIMAL256_PRECISION_MAX || scale > precision {
                return None;
            }
            AvroType::Decimal {
                precision,
                scale: scale as i8,
                fixed: match base {
                    AvroType::Fixed(size) => Some(*size),
                    _ => None,
                },
            }
        }
        ("date", AvroType::Int) => AvroType::Date,
        ("time-millis", AvroType::Int) => AvroType::TimeMillis,
        ("time-micros", AvroType::Long) => AvroType::TimeMicros,
        ("timestamp-millis" | "local-timestamp-millis", AvroType::Long) => AvroType::Timestamp { per_second: 1000 },
        ("timestamp-micros" | "local-timestamp-micros", AvroType::Long) => {
            AvroType::Timestamp { per_second: 1_000_000 }
        }
        ("timestamp-nanos" | "local-timestamp-nanos", AvroType::Long) => AvroType::Timestamp {
            per_second: 1_000_000_000,
        },
        ("uuid", AvroType::Fixed(16)) => AvroType::UuidFixed,
        ("duration", AvroType::Fixed(12)) => AvroType::Duration,
        _ => return None,
    })
}

fn at(pointer: &str) -> String {
    if pointer.is_empty() {
        String::new()
    } else {
        format!("at {pointer}: ")
    }
}
