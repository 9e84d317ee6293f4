use velo_common::Span;

use super::Spanned;

/// `-- @name: value`, or one of the legacy head comments, which carry the name of what took their place:
/// `-- SQL Application: x` is `app`, `-- Version: x` is `version`, `-- Author: x` is `author`.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Without the `@`, as written, such as `metric_type` or `deployment.node_id`.
    pub name: Spanned<String>,
    /// The rest of the line without the blanks around it; empty when there is none.
    pub value: Spanned<String>,
}

/// The words of an annotation's value that stand between commas, each with its place.
pub fn comma_separated(value: &Spanned<String>) -> impl Iterator<Item = Spanned<String>> {
    let mut start = value.span.start;
    let mut is_quoted = false;
    let is_separator = move |character: char| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    };
    value.node.split(is_separator).map(move |piece| {
        let word = piece.trim();
        let blanks = (piece.len() - piece.trim_start().len()) as u32;
        let span = Span::new(start + blanks, start + blanks + word.len() as u32);
        start += piece.len() as u32 + 1;
        Spanned::new(word.to_owned(), span)
    })
}
