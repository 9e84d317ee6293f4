/// How much a keyword may still be used as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reserved {
    /// Never without quotes, except behind a dot and as the name of a declared column.
    Always,
    /// Only not as an alias without `AS`, where it goes on with the query.
    AsBareAlias,
    /// Not at all.
    No,
}

macro_rules! keywords {
    ($($reserved:ident: $($word:ident)*;)*) => {
        /// Every word that means something to the grammar. Most of them are ordinary names everywhere else.
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "spelled as SQL spells them")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Keyword {
            $($($word,)*)*
        }

        /// All of them, in the order of their definition.
        const KEYWORDS: &[Keyword] = &[$($(Keyword::$word,)*)*];

        impl Keyword {
            /// The word in upper case.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$word => stringify!($word),)*)*
                }
            }

            const fn reserved(self) -> Reserved {
                match self {
                    $($(Self::$word => Reserved::$reserved,)*)*
                }
            }
        }
    };
}

keywords! {
    Always:
        AND AS BETWEEN CASE DISTINCT ELSE END EXCEPT FALSE FROM GROUP HAVING ILIKE IN INTERSECT INTO IS JOIN LIKE LIMIT
        NOT NULL ON OR ORDER SELECT THEN TRUE UNION USING WHEN WHERE WITH;
    AsBareAlias:
        ASSERT CREATE CROSS DEPLOY DESCRIBE DIV DROP EMIT ESCAPE EXPLAIN FILTER FOR FULL IGNORE INNER INSERT LEFT LIST
        NATURAL OFFSET OVER PARTITION PAUSE PRIMARY PRINT QUALIFY RESPECT RESUME RIGHT ROLLBACK SET SHOW START STOP
        STRATEGY TERMINATE UNSET WINDOW WITHIN;
    No:
        ADVANCE AFTER ALL ANY ARRAY ASC BEGINNING BIGINT BLUE_GREEN BOOL BOOLEAN BOTH BUFFER BY BYTES CANARY CAST
        CHANGES CHAR CUMULATE CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATE DECIMAL DEFINE DELETE DESC
        DOUBLE EVERY EXISTS EXPIRE EXPLODE EXTENDED EXTRACT FINAL FIRST FLOAT FOLLOWING FORCE FUNCTION FUNCTIONS GRACE
        HEADER HEADERS HOP HOPPING ID IF INACTIVITY INT INTEGER INTERVAL JOB JOBS JSON KEY LAST LEADING LOCALTIMESTAMP
        MAP METRICS NEVER NULLS NUMERIC OF OUTER PARTITIONS PERIOD POSITION PRECEDING PRECISION PROPERTIES QUERIES QUERY
        RANGE REAL RECORD RECURSIVE REPLACE RETENTION ROLLING ROW ROWS SAMPLE SCHEMA SESSION SIZE SLIDING SMALLINT SOME
        SOURCE STATUS STREAM STREAMS STRING STRUCT SUBJECT SUBSTRING SYSTEM_TIME TABLE TABLES TEXT TIME TIMEOUT
        TIMESTAMP TINYINT TOPIC TOPICS TRAILING TRIM TRY_CAST TUMBLE TUMBLING UNBOUNDED UNDEFINE UNKNOWN UNNEST VALUES
        VARBINARY VARCHAR VARIABLES VERSION VERSIONS VIEW VIEWS ZONE;
}

/// Longer words are not looked up.
const LONGEST: usize = 17;

impl Keyword {
    /// The keyword that a word spells, in any case.
    pub(crate) fn of(word: &str) -> Option<Self> {
        let mut buffer = [0; LONGEST];
        let upper = buffer.get_mut(..word.len())?;
        upper.copy_from_slice(word.as_bytes());
        upper.make_ascii_uppercase();
        let by_text = &*BY_TEXT;
        let at = by_text
            .binary_search_by(|keyword| keyword.as_str().as_bytes().cmp(upper))
            .ok()?;
        by_text.get(at).copied()
    }

    /// Whether it needs quotes to be a name.
    pub(crate) fn is_reserved(self) -> bool {
        self.reserved() == Reserved::Always
    }

    /// Whether it may be an alias without `AS` before it.
    pub(crate) fn may_be_bare_alias(self) -> bool {
        self.reserved() == Reserved::No
    }

    /// The keyword with this [`index`](Self::index).
    pub(crate) fn from_index(index: usize) -> Option<Self> {
        KEYWORDS.get(index).copied()
    }

    /// Its place in the table.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// How many there are.
    pub(crate) const COUNT: usize = KEYWORDS.len();
}

/// All keywords, sorted by their text.
static BY_TEXT: std::sync::LazyLock<Vec<Keyword>> = std::sync::LazyLock::new(|| {
    let mut keywords = KEYWORDS.to_vec();
    keywords.sort_unstable_by_key(|keyword| keyword.as_str());
    keywords
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_in_any_case() {
        for keyword in KEYWORDS {
            assert_eq!(Keyword::of(keyword.as_str()), Some(*keyword));
            assert_eq!(Keyword::of(&keyword.as_str().to_lowercase()), Some(*keyword));
            assert_eq!(Keyword::from_index(keyword.index()), Some(*keyword));
        }
        assert_eq!(Keyword::of("selec"), None);
        assert_eq!(Keyword::of("a_word_longer_than_any_keyword"), None);
    }
}
