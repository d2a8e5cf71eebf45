//! Scripts before and after, and what is refused.

mod jest;
mod layouts;
mod mixins;
mod raws;
mod refusals;
mod several;

use crate::site::{Outcome, Reason, Rewrite};
use crate::{Language, Options, Project, Style};

/// Rewrites, and checks what holds for every rewrite: the output parses, and a second run finds
/// nothing to do.
pub(crate) fn migrated(text: &str, language: Language, options: &Options) -> (String, Rewrite) {
    let run = |text: &str| {
        let project = Project::default();
        let rewritten = match language {
            Language::Vue => crate::vue::rewrite(text, &project, options),
            _ => super::rewrite(text, language, &project, options),
        };
        rewritten.unwrap_or_else(|it| panic!("{} at {}:\n{text}", it.message, it.at))
    };
    let rewrite = run(text);
    let changed = rewrite.edits.apply(text);
    let second = run(&changed);
    assert!(
        second.edits.is_empty(),
        "a second run changes\n{changed}\nto\n{}",
        second.edits.apply(&changed)
    );
    let is_rewritten = |it: &Outcome| matches!(it, Outcome::Rewritten { .. });
    assert!(!second.sites.iter().any(|it| is_rewritten(&it.outcome)), "twice:\n{changed}");
    let count = |of: &Rewrite| {
        of.sites.iter().filter(|it| matches!(it.outcome, Outcome::Refused(_))).count()
    };
    assert_eq!(count(&rewrite), count(&second), "refusals change:\n{changed}\n{second:#?}");
    let has_new = rewrite.sites.iter().any(|it| is_rewritten(&it.outcome));
    assert_eq!(
        has_new,
        !rewrite.edits.is_empty(),
        "edits without sites, or sites without:\n{text}"
    );
    (changed, rewrite)
}

/// What whoever follows the first guide decides.
pub(crate) fn first() -> Options {
    Options { style: Style::First, drops_properties: true, ..Options::default() }
}

pub(crate) fn check_with(before: &str, after: &str, language: Language, options: &Options) {
    let (changed, rewrite) = migrated(before, language, options);
    let refused = rewrite.sites.iter().find_map(|it| match &it.outcome {
        Outcome::Refused(it) => Some(it),
        _ => None,
    });
    assert_eq!(refused, None, "refused:\n{before}");
    assert_eq!(changed, after, "\nbefore:\n{before}");
}

pub(crate) fn check(before: &str, after: &str) {
    check_with(before, after, Language::JavaScript, &Options::default());
}

/// Checks that one is refused, and that nothing is changed.
pub(crate) fn refuse_with(
    before: &str,
    reason: Reason,
    part: &str,
    language: Language,
    options: &Options,
) {
    let (changed, rewrite) = migrated(before, language, options);
    let refusals: Vec<_> = rewrite
        .sites
        .iter()
        .filter_map(|it| match &it.outcome {
            Outcome::Refused(it) => Some(it),
            _ => None,
        })
        .collect();
    let is_it = |it: &&&crate::Refusal| it.reason == reason && it.what.contains(part);
    let found = refusals.iter().find(is_it);
    assert!(found.is_some(), "not refused with {reason:?} and `{part}`: {refusals:#?}\n{before}");
    assert!(found.is_some_and(|it| !it.advice.is_empty()), "no advice:\n{before}");
    assert_eq!(changed, before, "changed although refused");
}

pub(crate) fn refuse(before: &str, reason: Reason, part: &str) {
    refuse_with(before, reason, part, Language::JavaScript, &Options::default());
}

/// A component with the mixin and a method of these lines.
pub(crate) fn component(import: &str, mixins: &str, lines: &str) -> String {
    format!(
        "{import}\n\nexport default {{\n  mixins: [{mixins}],\n  methods: {{\n    save() {{\n      \
         {lines}\n    }},\n  }},\n}};\n"
    )
}

pub(crate) const OLD: &str = "import Tracking from '~/tracking';";
pub(crate) const NEW: &str = "import { InternalEvents } from '~/tracking';";

/// Checks a line of a component's method.
pub(crate) fn check_line(mixin: &str, before: &str, after: &str) {
    check_line_with(mixin, before, after, &Options::default());
}

pub(crate) fn check_line_with(mixin: &str, before: &str, after: &str, options: &Options) {
    let old = component(OLD, mixin, before);
    let new = component(NEW, "InternalEvents.mixin()", after);
    check_with(&old, &new, Language::JavaScript, options);
}

/// Checks that a line of a component's method is refused.
pub(crate) fn refuse_line(line: &str, reason: Reason, part: &str) {
    refuse(&component(OLD, "Tracking.mixin()", line), reason, part);
}
