//! The limit on how deep a statement may be nested, and how high the tree made of it may become.

use std::cell::Cell;

use velo_common::{Diagnostic, code};

use crate::MAX_DEPTH;
use crate::cursor::{Parsed, Tokens};

/// What the limit is held against.
#[derive(Debug, Default)]
pub(crate) struct Depth {
    /// How many brackets, subqueries and prefix operators are open.
    nesting: Cell<u32>,
    /// Height of the highest tree built since this was last cleared.
    height: Cell<u32>,
}

/// What a level of nesting must find on the stack, several times what it takes.
const STACK_LEFT_MIN_BYTES: usize = 128 * 1024;

/// What is added to the stack when it does not.
const STACK_SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// Runs `parser` one level deeper, or gives up when that is too deep.
pub(crate) fn nested<'a, T>(input: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>) -> Parsed<'a, T> {
    let depth = input.depth().nesting.get() + 1;
    if depth > MAX_DEPTH {
        return too_deep(input);
    }
    input.depth().nesting.set(depth);
    // A level takes some 20 kB in a build without optimization, and the caller's thread may have little left.
    let parsed = stacker::maybe_grow(STACK_LEFT_MIN_BYTES, STACK_SEGMENT_BYTES, || parser(input));
    input.depth().nesting.set(depth - 1);
    parsed
}

/// Runs `parser`, which sees only the height of what it builds itself.
pub(crate) fn isolated<'a, T>(input: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>) -> Parsed<'a, T> {
    let height = &input.depth().height;
    let beside = height.replace(0);
    let parsed = parser(input);
    height.set(beside.max(height.get()));
    parsed
}

/// Runs `parser`, whose result is one level higher than the highest tree that it builds, or gives up when that is
/// too high. Together with [`link`] this keeps the height of every tree within [`MAX_DEPTH`].
pub(crate) fn measured<'a, T>(input: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>) -> Parsed<'a, T> {
    isolated(input, |input| {
        let (rest, built) = parser(input)?;
        link(input)?;
        Ok((rest, built))
    })
}

/// Counts one more link of a chain such as `a + b + c`, each of which makes the tree one level higher.
pub(crate) fn link(input: Tokens<'_>) -> Parsed<'_, ()> {
    let height = input.depth().height.get() + 1;
    input.depth().height.set(height);
    if height > MAX_DEPTH {
        too_deep(input)
    } else {
        Ok((input, ()))
    }
}

fn too_deep<T>(input: Tokens<'_>) -> Parsed<'_, T> {
    input.abort(
        Diagnostic::new(
            &code::NESTED_TOO_DEEPLY,
            input.span(),
            format!("this is nested more than {MAX_DEPTH} levels deep"),
        )
        .with_label("too deep from here on")
        .with_help("split the query with `WITH name AS (…)`, or break up the expression"),
    )
}
