use velo_common::Span;

use crate::ast::NumberKind;
use crate::keyword::Keyword;

/// One token. Its text is the source under its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word without quotes, and the keyword that it spells, if any.
    Word(Option<Keyword>),
    /// A word in `"…"` or `` `…` ``.
    QuotedWord,
    /// `'…'`
    String,
    /// Digits, perhaps with a point and an exponent.
    Number(NumberKind),
    /// Punctuation or an operator.
    Symbol(Symbol),
}

macro_rules! symbols {
    ($($name:ident $text:literal)*) => {
        /// Punctuation and operators.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Symbol {
            $($name,)*
        }

        impl Symbol {
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// The symbol as it is written.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

// Longer symbols stand before their beginnings, because the first one that fits is taken.
symbols! {
    DoubleColon "::" ColonEqual ":=" Colon ":"
    FatArrow "=>" Equal "="
    LessOrEqual "<=" NotEqual "<>" Less "<"
    GreaterOrEqual ">=" Greater ">"
    BangEqual "!="
    Arrow "->" Minus "-"
    DoublePipe "||"
    Plus "+" Star "*" Slash "/" Percent "%" Caret "^" Tilde "~"
    Comma "," Semicolon ";" Dot "."
    OpenParen "(" CloseParen ")" OpenBracket "[" CloseBracket "]" OpenBrace "{" CloseBrace "}"
}

impl Symbol {
    /// The symbol that `text` starts with.
    pub(crate) fn at_start_of(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|symbol| text.starts_with(symbol.as_str()))
    }

    /// Its place in the table.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The symbol with this [`index`](Self::index).
    pub(crate) fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// The bracket that closes this one.
    pub(crate) const fn closer(self) -> Option<Self> {
        match self {
            Self::OpenParen => Some(Self::CloseParen),
            Self::OpenBracket => Some(Self::CloseBracket),
            Self::OpenBrace => Some(Self::CloseBrace),
            _ => None,
        }
    }

    /// Whether it closes a bracket.
    pub(crate) const fn is_closer(self) -> bool {
        matches!(self, Self::CloseParen | Self::CloseBracket | Self::CloseBrace)
    }
}
