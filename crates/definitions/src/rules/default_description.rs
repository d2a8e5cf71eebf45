//! A description that the generator composed.

use super::wrong_type::visible;
use super::{Check, Finding, Out, Rule};
use crate::file::{File, Place};
use crate::generate::is_composed_description;
use crate::model;

pub(crate) const CODE: &str = "default-description";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    let Some(root) = file.mapping() else { return };
    let Some(node) = root.get("description") else { return };
    let Some(text) = node.as_str() else { return };
    let is_composed = match file.place {
        Place::Event => {
            model::text(root, "action").is_some_and(|it| is_composed_description(text, it))
        }
        Place::Metric => {
            let rules = model::items(root, "events").iter();
            rules.filter_map(|it| model::text(it, "name")).any(|it| is_composed_count(text, it))
        }
        _ => false,
    };
    if is_composed {
        let message = "the description is the generator's, it says no more than the name";
        let finding = Finding::note(CODE, file, &visible(file, node), message);
        out.push(finding.help("say in your own words what happened, when and by whom"));
    }
}

/// Whether a metric is described by nothing but its event's name.
fn is_composed_count(text: &str, event: &str) -> bool {
    let periods = ["Weekly count of ", "Monthly count of ", "Total count of "];
    let Some(rest) = periods.iter().find_map(|it| text.strip_prefix(it)) else { return false };
    let is_about = |before: &str, after: &str| {
        rest.strip_suffix(after)
            .and_then(|it| it.strip_suffix(event))
            .is_some_and(|it| it.ends_with(before))
    };
    rest.strip_suffix(" events") == Some(event)
        || is_about("who triggered ", "")
        || is_about("where ", " happened")
        || is_about("from ", "")
}
