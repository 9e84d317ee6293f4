//! What can be done with jobs.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::{preceded, terminated};

use super::leaf::{flag, keyword, keyword_and_string, object_name, parenthesized, spanned, symbol, whole_number};
use super::statement::inner_statement;
use crate::ast::{DeployStrategy, JobName, JobStatement, Statement};
use crate::cursor::{Parsed, Tokens};
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// `START JOB name AS statement`
pub(super) fn start(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    let (rest, name) = cut(job).parse(input.skip(1))?;
    let (rest, statement) = as_statement(rest)?;
    Ok((rest, JobStatement::Start { name, statement }))
}

/// `STOP JOB name [FORCE]`
pub(super) fn stop(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    let (rest, name) = cut(job).parse(input.skip(1))?;
    let (rest, force) = flag(&[Keyword::FORCE]).parse(rest)?;
    Ok((rest, JobStatement::Stop { name, force }))
}

/// `PAUSE [JOB] name`
pub(super) fn pause(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    cut(job_or_name)
        .map(|name| JobStatement::Pause { name })
        .parse(input.skip(1))
}

/// `RESUME [JOB] name`
pub(super) fn resume(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    cut(job_or_name)
        .map(|name| JobStatement::Resume { name })
        .parse(input.skip(1))
}

/// `TERMINATE [JOB] name | ALL`
pub(super) fn terminate(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    let behind = input.skip(1);
    if behind.at_keyword(Keyword::ALL) && behind.skip(1).is_end() {
        return Ok((behind.skip(1), JobStatement::Terminate { name: None }));
    }
    cut(job_or_name)
        .map(|name| JobStatement::Terminate { name: Some(name) })
        .parse(behind)
}

/// `DEPLOY JOB name VERSION 'v' AS statement [STRATEGY …]`
pub(super) fn deploy(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    let (rest, name) = cut(job).parse(input.skip(1))?;
    let (rest, version) = cut(keyword_and_string(&[Keyword::VERSION])).parse(rest)?;
    let (rest, statement) = as_statement(rest)?;
    let (rest, strategy) = opt(preceded(keyword(Keyword::STRATEGY), cut(spanned(strategy)))).parse(rest)?;
    Ok((
        rest,
        JobStatement::Deploy {
            name,
            version,
            statement,
            strategy,
        },
    ))
}

/// `ROLLBACK JOB name [VERSION 'v']`
pub(super) fn rollback(input: Tokens<'_>) -> Parsed<'_, JobStatement> {
    let (rest, name) = cut(job).parse(input.skip(1))?;
    let (rest, version) = opt(keyword_and_string(&[Keyword::VERSION])).parse(rest)?;
    Ok((rest, JobStatement::Rollback { name, version }))
}

/// `JOB name`, `QUERY name`
fn job(input: Tokens<'_>) -> Parsed<'_, JobName> {
    preceded(alt((keyword(Keyword::JOB), keyword(Keyword::QUERY))), cut(object_name)).parse(input)
}

/// ksqlDB leaves the word JOB out.
fn job_or_name(input: Tokens<'_>) -> Parsed<'_, JobName> {
    let name_follows = matches!(
        input.skip(1).peek().map(|token| token.kind),
        Some(TokenKind::Word(_) | TokenKind::QuotedWord)
    );
    if name_follows { job(input) } else { object_name(input) }
}

/// `AS statement`
fn as_statement(input: Tokens<'_>) -> Parsed<'_, Box<Statement>> {
    cut(preceded(keyword(Keyword::AS), inner_statement))
        .map(Box::new)
        .parse(input)
}

/// `BLUE_GREEN`, `CANARY(percent)`, `ROLLING`, `REPLACE`
fn strategy(input: Tokens<'_>) -> Parsed<'_, DeployStrategy> {
    let percent = terminated(whole_number, opt(symbol(Symbol::Percent)));
    alt((
        keyword(Keyword::BLUE_GREEN).map(|_| DeployStrategy::BlueGreen),
        preceded(keyword(Keyword::CANARY), cut(parenthesized(percent)))
            .map(|percent| DeployStrategy::Canary { percent }),
        keyword(Keyword::ROLLING).map(|_| DeployStrategy::Rolling),
        keyword(Keyword::REPLACE).map(|_| DeployStrategy::Replace),
    ))
    .parse(input)
}
