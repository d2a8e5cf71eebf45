//! `internal-events counters`: takes counters from one place to another.

mod place;

use crate::context::Context;
use crate::output::Format;
use crate::output::{self, Style, counted};
use crate::visible::visible;
use anyhow::{Context as _, bail, ensure};
use internal_events::store::{Counter, Kind, Taken};
use internal_events::{SnapshotHeader, SnapshotWriter, counter_keys, is_expired};
use internal_events_installation::Installation;
use jiff::Timestamp;
use place::{Place, Source, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Counters that are copied at a time: few enough to be held in memory, sketches and all.
const PAGE: usize = 200;

/// Refused counters that a person is told of one by one.
const TOLD: usize = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct CountersArgs {
    #[command(subcommand)]
    command: CountersCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CountersCommand {
    /// Copy all counters from one place to another, each once however often it is done.
    ///
    /// A place is a data directory, an address of Redis, or a snapshot. Sketches are merged, and
    /// what is new about totals and sums is added. Whatever is done meanwhile is copied the next
    /// time.
    Copy {
        /// Where to copy from: a data directory, an address of Redis, or a snapshot file.
        #[arg(long, value_name = "PLACE")]
        from: String,
        /// Where to copy to: a data directory or an address of Redis.
        #[arg(long, value_name = "PLACE")]
        to: String,
        /// Say what would be copied, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// How to print what was done.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Write all counters to a file.
    Export {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where to read: a data directory or an address of Redis [default: the data directory].
        #[arg(long, value_name = "PLACE")]
        from: Option<String>,
        /// Replace the file if there is one.
        #[arg(long)]
        force: bool,
    },
}

pub(crate) fn run(args: CountersArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation_in_use()?;
    match args.command {
        CountersCommand::Copy { from, to, dry_run, format } => {
            let from = Place::parse(&from, &installation)?;
            let to = Place::parse(&to, &installation)?;
            copy(&installation, (&from, &to), dry_run, format)
        }
        CountersCommand::Export { file, from, force } => {
            let from = match from {
                Some(from) => Place::parse(&from, &installation)?,
                None => Place::Data(cx.data(&installation)),
            };
            export(&installation, &from, &file, force)
        }
    }
}

/// What was copied.
#[derive(Debug, Default)]
struct Report {
    /// Counters that moved, by kind.
    moved: BTreeMap<&'static str, u64>,
    unmoved: u64,
    /// Weekly counters that are read no more.
    expired: u64,
    /// What has less than was copied of it before.
    behind: Vec<String>,
    refused: Vec<(String, String)>,
}

impl Report {
    fn take(&mut self, (key, counter): (&str, &Counter), taken: Taken) {
        match taken {
            Taken::Moved => *self.moved.entry(counter.kind().name()).or_default() += 1,
            Taken::Unmoved => self.unmoved += 1,
            Taken::Behind => self.behind.push(key.to_owned()),
            Taken::Refused(reason) => self.refused.push((key.to_owned(), reason)),
        }
    }

    fn n_moved(&self) -> u64 {
        self.moved.values().sum()
    }
}

fn copy(
    installation: &Installation,
    (from, to): (&Place, &Place),
    is_dry_run: bool,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let mut source = Source::open(from, !is_dry_run)?;
    let mut target = Target::open(to, installation, is_dry_run)?;
    check_apart((from, &source), (to, &target))?;
    let mut report = Report::default();
    let id = source.id.clone();
    walk(installation, &mut source, &mut report, |page, report| {
        let taken = target.take_over(&id, page, is_dry_run)?;
        for ((key, counter), taken) in page.iter().zip(taken) {
            report.take((key, counter), taken);
        }
        Ok(())
    })
    .with_context(|| format!("cannot copy from {from} to {to}; doing it again goes on"))?;
    match format {
        Format::Json => output::print_json(&to_json(&report, is_dry_run))?,
        Format::Human => output::print(&human(&report, (from, to), is_dry_run))?,
    }
    Ok(ExitCode::from(u8::from(!report.refused.is_empty())))
}

/// Refuses to copy what is there already by another way, for it would count twice.
fn check_apart(
    (from, source): (&Place, &Source),
    (to, target): (&Place, &Target),
) -> anyhow::Result<()> {
    let of_source: Vec<&String> = source.includes.iter().chain([&source.id]).collect();
    if target.id.as_ref().is_some_and(|id| *id == source.id) {
        bail!("{from} and {to} are the same place, or the one was made from the other");
    }
    let was_copied = |id: &String| *id != source.id && target.taken_from.contains(id);
    let is_there = |id: &&&String| {
        target.id.as_ref() == Some(id) || target.counted_from.contains(**id) || was_copied(id)
    };
    match of_source.iter().find(is_there) {
        None => Ok(()),
        Some(id) if target.id.as_ref() == Some(id) => bail!(
            "{from} already has what {to} counts (`{id}`): copying it back would count it twice"
        ),
        Some(id) if target.counted_from.contains(*id) => bail!(
            "what is counted in {from} is counted in {to} as well (the journal `{id}`), event by \
             event: there is nothing to copy, and it would count twice"
        ),
        Some(id) => bail!(
            "{from} and {to} both have what was copied from `{id}`: it would count twice; copy \
             each place once, to where all is to be counted"
        ),
    }
}

/// Reads all counters of a place that are still read, page by page.
fn walk(
    installation: &Installation,
    source: &mut Source,
    report: &mut Report,
    mut visit: impl FnMut(&[(String, Counter)], &mut Report) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let now = Timestamp::now().as_millisecond();
    let known = counter_keys(&installation.catalog(), now);
    let all = source.keys(&known.into_iter().collect::<Vec<_>>())?;
    let (keys, expired): (Vec<(String, Kind)>, Vec<_>) =
        all.into_iter().partition(|(key, _)| !is_expired(key, now));
    report.expired = expired.len() as u64;
    let progress = output::progress(keys.len() as u64);
    for keys in keys.chunks(PAGE) {
        let page = source.read(keys, &mut report.refused)?;
        visit(&page, report)?;
        progress.inc(keys.len() as u64);
    }
    progress.finish_and_clear();
    Ok(())
}

fn to_json(report: &Report, is_dry_run: bool) -> Value {
    let refused = report.refused.iter();
    json!({
        "version": 1,
        "dry_run": is_dry_run,
        "moved": report.moved,
        "unmoved": report.unmoved,
        "expired": report.expired,
        "behind": report.behind,
        "refused": refused.map(|(key, why)| json!({ "key": key, "reason": why })).collect::<Vec<_>>(),
    })
}

fn human(report: &Report, (from, to): (&Place, &Place), is_dry_run: bool) -> String {
    let style = Style::stdout();
    let verb = if is_dry_run { "would be copied" } else { "copied" };
    let n_moved = report.n_moved();
    let noun = if n_moved == 1 { "counter" } else { "counters" };
    let mut text = format!("{n_moved} {noun} {verb} from {from} to {to}");
    let kinds: Vec<String> = report.moved.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    if !kinds.is_empty() {
        text.push_str(&format!(": {}", kinds.join(", ")));
    }
    text.push('\n');
    if report.unmoved > 0 {
        text.push_str(&format!("{} had nothing new\n", report.unmoved));
    }
    if report.expired > 0 {
        text.push_str(&format!("{} of weeks that are read no more stay behind\n", report.expired));
    }
    if !report.behind.is_empty() {
        text.push_str(&format!(
            "{} less than was copied before, and {} as before: {}\n",
            counted(report.behind.len() as u64, "has", "have"),
            if report.behind.len() == 1 { "stays" } else { "stay" },
            few(report.behind.iter().map(String::as_str)),
        ));
    }
    for (key, reason) in report.refused.iter().take(TOLD) {
        text.push_str(&format!(
            "{} {}: {}\n",
            style.bad("not copied:"),
            visible(key),
            visible(reason)
        ));
    }
    if report.refused.len() > TOLD {
        let more = report.refused.len() - TOLD;
        text.push_str(&format!("and {more} more, which --format json names\n"));
    }
    text
}

fn few<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<_> = keys.map(|it| visible(it).into_owned()).collect();
    if all.len() > TOLD {
        all.truncate(TOLD);
        all.push("…".to_owned());
    }
    all.join(", ")
}

fn export(
    installation: &Installation,
    from: &Place,
    file: &Path,
    is_forced: bool,
) -> anyhow::Result<ExitCode> {
    ensure!(
        is_forced || !file.exists(),
        "{} is there already; --force replaces it",
        file.display()
    );
    let mut source = Source::open(from, true)?;
    let header = SnapshotHeader::new(&source.id, source.includes.clone(), Timestamp::now());
    let written = || format!("cannot write {}", file.display());
    // The name appears when the file is whole.
    let dir = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unfinished = tempfile::NamedTempFile::new_in(dir).with_context(written)?;
    let mut writer = SnapshotWriter::new(BufWriter::new(unfinished.as_file_mut()), &header)?;
    let mut report = Report::default();
    let mut n = 0;
    walk(installation, &mut source, &mut report, |page, _| {
        n += page.len();
        let write = |(key, counter): &(String, Counter)| writer.counter(key, counter);
        page.iter().try_for_each(write).with_context(written)
    })?;
    drop(writer.finish().with_context(written)?);
    unfinished.as_file().sync_all().with_context(written)?;
    unfinished.persist(file).with_context(written)?;
    let mut text = format!(
        "{} of {from} written to {}\n",
        counted(n as u64, "counter", "counters"),
        file.display()
    );
    for (key, reason) in &report.refused {
        text.push_str(&format!("not written: {}: {}\n", visible(key), visible(reason)));
    }
    output::print(&text)?;
    Ok(ExitCode::from(u8::from(!report.refused.is_empty())))
}
