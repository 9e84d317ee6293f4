//! Circuit breakers, by themselves at times of the test's choosing, and under a load.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use velo_loader::{
    CallOutcome, CancellationToken, CircuitBreaker, CircuitBreakerConfig, CircuitState, ParallelLoader,
    ParallelLoadingConfig, RetryConfig,
};

use crate::support::{End, Load, at_once, json, load_of, run, table};

use CallOutcome::{Failure, Inconclusive, Success};
use CircuitState::{Closed, HalfOpen, Open};

fn breaker() -> CircuitBreaker {
    CircuitBreaker::new(CircuitBreakerConfig {
        failure_rate: 0.5,
        min_calls: 4,
        window: Duration::from_mins(1),
        open_duration: Duration::from_secs(30),
    })
}

/// Calls, each at a second from the start, and how they end.
type Calls = &'static [(u64, CallOutcome)];

/// Makes calls, each at a second from the start; tells the state right after the last.
fn state_after(calls: Calls) -> CircuitState {
    let start = Instant::now();
    let mut breaker = breaker();
    let mut now = start;
    for (second, outcome) in calls {
        now = start + Duration::from_secs(*second);
        let permit = breaker.try_acquire(now).unwrap();
        breaker.record(permit, *outcome, now);
    }
    breaker.state(now)
}

#[test]
fn a_circuit_opens_when_enough_calls_have_failed() {
    let cases: &[(&str, Calls, CircuitState)] = &[
        ("no calls", &[], Closed),
        ("too few calls", &[(0, Failure), (1, Failure), (2, Failure)], Closed),
        (
            "all of four",
            &[(0, Failure), (1, Failure), (2, Failure), (3, Failure)],
            Open,
        ),
        (
            "half of four",
            &[(0, Success), (1, Success), (2, Failure), (3, Failure)],
            Open,
        ),
        (
            "less than half",
            &[(0, Success), (1, Success), (2, Success), (3, Failure)],
            Closed,
        ),
        // A success never opens, however bad things have been.
        (
            "success comes last",
            &[(0, Failure), (1, Failure), (2, Failure), (3, Success)],
            Closed,
        ),
        (
            "two have left the window",
            &[(0, Failure), (1, Failure), (62, Failure), (63, Failure)],
            Closed,
        ),
        (
            "on the edge of the window",
            &[(0, Failure), (1, Failure), (2, Failure), (60, Failure)],
            Open,
        ),
        (
            "some say nothing",
            &[(0, Failure), (1, Inconclusive), (2, Failure), (3, Failure)],
            Closed,
        ),
        // Three calls open it no more once it has been closed again by the one that tried.
        (
            "closed again",
            &[
                (0, Failure),
                (1, Failure),
                (2, Failure),
                (3, Failure),
                (33, Success),
                (34, Failure),
                (35, Failure),
            ],
            Closed,
        ),
        (
            "the probe fails",
            &[(0, Failure), (1, Failure), (2, Failure), (3, Failure), (33, Failure)],
            Open,
        ),
        (
            "the probe says nothing",
            &[
                (0, Failure),
                (1, Failure),
                (2, Failure),
                (3, Failure),
                (33, Inconclusive),
            ],
            HalfOpen,
        ),
    ];
    for (name, calls, expected) in cases {
        assert_eq!(state_after(calls), *expected, "{name}");
    }
}

#[test]
fn one_call_alone_may_try_a_circuit_that_was_open() {
    let start = Instant::now();
    let mut breaker = breaker();
    for _ in 0..4 {
        let permit = breaker.try_acquire(start).unwrap();
        breaker.record(permit, Failure, start);
    }
    let refusal = breaker.try_acquire(start + Duration::from_secs(29)).unwrap_err();
    assert_eq!((refusal.failures, refusal.calls), (4, 4));
    assert_eq!(refusal.retry_at, Some(start + Duration::from_secs(30)));
    assert_eq!(refusal.to_string(), "left alone for now, after 4 of 4 calls failed");

    let later = start + Duration::from_secs(30);
    assert_eq!(breaker.state(later), HalfOpen);
    let probe = breaker.try_acquire(later).unwrap();
    assert_eq!(breaker.try_acquire(later).unwrap_err().retry_at, None);
    breaker.record(probe, Success, later);
    assert_eq!(breaker.state(later), Closed);
}

#[test]
fn a_call_from_before_decides_nothing_after() {
    let start = Instant::now();
    let mut breaker = breaker();
    let slow = breaker.try_acquire(start).unwrap();
    let slower = breaker.try_acquire(start).unwrap();
    for _ in 0..4 {
        let permit = breaker.try_acquire(start).unwrap();
        breaker.record(permit, Failure, start);
    }
    breaker.record(slow, Success, start);
    assert_eq!(breaker.state(start), Open);
    let later = start + Duration::from_secs(30);
    let _probe = breaker.try_acquire(later).unwrap();
    breaker.record(slower, Success, later);
    assert_eq!(breaker.state(later), HalfOpen, "the probe alone decides");
}

fn config(attempts: u32) -> ParallelLoadingConfig {
    ParallelLoadingConfig {
        max_parallel: at_once(1),
        retry: RetryConfig {
            max_attempts: attempts,
            initial_delay: Duration::from_millis(100),
            ..RetryConfig::default()
        },
        circuit_breaker: CircuitBreakerConfig {
            min_calls: 2,
            ..CircuitBreakerConfig::default()
        },
        ..ParallelLoadingConfig::default()
    }
}

fn refused() -> crate::support::Script {
    table().ends([End::Transient("connection refused")]).endpoint("db:5432")
}

#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_is_not_asked_by_every_table() {
    let tables = [("a", refused()), ("b", refused()), ("c", refused()), ("file", table())];
    let (result, seen) = run(config(1), tables).await;
    assert_eq!(seen.starts(), ["a", "b", "file"]);
    assert_eq!(result.total_duration, Duration::from_millis(300));
    let failed = &serde_json::to_value(&result).unwrap()["failed"];
    insta::assert_snapshot!(serde_json::to_string_pretty(failed).unwrap(), @r#"
    {
      "a": "connection refused",
      "b": "connection refused",
      "c": "`db:5432` is not asked: left alone for now, after 2 of 2 calls failed"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_table_waits_until_its_endpoint_may_be_tried_again() {
    let recovers = refused().ends([
        End::Transient("connection refused"),
        End::Transient("connection refused"),
        // The third attempt is refused by the breaker.
        End::Permanent("never comes here"),
        End::Rows(5),
    ]);
    let (result, seen) = run(config(5), [("recovers", recovers)]).await;
    assert_eq!(result.successful["recovers"].attempts, 4, "{}", json(&result));
    let starts: Vec<u64> = seen.log.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert!(starts[2] - starts[1] >= 30_000, "{starts:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_an_answer_even_if_it_is_no() {
    let says_no = || table().ends([End::Permanent("no such table")]).endpoint("db:5432");
    let tables = [("a", says_no()), ("b", says_no()), ("c", says_no()), ("d", says_no())];
    let (_, seen) = run(config(1), tables).await;
    assert_eq!(seen.starts(), ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_dropped_leaves_no_endpoint_behind_its_breaker() {
    let Load { graph, mut loads, .. } = load_of([
        ("fails", refused()),
        ("fails_too", refused()),
        ("hangs", table().ends([End::Never]).endpoint("db:5432")),
        ("good", table().endpoint("db:5432")),
    ]);
    let good = loads.split_off(3);
    let hangs = loads.split_off(2);
    let loader = ParallelLoader::new(config(1)).unwrap();
    let never = CancellationToken::new();
    loader.load_tables(&graph, loads, &never).await.unwrap();
    sleep(Duration::from_secs(30)).await;
    // The one call that may try the endpoint is given up half way.
    tokio::select! {
        _ = loader.load_tables(&graph, hangs, &never) => panic!("it hangs"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    assert!(loader.load_tables(&graph, good, &never).await.unwrap().is_complete());
}
