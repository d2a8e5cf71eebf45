//! What memory a server takes while a million events wait for a collector that is dead, and while
//! they go to it once it lives.

use super::wait_until;
use crate::Size;
use crate::collector::accepted;
use crate::generated::{self, COUNTED};
use crate::http_load::Load;
use crate::load_bodies::{Bodies, REST};
use crate::measure::{Aim, Report, Row};
use crate::null_collector::{self, ensure_taken, refusing};
use crate::process;
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use internal_events_store::{Reader as _, Sqlite};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What the server may take, as in the slow form of the collector's benchmark.
const MOST_MIB: f64 = 256.0;

pub(super) fn run(size: &Size, report: &mut Report) -> Result<()> {
    let root = tempfile::tempdir()?;
    let n_events = size.pick(1_000, 50);
    generated::write(root.path(), n_events, COUNTED)?;
    let dead = refusing()?;
    let mut program = Command::new(process::program()?);
    program.args(["serve", "--listen", "127.0.0.1:0", "--root"]).arg(root.path());
    let server = Server::start(program.args(["--snowplow", &format!("http://{dead}")]))?;
    let child = &server.process.0;
    let mut peaks = vec![("the server at its start", process::peak_of(child)?)];
    let bodies = Bodies::singles_for_analytics(n_events);
    let (all, mut sent) = (size.pick(1_000_000, 100_000), 0);
    while sent < all {
        let duration = Duration::from_millis(500);
        let bodies = bodies.clone();
        let load = Load { path: REST, connections: 256, duration };
        sent += load.run(server.address, move || bodies.next())?.n;
    }
    let (waits, bytes) = pending(root.path())?;
    ensure!(waits == sent && accepted(root.path())? == sent, "{waits} of {sent} events wait");
    peaks.push(("while all came and waited", process::peak_of(child)?));
    process::forget_peak_of(child)?;
    let collector = null_collector::start(dead.port())?;
    let before = process::time_of(child)?;
    wait_until(|| Ok(pending(root.path())?.0 == 0))?;
    let took = process::time_of(child)?.saturating_sub(before);
    ensure_taken(collector.address, sent)?;
    peaks.push(("while they were sent", process::peak_of(child)?));
    for (when, mib) in peaks {
        let name = format!("{sent} events, peak memory: {when}");
        report.rows.push(Row::alone(name, "MiB", Aim::Value(MOST_MIB), &[mib]));
    }
    report.notes.push(format!(
        "{sent} events waited in {} MiB of the journal, then all of them went, none twice; sending \
         took {:.1} µs of the server's processor time for each",
        bytes >> 20,
        crate::measure::nanos_each(took, usize::try_from(sent)?) / 1e3,
    ));
    Ok(())
}

/// How many entries, and bytes, the destination has still to take.
fn pending(root: &Path) -> Result<(u64, u64)> {
    let mut reader =
        Sqlite::reader(&root.join(".internal-events"))?.context("there is no store")?;
    let deliveries = reader.status()?.deliveries;
    let of = deliveries.get(internal_events::snowplow::SNOWPLOW);
    let of = of.context("the destination has no cursor")?;
    Ok((of.pending, of.pending_bytes))
}
