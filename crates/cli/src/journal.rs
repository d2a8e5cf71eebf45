//! `internal-events journal`: what was accepted, entry by entry, and whether all of it is sound.

mod entry;
mod repair;
mod verify;

pub(crate) use entry::time;

use crate::context::Context;
use crate::output::Format;
use crate::output::{self, Style};
use anyhow::{Context as _, bail};
use internal_events::entry_json;
use internal_events::store::{EventId, Options, Reader as _, Sqlite, SqliteReader, StoredEntry};
use internal_events_catalog::Week;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Entries read at once: some megabytes at the most, however long the journal is.
const AT_ONCE: u64 = 1_000;

#[derive(Debug, clap::Args)]
pub(crate) struct JournalArgs {
    #[command(subcommand)]
    command: JournalCommand,
}

#[derive(Debug, clap::Subcommand)]
enum JournalCommand {
    /// List the newest entries, the newest last.
    List {
        /// How many of them.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u64,
        /// Only those with higher numbers; then the first of them are listed.
        #[arg(long, value_name = "NUMBER")]
        after: Option<u64>,
        /// Only those of this event.
        #[arg(long, value_name = "NAME")]
        event: Option<String>,
        /// How to print them.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Show one entry whole.
    Show {
        /// Its number, or the id of its event.
        #[arg(value_name = "NUMBER|ID")]
        entry: String,
        /// How to print it.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Print all entries, each as one line of JSON.
    Export {
        /// Only those with higher numbers, to go on where an export ended.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: u64,
    },
    /// Look at everything and say what is wrong; counters are counted again where that can be.
    Verify {
        /// How to print what was found.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Say what the journal can do about damaged counters; with --write, do it.
    ///
    /// A counter is counted again while the journal has everything that moved it. Another begins
    /// anew with what there is, and what was there is put aside.
    Repair {
        /// Do it; without this nothing is changed.
        #[arg(long)]
        write: bool,
        /// How to print what becomes of each.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
}

pub(crate) fn run(args: JournalArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation()?;
    let data = cx.data(&installation);
    match args.command {
        JournalCommand::List { limit, after, event, format } => {
            let mut reader = open(&data)?;
            let entries = match after {
                Some(after) => first(&mut reader, after, limit, event.as_deref())?,
                None => newest(&mut reader, limit, event.as_deref())?,
            };
            list(&entries, format)?;
        }
        JournalCommand::Show { entry, format } => show(&mut open(&data)?, &entry, format)?,
        JournalCommand::Export { after } => export(&mut open(&data)?, after)?,
        JournalCommand::Verify { format } => return verify::run(&data, format),
        JournalCommand::Repair { write, format } => {
            let limits = installation.settings().limits.clone();
            let begins_at: fn(&str) -> Option<i64> =
                |key| Week::of_key(key).map(|it| it.before(1).end_millisecond());
            let begins_at = Some(begins_at);
            let options = Options { limits, begins_at, ..Options::default() };
            return repair::run(&data, options, write, format);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens what is in a data directory; there must be something.
pub(crate) fn open(data: &Path) -> anyhow::Result<SqliteReader> {
    let reader = Sqlite::reader(data)
        .with_context(|| format!("cannot read the data directory {}", data.display()))?;
    reader.with_context(|| {
        format!(
            "there is no journal in {}; nothing was tracked there yet, or --root or --data has to \
             say where",
            data.display()
        )
    })
}

/// The first entries after a number.
fn first(
    reader: &mut SqliteReader,
    mut after: u64,
    limit: u64,
    event: Option<&str>,
) -> anyhow::Result<Vec<StoredEntry>> {
    let mut found = Vec::new();
    loop {
        let entries = read(reader, after)?;
        let Some(last) = entries.last() else { break };
        after = last.sequence;
        found.extend(entries.into_iter().filter(|it| entry::is_of(it, event)));
        if found.len() as u64 >= limit {
            break;
        }
    }
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// The last entries, in order. Reads from the end, so that a long journal costs no more.
fn newest(
    reader: &mut SqliteReader,
    limit: u64,
    event: Option<&str>,
) -> anyhow::Result<Vec<StoredEntry>> {
    let mut end = reader.status()?.last_sequence;
    let mut found: Vec<StoredEntry> = Vec::new();
    while end > 0 && (found.len() as u64) < limit {
        let start = end.saturating_sub(AT_ONCE);
        let mut entries = read(reader, start)?;
        entries.retain(|it| it.sequence <= end);
        if entries.is_empty() {
            break;
        }
        entries.retain(|it| entry::is_of(it, event));
        entries.append(&mut found);
        found = entries;
        end = start;
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(found.split_off(found.len().saturating_sub(limit)))
}

fn read(reader: &mut SqliteReader, after: u64) -> anyhow::Result<Vec<StoredEntry>> {
    let at_once = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
    reader.entries(after, at_once).context("the journal cannot be read")
}

fn list(entries: &[StoredEntry], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let entries: Vec<_> = entries.iter().map(entry_json).collect();
        return output::print_json(&json!({ "version": 1, "entries": entries }));
    }
    if entries.is_empty() {
        return output::print("no entries\n");
    }
    let style = Style::stdout();
    let lines: String = entries.iter().map(|it| entry::line(it, style)).collect();
    output::print(&lines)
}

fn show(reader: &mut SqliteReader, wanted: &str, format: Format) -> anyhow::Result<()> {
    let found = match wanted.parse::<u64>() {
        Ok(0) => None,
        Ok(number) => reader.entries(number - 1, 1)?.pop().filter(|it| it.sequence == number),
        Err(_) => {
            let Ok(id) = wanted.parse::<uuid::Uuid>() else {
                bail!("`{wanted}` is neither the number of an entry nor the id of an event");
            };
            reader.find(EventId(id.into_bytes()))?
        }
    };
    let Some(found) = found else {
        bail!("the journal has no entry `{wanted}`; it may have grown old and be gone");
    };
    match format {
        Format::Json => output::print_json(&json!({ "version": 1, "entry": entry_json(&found) })),
        Format::Human => output::print(&entry::whole(&found, Style::stdout())),
    }
}

/// Prints entries as they are read, so that memory does not grow with the journal.
fn export(reader: &mut SqliteReader, mut after: u64) -> anyhow::Result<()> {
    let last = reader.status()?.last_sequence;
    let progress = output::progress(last.saturating_sub(after));
    let from = after;
    while after < last {
        let entries = read(reader, after)?;
        let Some(newest) = entries.last() else { break };
        after = newest.sequence;
        let mut lines = String::new();
        for it in entries.iter().filter(|it| it.sequence <= last) {
            lines.push_str(&format!("{}\n", entry_json(it)));
        }
        output::print(&crate::visible::visible_json(&lines))?;
        progress.set_position(after.min(last) - from);
    }
    progress.finish_and_clear();
    Ok(())
}
