//! Cases: what is rewritten, and what is refused.

use super::rewrite;
use crate::options::{Options, Style};
use crate::project::Project;

fn first() -> Options {
    Options { style: Style::First, drops_properties: true, ..Options::default() }
}

/// Rewrites, and proves that a second run has nothing to do.
fn run(before: &str, project: &Project, options: &Options) -> (String, crate::site::Rewrite) {
    let done = rewrite(before, project, options).unwrap_or_else(|it| panic!("{before}\n{it:?}"));
    let after = done.edits.apply(before);
    let again = rewrite(&after, project, options).unwrap_or_else(|it| panic!("{after}\n{it:?}"));
    assert!(again.edits.is_empty(), "{:?}", again.edits.apply(&after));
    (after, done)
}

#[test]
fn the_guides_pairs() {
    let cases = [
        (
            "Gitlab::Tracking.event(name, 'ci_templates_unique', namespace: namespace,\n                               project: project, context: [context], user: user, label: label)\n",
            "Gitlab::InternalEvents.track_event('ci_templates_unique', namespace: namespace, project: project, user: user)\n",
        ),
        (
            "  Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id)\n",
            "  Gitlab::InternalEvents.track_event('git_write_action', user: current_user)\n",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(run(before, &Project::default(), &first()).0, after);
    }
}
