use crate::SqlType;

/// Metadata of a record, on top of the record's own columns. SQL can name all of it but [`Self::Record`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SystemColumn {
    /// `_timestamp`: record time, or processing time where records have none.
    Timestamp,
    /// `_event_time`: what windows and watermarks go by.
    EventTime,
    /// `_offset`: position in the partition; for files the record's number from 0.
    Offset,
    /// `_partition`: number of the source partition.
    Partition,
    /// `_key`: the record's key.
    Key,
    /// `_topic`: topic, or path of the file.
    Topic,
    /// `_headers`: the record's headers.
    Headers,
    /// `_window_start`: first instant of the row's window.
    WindowStart,
    /// `_window_end`: first instant behind the row's window.
    WindowEnd,
    /// `_record`: the record's bytes as they were read, for the dead letter of a row that fails later than in
    /// decoding. It exists only where a plan asks for it: SQL has no name for it and no reference lists it.
    Record,
}

impl SystemColumn {
    /// All that SQL can name, in the order of the reference.
    pub const ALL: [Self; 9] = [
        Self::Timestamp,
        Self::EventTime,
        Self::Offset,
        Self::Partition,
        Self::Key,
        Self::Topic,
        Self::Headers,
        Self::WindowStart,
        Self::WindowEnd,
    ];

    /// The column's name, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "_timestamp",
            Self::EventTime => "_event_time",
            Self::Offset => "_offset",
            Self::Partition => "_partition",
            Self::Key => "_key",
            Self::Topic => "_topic",
            Self::Headers => "_headers",
            Self::WindowStart => "_window_start",
            Self::WindowEnd => "_window_end",
            Self::Record => "_record",
        }
    }

    /// The column that an identifier means, in any case; ksqlDB's pseudo-columns included.
    pub fn parse(identifier: &str) -> Option<Self> {
        let folded = identifier.to_ascii_lowercase();
        Some(match folded.as_str() {
            "rowtime" => Self::Timestamp,
            "rowpartition" => Self::Partition,
            "rowoffset" => Self::Offset,
            "windowstart" => Self::WindowStart,
            "windowend" => Self::WindowEnd,
            name => return Self::ALL.into_iter().find(|column| column.name() == name),
        })
    }

    /// The column's type. `_key` is text here; sources whose keys are not text declare it BYTES.
    pub fn sql_type(self) -> SqlType {
        match self {
            Self::Timestamp | Self::Offset | Self::Partition | Self::WindowStart | Self::WindowEnd => SqlType::BigInt,
            Self::EventTime => SqlType::Timestamp,
            Self::Key | Self::Topic => SqlType::String,
            Self::Record => SqlType::Bytes,
            Self::Headers => SqlType::Map(Box::new(SqlType::String), Box::new(SqlType::Bytes)),
        }
    }

    /// What it holds, for the reference.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Timestamp => "time of the record in milliseconds, or the time it was read where it has none",
            Self::EventTime => "event time: the configured field, else the record's own timestamp",
            Self::Offset => "position in its partition; in a file the record's number, from 0",
            Self::Partition => "number of the source partition it came from",
            Self::Key => "key of the record",
            Self::Topic => "topic or file it came from",
            Self::Headers => "headers of the record",
            Self::WindowStart => "start of the row's window in milliseconds, inclusive",
            Self::WindowEnd => "end of the row's window in milliseconds, exclusive",
            Self::Record => "bytes of the record as they were read",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_names_every_column_but_the_record() {
        for column in SystemColumn::ALL {
            assert_eq!(SystemColumn::parse(&column.name().to_uppercase()), Some(column));
        }
        assert_eq!(SystemColumn::parse(SystemColumn::Record.name()), None);
    }
}
