//! RSpec: `expect_snowplow_event` and its kin, and the shared examples of legacy tracking.

mod examples;
mod expectation;

use super::file::File;
use super::model::Call;
use crate::edit::Edits;
use crate::site::{Kind, Outcome, Refusal, Rewrite, Site};

/// What becomes of a place in a spec: edits and notes.
struct Change {
    edits: Edits,
    notes: Vec<String>,
    event: String,
}

/// Rewrites what belongs to specs.
pub(super) fn rewrite(file: &File<'_>, rewrite: &mut Rewrite) {
    if !file.options.includes(Kind::Rspec) {
        return;
    }
    for call in &file.source.calls {
        if let Some(done) = change(file, call) {
            note(call, done, rewrite);
        }
    }
}

fn change(file: &File<'_>, call: &Call) -> Option<Result<Change, Refusal>> {
    match call.name.as_str() {
        "expect_snowplow_event" | "expect_no_snowplow_event" if call.receiver.is_none() => {
            Some(expectation::change(file, call))
        }
        "to" | "not_to" | "to_not" => expectation::of_receive(file, call).map(Err),
        "it_behaves_like" | "it_should_behave_like" | "include_examples" => {
            examples::change(file, call)
        }
        _ => None,
    }
}

fn note(call: &Call, done: Result<Change, Refusal>, rewrite: &mut Rewrite) {
    let (outcome, event) = match done {
        Ok(change) => {
            rewrite.edits.extend(change.edits);
            (Outcome::Rewritten { notes: change.notes }, Some(change.event))
        }
        Err(refusal) => (Outcome::Refused(refusal), None),
    };
    rewrite.sites.push(Site { kind: Kind::Rspec, range: call.range.clone(), outcome, event });
}
