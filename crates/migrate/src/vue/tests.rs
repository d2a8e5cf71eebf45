//! Components before and after.

use super::blocks;
use crate::javascript::tests::{check_with, first, refuse_with};
use crate::{Language, Options, Reason};

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

/// A component with the mixin, and this template.
fn with_mixin(template: &str) -> String {
    format!(
        "<template>{template}</template>\n<script>\nimport Tracking from '~/tracking';\n\
         export default {{ mixins: [Tracking.mixin({{ label: \"m\" }})] }};\n</script>\n"
    )
}

#[test]
fn what_a_template_does_otherwise_is_refused() {
    for (template, reason, part) in [
        ("<a @click=\"track(name)\" />", Reason::ComputedName, "`name`"),
        ("<a @click=\"track(`${a}_b`)\" />", Reason::ComputedName, "`${a}_b`"),
        ("<a @click=\"track($options.ACTION)\" />", Reason::ComputedName, "$options.ACTION"),
        ("<a @click=\"track('x', data)\" />", Reason::IndirectArguments, "data"),
        ("<a @click=\"this.track('x')\" />", Reason::NotUnderstood, "`this.track`"),
        ("<a @click=\"track\" />", Reason::IndirectArguments, "passed on"),
        ("<a :on-click=\"track\" />", Reason::IndirectArguments, "passed on"),
        ("<a :title=\"track('x')\" />", Reason::ValueUsed, "by the template"),
        ("<a @click=\"b = track('x')\" />", Reason::ValueUsed, "b = track('x')"),
        ("{{ track('x') }}", Reason::ValueUsed, "by the template"),
        ("<a @click=\"track(&quot;x&quot;)\" />", Reason::NotUnderstood, "entities"),
        ("<a @click=track('x') />", Reason::NotUnderstood, "no quotes"),
        ("<a v-for=\"track in all\" @click=\"track('x')\" />", Reason::NotUnderstood, "may hide"),
        ("<a #default=\"{ track }\" />", Reason::NotUnderstood, "may hide"),
        ("<a @click=\"track('x'\" />", Reason::DoesNotParse, "does not parse"),
        ("<a @click=\"trackEvent('x')\" />", Reason::OwnTrackEvent, "trackEvent"),
        ("<a :b=\"trackingOptions\" />", Reason::NotUnderstood, "trackingOptions"),
    ] {
        refuse_with(&with_mixin(template), reason, part, Language::Vue, &Options::default());
    }
    let pug =
        with_mixin("").replace("<template>", "<template lang=\"pug\">\na(@click=\"track('x')\")\n");
    refuse_with(
        &pug,
        Reason::NotUnderstood,
        "not written in HTML",
        Language::Vue,
        &Options::default(),
    );
    let elsewhere = with_mixin("").replace("<template>", "<template src=\"./a.html\">");
    let options = Options::default();
    refuse_with(&elsewhere, Reason::NotUnderstood, "in another file", Language::Vue, &options);
    let coffee = "<script lang=\"coffee\">\nimport Tracking from '~/tracking'\n</script>";
    refuse_with(coffee, Reason::DoesNotParse, "coffee", Language::Vue, &Options::default());
    let half = "<template><a @click=\"track('good'); track(bad)\" /></template>\n<script>\nimport Tracking from '~/tracking';\nexport default { mixins: [Tracking.mixin()], created() { this.track('x'); } };\n</script>";
    refuse_with(half, Reason::ComputedName, "`bad`", Language::Vue, &Options::default());
}

#[test]
fn scripts_of_every_kind_are_rewritten() {
    for (before, after) in [
        (
            "<script setup lang=\"ts\">\nimport Tracking from '~/tracking';\nconst save = (a: string) => Tracking.event('c', 'x', { label: a });\n</script>",
            "<script setup lang=\"ts\">\nimport { InternalEvents } from '~/tracking';\nconst save = (a: string) => InternalEvents.trackEvent('x', { label: a });\n</script>",
        ),
        (
            "<i18n>{ \"a\": \"<script>\" }</i18n>\n<!-- <script> -->\n<script>\nimport api from '~/api';\napi.trackRedisHllUserEvent('x');\n</script>\n<style>a > b {}</style>",
            "<i18n>{ \"a\": \"<script>\" }</i18n>\n<!-- <script> -->\n<script>\nimport { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x');\n</script>\n<style>a > b {}</style>",
        ),
        (
            "<script>\r\nimport Tracking from '~/tracking';\r\nexport default { mixins: [Tracking.mixin()] };\r\n</script>\r\n<template>\r\n<a\r\n @click=\"track('x')\"/>\r\n</template>\r\n",
            "<script>\r\nimport { InternalEvents } from '~/tracking';\r\nexport default { mixins: [InternalEvents.mixin()] };\r\n</script>\r\n<template>\r\n<a\r\n @click=\"trackEvent('x')\"/>\r\n</template>\r\n",
        ),
        (
            "<template><a @click=\"track('x')\" /></template>",
            "<template><a @click=\"track('x')\" /></template>",
        ),
    ] {
        check_with(before, after, Language::Vue, &Options::default());
    }
}

#[test]
fn blocks_end_where_vue_ends_them() {
    for (text, expected) in [
        ("<template><template #a>b</template></template>", vec!["template"]),
        ("<template><a b=\"</template>\" /></template><style/>", vec!["template", "style"]),
        ("<template>{{ a </template> }}</template>", vec!["template"]),
        (
            "<template lang=\"pug\">template\n</template><script></script>",
            vec!["template", "script"],
        ),
        (
            "text <docs># <template>\n</docs> & <Script>let a = '</scr';</Script>",
            vec!["docs", "Script"],
        ),
        ("<template><textarea><template></textarea></template>", vec!["template"]),
        ("", vec![]),
    ] {
        let blocks = blocks(text).unwrap();
        let names: Vec<_> = blocks.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, expected, "{text}");
    }
    for text in ["<template>", "<script>let a;", "<template><template></template>"] {
        let result = blocks(text);
        assert!(result.is_err(), "{text}: {result:?}");
    }
}
