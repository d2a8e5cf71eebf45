//! Calls beside each other that track one event.

use super::{NEW, OLD, check, refuse};
use crate::{Language, Options, Reason};

/// A script with the legacy imports, or the new one.
fn script(import: &str, lines: &str) -> String {
    format!("{import}\nexport function a() {{\n{lines}}}\n")
}

#[test]
fn calls_of_one_event_are_merged() {
    let api = "import api from '~/api';";
    let both = format!("{api}\n{OLD}");
    for (import, before, after) in [
        (
            api,
            "  api.trackRedisHllUserEvent('x');\n  api.trackRedisCounterEvent('x');\n",
            "  InternalEvents.trackEvent('x');\n",
        ),
        (
            api,
            "  api.trackRedisCounterEvent('x');\n\n  api.trackRedisHllUserEvent('x');\n",
            "  InternalEvents.trackEvent('x');\n\n",
        ),
        (
            &both,
            "  api.trackRedisHllUserEvent('x');\n  Tracking.event('c', 'x', { label: 'l' });\n",
            "  InternalEvents.trackEvent('x', { label: 'l' });\n",
        ),
        (
            &both,
            "  Tracking.event('c', 'x');\n  api.trackRedisHllUserEvent('x');\n  \
             api.trackRedisCounterEvent('x');\n",
            "  InternalEvents.trackEvent('x');\n",
        ),
        // The same call twice was counted twice.
        (
            api,
            "  api.trackRedisCounterEvent('x');\n  api.trackRedisCounterEvent('x');\n",
            "  InternalEvents.trackEvent('x');\n  InternalEvents.trackEvent('x');\n",
        ),
        // Names of their own are two events.
        (
            api,
            "  api.trackRedisHllUserEvent('x');\n  api.trackRedisCounterEvent('y');\n",
            "  InternalEvents.trackEvent('x');\n  InternalEvents.trackEvent('y');\n",
        ),
    ] {
        check(&script(import, before), &script(NEW, after));
    }
    let before =
        script(api, "  api.trackRedisHllUserEvent('x');\n  api.trackRedisCounterEvent('x');\n");
    let (_, done) = super::migrated(&before, Language::JavaScript, &Options::default());
    let [found] = &done.found[..] else { panic!("one event: {:?}", done.found) };
    assert!(found.was_unique && found.was_total.as_deref() == Some("x"), "{found:?}");
}

#[test]
fn calls_that_would_count_twice_stay() {
    let both = format!("import api from '~/api';\n{OLD}");
    for (lines, part) in [
        (
            "  api.trackRedisHllUserEvent('x');\n  b();\n  api.trackRedisCounterEvent('x');\n",
            "counts who did `x` and counts how often `x` was done",
        ),
        (
            "  api.trackRedisHllUserEvent('x'); // who\n  api.trackRedisCounterEvent('x');\n",
            "counts who did `x`",
        ),
        (
            "  if (b) api.trackRedisHllUserEvent('x');\n  Tracking.event('c', 'x');\n",
            "counts who did `x` and sends `x`",
        ),
        (
            "  Tracking.event('c', 'x');\n  api.trackRedisHllUserEvent('y');\n",
            "sends `x` and counts who did `y`",
        ),
    ] {
        refuse(&script(&both, lines), Reason::SeveralCalls, part);
    }
}

#[test]
fn a_call_stays_with_the_mixin_beside_it() {
    let component = |call: &str| {
        format!(
            "import api from '~/api';\n{OLD}\nexport default {{\n  mixins: [Tracking.mixin()],\n  \
             methods: {{\n    a() {{\n      this.track('x');\n      \
             api.trackRedisHllUserEvent('x');\n    }},\n    b() {{\n      {call};\n    }},\n  }},\n}};\n"
        )
    };
    let (changed, _) =
        super::migrated(&component("this.track('y')"), Language::JavaScript, &Options::default());
    assert!(changed.contains("this.trackEvent('x');\n    }"), "{changed}");
    let before = component("this.track(y)");
    let (changed, _) = super::migrated(&before, Language::JavaScript, &Options::default());
    assert_eq!(changed, before, "nothing of it changes");
}
