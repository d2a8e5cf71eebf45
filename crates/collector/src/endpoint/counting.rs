//! Which events of Snowplow trackers move counters.

use crate::snowplow::Payload;

/// Says of some events whether they count; what a rule does not name may be anything.
///
/// A `*` at the end of a text stands for whatever follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRule {
    /// The application: `aid`.
    pub app_id: Option<String>,
    /// The tracker: `tna`, or `tv` with its version.
    pub tracker: Option<String>,
    /// The `source` of the standard context.
    pub source: Option<String>,
    /// Whether these events count.
    pub count: bool,
}

impl CountRule {
    fn fits(&self, payload: &Payload<'_>) -> bool {
        let source = payload.tracked.as_ref().and_then(|it| it.source.as_deref());
        let fits = |pattern: &Option<String>, given: &[Option<&str>]| {
            let Some(pattern) = pattern else { return true };
            given.iter().flatten().any(|it| matches(pattern, it))
        };
        fits(&self.app_id, &[payload.app_id()])
            && fits(&self.tracker, &[payload.tracker(), payload.tracker_version()])
            && fits(&self.source, &[source])
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == pattern,
    }
}

/// Tells whether an event counts: the first rule that fits decides, and without one it does.
pub(super) fn counts(rules: &[CountRule], payload: &Payload<'_>) -> bool {
    rules.iter().find(|it| it.fits(payload)).is_none_or(|it| it.count)
}
