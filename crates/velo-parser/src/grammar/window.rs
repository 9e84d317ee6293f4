//! Windows over time, and OVER.

use std::time::Duration;

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::{preceded, terminated};
use velo_common::{Diagnostic, Span, code};

use super::duration::{duration, starts_duration};
use super::expr::expression;
use super::function::order_by;
use super::leaf::{
    comma_separated, keyword, keywords, object_name, parenthesized, spanned, string, symbol, whole_number,
};
use super::primary::postfix;
use crate::ast::{
    BufferEmit, BufferExpiry, Expr, Frame, FrameBound, FrameUnit, ObjectName, Over, RowBuffer, Spanned, Window,
    WindowKind,
};
use crate::cursor::{Parsed, Tokens};
use crate::depth::measured;
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// The shapes as they are spelled; the spelling settles the order of the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Tumbling,
    /// `SLIDING(size, advance)`
    Sliding,
    /// `HOP(advance, size)`
    Hop,
    Session,
    Cumulate,
}

impl Shape {
    fn of(keyword: Keyword) -> Option<Self> {
        Some(match keyword {
            Keyword::TUMBLING | Keyword::TUMBLE => Self::Tumbling,
            Keyword::SLIDING | Keyword::HOPPING => Self::Sliding,
            Keyword::HOP => Self::Hop,
            Keyword::SESSION => Self::Session,
            Keyword::CUMULATE => Self::Cumulate,
            _ => return None,
        })
    }

    /// How to write it.
    fn usage(self) -> &'static str {
        match self {
            Self::Tumbling => "`TUMBLING(5m)` takes the size of the windows",
            Self::Sliding => {
                "`SLIDING(5m, 1m)` and `HOPPING(5m, 1m)` take the size of the windows, then the advance from one to the next"
            }
            Self::Hop => "`HOP(column, 1m, 5m)` takes the time column, the advance, then the size of the windows",
            Self::Session => "`SESSION(5m)` takes the gap that ends a session",
            Self::Cumulate => "`CUMULATE(1m, 5m)` takes the step, then the size of the longest window",
        }
    }

    /// How many durations it takes.
    const fn durations(self) -> usize {
        match self {
            Self::Tumbling | Self::Session => 1,
            Self::Sliding | Self::Hop | Self::Cumulate => 2,
        }
    }
}

/// `WINDOW shape(…) [TIME ZONE 'zone']`, behind its first word.
pub(super) fn window_clause(input: Tokens<'_>) -> Parsed<'_, Window> {
    let Some(shape) = input.keyword().and_then(Shape::of) else {
        return input.unexpected(Thing::WindowKind);
    };
    let (rest, mut window) = window_arguments(input.skip(1), shape)?;
    let (rest, zone) = opt(time_zone).parse(rest)?;
    window.time_zone = window.time_zone.or(zone);
    Ok((rest, window))
}

/// `TUMBLE(column, size)` and its like in a GROUP BY.
pub(super) fn grouping_window(input: Tokens<'_>) -> Parsed<'_, Window> {
    match input.keyword().and_then(Shape::of) {
        Some(shape) if input.skip(1).at_symbol(Symbol::OpenParen) => window_arguments(input.skip(1), shape),
        _ => input.absent(),
    }
}

/// Whether a windowing table function stands here.
pub(super) fn starts_windowed_table(input: Tokens<'_>) -> bool {
    input.keyword().and_then(Shape::of).is_some() && input.skip(1).at_symbol(Symbol::OpenParen)
}

/// `TUMBLE(t, column, size)`
pub(super) fn windowed_table(input: Tokens<'_>) -> Parsed<'_, (ObjectName, Window)> {
    let Some(shape) = input.keyword().and_then(Shape::of) else {
        return input.absent();
    };
    let (rest, _) = symbol(Symbol::OpenParen)(input.skip(1))?;
    let (rest, table) = cut(terminated(object_name, symbol(Symbol::Comma))).parse(rest)?;
    let (rest, window) = window_items(rest, shape, input)?;
    if window.time_column.is_none() {
        let message = "a window over a table needs the column that tells the time";
        let diagnostic = Diagnostic::new(&code::SYNTAX, input.span_to(rest), message);
        return input
            .abort(diagnostic.with_help("write it between the table and the durations: `TUMBLE(t, column, 5m)`"));
    }
    Ok((rest, (table, window)))
}

fn window_arguments(input: Tokens<'_>, shape: Shape) -> Parsed<'_, Window> {
    let (rest, _) = cut(symbol(Symbol::OpenParen)).parse(input)?;
    window_items(rest, shape, input)
}

/// The arguments up to the closing bracket; `opener` is where messages start.
fn window_items<'a>(input: Tokens<'a>, shape: Shape, opener: Tokens<'a>) -> Parsed<'a, Window> {
    measured(input, |input| {
        let (rest, items) = cut(window_item_list).parse(input)?;
        let (rest, _) = cut(symbol(Symbol::CloseParen)).parse(rest)?;
        match assemble(shape, items, opener.span_to(rest)) {
            Ok(window) => Ok((rest, window)),
            Err(problem) => opener.abort(*problem),
        }
    })
}

/// One argument of a window.
enum WindowItem {
    Duration(Spanned<Duration>),
    Size(Spanned<Duration>),
    Advance(Spanned<Duration>),
    Offset(Spanned<Duration>),
    GracePeriod(Spanned<Duration>),
    Retention(Spanned<Duration>),
    TimeZone(Spanned<String>),
    Column(Expr),
}

/// Items with commas between them. Behind another item `OFFSET` and its like need none.
fn window_item_list(input: Tokens<'_>) -> Parsed<'_, Vec<(WindowItem, Span)>> {
    let (mut rest, first) = window_item(input)?;
    let mut items = vec![(first, input.span_to(rest))];
    loop {
        let at_item = match symbol(Symbol::Comma)(rest) {
            Ok((behind, _)) => behind,
            Err(_) if rest.at_keywords(&[Keyword::TIME, Keyword::ZONE]) => rest,
            Err(_) => return Ok((rest, items)),
        };
        let (next, item) = cut(window_item).parse(at_item)?;
        items.push((item, at_item.span_to(next)));
        rest = next;
    }
}

fn window_item(input: Tokens<'_>) -> Parsed<'_, WindowItem> {
    let labelled =
        |count: usize, build: fn(Spanned<Duration>) -> WindowItem| cut(duration).map(build).parse(input.skip(count));
    match input.keyword() {
        Some(Keyword::SIZE) if starts_duration(input.skip(1)) => labelled(1, WindowItem::Size),
        Some(Keyword::OFFSET) if starts_duration(input.skip(1)) => labelled(1, WindowItem::Offset),
        Some(Keyword::RETENTION) if starts_duration(input.skip(1)) => labelled(1, WindowItem::Retention),
        Some(Keyword::ADVANCE) if input.skip(1).at_keyword(Keyword::BY) => labelled(2, WindowItem::Advance),
        Some(Keyword::GRACE) if input.skip(1).at_keyword(Keyword::PERIOD) => labelled(2, WindowItem::GracePeriod),
        Some(Keyword::TIME) if input.skip(1).at_keyword(Keyword::ZONE) => {
            time_zone.map(WindowItem::TimeZone).parse(input)
        }
        _ if starts_duration(input) => duration.map(WindowItem::Duration).parse(input),
        _ if starts_column(input) => expression.map(WindowItem::Column).parse(input),
        _ => input.unexpected(Thing::WindowSize),
    }
}

fn starts_column(input: Tokens<'_>) -> bool {
    let is_word = matches!(
        input.peek().map(|token| token.kind),
        Some(TokenKind::Word(_) | TokenKind::QuotedWord)
    );
    is_word && !input.keyword().is_some_and(Keyword::is_reserved)
}

fn time_zone(input: Tokens<'_>) -> Parsed<'_, Spanned<String>> {
    preceded(keywords(&[Keyword::TIME, Keyword::ZONE]), cut(string)).parse(input)
}

/// The arguments of a window sorted by what they mean.
#[derive(Default)]
struct Sorted {
    durations: Vec<Spanned<Duration>>,
    size: Option<Spanned<Duration>>,
    advance: Option<Spanned<Duration>>,
    offset: Option<Spanned<Duration>>,
    grace_period: Option<Spanned<Duration>>,
    retention: Option<Spanned<Duration>>,
    time_zone: Option<Spanned<String>>,
    time_column: Option<Expr>,
    key: Option<Expr>,
}

impl Sorted {
    /// Puts an argument in its place, unless another one is there.
    fn take(&mut self, item: WindowItem, span: Span) -> Result<(), Box<Diagnostic>> {
        let given_twice = match item {
            WindowItem::Duration(duration) => {
                self.durations.push(duration);
                false
            }
            WindowItem::Size(duration) => self.size.replace(duration).is_some(),
            WindowItem::Advance(duration) => self.advance.replace(duration).is_some(),
            WindowItem::Offset(duration) => self.offset.replace(duration).is_some(),
            WindowItem::GracePeriod(duration) => self.grace_period.replace(duration).is_some(),
            WindowItem::Retention(duration) => self.retention.replace(duration).is_some(),
            WindowItem::TimeZone(zone) => self.time_zone.replace(zone).is_some(),
            WindowItem::Column(column) if self.durations.is_empty() && self.size.is_none() => {
                self.time_column.replace(column).is_some()
            }
            WindowItem::Column(column) => self.key.replace(column).is_some(),
        };
        if given_twice {
            let diagnostic = Diagnostic::new(&code::DUPLICATE_CLAUSE, span, "this is already given for the window");
            return Err(Box::new(diagnostic.with_help("keep one of the two")));
        }
        Ok(())
    }
}

/// Makes a window of its arguments, or says how it is written.
fn assemble(shape: Shape, items: Vec<(WindowItem, Span)>, span: Span) -> Result<Window, Box<Diagnostic>> {
    let mut sorted = Sorted::default();
    for (item, item_span) in items {
        sorted.take(item, item_span)?;
    }
    let wrong = || Box::new(wrong_arguments(shape, span));
    let measures = measures(shape, &mut sorted).ok_or_else(wrong)?;
    let key = sorted.key.take().map(Box::new);
    let kind = match (shape, measures.as_slice()) {
        (Shape::Session, [gap]) => WindowKind::Session { gap: gap.clone(), key },
        _ if key.is_some() => return Err(wrong()),
        (Shape::Tumbling, [size]) => WindowKind::Tumbling { size: size.clone() },
        (Shape::Sliding, [size, advance]) | (Shape::Hop, [advance, size]) => WindowKind::Sliding {
            size: size.clone(),
            advance: advance.clone(),
        },
        (Shape::Cumulate, [step, size]) => WindowKind::Cumulate {
            step: step.clone(),
            size: size.clone(),
        },
        _ => return Err(wrong()),
    };
    Ok(Window {
        kind,
        time_column: sorted.time_column,
        offset: sorted.offset,
        time_zone: sorted.time_zone,
        grace_period: sorted.grace_period,
        retention: sorted.retention,
    })
}

/// The durations of a window in the order of its positional form; `None` when the two forms are mixed.
fn measures(shape: Shape, sorted: &mut Sorted) -> Option<Vec<Spanned<Duration>>> {
    let positional = std::mem::take(&mut sorted.durations);
    let labelled = match (shape, sorted.size.take(), sorted.advance.take()) {
        (Shape::Tumbling, Some(size), None) => vec![size],
        (Shape::Sliding, Some(size), Some(advance)) => vec![size, advance],
        (Shape::Hop, Some(size), Some(advance)) => vec![advance, size],
        (_, None, None) => return (positional.len() == shape.durations()).then_some(positional),
        _ => return None,
    };
    positional.is_empty().then_some(labelled)
}

fn wrong_arguments(shape: Shape, span: Span) -> Diagnostic {
    Diagnostic::new(&code::SYNTAX, span, "the arguments do not fit this window").with_help(shape.usage())
}

/// `OVER ( … )`
pub(super) fn over(input: Tokens<'_>) -> Parsed<'_, Over> {
    if !(input.at_keyword(Keyword::OVER) && input.skip(1).at_symbol(Symbol::OpenParen)) {
        return input.absent();
    }
    measured(input.skip(1), |input| parenthesized(over_body).parse(input))
}

/// `[ROWS WINDOW BUFFER n ROWS] [PARTITION BY …] [ORDER BY …] [frame] [EMIT …] [EXPIRE …]`
fn over_body(input: Tokens<'_>) -> Parsed<'_, Over> {
    let (rest, rows) = opt(buffer_size).parse(input)?;
    let (rest, partition_by) = opt(partition_by).parse(rest)?;
    let (rest, order) = opt(order_by).parse(rest)?;
    let (rest, frame) = opt(spanned(frame)).parse(rest)?;
    let (rest, buffer) = match rows {
        None => (rest, None),
        Some(rows) => {
            let (rest, emit) = opt(spanned(buffer_emit)).parse(rest)?;
            let (rest, expiry) = opt(spanned(buffer_expiry)).parse(rest)?;
            (rest, Some(RowBuffer { rows, emit, expiry }))
        }
    };
    let (partition_by, order_by) = (partition_by.unwrap_or_default(), order.unwrap_or_default());
    Ok((
        rest,
        Over {
            buffer,
            partition_by,
            order_by,
            frame,
        },
    ))
}

/// `ROWS WINDOW BUFFER n ROWS`
fn buffer_size(input: Tokens<'_>) -> Parsed<'_, Spanned<u64>> {
    if !input.at_keywords(&[Keyword::ROWS, Keyword::WINDOW]) {
        return input.absent();
    }
    cut(preceded(
        keyword(Keyword::BUFFER),
        terminated(whole_number, keyword(Keyword::ROWS)),
    ))
    .parse(input.skip(2))
}

/// `PARTITION BY a, b`
pub(super) fn partition_by(input: Tokens<'_>) -> Parsed<'_, Vec<Expr>> {
    preceded(
        keywords(&[Keyword::PARTITION, Keyword::BY]),
        cut(comma_separated(expression)),
    )
    .parse(input)
}

/// `EMIT EVERY RECORD`, `EMIT ON BUFFER FULL`
fn buffer_emit(input: Tokens<'_>) -> Parsed<'_, BufferEmit> {
    let every_record = keywords(&[Keyword::EVERY, Keyword::RECORD]).map(|_| BufferEmit::EveryRecord);
    let when_full = keywords(&[Keyword::ON, Keyword::BUFFER, Keyword::FULL]).map(|_| BufferEmit::OnBufferFull);
    preceded(keyword(Keyword::EMIT), cut(alt((every_record, when_full)))).parse(input)
}

/// `EXPIRE AFTER interval INACTIVITY`, `EXPIRE [AFTER] NEVER`
fn buffer_expiry(input: Tokens<'_>) -> Parsed<'_, BufferExpiry> {
    let never = || keyword(Keyword::NEVER).map(|_| BufferExpiry::Never);
    let inactivity = terminated(duration, keyword(Keyword::INACTIVITY)).map(BufferExpiry::AfterInactivity);
    let after = preceded(keyword(Keyword::AFTER), cut(alt((never(), inactivity))));
    preceded(keyword(Keyword::EXPIRE), cut(alt((never(), after)))).parse(input)
}

/// `(ROWS | RANGE) (BETWEEN bound AND bound | bound)`
fn frame(input: Tokens<'_>) -> Parsed<'_, Frame> {
    let rows = keyword(Keyword::ROWS).map(|_| FrameUnit::Rows);
    let (rest, unit) = alt((rows, keyword(Keyword::RANGE).map(|_| FrameUnit::Range))).parse(input)?;
    if !rest.at_keyword(Keyword::BETWEEN) {
        rest.want(Keyword::BETWEEN);
        return cut(frame_bound)
            .map(|start| Frame { unit, start, end: None })
            .parse(rest);
    }
    let (rest, start) = cut(frame_bound).parse(rest.skip(1))?;
    let (rest, end) = cut(preceded(keyword(Keyword::AND), frame_bound)).parse(rest)?;
    Ok((
        rest,
        Frame {
            unit,
            start,
            end: Some(end),
        },
    ))
}

/// `UNBOUNDED PRECEDING`, `n PRECEDING`, `CURRENT ROW`, …
fn frame_bound(input: Tokens<'_>) -> Parsed<'_, FrameBound> {
    let next = input.skip(1).keyword();
    match (input.keyword(), next) {
        (Some(Keyword::UNBOUNDED), Some(Keyword::PRECEDING)) => Ok((input.skip(2), FrameBound::UnboundedPreceding)),
        (Some(Keyword::UNBOUNDED), Some(Keyword::FOLLOWING)) => Ok((input.skip(2), FrameBound::UnboundedFollowing)),
        (Some(Keyword::UNBOUNDED), _) => cut(preceding_or_following)
            .map(|_| FrameBound::CurrentRow)
            .parse(input.skip(1)),
        (Some(Keyword::CURRENT), Some(Keyword::ROW)) => Ok((input.skip(2), FrameBound::CurrentRow)),
        _ if starts_bound(input) => {
            // A bound ends at its direction, so an operator such as AND cannot be part of it.
            let (rest, distance) = frame_distance(input)?;
            let (rest, preceding) = preceding_or_following(rest)?;
            let distance = Box::new(distance);
            let bound = if preceding {
                FrameBound::Preceding(distance)
            } else {
                FrameBound::Following(distance)
            };
            Ok((rest, bound))
        }
        _ => input.unexpected(Thing::FrameBound),
    }
}

fn starts_bound(input: Tokens<'_>) -> bool {
    starts_duration(input)
        || input
            .peek()
            .is_some_and(|token| matches!(token.kind, TokenKind::Number(_)))
}

/// A number or an interval.
fn frame_distance(input: Tokens<'_>) -> Parsed<'_, Expr> {
    postfix(input)
}

fn preceding_or_following(input: Tokens<'_>) -> Parsed<'_, bool> {
    alt((
        keyword(Keyword::PRECEDING).map(|_| true),
        keyword(Keyword::FOLLOWING).map(|_| false),
    ))
    .parse(input)
}
