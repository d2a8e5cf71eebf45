//! What a key says about itself: its slot, and whether it is of one week.

/// How long a weekly key lives: six weeks, as in GitLab. The longest period read is four.
pub(super) const LIFETIME_SECONDS: u32 = 6 * 7 * 24 * 60 * 60;

/// Returns the name of the group a key belongs to: its hash tag, or itself if it has none.
///
/// Keys of one group are in one slot of a Redis Cluster, so that one transaction can change them.
pub(super) fn group_of(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    tag.filter(|it| !it.is_empty()).unwrap_or(key)
}

/// Returns whether keys of our own can be in the same slot as this group.
///
/// A hash tag ends at the first closing brace, so a key that contains one and yet has no tag is in
/// a slot that no tag leads to.
pub(super) fn has_slot_mates(group: &str) -> bool {
    !group.contains('}')
}

/// The hash with the positions of all journals in a group.
pub(super) fn positions_key(group: &str) -> String {
    format!("internal-events:{{{group}}}:applied")
}

/// A key that exists only while a script runs, for a sketch to be merged.
pub(super) fn seed_key(group: &str, journal: &str) -> String {
    format!("internal-events:{{{group}}}:seed:{journal}")
}

/// The hash that says how much of the counters of a group was taken from a source. What is about
/// weekly keys stands by week, so that it goes when they go.
pub(super) fn taken_key(group: &str, source: &str, key: &str) -> String {
    let week = if is_weekly(key) { &key[key.len() - "-0000-00".len()..] } else { "" };
    format!("internal-events:{{{group}}}:taken:{source}{week}")
}

/// A key that exists only while a script runs, to try commands on.
pub(super) fn probe_key(journal: &str) -> String {
    format!("internal-events:{{hll_counters}}:probe:{journal}")
}

/// Returns whether a key ends in `-GGGG-WW`, an ISO week.
pub(super) fn is_weekly(key: &str) -> bool {
    let Some((_, suffix)) = key.as_bytes().split_last_chunk::<8>() else { return false };
    suffix.iter().zip(b"-0000-00").all(|(byte, like)| match like {
        b'-' => *byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

#[cfg(test)]
mod tests;
