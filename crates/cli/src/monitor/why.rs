//! Why an event did not move metrics that are watched: what `internal-events explain` says,
//! as far as it is about these.

use super::snapshot::Entry;
use internal_events::decode_event;
use internal_events_catalog::{Catalog, Explanation, RuleVerdict, Verdict};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Explains events by the definitions that are at hand.
#[derive(Debug)]
pub(super) struct Explainer {
    catalog: Arc<Catalog>,
    fingerprint: String,
}

impl Explainer {
    pub(super) fn new(catalog: Arc<Catalog>) -> Self {
        let fingerprint = format!("{:016x}", catalog.fingerprint());
        Self { catalog, fingerprint }
    }

    /// Says why an entry did not move these metrics, a line for each reason; nothing if it moved
    /// all of them that it could have.
    pub(super) fn explain(&self, entry: &Entry, key_paths: &BTreeSet<&str>) -> Vec<String> {
        let name = entry.name();
        let is_other = entry.catalog != self.fingerprint;
        if is_other && self.catalog.events().next().is_none() {
            return vec![format!(
                "there are no definitions here; `internal-events explain {name}` beside them says"
            )];
        }
        let json = entry.json["event"].to_string();
        let Some(event) = decode_event(json.as_bytes()) else {
            return vec!["it was written by a program that knows more than this one".to_owned()];
        };
        let explanation = self.catalog.explain(&event, day(entry.accepted_at));
        let mut reasons = Reasons { entry, key_paths }.of(&explanation);
        if is_other && !reasons.is_empty() {
            reasons.push("(it was routed by other definitions than those here)".to_owned());
        }
        reasons
    }
}

/// What stopped an entry on its way to some metrics.
struct Reasons<'a> {
    entry: &'a Entry,
    key_paths: &'a BTreeSet<&'a str>,
}

impl Reasons<'_> {
    fn of(&self, explanation: &Explanation) -> Vec<String> {
        let failed = explanation.gates.iter().filter(|it| !it.passed);
        let mut reasons: Vec<String> = failed.map(|it| it.detail.clone()).collect();
        let mut is_read = false;
        for rule in &explanation.rules {
            let surfaces = rule.surfaces.iter().map(|it| it.key_path.as_str());
            for key_path in surfaces.filter(|it| self.key_paths.contains(it)) {
                is_read = true;
                reasons.extend(self.of_rule(rule, key_path));
            }
        }
        if !is_read {
            reasons.push(format!("none of the metrics shown counts {}", self.entry.name()));
        }
        reasons
    }

    fn of_rule(&self, rule: &RuleVerdict, key_path: &str) -> Option<String> {
        if self.entry.updates.iter().any(|it| it.key == rule.key) {
            return None;
        }
        Some(match &rule.verdict {
            Verdict::Moves { .. } => format!("{key_path}: only an event that comes now moves it"),
            verdict => format!("{key_path}: {verdict}"),
        })
    }
}

fn day(accepted_at: i64) -> Date {
    let at = Timestamp::from_millisecond(accepted_at).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
