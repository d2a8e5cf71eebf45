//! What is wrong with an event, by the protocol, by the schemas, and by our own definitions.

use super::schemas::Schema;
use crate::snowplow::{Fault, Kind, Payload};
use internal_events::Catalog;
use serde_json::Value;
use std::error::Error as _;

/// Errors that are told of one event; more would only repeat the lesson.
const ERRORS: usize = 20;

/// Bytes of a name that an error repeats.
const NAME_BYTES: usize = 255;

/// What decides besides the protocol.
pub(super) struct Rules<'a> {
    pub(super) catalog: &'a Catalog,
    /// Tells whether events of an application are taken.
    pub(super) takes: &'a dyn Fn(Option<&str>) -> bool,
}

/// An event with all of its documents.
pub(super) struct Checked<'a> {
    pub(super) payload: &'a Payload<'a>,
    pub(super) contexts: Option<&'a Value>,
    pub(super) described: Option<&'a Value>,
    /// It came as a query, where parameters may have any name.
    pub(super) is_query: bool,
}

/// What is said of an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What makes it bad; nothing if it is good.
    pub(super) errors: Vec<String>,
    /// What is odd about it.
    pub(super) notes: Vec<String>,
}

impl Rules<'_> {
    pub(super) fn check(&self, event: &Checked<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        for fault in &event.payload.notes {
            let is_error = is_error(fault, event.is_query);
            let list = if is_error { &mut verdict.errors } else { &mut verdict.notes };
            list.push(words(fault));
        }
        self.check_app(event.payload, &mut verdict);
        check_contexts(event, &mut verdict);
        check_described(event, &mut verdict);
        self.check_definition(event.payload, &mut verdict);
        let n_more = verdict.errors.len().saturating_sub(ERRORS);
        if n_more > 0 {
            verdict.errors.truncate(ERRORS);
            verdict.errors.push(format!("{n_more} more"));
        }
        verdict
    }

    fn check_app(&self, payload: &Payload<'_>, verdict: &mut Verdict) {
        if (self.takes)(payload.app_id()) {
            return;
        }
        let app_id = payload.app_id().map_or("none", shortened);
        verdict.errors.push(format!(
            "its application (`aid`) is `{app_id}`, which is not among `[collector] app_ids`; it \
             is not counted"
        ));
    }

    /// Says what our definitions do not know of an internal event.
    fn check_definition(&self, payload: &Payload<'_>, verdict: &mut Verdict) {
        let Some(tracked) = &payload.tracked else { return };
        let event = &tracked.event;
        match self.catalog.find_event(&event.name) {
            Some(idx) => {
                let omissions = self.catalog.route(idx, event).omissions;
                let texts = omissions.iter().map(|it| cut(it.to_string()));
                verdict.errors.extend(texts.take(ERRORS + 1));
            }
            None if tracked.is_announced => verdict.errors.push(self.unknown(&event.name)),
            None => {}
        }
    }

    fn unknown(&self, name: &str) -> String {
        if let Some(it) = self.catalog.untracked_event(name) {
            return format!("{} defines this event, but not as an internal event", it.path);
        }
        let similar = self.catalog.similar_event(name);
        let hint = similar.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
        format!("no definition knows the event `{}`{hint}", shortened(name))
    }
}

/// Tells whether Snowplow's pipeline would refuse an event for a fault.
fn is_error(fault: &Fault, is_query: bool) -> bool {
    match fault {
        Fault::NotText { .. } | Fault::Form { .. } | Fault::TooLong { .. } => true,
        Fault::Unknown { .. } => !is_query,
        // An event without an id gets one, and one without an action has none.
        Fault::Missing { parameter } => matches!(*parameter, "tv" | "p"),
        _ => false,
    }
}

/// A fault with what a parser says about it.
pub(super) fn words(fault: &Fault) -> String {
    match fault.source() {
        Some(source) => cut(format!("{fault}: {source}")),
        None => cut(fault.to_string()),
    }
}

fn check_contexts(event: &Checked<'_>, verdict: &mut Verdict) {
    let list = event.contexts.and_then(|it| it["data"].as_array());
    for (position, entity) in list.into_iter().flatten().enumerate() {
        check_entity(&format!("the context at {position}"), entity, verdict);
    }
}

fn check_described(event: &Checked<'_>, verdict: &mut Verdict) {
    if event.payload.kind == Kind::SelfDescribing
        && let Some(described) = event.described
    {
        check_entity("what the event describes", &described["data"], verdict);
    }
}

/// Checks something that describes itself; what no schema is built in for may be anything.
fn check_entity(what: &str, entity: &Value, verdict: &mut Verdict) {
    if verdict.errors.len() > ERRORS {
        return;
    }
    let uri = entity["schema"].as_str().unwrap_or_default();
    let Some(schema) = uri.strip_prefix("iglu:").and_then(Schema::find) else {
        // Enough to know; whoever sends more contexts than that sees them all the same.
        if verdict.notes.len() < ERRORS {
            verdict
                .notes
                .push(format!("{what} was not checked: no schema for `{}`", shortened(uri)));
        }
        return;
    };
    let errors = schema.errors(&entity["data"], ERRORS + 1);
    verdict.errors.extend(errors.iter().map(|it| format!("{what}, `{uri}`, {it}")));
}

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}

/// Cuts what repeats a name that is anybody's.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(2 * NAME_BYTES));
    text
}
