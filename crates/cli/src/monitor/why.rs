//! Why an event moved none of the metrics that are watched: what `internal-events explain` says,
//! as far as it is about these.

use super::snapshot::Entry;
use crate::explain::reason;
use internal_events::decode_event;
use internal_events_catalog::{Catalog, Explanation, Verdict};
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

    /// Says why an entry moved none of these metrics, a line for each reason.
    pub(super) fn explain(&self, entry: &Entry, key_paths: &BTreeSet<&str>) -> Vec<String> {
        let name = entry.name();
        if self.catalog.events().next().is_none() && entry.catalog != self.fingerprint {
            return vec![format!(
                "there are no definitions here; `internal-events explain {name}` beside them says"
            )];
        }
        let json = entry.json["event"].to_string();
        let Some(event) = decode_event(json.as_bytes()) else {
            return vec!["it was written by a program that knows more than this one".to_owned()];
        };
        let explanation = self.catalog.explain(&event, day(entry.accepted_at));
        let mut reasons = reasons(&explanation, key_paths);
        if reasons.is_empty() {
            reasons.push(format!("none of the metrics shown counts {name}"));
        }
        if entry.catalog != self.fingerprint {
            reasons.push("(it was routed by other definitions than those here)".to_owned());
        }
        reasons
    }
}

/// What stopped an event on its way to these metrics.
fn reasons(explanation: &Explanation, key_paths: &BTreeSet<&str>) -> Vec<String> {
    let failed = explanation.gates.iter().filter(|it| !it.passed);
    let mut reasons: Vec<String> = failed.map(|it| it.detail.clone()).collect();
    for rule in &explanation.rules {
        let surfaces = rule.surfaces.iter().map(|it| it.key_path.as_str());
        for key_path in surfaces.filter(|it| key_paths.contains(it)) {
            reasons.push(match &rule.verdict {
                Verdict::Moves { .. } => {
                    format!("{key_path}: only an event that comes now moves it")
                }
                verdict => format!("{key_path}: {}", reason(verdict)),
            });
        }
    }
    reasons
}

fn day(accepted_at: i64) -> Date {
    let at = Timestamp::from_millisecond(accepted_at).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).date()
}
