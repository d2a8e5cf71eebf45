//! A file in a folder where GitLab does not look.

use super::{Check, Finding, Out, Rule};
use crate::file::{File, Place};

pub(crate) const CODE: &str = "misplaced-file";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

/// GitLab's pattern for metric folders means to leave out `aggregates`, but leaves out every
/// folder that starts with one of its letters `a` and `g`.
fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    let folder = file.folder();
    let finding = |message: String| Finding::warning(CODE, file, &file.first_line(), message);
    match file.place {
        Place::Aggregate => {
            let message = "aggregates are of the time before internal events; nothing reads them";
            let finding = Finding::note(CODE, file, &file.first_line(), message);
            out.push(finding.help("count several events in one metric instead"));
        }
        Place::StrayEvent => {
            let message = "event definitions are read from `config/events` itself, not from folders below";
            out.push(finding(message.to_owned()).help("move the file up, or to `removed/`"));
        }
        Place::Metric if folder.starts_with(['a', 'g']) => {
            let message = format!("GitLab skips the folder `{folder}`: its name starts with `a` or `g`");
            out.push(finding(message).help("move the file, for example to `counts_28d`"));
        }
        Place::Metric if file.path.contains("config/metrics/") && (folder.is_empty() || folder.contains('/')) => {
            let message = "metric definitions are read from folders directly below `config/metrics`";
            out.push(finding(message.to_owned()).help("move the file, for example to `counts_28d`"));
        }
        _ => {}
    }
}
