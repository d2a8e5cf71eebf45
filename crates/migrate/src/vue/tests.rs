//! Components before and after.

use crate::javascript::tests::{check_with, first};
use crate::{Language, Options};

#[test]
fn the_first_guide_s_component_is_rewritten() {
    let before = "<script>\nimport Tracking from '~/tracking';\n\nexport default {\n  mixins: [Tracking.mixin()],\n  methods: {\n    save() {\n      this.track('some_label', options);\n    },\n  },\n};\n</script>\n<template>\n <gl-button\n  data-track-action=\"click\"\n  icon=\"external-link\"\n/>\n</template>\n";
    let after = before
        .replace("import Tracking from", "import { InternalEvents } from")
        .replace("Tracking.mixin()", "InternalEvents.mixin()")
        .replace("track('some_label', options)", "track_event('some_label')");
    check_with(before, &after, Language::Vue, &first());
}

#[test]
fn templates_are_rewritten_with_their_script() {
    let script = |import: &str, mixin: &str| {
        format!(
            "<script>\nimport {import} from '~/tracking';\nexport default {{ mixins: [{mixin}] }};\n</script>\n"
        )
    };
    for (mixin, before, after) in [
        ("", "@click=\"track('click_x')\"", "@click=\"trackEvent('click_x')\""),
        ("", "@click='track(\"x\")'", "@click='trackEvent(\"x\")'"),
        (
            "",
            "v-on:click=\"track('click_x', { label: 'y' })\"",
            "v-on:click=\"trackEvent('click_x', { label: 'y' })\"",
        ),
        ("", "@click=\"a = 1; track('x');\"", "@click=\"a = 1; trackEvent('x');\""),
        ("", "@click=\"() => track('x')\"", "@click=\"() => trackEvent('x')\""),
        ("", "@click=\"ok && track('x')\"", "@click=\"ok && trackEvent('x')\""),
        ("{ label: 'm' }", "@click=\"track('x')\"", "@click=\"trackEvent('x', { label: 'm' })\""),
        ("{ label: 'm' }", "@click='track(\"x\")'", "@click='trackEvent(\"x\", { label: \"m\" })'"),
    ] {
        let template =
            |it: &str| format!("<template>\n  <a {it}>{{{{ a<b }}}} é</a>\n</template>\n");
        let old = template(before) + &script("Tracking", &format!("Tracking.mixin({mixin})"));
        let new = template(after) + &script("{ InternalEvents }", "InternalEvents.mixin()");
        check_with(&old, &new, Language::Vue, &Options::default());
    }
}
