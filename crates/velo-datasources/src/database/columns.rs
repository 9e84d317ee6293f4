use velo_data::{SqlType, StreamSchema, unreadable_field, unreadable_reason};

/// A column that a database has told of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoundColumn<T> {
    pub(super) name: String,
    /// What the database calls its type.
    pub(super) type_name: String,
    /// How its values are read; `None` for types that nothing here is equal to.
    pub(super) values: Option<FoundValues<T>>,
}

/// Values of a column as a database has them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoundValues<T> {
    /// How the backend reads them.
    pub(super) from: T,
    /// The type that the database is asked to cast them to, where it is not asked for them as they are.
    pub(super) cast: Option<&'static str>,
    /// The type that they have where none is declared.
    pub(super) natural: SqlType,
    /// Digits of the largest value, for whole numbers.
    pub(super) integer_digits: Option<u8>,
    /// Whether the database bounds the digits of a decimal; if not, each value is checked against the wanted ones.
    pub(super) is_bounded: bool,
}

/// A column of the source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column<T> {
    /// Its name in the database.
    pub(super) name: String,
    /// How the backend reads its values.
    pub(super) from: T,
    /// The type that the database is asked to cast them to.
    pub(super) cast: Option<&'static str>,
    /// The type that they are read as.
    pub(super) read_as: SqlType,
    /// The type that they then get, without loss.
    pub(super) sql_type: SqlType,
}

/// A column, or a sentence that says why it cannot be read.
pub(super) type ReadableColumn<T> = Result<Column<T>, String>;

/// The declared columns by their names, or all that are found, those of `rows`; or a sentence for each declared one that
/// cannot be read. Columns that nobody declares may be unreadable: only a program that uses them is refused.
pub(super) fn bind_columns<T: Clone>(
    found: &[FoundColumn<T>],
    declared: Option<&StreamSchema>,
    rows: &str,
) -> Result<(Vec<ReadableColumn<T>>, StreamSchema), Vec<String>> {
    let problems = repeated_names(found);
    if !problems.is_empty() {
        return Err(problems);
    }
    let Some(declared) = declared else {
        let columns: Vec<ReadableColumn<T>> = found.iter().map(|column| natural_column(column, rows)).collect();
        let fields = found.iter().zip(&columns).map(|(found, column)| match column {
            Ok(column) => column.sql_type.field(&column.name, true),
            Err(reason) => unreadable_field(&found.name, reason),
        });
        let schema = StreamSchema::of_user_columns(fields);
        return Ok((columns, schema));
    };
    let (mut bound, mut problems) = (Vec::new(), Vec::new());
    for (index, field) in declared.user_fields().iter().enumerate() {
        // Nobody has declared it: it was found so before.
        if let Some(reason) = unreadable_reason(field) {
            bound.push(Err(reason.to_owned()));
            continue;
        }
        let sql_type = declared.sql_type(index).unwrap_or(SqlType::Null);
        match declared_column(found, field.name(), sql_type, rows) {
            Ok(column) => bound.push(Ok(column)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok((bound, declared.clone()))
    } else {
        Err(problems)
    }
}

fn repeated_names<T>(found: &[FoundColumn<T>]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let repeated = found.iter().filter(|column| !seen.insert(column.name.as_str()));
    repeated
        .map(|column| {
            let name = &column.name;
            format!("the query gives two columns `{name}`; name one of them otherwise with AS")
        })
        .collect()
}

fn natural_column<T: Clone>(found: &FoundColumn<T>, rows: &str) -> ReadableColumn<T> {
    let values = found.values.as_ref().ok_or_else(|| unreadable(found, rows))?;
    Ok(Column {
        name: found.name.clone(),
        from: values.from.clone(),
        cast: values.cast,
        read_as: values.natural.clone(),
        sql_type: values.natural.clone(),
    })
}

fn declared_column<T: Clone>(found: &[FoundColumn<T>], name: &str, wanted: SqlType, rows: &str) -> ReadableColumn<T> {
    let column = find_column(found, name).ok_or_else(|| {
        let names: Vec<String> = found.iter().map(|column| format!("`{}`", column.name)).collect();
        format!("there is no column `{name}`; there are {}", names.join(", "))
    })?;
    let values = column.values.as_ref().ok_or_else(|| unreadable(column, rows))?;
    let read_as = match (&values.natural, &wanted) {
        (SqlType::Decimal { .. }, SqlType::Decimal { .. }) if !values.is_bounded => wanted.clone(),
        (natural, _) if loses_nothing(natural, values.integer_digits, &wanted) => natural.clone(),
        (natural, _) => {
            let type_name = &column.type_name;
            return Err(format!(
                "column `{name}` is {type_name} in the database, whose values are not all {wanted}; \
                 declare {natural}, or convert it in `query`"
            ));
        }
    };
    Ok(Column {
        name: column.name.clone(),
        from: values.from.clone(),
        cast: values.cast,
        read_as,
        sql_type: wanted,
    })
}

/// The column of that name, to the letter or else in any case.
pub(super) fn find_column<'a, T>(found: &'a [FoundColumn<T>], name: &str) -> Option<&'a FoundColumn<T>> {
    let exact = found.iter().find(|column| column.name == name);
    exact.or_else(|| {
        let folded = name.to_lowercase();
        found.iter().find(|column| column.name.to_lowercase() == folded)
    })
}

fn unreadable<T>(found: &FoundColumn<T>, rows: &str) -> String {
    let FoundColumn { name, type_name, .. } = found;
    format!(
        "column `{name}` of {rows} has the type {type_name}, which SQL here has no type for; \
         use `query` and cast it there: SELECT …, CAST({name} AS text) AS {name}"
    )
}

/// Whether every value of one type is a value of the other.
fn loses_nothing(from: &SqlType, integer_digits: Option<u8>, to: &SqlType) -> bool {
    let integer_digits = integer_digits.unwrap_or(u8::MAX);
    match (from, to) {
        _ if from == to => true,
        (SqlType::SmallInt, SqlType::BigInt)
        | (SqlType::String, SqlType::Json)
        | (SqlType::Json, SqlType::String)
        | (SqlType::Date, SqlType::Timestamp) => true,
        // A double holds whole numbers of 15 digits.
        (SqlType::SmallInt | SqlType::BigInt, SqlType::Double) => integer_digits <= 15,
        (SqlType::SmallInt | SqlType::BigInt, SqlType::Decimal { precision, scale }) => {
            i16::from(integer_digits) <= i16::from(*precision) - i16::from(*scale)
        }
        (SqlType::Decimal { precision, scale: 0 }, SqlType::BigInt) => *precision <= 18,
        (
            SqlType::Decimal { precision, scale },
            SqlType::Decimal {
                precision: wider,
                scale: finer,
            },
        ) => {
            let before_point = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            scale <= finer && before_point(*precision, *scale) <= before_point(*wider, *finer)
        }
        (SqlType::Array(from), SqlType::Array(to)) => from == to,
        _ => false,
    }
}
