//! Many events over HTTP, and what memory they take: the slow form of the collector's benchmark.

use crate::collector::{accepted, counted};
use crate::generated::{self, COUNTED};
use crate::http_load::Load;
use crate::load_bodies::{Bodies, REST, TP2};
use crate::process;
use crate::server::Server;
use anyhow::{Result, ensure};
use std::process::Command;
use std::time::Duration;

/// Events that are defined.
const N_EVENTS: usize = 1_000;

/// What the server may take at most: counters, a full window of ids, and requests under way.
const MOST_MIB: f64 = 256.0;

/// Sends single events and batches in turn until so many were answered; prints, after each tenth
/// of them, the most memory the server has had.
#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
pub(crate) fn run(events: u64) -> Result<()> {
    let root = tempfile::tempdir()?;
    generated::write(root.path(), N_EVENTS, COUNTED)?;
    let mut program = Command::new(process::program()?);
    program.args(["serve", "--listen", "127.0.0.1:0", "--root"]).arg(root.path());
    let server = Server::start(&mut program)?;
    let singles = (REST, 256, Bodies::singles(N_EVENTS));
    let batches = (TP2, 32, Bodies::batches(10, N_EVENTS));
    let (mut answered, mut tenth) = (0, 1);
    while answered < events {
        for (path, connections, bodies) in [&singles, &batches] {
            let duration = Duration::from_millis(500);
            let load = Load { path, connections: *connections, duration };
            let bodies = bodies.clone();
            let each = bodies.events();
            answered += load.run(server.address, move || bodies.next())?.n * each;
        }
        if answered * 10 >= events * tenth {
            tenth = answered * 10 / events + 1;
            println!("{answered} events, {:.0} MiB", process::peak_of(&server.process.0)?);
        }
    }
    let (accepted, counted) = (accepted(root.path())?, counted(root.path())?);
    println!("{answered} events answered 200, {accepted} in the journal, {counted} counted");
    ensure!(accepted == answered && counted == answered, "these should be the same");
    let peak = process::peak_of(&server.process.0)?;
    ensure!(peak <= MOST_MIB, "the server took {peak:.0} MiB, where {MOST_MIB:.0} should do");
    Ok(())
}
