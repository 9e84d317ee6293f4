/// Says loudly that a test is skipped since a service is missing.
///
/// # Panics
///
/// With `VELO_REQUIRE_SERVICES=1`, where nothing may be skipped.
pub fn skip(service: &str, why: &str) {
    let is_required = std::env::var("VELO_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
    assert!(!is_required, "{service} is required and cannot be had: {why}");
    eprintln!("SKIPPED: {service} cannot be had: {why}");
}
