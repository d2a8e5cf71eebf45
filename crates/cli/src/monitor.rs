//! `internal-events monitor`: metrics and events as they change, on the terminal.
//!
//! ```text
//!  Source (a data directory or a server) ── Snapshot ─► Model ─► draw
//!                                             keys ───────┘
//! ```
//!
//! A model is pure, and so is drawing it; the loop in `screen` is all that knows the terminal.

mod draw;
mod limits;
mod model;
mod screen;
mod snapshot;
mod source;
mod why;

use crate::context::{Context, RedisArgs};
use crate::output;
use anyhow::{Context as _, bail};
use model::{Medium, Model, Why};
use source::{Local, Remote, RemoteArgs, Source};
use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use why::Explainer;

/// Columns of a screen that is printed: what a page of documentation has room for.
const PRINTED_WIDTH: u16 = 110;

#[derive(Debug, clap::Args)]
pub(crate) struct MonitorArgs {
    /// Events to watch, or beginnings of key paths of metrics [default: all].
    #[arg(value_name = "EVENT|KEY_PATH")]
    watched: Vec<String>,

    #[command(flatten)]
    remote: RemoteArgs,

    /// Begin with so many of the events that were accepted before.
    #[arg(long, value_name = "N", default_value_t = 0)]
    recent: usize,

    /// Print one screen as text, and end.
    #[arg(long)]
    once: bool,

    /// How long to watch before that one screen.
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 0, requires = "once")]
    seconds: u64,

    #[command(flatten)]
    redis: RedisArgs,
}

pub(crate) fn run(args: &MonitorArgs, cx: Context) -> anyhow::Result<ExitCode> {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !args.once && !is_terminal {
        bail!(
            "the monitor draws on a terminal, and there is none; `internal-events metrics \
             --include-current-week --format json` is for programs, and `internal-events monitor \
             --once` prints one screen"
        );
    }
    let (mut source, explainer) = open(args, cx)?;
    let watched =
        if args.watched.is_empty() { "everything".to_owned() } else { args.watched.join(", ") };
    let mut model = Model::new(watched, source.place());
    // What cannot be read at all is said on a terminal that nothing is drawn on yet.
    model.see(source.look()?);
    if args.once {
        print_once(source.as_mut(), &mut model, &explainer, args.seconds)?;
    } else {
        let has_colours = output::stdout_has_colour();
        model.medium = if has_colours { Medium::ColourTerminal } else { Medium::Terminal };
        screen::run(source, model, &explainer)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens what is to be watched, and the definitions by which it is explained.
fn open(args: &MonitorArgs, cx: Context) -> anyhow::Result<(Box<dyn Source>, Explainer)> {
    let Some(server) = &args.remote.server else {
        let installation = cx.installation_with(&args.redis)?;
        let local = Local::open(cx, installation, &args.watched, args.recent)?;
        let explainer = Explainer::new(local.catalog());
        return Ok((Box::new(local), explainer));
    };
    let mut remote = Remote::open(&args.remote, server, &args.watched, args.recent)?;
    // Whoever watches a server may have its definitions at hand, or not.
    let catalog = cx.installation().map(|it| it.catalog()).unwrap_or_default();
    remote.learn(&catalog);
    Ok((Box::new(remote), Explainer::new(Arc::new(catalog))))
}

/// Finds out why events did not move metrics, once for each that is asked about.
fn explain(model: &mut Model, explainer: &Explainer) {
    while let Some(entry) = model.unexplained() {
        let key_paths: BTreeSet<&str> = model.key_paths().collect();
        let reasons = explainer.explain(entry, &key_paths);
        let sequence = entry.sequence;
        model.explain(Why { sequence, reasons });
    }
}

fn print_once(
    source: &mut dyn Source,
    model: &mut Model,
    explainer: &Explainer,
    seconds: u64,
) -> anyhow::Result<()> {
    if seconds > 0 {
        std::thread::sleep(Duration::from_secs(seconds));
        model.see(source.look().context("the second look failed")?);
    }
    explain(model, explainer);
    output::print(&draw::as_text(model, PRINTED_WIDTH, draw::height(model, PRINTED_WIDTH)))
}
