//! `internal-events track`: one event from the shell.

use crate::context::{Context, RedisArgs, SnowplowArgs};
use crate::output;
use crate::output::Format;
use crate::visible::visible;
use anyhow::{Context as _, anyhow, bail};
use internal_events::{Call, Event, Id, Scalar, Submission, Tracker};
use serde_json::json;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// How long the shell waits for the journal.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an event consists of, for `track` and `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct EventArgs {
    /// The event's action.
    event: String,

    /// Who did it.
    #[arg(long, value_name = "ID")]
    user: Option<String>,

    /// In which project.
    #[arg(long, value_name = "ID")]
    project: Option<String>,

    /// In which namespace.
    #[arg(long, value_name = "ID")]
    namespace: Option<String>,

    /// Where it happened.
    #[arg(long)]
    category: Option<String>,

    /// An additional property; a value that reads as a number is one, quotes make it text.
    #[arg(long = "property", short = 'p', value_name = "NAME=VALUE", value_parser = property)]
    properties: Vec<(String, Scalar)>,

    /// By which call it comes.
    #[arg(long, value_enum, default_value = "track_event")]
    call: EventCall,
}

/// The calls there are over HTTP.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum EventCall {
    /// All that the definitions say.
    TrackEvent,
    /// Of the time before internal events: totals only.
    IncrementCounter,
    /// Of the time before internal events: sets of users only.
    IncrementUniqueUsers,
}

impl EventArgs {
    pub(crate) fn into_event(self) -> Event {
        Event {
            category: self.category,
            user: self.user.map(id),
            project: self.project.map(id),
            namespace: self.namespace.map(id),
            properties: self.properties,
            call: match self.call {
                EventCall::TrackEvent => Call::TrackEvent,
                EventCall::IncrementCounter => Call::IncrementCounter,
                EventCall::IncrementUniqueUsers => Call::IncrementUniqueUsers,
            },
            ..Event::new(self.event)
        }
    }
}

/// A numeric id and its decimal text are the same element, so either reading counts alike.
fn id(text: String) -> Id {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Id::Number(number),
        _ => Id::Text(text),
    }
}

fn property(text: &str) -> Result<(String, Scalar), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let quoted = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    // `label` and `property` are text by definition, whatever it looks like.
    let is_text = matches!(name, "label" | "property");
    let scalar = match quoted {
        Some(text) => Scalar::from(text),
        None if is_text => Scalar::from(value),
        None => number(value).unwrap_or_else(|| Scalar::from(value)),
    };
    Ok((name.to_owned(), scalar))
}

fn number(text: &str) -> Option<Scalar> {
    let starts_like_one = text.starts_with(|it: char| it.is_ascii_digit() || it == '-');
    let int = || text.parse::<i64>().ok().map(Scalar::Int);
    let float = || text.parse::<f64>().ok().filter(|it| it.is_finite()).map(Scalar::Float);
    if starts_like_one { int().or_else(float) } else { None }
}

/// How long destinations may take before the program ends.
const DELIVERY: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct TrackArgs {
    #[command(flatten)]
    event: EventArgs,

    /// How to print what became of it.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,

    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    snowplow: SnowplowArgs,
}

pub(crate) fn run(args: TrackArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation_for_tracking(&args.redis, &args.snowplow)?;
    let settings = installation.settings();
    if !settings.enabled {
        bail!("tracking is switched off by {}", settings.enabled_by);
    }
    let data = cx.data(&installation);
    let tracker = Tracker::open(installation.tracker_config(&data)?)
        .with_context(|| format!("cannot track into {}", data.display()))?;
    let event = args.event.into_event();
    let name = event.name.clone();
    let (sender, receiver) = mpsc::channel();
    let submitted = tracker.submit(vec![event], move |it| {
        // If nobody waits any longer, nobody wants to know.
        let _ = sender.send(it);
    })?;
    receiver
        .recv_timeout(PATIENCE)
        .map_err(|_| anyhow!("the journal did not answer in time"))??;
    let submission = submitted.into_iter().next().context("invariant: one event, one answer")?;
    let (status, notes, code) = match submission {
        Submission::Accepted { omissions } => {
            ("accepted", omissions.iter().map(ToString::to_string).collect(), 0)
        }
        Submission::Quarantined { reason } => ("quarantined", vec![reason], 1),
        Submission::Refused { reason } => ("refused", vec![reason], 1),
    };
    let mut notes: Vec<String> = notes;
    if let Err(error) = tracker.deliver(DELIVERY) {
        notes.push(format!("{error}; it is in the journal, and whoever uses that next goes on"));
    }
    print(args.format, &name, status, &notes)?;
    Ok(ExitCode::from(code))
}

fn print(format: Format, event: &str, status: &str, notes: &[String]) -> anyhow::Result<()> {
    if format == Format::Json {
        let shape = json!({ "version": 1, "event": event, "status": status, "warnings": notes });
        return output::print_json(&shape);
    }
    let mut text = format!("{}: {status}\n", visible(event));
    for note in notes {
        text.push_str(&format!("  {}\n", visible(note)));
    }
    output::print(&text)
}
