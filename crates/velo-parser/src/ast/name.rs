use std::ops::{Deref, DerefMut};

use velo_common::{Name, Span};

/// A node with its place in the text. Equality is that of the node.
#[derive(Debug, Clone)]
pub struct Spanned<T> {
    /// What was written.
    pub node: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `node` as found at `span`.
    pub const fn new(node: T, span: Span) -> Self {
        Self { node, span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.node
    }
}

impl<T> DerefMut for Spanned<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.node
    }
}

/// One identifier.
#[derive(Debug, Clone)]
pub struct Ident {
    /// Its text without quotes, and whether it had some.
    pub name: Name,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Ident {
    /// An identifier as found at `span`.
    pub const fn new(name: Name, span: Span) -> Self {
        Self { name, span }
    }
}

/// The name of a stream, table, view or sink: one identifier, or several with dots between them.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectName {
    /// At least one.
    pub parts: Vec<Ident>,
}

impl ObjectName {
    /// Where the name stands.
    pub fn span(&self) -> Span {
        match self.parts.as_slice() {
            [] => Span::default(),
            [first, .., last] => first.span.to(last.span),
            [only] => only.span,
        }
    }

    /// The name as one [`Name`]: dotted parts are joined, and the whole is exact when any part was quoted.
    pub fn name(&self) -> Name {
        let texts: Vec<&str> = self.parts.iter().map(|part| part.name.text.as_str()).collect();
        Name {
            text: texts.join("."),
            quoted: self.parts.iter().any(|part| part.name.quoted),
        }
    }
}
