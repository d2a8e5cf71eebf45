//! Damaged counters, and what the journal can do about them.

use crate::output::Format;
use crate::output::{self, Style};
use crate::visible::visible;
use anyhow::Context as _;
use internal_events::store::{Counter, Error, Options, Remedy, Repair, Sqlite};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Says what would become of each damaged counter, or does it.
///
/// Ends with 1 if there is something to do that was not done.
pub(super) fn run(
    data: &Path,
    options: Options,
    is_written: bool,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let mut kept_log = None;
    if is_written {
        kept_log = cut_log(data, &options)?;
    }
    let previewed = Sqlite::repairs(data, &options);
    let mut repairs =
        previewed.with_context(|| format!("cannot repair the data in {}", data.display()))?;
    // Nobody waits in line, and no file is made, for what needs no repair.
    if is_written && !repairs.is_empty() {
        repairs = Sqlite::open(data, options)?
            .repair()
            .context("nothing was repaired, and nothing was changed")?;
    }
    match format {
        Format::Json => output::print_json(&to_json(&repairs, is_written, kept_log.as_deref()))?,
        Format::Human if kept_log.is_some() && repairs.is_empty() => {}
        Format::Human => output::print(&human(&repairs, is_written, Style::stdout()))?,
    }
    Ok(ExitCode::from(u8::from(!is_written && !repairs.is_empty())))
}

/// Ends a log that is damaged, so that all else can be looked at; returns where it is kept.
fn cut_log(data: &Path, options: &Options) -> anyhow::Result<Option<PathBuf>> {
    match Sqlite::repairs(data, options) {
        Err(Error::Log { frame, .. }) => {
            let kept = Sqlite::cut_log(data).context("nothing was repaired")?;
            if let Some(kept) = &kept {
                tracing::warn!(
                    frame,
                    "the log was damaged: what was accepted after that is lost, and it is kept as \
                     it was in {}; `internal-events journal verify` says whether the rest is whole",
                    kept.display()
                );
            }
            Ok(kept)
        }
        _ => Ok(None),
    }
}

fn to_json(repairs: &[Repair], is_written: bool, kept_log: Option<&Path>) -> Value {
    let counters = repairs.iter().map(|it| {
        let (remedy, first, sources) = match &it.remedy {
            Remedy::Recounted => ("recounted", None, &[][..]),
            Remedy::BeginsAt { first } => ("begins_anew", Some(*first), &[][..]),
            Remedy::WithoutCopies { sources, first } => {
                ("begins_anew", Some(*first), sources.as_slice())
            }
        };
        json!({
            "key": it.key,
            "damage": it.damage.to_string(),
            "remedy": remedy,
            "first_entry": first,
            "copied_from": sources,
            "value": value(&it.counter),
        })
    });
    json!({
        "version": 1,
        "written": is_written,
        "log_kept_as": kept_log,
        "counters": counters.collect::<Vec<_>>(),
    })
}

/// The number that a counter shows: of uniques the estimate, of values how many were counted.
fn value(counter: &Counter) -> Value {
    match counter {
        Counter::Total(total) => json!(total),
        Counter::Unique(sketch) => json!(sketch.estimate()),
        Counter::Sum(sum) => json!(sum),
        Counter::PerValue(totals) => json!(totals.values().sum::<u64>()),
    }
}

fn human(repairs: &[Repair], is_written: bool, style: Style) -> String {
    if repairs.is_empty() {
        return "no counter is damaged\n".to_owned();
    }
    let mut text: String = repairs.iter().map(|it| line(it, is_written, style)).collect();
    let loses = repairs.iter().any(|it| it.remedy != Remedy::Recounted);
    if loses && !is_written {
        text.push_str(
            "What is lost is in your last backup, if there is one: restore it instead if that \
             matters more than what came after it.\n",
        );
    }
    if loses && is_written {
        text.push_str("What was there is kept as it was in the table `set_aside`.\n");
    }
    if !is_written {
        text.push_str("Nothing was changed; --write does this.\n");
    }
    text
}

/// What is wrong with one counter, and what becomes of it.
fn line(repair: &Repair, is_written: bool, style: Style) -> String {
    let Repair { key, damage, counter, remedy } = repair;
    let value = value(counter);
    let (is, begins) = if is_written { ("was", "began") } else { ("would be", "would begin") };
    let begin = |first: u64| match first {
        0 | 1 => format!("{begins} anew with {value}, all that the journal knows of"),
        _ => format!(
            "{begins} anew with {value}, from entry {first} on; what entries before that counted, \
             which are gone from the journal, is lost"
        ),
    };
    let what = match remedy {
        Remedy::Recounted => style.good(&format!("{is} counted again from the journal: {value}")),
        Remedy::BeginsAt { first } => style.bad(&begin(*first)),
        Remedy::WithoutCopies { sources, first } => style.bad(&format!(
            "{}; what was copied to it from {} is lost until `internal-events counters copy` is \
             run again",
            begin(*first),
            visible(&sources.join(", "))
        )),
    };
    format!("{}  {damage}\n    {what}\n", style.bold(&visible(key)))
}
