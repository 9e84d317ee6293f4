use velo_data::{SqlType, StreamSchema};

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
    /// The type that they are read as.
    pub(super) read_as: SqlType,
    /// The type that they then get, without loss.
    pub(super) sql_type: SqlType,
}

/// The declared columns by their names, or all that are found; or a sentence for each that cannot be had.
pub(super) fn bind_columns<T: Clone>(
    found: &[FoundColumn<T>],
    declared: Option<&StreamSchema>,
) -> Result<(Vec<Column<T>>, StreamSchema), Vec<String>> {
    let problems = repeated_names(found);
    if !problems.is_empty() {
        return Err(problems);
    }
    let Some(declared) = declared else {
        let columns = all_or_problems(found.iter().map(natural_column))?;
        let fields = columns.iter().map(|column| column.sql_type.field(&column.name, true));
        let schema = StreamSchema::of_user_columns(fields);
        return Ok((columns, schema));
    };
    let wanted = (0..declared.user_columns()).map(|index| {
        let name = declared.user_fields()[index].name();
        let sql_type = declared.sql_type(index).unwrap_or(SqlType::Null);
        declared_column(found, name, sql_type)
    });
    Ok((all_or_problems(wanted)?, declared.clone()))
}

fn all_or_problems<T>(columns: impl Iterator<Item = Result<Column<T>, String>>) -> Result<Vec<Column<T>>, Vec<String>> {
    let (mut bound, mut problems) = (Vec::new(), Vec::new());
    for column in columns {
        match column {
            Ok(column) => bound.push(column),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(bound) } else { Err(problems) }
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

fn natural_column<T: Clone>(found: &FoundColumn<T>) -> Result<Column<T>, String> {
    let values = found.values.as_ref().ok_or_else(|| unreadable(found))?;
    Ok(Column {
        name: found.name.clone(),
        from: values.from.clone(),
        read_as: values.natural.clone(),
        sql_type: values.natural.clone(),
    })
}

fn declared_column<T: Clone>(found: &[FoundColumn<T>], name: &str, wanted: SqlType) -> Result<Column<T>, String> {
    let column = find_column(found, name).ok_or_else(|| {
        let names: Vec<String> = found.iter().map(|column| format!("`{}`", column.name)).collect();
        format!("there is no column `{name}`; there are {}", names.join(", "))
    })?;
    let values = column.values.as_ref().ok_or_else(|| unreadable(column))?;
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

fn unreadable<T>(found: &FoundColumn<T>) -> String {
    let FoundColumn { name, type_name, .. } = found;
    format!(
        "column `{name}` has the type {type_name}, which SQL here has no type for; \
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
