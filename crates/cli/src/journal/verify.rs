//! Everything in a data directory, looked at.

use crate::advice;
use crate::output::Format;
use crate::output::{self, Style, counted, with_causes};
use crate::visible::visible;
use anyhow::Context as _;
use internal_events::store::{Sqlite, Verified};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Verifies, prints what was found, and ends with 1 if something is wrong.
pub(super) fn run(data: &Path, format: Format) -> anyhow::Result<ExitCode> {
    let progress = output::progress(0);
    let verified = Sqlite::verify_with(data, |it| {
        progress.set_length(it.total);
        progress.set_position(it.done);
    });
    progress.finish_and_clear();
    let verified =
        verified.with_context(|| format!("cannot verify the data in {}", data.display()))?;
    match format {
        Format::Json => output::print_json(&to_json(&verified))?,
        Format::Human => output::print(&human(&verified, Style::stdout()))?,
    }
    Ok(ExitCode::from(u8::from(!verified.findings.is_empty())))
}

fn to_json(verified: &Verified) -> serde_json::Value {
    let findings: Vec<String> = verified.findings.iter().map(|it| with_causes(it)).collect();
    json!({
        "version": 1,
        "entries": verified.entries,
        "counters_recounted": verified.is_recounted,
        "findings": findings,
    })
}

fn human(verified: &Verified, style: Style) -> String {
    let counters = if verified.is_recounted {
        "every counter was counted again"
    } else {
        "counters were not counted again, for the oldest entries are gone"
    };
    let mut text = format!("{}; {counters}\n", counted(verified.entries, "entry", "entries"));
    for finding in &verified.findings {
        text.push_str(&format!("{} {}\n", style.bad("wrong:"), visible(&with_causes(finding))));
    }
    if verified.findings.is_empty() {
        text.push_str(&format!("{}\n", style.good("nothing is wrong")));
    } else {
        let advice: BTreeSet<&str> = verified.findings.iter().map(advice::of_finding).collect();
        text.extend(advice.iter().flat_map(|it| [it, "\n"]));
    }
    text
}
