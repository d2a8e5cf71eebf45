//! `internal-events outbox`: what a destination would not take, and what becomes of it.

use crate::context::Context;
use crate::journal;
use crate::output::Format;
use crate::output::{self, Style, counted};
use crate::visible::visible;
use crate::which::{Which, may_throw_away};
use anyhow::{anyhow, bail};
use internal_events::retry_dead_letters;
use internal_events::store::{Options, Reader as _, Sqlite, Store as _, StoredDeadLetter};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Debug, clap::Subcommand)]
enum OutboxCommand {
    /// List what destinations have rejected, and why.
    List {
        /// Each event, not only how many there are of each kind.
        #[arg(long)]
        all: bool,
        /// How to print them.
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Deliver what was rejected once more, under the ids it had.
    Retry {
        #[command(flatten)]
        which: Which,
    },
    /// Throw away what was rejected.
    Drop {
        #[command(flatten)]
        which: Which,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) fn run(args: OutboxArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation()?;
    let data = cx.data(&installation);
    let limits = installation.settings().limits.clone();
    let options = Options { limits, ..Options::default() };
    // A letter that is damaged can still be thrown away by its number.
    let read = || journal::open(&data)?.dead_letters(0, usize::MAX).map_err(anyhow::Error::from);
    match args.command {
        OutboxCommand::List { all, format } => {
            let letters = read()?;
            match format {
                Format::Json => output::print_json(&to_json(&letters))?,
                Format::Human if all => output::print(&each(&letters))?,
                Format::Human => output::print(&groups(&letters))?,
            }
        }
        OutboxCommand::Retry { which } => {
            let letters = meant(&which, read()?)?;
            let n = retry_dead_letters(&mut Sqlite::open(&data, options)?, &letters)?;
            let gone = letters.len() as u64 - n;
            let mut text = format!("{} again\n", counted(n, "on its way", "on their way"));
            if gone > 0 {
                let gone = counted(gone, "was", "were");
                text.push_str(&format!("{gone} retried or dropped by somebody else\n"));
            }
            output::print(&text)?;
        }
        OutboxCommand::Drop { which, yes } => {
            let numbers = if which.numbers.is_empty() {
                meant(&which, read()?)?.iter().map(|it| it.number).collect()
            } else {
                which.numbers
            };
            if numbers.is_empty() {
                output::print("nothing of that kind is in the outbox\n")?;
                return Ok(ExitCode::SUCCESS);
            }
            if !yes && !may_throw_away(numbers.len())? {
                output::print("nothing was thrown away\n")?;
                return Ok(ExitCode::FAILURE);
            }
            let dropped = Sqlite::open(&data, options)?.drop_dead_letters(&numbers)?;
            if dropped == 0 {
                bail!("none of these is in the outbox; `outbox list --all` has the numbers");
            }
            output::print(&format!("{dropped} thrown away\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The letters that are meant.
fn meant(which: &Which, letters: Vec<StoredDeadLetter>) -> anyhow::Result<Vec<StoredDeadLetter>> {
    let missing = |number| {
        anyhow!("number {number} is not in the outbox; `outbox list --all` has the numbers")
    };
    which.of(letters, |it| it.number, name_of).map_err(missing)
}

/// The name of the event; of one that was handed on, its action.
fn name_of(letter: &StoredDeadLetter) -> Option<String> {
    let event: Value = serde_json::from_slice(&letter.event).ok()?;
    let action = || event.get("snowplow").and_then(|it| it.get("se_ac"));
    event.get("event").or_else(action).and_then(Value::as_str).map(str::to_owned)
}

/// Says how many there are of each kind: they are many, and mostly the same.
fn groups(letters: &[StoredDeadLetter]) -> String {
    if letters.is_empty() {
        return "the outbox is empty\n".to_owned();
    }
    let mut groups: BTreeMap<(&str, Option<String>, &str), Vec<&StoredDeadLetter>> =
        BTreeMap::new();
    for it in letters {
        groups.entry((&it.destination, name_of(it), &it.reason)).or_default().push(it);
    }
    let style = Style::stdout();
    let line = |((destination, name, reason), of): (_, Vec<&StoredDeadLetter>)| {
        let name: Option<String> = name;
        let (from, to) = (of[0].accepted_at, of[of.len() - 1].accepted_at);
        format!(
            "{:>7}  {}  {destination}  {}  {}\n",
            of.len(),
            style.bold(name.as_deref().unwrap_or("-")),
            visible(reason),
            style.dim(&format!("{} to {}", journal::time(from), journal::time(to)))
        )
    };
    groups.into_iter().map(line).collect()
}

fn each(letters: &[StoredDeadLetter]) -> String {
    let style = Style::stdout();
    let line = |it: &StoredDeadLetter| {
        let time = style.dim(&journal::time(it.accepted_at));
        let (reason, event) = (visible(&it.reason), String::from_utf8_lossy(&it.event));
        let (number, destination) = (it.number, &it.destination);
        format!("{number:>7}  {time}  {destination}  {reason}  {}\n", visible(&event))
    };
    letters.iter().map(line).collect()
}

fn to_json(letters: &[StoredDeadLetter]) -> Value {
    let letters = letters.iter().map(|it| {
        let text = || Value::from(String::from_utf8_lossy(&it.event));
        json!({
            "number": it.number,
            "destination": it.destination,
            "entry": it.sequence,
            "id": it.id.to_string(),
            "accepted_at": journal::time(it.accepted_at),
            "reason": it.reason,
            "name": name_of(it),
            "event": serde_json::from_slice(&it.event).unwrap_or_else(|_| text()),
        })
    });
    json!({ "version": 1, "events": letters.collect::<Vec<_>>() })
}
