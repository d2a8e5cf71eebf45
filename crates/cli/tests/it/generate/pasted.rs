//! The code the generator offers for Rust, pasted: it compiles, and does what it says.

use std::path::Path;

struct Object {
    id: i64,
}

/// Holds the pasted code, as it is but for the root.
#[rustfmt::skip]
#[expect(clippy::items_after_statements, reason = "the pasted code starts with its imports")]
pub(super) fn test(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let (user, project, namespace) = (Object { id: 1 }, Object { id: 2 }, Object { id: 3 });

    use internal_events::testing::Recorder;
    use internal_events_installation::Installation;

    let installation = Installation::open(root, |_| None)?;
    let recorder = Recorder::new(installation.definitions());
    let changes = recorder.during(|tracker| {
        // Instead of this, call your code that tracks the event.
        tracker
            .track_event("merge_button")
            .user(user.id)
            .project(project.id)
            .namespace(namespace.id)
            .property("label", "x")
            .property("value", 1)
            .property("strategy", "x")
            .send();
    });
    changes
        .assert_triggered("merge_button")
        .with_user(user.id)
        .with_project(project.id)
        .with_namespace(namespace.id)
        .with_property("label", "x")
        .with_property("value", 1)
        .with_property("strategy", "x")
        .once();
    changes.assert_incremented("count_distinct_strategy_from_merge_button_7d").by(1);
    changes.assert_incremented("count_distinct_strategy_from_merge_button_28d").by(1);
    Ok(())
}
