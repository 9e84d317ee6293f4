//! What would have been accepted at the furthest place that the grammar reached, and how to say it.

use crate::keyword::Keyword;
use crate::token::Symbol;

macro_rules! things {
    ($($name:ident $text:literal)*) => {
        /// What a place can want besides a keyword or symbol, in the order in which messages list them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
        pub(crate) enum Thing {
            $($name,)*
        }

        impl Thing {
            const ALL: &[Self] = &[$(Self::$name,)*];

            const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

things! {
    Statement "a statement"
    Query "a query"
    SelectItem "a column, an expression or `*`"
    Source "a source"
    Expression "an expression"
    Name "a name"
    Column "a column name"
    Field "a field name"
    Type "a type"
    String "a string"
    WholeNumber "a whole number"
    Duration "a duration such as `5m`"
    IntervalText "a string or a number"
    WindowKind "`TUMBLING`, `SLIDING`, `SESSION` or `CUMULATE`"
    WindowSize "a duration such as `5m`, a time column or `SIZE`"
    FrameBound "`UNBOUNDED`, `CURRENT ROW` or a number"
    PropertyKey "a property such as `'key' = 'value'`"
    PropertyValue "a value"
    TimePart "a part of a date or time such as `HOUR`"
    Alias "an alias"
    Operator "an operator"
    Join "a join"
    Clause "another clause"
    End "the end of the statement"
    ExpressionEnd "the end of the expression"
}

/// Something that would have been accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    Keyword(Keyword),
    Symbol(Symbol),
    Thing(Thing),
}

impl From<Keyword> for Wanted {
    fn from(keyword: Keyword) -> Self {
        Self::Keyword(keyword)
    }
}

impl From<Symbol> for Wanted {
    fn from(symbol: Symbol) -> Self {
        Self::Symbol(symbol)
    }
}

impl From<Thing> for Wanted {
    fn from(thing: Thing) -> Self {
        Self::Thing(thing)
    }
}

const KEYWORD_WORDS: usize = Keyword::COUNT.div_ceil(64);

/// The furthest place reached so far and everything wanted there, as sets of bits because every leaf of the grammar
/// that does not match adds to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Furthest {
    position: usize,
    keywords: [u64; KEYWORD_WORDS],
    symbols: u64,
    things: u64,
}

impl Furthest {
    /// Adds a want at a position: nothing when others came further, the only one when none came as far.
    pub(crate) fn note(&mut self, position: usize, wanted: Wanted) {
        if position < self.position {
            return;
        }
        if position > self.position {
            *self = Self {
                position,
                ..Self::default()
            };
        }
        match wanted {
            Wanted::Keyword(keyword) => self.keywords[keyword.index() / 64] |= 1 << (keyword.index() % 64),
            Wanted::Symbol(symbol) => self.symbols |= 1 << symbol.index(),
            Wanted::Thing(thing) => self.things |= 1 << (thing as u32),
        }
    }

    /// How many tokens stand before the place.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Whether a symbol would have been accepted.
    pub(crate) fn wants_symbol(&self, symbol: Symbol) -> bool {
        self.symbols & (1 << symbol.index()) != 0
    }

    /// Whether a thing would have been accepted.
    pub(crate) fn wants_thing(&self, thing: Thing) -> bool {
        self.things & (1 << (thing as u32)) != 0
    }

    /// The keywords that would have been accepted.
    pub(crate) fn keywords(&self) -> impl Iterator<Item = Keyword> {
        let wanted = |index: &usize| self.keywords[index / 64] & (1 << (index % 64)) != 0;
        (0..Keyword::COUNT).filter(wanted).filter_map(Keyword::from_index)
    }

    fn symbols(&self) -> impl Iterator<Item = Symbol> {
        (0..64)
            .filter(|index| self.symbols & (1 << index) != 0)
            .filter_map(Symbol::from_index)
    }

    fn things(&self) -> impl Iterator<Item = Thing> {
        Thing::ALL.iter().copied().filter(|thing| self.wants_thing(*thing))
    }

    /// The wants as an enumeration in plain words: "`,`, `FROM` or the end of the statement".
    pub(crate) fn describe(&self) -> String {
        // Where a list goes on, the operators that could go on with its last item are beside the point.
        let operators_matter = !self.wants_symbol(Symbol::Comma);
        let (last, things): (Vec<_>, Vec<_>) = self
            .things()
            .filter(|thing| *thing != Thing::Operator || operators_matter)
            .filter(|thing| *thing != Thing::Expression || !self.wants_thing(Thing::SelectItem))
            .partition(|thing| *thing > Thing::Operator);
        let mut parts: Vec<String> = things.into_iter().map(|thing| thing.as_str().to_owned()).collect();
        parts.extend(self.symbols().map(|symbol| format!("`{}`", symbol.as_str())));
        parts.extend(self.keywords().map(|keyword| format!("`{}`", keyword.as_str())));
        parts.extend(last.into_iter().map(|thing| thing.as_str().to_owned()));
        enumerate(&parts)
    }
}

/// "a", "a or b", "a, b or c".
fn enumerate(parts: &[String]) -> String {
    match parts {
        [] => "nothing more".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
