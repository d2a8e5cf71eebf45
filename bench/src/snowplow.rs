//! The Snowplow destination: what sending costs, what memory waiting takes, and what a dead
//! collector costs everybody else.

mod apart;
mod drain;
mod waiting;

use crate::Size;
use crate::generated::{self, LABEL};
use crate::measure::Report;
use anyhow::Result;
use internal_events::Tracker;
use internal_events::snowplow::{Salt, SnowplowOptions};
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_mins(10);

/// Events that are tracked between two flushes; they fit into the queue.
const BURST: usize = 20_000;

/// One of the three by its name.
type Work = (&'static str, fn(&Size, &mut Report) -> Result<()>);

/// Measures all three, or those that the variable `WORK` names.
pub(crate) fn run(size: &Size) -> Result<Report> {
    let mut report = Report::default();
    let works: [Work; 3] =
        [("drain", drain::run), ("waiting", waiting::run), ("apart", apart::run)];
    for (name, work) in works {
        if std::env::var("WORK").is_ok_and(|it| !name.contains(&it)) {
            continue;
        }
        work(size, &mut report)?;
    }
    Ok(report)
}

/// Sends to an address, as an installation with all of it configured would.
fn options(address: SocketAddr) -> SnowplowOptions {
    let salt = Salt::new("0123456789abcdef0123456789abcdef");
    let mut options = SnowplowOptions::new(format!("http://{address}"), salt);
    options.app_id = Some("gitlab_sm".to_owned());
    options.instance.host_name = Some("gitlab.example.com".to_owned());
    options.instance.version = Some("19.3.0".to_owned());
    options.instance.id = String::from("ea8bf810-1d6f-4a6a-b4fd-93e8cbd8b57f");
    options
}

/// Tracks events as GitLab does, the number `first` and those after it, with all that they say.
fn track(tracker: &Tracker, names: &[String], first: usize, n: usize) {
    for it in (first..first + n).map(|it| i64::try_from(it).unwrap_or_default()) {
        let name = &names[usize::try_from(it * 7919).unwrap_or_default() % names.len()];
        tracker
            .track_event(name.as_str())
            .user(100_000 + it * 31 % 20_000)
            .project(10_000 + it % 5_000)
            .namespace(1_000 + it % 500)
            .property("label", LABEL)
            .property("property", "sidebar")
            .property("value", it % 100)
            .send();
    }
}

fn names(tracker: &Tracker) -> Vec<String> {
    (0..tracker.catalog().events().count()).map(generated::action).collect()
}

/// How many entries the destination has still to take, and how many it has taken.
fn pending(tracker: &Tracker) -> Result<(u64, u64)> {
    let destinations = tracker.destinations()?;
    let of = destinations.get(internal_events::snowplow::SNOWPLOW);
    Ok(of.map_or((0, 0), |it| (it.delivery.pending, it.delivery.delivered)))
}

/// Asks over and over, seldom enough that asking costs nothing.
fn wait_until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !is_so()? {
        anyhow::ensure!(started.elapsed() < PATIENCE, "it takes longer than {PATIENCE:?}");
        sleep(Duration::from_millis(20));
    }
    Ok(())
}
