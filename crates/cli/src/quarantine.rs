//! `internal-events quarantine`: what was kept aside, and what becomes of it.

use crate::context::Context;
use crate::journal;
use crate::output::Format;
use crate::output::{self, Style, counted};
use crate::visible::visible;
use crate::which::{Which, may_throw_away};
use anyhow::anyhow;
use internal_events::store::{
    KeptAside, Options, Reader as _, Sqlite, Store as _, StoredQuarantined,
};
use internal_events::{Catalog, Event, ReplayOf, ReplayOutcome, Tracker, decode_event};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct QuarantineArgs {
    #[command(subcommand)]
    command: QuarantineCommand,
}

#[derive(Debug, clap::Subcommand)]
enum QuarantineCommand {
    /// List what is kept aside, and whether today's definitions know it.
    List {
        /// Each event, not only how many there are of each kind.
        #[arg(long)]
        all: bool,
        /// How to print them.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Count what today's definitions know, in the week in which it came.
    Replay {
        #[command(flatten)]
        which: Which,
    },
    /// Throw away what is kept aside.
    Drop {
        #[command(flatten)]
        which: Which,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) fn run(args: QuarantineArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation_in_use()?;
    let data = cx.data(&installation);
    let kept = journal::open(&data)?.quarantined_after(0, usize::MAX)?;
    match args.command {
        QuarantineCommand::List { all, format } => {
            let catalog = installation.catalog();
            match format {
                Format::Json => output::print_json(&to_json(&kept, &catalog))?,
                Format::Human => {
                    let KeptAside { events, damaged } = &kept;
                    let text = if all { each(events) } else { groups(&kept, &catalog) };
                    output::print(&(text + &said_of_damaged(damaged)))?;
                }
            }
        }
        QuarantineCommand::Replay { which } => {
            let tracker = Tracker::open(installation.tracker_config(&data)?)?;
            let damaged = kept.damaged.clone();
            return replay(&tracker, &meant(&which, kept)?, &damaged);
        }
        QuarantineCommand::Drop { which, yes } => {
            let limits = installation.settings().limits.clone();
            let options = Options { limits, ..Options::default() };
            return drop_kept(&data, options, &meant(&which, kept)?, yes);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The numbers of those that are meant.
///
/// One that is damaged has a number and no name.
fn meant(which: &Which, kept: KeptAside) -> anyhow::Result<Vec<u64>> {
    let missing = |number| {
        anyhow!("nothing with the number {number} is kept aside; `list --all` has the numbers")
    };
    let whole = kept.events.iter().map(|it| (it.number, name_of(it)));
    let damaged = kept.damaged.iter().map(|number| (*number, None));
    let all: Vec<(u64, Option<String>)> = whole.chain(damaged).collect();
    let meant = which.of(all, |it| it.0, |it| it.1.clone()).map_err(missing)?;
    Ok(meant.into_iter().map(|it| it.0).collect())
}

/// Says which events cannot be read, and how to be rid of them; nothing if all can.
fn said_of_damaged(numbers: &[u64]) -> String {
    if numbers.is_empty() {
        return String::new();
    }
    let all: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let (n, all) = (numbers.len(), all.join(" "));
    let damaged = Style::stdout().bad("damaged");
    format!("{n:>7}  {damaged}; `internal-events quarantine drop {all}` takes it out\n")
}

/// The name of the event, if it is one and not something else that could not be used.
fn name_of(kept: &StoredQuarantined) -> Option<String> {
    decode_event(&kept.event).map(|it| it.name)
}

/// Tells whether a replay would count it: by the call it came by, legacy names among them.
fn is_known(kept: &StoredQuarantined, catalog: &Catalog) -> bool {
    let event = decode_event(&kept.event);
    let is_routed =
        |it: Event| catalog.route_legacy(&it).is_some() || catalog.find_event(&it.name).is_some();
    event.is_some_and(is_routed)
}

/// Says how many there are of each kind: they are many, and mostly the same.
fn groups(kept: &KeptAside, catalog: &Catalog) -> String {
    if kept.last().is_none() {
        return "nothing is kept aside\n".to_owned();
    }
    // One name may be known by one call and not by another.
    let mut groups: BTreeMap<(&str, Option<String>, bool), Vec<&StoredQuarantined>> =
        BTreeMap::new();
    for it in &kept.events {
        groups.entry((&it.reason, name_of(it), is_known(it, catalog))).or_default().push(it);
    }
    let style = Style::stdout();
    let mut text = String::new();
    for ((reason, name, is_known), events) in groups {
        let name = name.as_deref();
        let (from, to) = (events[0].received_at, events[events.len() - 1].received_at);
        let known = match name {
            Some(_) if is_known => style.good("today's definitions know it"),
            Some(name) => match catalog.similar_event(name) {
                Some(similar) => format!("unknown; did you mean {}?", visible(similar)),
                None => "unknown".to_owned(),
            },
            None => "no event".to_owned(),
        };
        text.push_str(&format!(
            "{:>7}  {}  {}  {known}  {}\n",
            events.len(),
            style.bold(name.unwrap_or("-")),
            visible(reason),
            style.dim(&format!("{} to {}", journal::time(from), journal::time(to)))
        ));
    }
    text
}

fn each(kept: &[StoredQuarantined]) -> String {
    let style = Style::stdout();
    let line = |it: &StoredQuarantined| {
        let event = String::from_utf8_lossy(&it.event);
        let time = style.dim(&journal::time(it.received_at));
        format!("{:>7}  {time}  {}  {}\n", it.number, visible(&it.reason), visible(&event))
    };
    kept.iter().map(line).collect()
}

fn to_json(kept: &KeptAside, catalog: &Catalog) -> Value {
    let events = kept.events.iter().map(|it| {
        let name = name_of(it);
        let text = || Value::from(String::from_utf8_lossy(&it.event));
        json!({
            "number": it.number,
            "received_at": journal::time(it.received_at),
            "reason": it.reason,
            "name": name,
            "known": is_known(it, catalog),
            "event": serde_json::from_slice(&it.event).unwrap_or_else(|_| text()),
        })
    });
    json!({ "version": 1, "events": events.collect::<Vec<_>>(), "damaged": kept.damaged })
}

/// Fails if something was meant and nothing of it could be counted.
fn replay(tracker: &Tracker, numbers: &[u64], damaged: &[u64]) -> anyhow::Result<ExitCode> {
    let done = tracker.replay(ReplayOf::Numbers(numbers))?;
    let ReplayOutcome { replayed, duplicate, unknown, unusable, damaged: n_damaged, missing } =
        done;
    let mut text = format!("{replayed} replayed\n");
    for (n, one, more) in [
        (
            duplicate,
            "was in the journal already, by its id",
            "were in the journal already, by their ids",
        ),
        (unknown, "stays: no definition knows it", "stay: no definition knows them"),
        (unusable, "stays: it is no event", "stay: they are no events"),
        (
            missing,
            "was replayed or dropped by somebody else meanwhile",
            "were replayed or dropped by somebody else meanwhile",
        ),
    ] {
        if n > 0 {
            text.push_str(&format!("{}\n", counted(n, one, more)));
        }
    }
    if n_damaged > 0 {
        let meant: Vec<u64> = damaged.iter().filter(|it| numbers.contains(it)).copied().collect();
        text.push_str(&said_of_damaged(&meant));
    }
    output::print(&text)?;
    let is_in_vain = replayed + duplicate == 0 && unknown + unusable + n_damaged > 0;
    Ok(if is_in_vain { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn drop_kept(
    data: &Path,
    options: Options,
    numbers: &[u64],
    yes: bool,
) -> anyhow::Result<ExitCode> {
    if numbers.is_empty() {
        output::print("nothing of that kind is kept aside\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let n = numbers.len();
    if !yes && !may_throw_away(n)? {
        output::print("nothing was thrown away\n")?;
        return Ok(ExitCode::FAILURE);
    }
    let dropped = Sqlite::open(data, options)?.drop_quarantined(numbers)?;
    output::print(&format!("{dropped} thrown away\n"))?;
    Ok(ExitCode::SUCCESS)
}
