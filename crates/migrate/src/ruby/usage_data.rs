//! `include Gitlab::Utils::UsageData`, which brings `track_usage_event`: it goes with the last call
//! that needs it.

use super::file::File;
use super::model::Mixin;
use super::plans::Planned;
use crate::edit::Edits;
use std::ops::Range;

/// The module.
pub(super) const MODULE: &str = "Gitlab::Utils::UsageData";

/// What counts with it.
const CALL: &str = "track_usage_event";

/// Everything else that the module has had, in any version: methods and constants.
const OTHERS: &[&str] = &[
    "ALL_TIME_TIME_FRAME_NAME",
    "DISTRIBUTED_HLL_FALLBACK",
    "FALLBACK",
    "HISTOGRAM_FALLBACK",
    "MAX_BUCKET_SIZE",
    "SEVEN_DAYS_TIME_FRAME_NAME",
    "TWENTY_EIGHT_DAYS_TIME_FRAME_NAME",
    "add",
    "add_metric",
    "alt_usage_data",
    "average",
    "count",
    "distinct_count",
    "estimate_batch_distinct_count",
    "histogram",
    "jira_integration_data",
    "maximum_id",
    "measure_duration",
    "metrics_collection_metadata",
    "minimum_id",
    "prometheus_client",
    "prometheus_server_address",
    "redis_usage_counter",
    "redis_usage_data",
    "redis_usage_data_totals",
    "sum",
    "track_usage_event",
    "with_duration",
    "with_fallback",
    "with_finished_at",
    "with_metadata",
    "with_prometheus_client",
];

/// What becomes of the module in a file.
#[derive(Default)]
pub(super) struct Leftover {
    /// Statements that go, by their number among those of the file.
    pub gone: Vec<usize>,
    /// What is to be said at the last call.
    pub notes: Vec<String>,
}

/// Tells which of the file's statements nobody needs any more.
pub(super) fn look(file: &File<'_>, planned: &[Planned<'_>]) -> Leftover {
    let mut leftover = Leftover::default();
    let is_call =
        |it: &&Planned<'_>| it.call.name == CALL && it.call.receiver.is_none() && it.plan.is_ok();
    let calls: Vec<&Planned<'_>> = planned.iter().filter(is_call).collect();
    for (number, mixin) in file.source.mixins.iter().enumerate() {
        let is_its = |it: &&&Planned<'_>| is_around(file, mixin.scope, it.call.scope);
        if calls.iter().filter(is_its).count() == 0 {
            continue;
        }
        let code = file.short(&mixin.range);
        match doubt(file, mixin, &calls) {
            None => {
                leftover.gone.push(number);
                leftover.notes.push(format!(
                    "`{code}` is gone, of which this file needs nothing any more; a subclass that \
                     does needs its own."
                ));
            }
            Some(why) => leftover.notes.push(format!("`{code}` stays: {why}.")),
        }
    }
    leftover
}

/// Why it is not certain that nobody needs a module any more.
fn doubt(file: &File<'_>, mixin: &Mixin, calls: &[&Planned<'_>]) -> Option<String> {
    let scope = mixin.scope.and_then(|it| file.source.scopes.get(it));
    if !mixin.is_alone || lines(file, &mixin.range).is_none() {
        return Some("it is a part of more".to_owned());
    }
    if mixin.is_included && scope.is_none_or(|it| it.is_module) {
        return Some("what includes this module may need it".to_owned());
    }
    let ours = calls.iter().map(|it| &it.call.range).chain([&mixin.range]);
    let ours: Vec<&Range<usize>> = ours.chain(&file.source.comments).collect();
    let other = words(file.text).find(|(at, word)| {
        OTHERS.contains(word)
            && !ours.iter().any(|it| it.contains(at))
            && !is_of_something_else(file.text, *at, word)
    });
    other.map(|(_, word)| format!("`{word}` may be of it"))
}

/// Whether a word is a call upon something, a key or a variable of another kind.
fn is_of_something_else(text: &str, at: usize, word: &str) -> bool {
    let (before, after) = (&text[..at], &text[at + word.len()..]);
    let is_upon = before.ends_with('.') && !before.ends_with("self.");
    let is_sigil = before.ends_with('@') || before.ends_with('$');
    let is_key = after.starts_with(':') && !after.starts_with("::");
    is_upon || is_sigil || is_key
}

/// The words of a text, with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_of_word = |it: char| it.is_alphanumeric() || "_?!".contains(it);
    let parts = text.split(move |it| !is_of_word(it)).filter(|it| !it.is_empty());
    parts.map(move |it| (it.as_ptr() as usize - text.as_ptr() as usize, it))
}

/// Whether a class is another one, or stands around it.
fn is_around(file: &File<'_>, outer: Option<usize>, inner: Option<usize>) -> bool {
    let parent = |it: &usize| file.source.scopes.get(*it).and_then(|it| it.parent);
    std::iter::successors(inner, parent).any(|it| Some(it) == outer)
}

/// Takes a statement away; the new module comes in its place where the class needs that.
pub(super) fn take_away(file: &File<'_>, mixin: &Mixin, new: Option<&str>, edits: &mut Edits) {
    match (new, lines(file, &mixin.range)) {
        (Some(new), _) => edits.replace(mixin.range.clone(), new),
        (None, Some(lines)) => edits.replace(lines, ""),
        (None, None) => {}
    }
}

/// The line of a statement that stands on it alone, and an empty line below it if it is the first
/// of its class or has one above it too.
fn lines(file: &File<'_>, range: &Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (file.line_start(range.start), file.line_end(range.end));
    let is_alone = file.text[start..range.start].trim().is_empty()
        && file.text[range.end..end].trim().is_empty();
    let next = file.text[end..].find('\n').map(|it| end + it + 1)?;
    let above = file.text[..start].trim_end_matches([' ', '\t', '\r', '\n']).len();
    let is_first = file.source.scopes.iter().any(|it| it.head_end == above);
    let opens = is_first || file.text[above..start].matches('\n').count() > 1;
    let below = file.text[next..].find('\n').map(|it| next + it + 1);
    let below = below.filter(|it| opens && file.text[next..*it].trim().is_empty());
    is_alone.then(|| start..below.unwrap_or(next))
}
