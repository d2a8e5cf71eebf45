//! Specs: `expect_snowplow_event` and its kin, and the shared examples of legacy tracking.

mod examples;
mod expectation;

use super::file::{File, New, Plan};
use super::model::Call;
use crate::edit::Edits;
use crate::site::Found;

/// What becomes of a call, if it is one of these.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Option<Plan> {
    match call.name.as_str() {
        "expect_snowplow_event" | "expect_no_snowplow_event" if call.receiver.is_none() => {
            Some(expectation::plan(file, call))
        }
        "have_tracking" if call.receiver.is_none() => {
            Some(Err(expectation::of_attributes(file, call)))
        }
        "to" | "not_to" | "to_not" => expectation::of_receive(file, call).map(Err),
        "it_behaves_like" | "it_should_behave_like" | "include_examples" => {
            examples::plan(file, call)
        }
        _ => None,
    }
}

/// What becomes of a spec: it tracks nothing by itself, and what it expects must be defined.
fn changed(event: String, edits: Edits) -> New {
    let notes = vec![
        format!("`{event}` needs its definition: matchers and examples know defined events only."),
        "The category is not compared any more.".to_owned(),
    ];
    let found = Found { name: event, ..Found::default() };
    New { notes, found, edits: Some(edits), ..New::default() }
}
