//! Whether a file is worth a look: most have no word of legacy tracking.

use crate::language::Language;
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

/// Words without one of which Ruby has no call of legacy tracking, in templates neither.
pub(crate) const CALLS_OF_RUBY: &[&str] = &[
    "Tracking.event",
    "Tracking::event",
    "(Gitlab::Tracking)",
    "Gitlab::Tracking.",
    "UsageDataCounters",
    "HLLRedisCounter",
    "track_event",
    "redis_hll_event",
    "track_usage_event",
    "track_unique_visits",
    "track_visit(",
    "increment_unique_values",
    "increment_unique_users",
];

/// The other words without one of which nothing of legacy tracking is written, in any language. A
/// word too many costs time; a word too few costs calls.
const WORDS: &[&str] = &[
    // Specs and names of Ruby
    "expect_snowplow_event",
    "expect_no_snowplow_event",
    "Snowplow event",
    "tracked issu",
    "tracked merge request",
    "tracked event",
    "have_tracking",
    "tracking unique",
    "RedisHLL",
    "tracking_attrs",
    // JavaScript, Vue
    "~/tracking",
    "Tracking.mixin",
    "this.track(",
    "=\"track(",
    " track('",
    "trackRedisHllUserEvent",
    "trackRedisCounterEvent",
    "mockTracking",
    "tracking_helper",
    "v-track-event",
    // Attributes
    "data-track-",
    "track-action",
    "trackAction",
    "track_action",
    "track_label",
    "track_property",
    "track_value",
    "track_extra",
    // HAML makes attributes of hashes within `data`.
    "track: {",
    "track => {",
    "track' => {",
    "track\" => {",
];

/// Which word it is does not matter; only for the leftmost the library looks at many bytes at
/// once, which is about fifteen times as fast (2026-11).
static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words()).ok()
});

fn words() -> impl Iterator<Item = &'static str> {
    CALLS_OF_RUBY.iter().chain(WORDS).copied()
}

/// Whether a file of this language may have a legacy call; `false` is certain.
pub fn has_legacy_words(_: Language, text: &[u8]) -> bool {
    AUTOMATON.as_ref().is_none_or(|it| it.is_match(text))
}

/// Where the first word of legacy tracking begins.
pub fn first_legacy_word(text: &[u8]) -> Option<usize> {
    AUTOMATON.as_ref().and_then(|it| it.find(text)).map(|it| it.start())
}

/// How long the longest word is: where a text is read in parts, a word may begin as long before the
/// end of one.
pub fn longest_legacy_word() -> usize {
    words().map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_legacy_tracking_are_worth_a_look() {
        let look = |text: &str| has_legacy_words(Language::Ruby, text.as_bytes());
        assert!(look("Gitlab::Tracking.event('a', 'b')"));
        assert!(look("= link_to 'x', data: { track_action: 'click' }"));
        assert!(look("%a{ data: { track: { action: 'click' } } }"));
        assert!(!look("class User < ApplicationRecord\nend\n"));
    }
}
