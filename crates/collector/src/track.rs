//! Takes events and answers when they are durable.

use crate::Collector;
use crate::access::{Caller, Scope};
use crate::answer::{Answer, json};
use crate::endpoint::Way;
use crate::idempotency::IdempotencyKey;
use crate::problem::Problem;
use crate::wire::{Batch, Draft, Parsed, sentence};
use hyper::{HeaderMap, StatusCode};
use internal_events::{Call, DurableError, Event, Others, Strictness, Submission};
use serde_json::{Value, json};

/// What almost every answer says.
const ACCEPTED: &str = r#"{"status":"accepted"}"#;

/// Tracks one event, which came by a call.
pub(crate) async fn one(
    collector: &Collector,
    caller: Caller,
    headers: &HeaderMap,
    (body, call): (&[u8], Call),
) -> Result<Answer, Problem> {
    let key = IdempotencyKey::read(headers, &collector.limits)?;
    let draft = Draft::parse(body).map_err(invalid)?;
    let parsed = draft.into_event(&collector.limits);
    let parsed = parsed.map_err(|it| Problem::InvalidParameter(sentence(&it)))?;
    check_user(caller, &parsed)?;
    let mut parsed = parsed.came_by(call);
    if let Some(key) = key {
        key.give_one(&mut parsed.event)?;
    }
    let outcome = track(collector, [parsed]).await?.pop();
    match outcome.expect("invariant: one event has one outcome") {
        Outcome::Accepted { warnings } if warnings.is_empty() => Ok(json(StatusCode::OK, ACCEPTED)),
        Outcome::Refused { reason } => Err(Problem::Refused { reason, results: None }),
        it => {
            let is_kept_aside = matches!(it, Outcome::Quarantined { .. });
            let status = if is_kept_aside { StatusCode::ACCEPTED } else { StatusCode::OK };
            Ok(json(status, it.into_json().to_string()))
        }
    }
}

/// Tracks several events, each with a result of its own.
pub(crate) async fn batch(
    collector: &Collector,
    caller: Caller,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Answer, Problem> {
    let key = IdempotencyKey::read(headers, &collector.limits)?;
    let batch = Batch::parse(body).map_err(invalid)?;
    let mut parsed = batch.into_events(&collector.limits)?;
    parsed.iter().try_for_each(|it| check_user(caller, it))?;
    collector.door.charge(caller, parsed.len().saturating_sub(1))?;
    if let Some(key) = key {
        for (position, it) in parsed.iter_mut().enumerate() {
            key.give_at(position, &mut it.event);
        }
    }
    let outcomes = track(collector, parsed).await?;
    let n_refused = outcomes.iter().filter(|it| matches!(it, Outcome::Refused { .. })).count();
    let results = Value::Array(outcomes.into_iter().map(Outcome::into_json).collect());
    if n_refused > 0 {
        let reason = format!("{n_refused} of the events were refused; see `results`.");
        return Err(Problem::Refused { reason, results: Some(results) });
    }
    Ok(json(StatusCode::OK, json!({ "results": results }).to_string()))
}

/// Refuses an event that says who did it, if its sender may not say so.
fn check_user(caller: Caller, parsed: &Parsed) -> Result<(), Problem> {
    match parsed.event.user {
        Some(_) => caller.require(Scope::TrackAnyUser),
        None => Ok(()),
    }
}

/// Says what is wrong with a body that is no event.
pub(crate) fn invalid(error: serde_json::Error) -> Problem {
    // Valid JSON of another shape is not the parser's complaint but ours.
    match error.classify() {
        serde_json::error::Category::Data => {
            Problem::InvalidParameter(sentence(&error.to_string()))
        }
        _ => Problem::InvalidJson(error),
    }
}

/// What became of one event, for its sender.
#[derive(Debug)]
enum Outcome {
    Accepted {
        warnings: Vec<String>,
    },
    Quarantined {
        reason: String,
        warnings: Vec<String>,
    },
    Refused {
        reason: String,
    },
    /// It is no event, but tells of some that were dropped.
    Noted,
}

impl Outcome {
    fn into_json(self) -> Value {
        match self {
            Self::Noted => json!({ "status": "accepted" }),
            Self::Accepted { warnings } if warnings.is_empty() => json!({ "status": "accepted" }),
            Self::Accepted { warnings } => json!({ "status": "accepted", "warnings": warnings }),
            Self::Quarantined { reason, warnings } if warnings.is_empty() => {
                json!({ "status": "quarantined", "reason": reason })
            }
            Self::Quarantined { reason, warnings } => {
                json!({ "status": "quarantined", "reason": reason, "warnings": warnings })
            }
            Self::Refused { reason } => json!({ "status": "refused", "reason": reason }),
        }
    }
}

/// Gives events to the tracker and waits until all of them are durable.
async fn track(
    collector: &Collector,
    parsed: impl IntoIterator<Item = Parsed>,
) -> Result<Vec<Outcome>, Problem> {
    let is_strict = collector.tracker.strictness() == Strictness::Strict;
    let catalog = collector.tracker.catalog();
    let mut events: Vec<Event> = Vec::with_capacity(1);
    let mut outcomes = Vec::with_capacity(1);
    for Parsed { event, warnings, wrong } in parsed {
        let id = event.given_id.as_ref().map(|it| it.id);
        let is_report = collector.endpoint.client_drops.note(&event, id);
        match wrong {
            _ if is_report && catalog.find_event(&event.name).is_none() => {
                outcomes.push(Outcome::Noted);
            }
            Some(wrong) if is_strict => {
                outcomes.push(Outcome::Refused { reason: format!("{}: {wrong}", event.name) });
            }
            _ => {
                if event.given_id.is_none() && event.call == Call::TrackEvent {
                    let now = collector.tracker.now_ms();
                    collector.endpoint.both_ways.note(Way::Rest, &event, now);
                }
                events.push(event);
                outcomes.push(Outcome::Accepted { warnings });
            }
        }
    }
    let submissions = submit(collector, events).await?;
    let submitted = outcomes.iter_mut().filter(|it| matches!(it, Outcome::Accepted { .. }));
    for (outcome, submission) in submitted.zip(submissions) {
        outcome.settle(submission);
    }
    Ok(outcomes)
}

/// Gives events to the tracker, and says what became of each once all of them are durable.
async fn submit(collector: &Collector, events: Vec<Event>) -> Result<Vec<Submission>, Problem> {
    submit_with(collector, events, Others::default()).await
}

/// Does the same, and with the events keeps aside or hands on what is none.
pub(crate) async fn submit_with(
    collector: &Collector,
    events: Vec<Event>,
    others: Others,
) -> Result<Vec<Submission>, Problem> {
    if events.is_empty() && others.foreign.is_empty() && others.forwarded.is_empty() {
        return Ok(Vec::new());
    }
    let submitted = collector.tracker.submit_with(events, others);
    let (submissions, durable) = submitted.map_err(Problem::Busy)?;
    // If whoever asked goes away meanwhile, the events are durable all the same.
    match durable.await {
        Ok(()) => Ok(submissions),
        Err(DurableError::Commit(_)) => Err(Problem::NotDurable),
        Err(_) => Err(Problem::Interrupted),
    }
}

impl Outcome {
    /// Adds what the tracker says to what reading the event said.
    fn settle(&mut self, submission: Submission) {
        let Self::Accepted { warnings } = self else { return };
        match submission {
            Submission::Accepted { omissions } => {
                warnings.extend(omissions.iter().map(ToString::to_string));
            }
            Submission::Quarantined { reason } => {
                *self = Self::Quarantined { reason, warnings: std::mem::take(warnings) };
            }
            Submission::Refused { reason } => *self = Self::Refused { reason },
        }
    }
}
