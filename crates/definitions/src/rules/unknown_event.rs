//! A metric that counts an event nobody can track.

use super::{Check, Finding, Out, Rule};
use crate::file::Place;
use crate::index::Index;
use crate::model::Metric;
use crate::suggest::closest;

pub(crate) const CODE: &str = "unknown-event";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// Removed metrics keep the names they counted, also of events that are gone.
fn check<'n>(index: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() || metric.is_removed() {
        return;
    }
    for rule in &metric.rules {
        let Some(name) = rule.name else { continue };
        if index.tracked_event(name).is_some() || index.may_be_unreadable(name) {
            continue;
        }
        let span = &rule.at("name").span;
        let finding = |message: String| Finding::error(CODE, metric.file, span, message);
        out.push(match index.event(name) {
            Some(event) if event.file.place == Place::RemovedEvent => {
                finding(format!("the metric counts `{name}`, an event that was removed"))
                    .help("remove the metric (`status: removed`), or count another event")
                    .related("removed here", event.file, event.file.first_line().start)
            }
            Some(event) if event.file.place == Place::StrayEvent => finding(format!(
                "the metric counts `{name}`, whose definition is in a folder that nobody reads"
            ))
            .help("move the definition to `config/events`")
            .related("defined here", event.file, event.file.first_line().start),
            Some(event) => finding(format!("the metric counts `{name}`, which is not an internal event"))
                .help("define it with `internal_events: true`; legacy events move no counter")
                .related("defined here", event.file, event.file.first_line().start),
            None => {
                let finding = finding(format!("the metric counts `{name}`, which is not defined"));
                finding.help(match closest(name, index.tracked_actions()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("define it in `config/events/{name}.yml`"),
                })
            }
        });
    }
}
