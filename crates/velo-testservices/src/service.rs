use std::io::Write as _;

/// Says loudly that a test is skipped since a service is missing.
///
/// # Panics
///
/// With `VELO_REQUIRE_SERVICES=1`, where nothing may be skipped.
pub fn skip(service: &str, why: &str) {
    let is_required = std::env::var("VELO_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
    assert!(!is_required, "{service} is required and cannot be had: {why}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not by `eprintln!`, which the test harness captures and drops when a test passes.
    let line = format!("SKIPPED: {test}: {service} cannot be had: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("a standard error");
}
