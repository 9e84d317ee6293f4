/// The candidate that a mistyped word most likely means, if any is close enough.
///
/// Distance is Damerau–Levenshtein without regard to case; a third of the word may differ, and in the shortest
/// words one letter, so that nonsense is not answered with nonsense.
///
/// ```
/// assert_eq!(velo_common::nearest("tumblng", ["SLIDING", "TUMBLING"]), Some("TUMBLING"));
/// assert_eq!(velo_common::nearest("xyz", ["price", "id"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let allowed = (folded.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
