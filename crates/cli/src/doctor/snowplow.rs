//! Snowplow, if events are sent there: whether it can be reached, and what it would not take.

use super::{Findings, Level};
use crate::output::counted;
use internal_events::snowplow::reach;
use internal_events::store::{Reader as _, Sqlite};
use internal_events_installation::Installation;
use std::path::Path;

const CODE: &str = "snowplow";

pub(super) fn look(installation: &Installation, data: &Path, findings: &mut Findings) {
    // Damage of the data is said where the data are looked at.
    let reader = Sqlite::reader(data).ok().flatten();
    let letters = reader.and_then(|mut it| it.dead_letters(0, usize::MAX).ok()).unwrap_or_default();
    if !letters.is_empty() {
        let what = {
            let n = counted(letters.len() as u64, "event was", "events were");
            format!("{n} refused by where they were sent")
        };
        let advice = "`internal-events outbox list` says why; `retry` or `drop` them there";
        findings.add(Level::Warning, CODE, what, advice);
    }
    let options = match installation.snowplow_at_a_look(data) {
        Ok(Some(options)) => options,
        Ok(None) => return findings.ok(CODE, "events are sent nowhere".to_owned()),
        Err(error) => {
            let advice =
                "correct `[snowplow]` and `[product_usage]`; docs/sending.md explains them";
            return findings.add(Level::Error, CODE, error.to_string(), advice);
        }
    };
    match reach(&options) {
        Ok(_) => findings.ok(CODE, format!("the collector {} answers", options.collector)),
        Err(error) => {
            let advice = "events are accepted and counted meanwhile, and sent when it answers, as \
                          long as the journal may hold them";
            findings.add(Level::Error, CODE, error, advice);
        }
    }
}
