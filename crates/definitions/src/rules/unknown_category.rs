//! A feature category that the list of categories does not have.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model;
use crate::suggest::closest;

pub(crate) const CODE: &str = "unknown-category";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let Some(known) = &index.tables.categories else { return };
    for (file, node) in index.definitions() {
        for item in model::items(node, "product_categories") {
            let Some(category) = item.as_str().filter(|it| !known.contains(*it)) else { continue };
            let message = format!("there is no feature category `{category}`");
            let finding = Finding::error(CODE, file, &item.span, message);
            out.push(finding.help(match closest(category, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "use a category of the list, or add it there".to_owned(),
            }));
        }
    }
}
