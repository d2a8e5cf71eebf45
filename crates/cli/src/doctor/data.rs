//! What is in the data directory.

use super::{Findings, Level, mebibytes, place};
use crate::advice;
use crate::output::{counted, with_causes};
use internal_events::store::{self, FORMAT, Inspection, Limits, SET_ASIDE, Sqlite};
use jiff::Timestamp;
use std::path::Path;

/// A log of more bytes is not what a checkpoint leaves, which is about 4 MiB, nor what one large
/// group adds to that.
const LARGE_LOG: u64 = 32 << 20;

/// Looks into the store, without reading all of it.
pub(super) fn look(data: &Path, limits: &Limits, findings: &mut Findings) {
    if data.symlink_metadata().is_ok() && !data.is_dir() {
        let what = format!("{} is there, and is no directory", data.display());
        let advice = "a file, or a link that leads nowhere, is in the way: take it away, or name \
                      another directory with --data";
        return findings.add(Level::Error, "data", what, advice);
    }
    match Sqlite::inspect(data) {
        Ok(Some(found)) => {
            look_at_log(data, &found, findings);
            look_at_store(&found, limits, findings);
        }
        Ok(None) => {
            let what = format!("nothing was tracked into {} yet", data.display());
            findings.ok("data", what);
        }
        Err(error @ store::Error::LogWithoutIndex { .. }) => {
            let what = "a process that used the data ended early".to_owned();
            findings.add(Level::Note, "data", what, advice::of(&error));
        }
        Err(error) => {
            findings.add(Level::Error, "data", with_causes(&error), advice::of(&error));
        }
    }
}

/// Reads everything, as `journal verify` does.
pub(super) fn look_deeply(data: &Path, findings: &mut Findings) {
    match Sqlite::verify(data) {
        Ok(verified) => {
            for it in &verified.findings {
                findings.add(Level::Error, "verify", with_causes(it), advice::of_finding(it));
            }
            if verified.findings.is_empty() {
                let counters = if verified.is_recounted {
                    "every counter is what they add up to"
                } else {
                    "the oldest are gone, so counters were not counted again"
                };
                let what = format!(
                    "{} sound; {counters}",
                    counted(verified.entries, "entry is", "entries are")
                );
                findings.ok("verify", what);
            }
        }
        Err(store::Error::NoStore { .. }) => {
            findings.ok("verify", "there is nothing to verify yet".to_owned());
        }
        Err(error) => {
            findings.add(Level::Error, "verify", with_causes(&error), advice::of(&error));
        }
    }
}

fn look_at_log(data: &Path, found: &Inspection, findings: &mut Findings) {
    let bytes = mebibytes(found.log_bytes);
    if found.log_bytes < LARGE_LOG {
        return findings.ok("log", format!("SQLite's log has {bytes}"));
    }
    let readers = place::readers(&data.join("internal-events.db-shm"));
    let (stopped, going): (Vec<u32>, Vec<u32>) =
        readers.into_iter().partition(|it| place::is_stopped(*it));
    let list = |them: &[u32]| {
        let names: Vec<String> = them.iter().map(u32::to_string).collect();
        names.join(", ")
    };
    let what = format!("SQLite's log has {bytes}, where a checkpoint leaves about 4 MiB");
    if !stopped.is_empty() {
        let who = list(&stopped);
        let what = format!("{what}: process {who} is stopped in the middle of a read");
        let advice = "continue or end it: the log grows until then, as far as the reserve";
        findings.add(Level::Warning, "log", what, advice);
    } else if !going.is_empty() {
        let what = format!("{what}: process {} reads", list(&going));
        let advice = "look again in a minute; one that reads for that long is to be ended";
        findings.add(Level::Warning, "log", what, advice);
    } else {
        let advice = "somebody read for long, and does no more: the log is used anew from its \
                      beginning, and gets small when all that use the data have ended";
        findings.add(Level::Note, "log", what, advice);
    }
}

fn look_at_store(found: &Inspection, limits: &Limits, findings: &mut Findings) {
    let format = found.status.format;
    if format < FORMAT {
        let what = format!("the data are of format {format}, and this program writes {FORMAT}");
        let advice = "back up first: the next program that tracks brings them up to date";
        findings.add(Level::Note, "format", what, advice);
    }
    let bytes = mebibytes(found.file_bytes + found.log_bytes);
    let n = found.journal.events;
    let n = counted(n, "entry is", "entries are");
    findings.ok("journal", format!("{n} in the journal; the data take {bytes}"));
    let now = Timestamp::now().as_millisecond();
    if found.journal.newest.is_some_and(|it| it > now + 60_000) {
        let what = "an entry was accepted in the future".to_owned();
        let advice = "set the clocks right; what was accepted meanwhile counts in a later week, and \
                      what waited for a destination then may have been dropped for its age";
        findings.add(Level::Warning, "clock", what, advice);
    }
    for (destination, pending) in &found.pending {
        if pending.bytes * 2 > limits.max_pending_bytes {
            let n = counted(pending.events, "entry", "entries");
            let what = format!("`{destination}` has {n} still to take");
            let advice = "find out why it does not take them: beyond the bound they are dropped";
            findings.add(Level::Error, "backlog", what, advice);
        }
    }
    for (destination, delivery) in &found.status.deliveries {
        for (cause, n) in &delivery.dropped {
            let n = counted(*n, "entry was", "entries were");
            let what = format!("{n} dropped for `{destination}` by now ({cause})");
            let advice = "`backlog`: it did not take them in time, or a clock was far ahead; \
                          docs/reliability.md says what each means";
            findings.add(Level::Note, "dropped", what, advice);
        }
    }
    if let Some(n @ 1..) = found.status.ledger.get(SET_ASIDE) {
        let what = format!(
            "{} anew with less than before",
            counted(*n, "damaged counter began", "damaged counters began")
        );
        let advice = "the table `set_aside` has what was there; copy what was copied to them again";
        findings.add(Level::Note, "repaired", what, advice);
    }
    let kept = found.quarantine.events;
    if kept > 0 {
        let what = format!("{} kept aside", counted(kept, "event is", "events are"));
        let advice = "`internal-events quarantine list` says why";
        findings.add(Level::Note, "quarantine", what, advice);
    }
}
