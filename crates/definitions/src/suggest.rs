//! "Did you mean": the known word that is closest to an unknown one.

/// Finds the candidate a person most likely meant, if one is close enough.
///
/// Close means that at most a third of the word differs; of equally close ones the first in
/// alphabetical order is taken, so that the answer does not depend on the order of files.
pub(crate) fn closest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).clamp(1, 6);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(word.len()) > limit * 4 {
            continue;
        }
        let distance = strsim::osa_distance(word, candidate);
        if distance <= limit && best.is_none_or(|it| (distance, candidate) < it) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, it)| it)
}
