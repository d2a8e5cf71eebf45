use super::*;
use Language::Vue;

const GUIDE: &str = r#"<template>
 <gl-button
  :href="diffFile.external_url"
  :title="externalUrlLabel"
  :aria-label="externalUrlLabel"
  target="_blank"
  data-track-action="click_toggle_external_button"
  data-track-label="diff_toggle_external_button"
  data-track-property="diff_toggle_external"
  icon="external-link"
/>
</template>
"#;

const GUIDE_AFTER: &str = r#"<template>
 <gl-button
  :href="diffFile.external_url"
  :title="externalUrlLabel"
  :aria-label="externalUrlLabel"
  target="_blank"
  data-event-tracking="click_toggle_external_button"
  icon="external-link"
/>
</template>
"#;

/// A template with this in it.
fn of(inner: &str) -> String {
    format!(
        "<script>\nexport default {{}};\n</script>\n<template>\n  {inner}\n</template>\n<i18n>{{\"a\": \"<b data-track-action='x'>\"}}</i18n>\n"
    )
}

#[track_caller]
fn same(before: &str, after: &str) -> Vec<Found> {
    check(Vue, &of(before), &of(after))
}

#[track_caller]
fn not(before: &str, reason: Reason, what: &str) {
    refuse(Vue, &of(before), reason, what);
}

#[test]
fn the_first_guide_is_followed() {
    check_with(Vue, GUIDE, GUIDE_AFTER, &first_guide());
}

#[test]
fn static_attributes() {
    same(
        "<a data-track-action=\"x\" @click=\"a\">{{ a<b }}</a>",
        "<a data-event-tracking=\"x\" @click=\"a\">{{ a<b }}</a>",
    );
    same(
        "<template #x><a data-track-action=\"x\" /></template><p>{{ '<' }}</p><b data-track-action='y'></b>",
        "<template #x><a data-event-tracking=\"x\" /></template><p>{{ '<' }}</p><b data-event-tracking='y'></b>",
    );
    same(
        "<a data-track-action=\"render\"/>",
        "<a data-event-tracking=\"render\" data-event-tracking-load=\"true\"/>",
    );
}

#[test]
fn bound_attributes() {
    same(
        r#"<a data-track-action="x" :data-track-label="name" v-bind:data-track-property="`p`" :data-track-value="2" />"#,
        r#"<a data-event-tracking="x" :data-event-label="name" v-bind:data-event-property="`p`" :data-event-value="2" />"#,
    );
    same(r#"<a v-bind:data-track-action="'x'" />"#, r#"<a v-bind:data-event-tracking="'x'" />"#);
    let found = same(
        r#"<a data-track-action="x" :data-track-extra="JSON.stringify({ plan, count: 1, kind: 'k' })" />"#,
        r#"<a data-event-tracking="x" :data-event-additional="JSON.stringify({ plan, count: 1, kind: 'k' })" />"#,
    );
    assert_eq!(found[0].properties["kind"].example.as_deref(), Some("k"));
    let text = of(r#"<a data-track-action="x" :data-track-extra="json" />"#);
    assert!(notes(Vue, &text, &Options::default()).contains("declare each"));
    check_with(
        Vue,
        &of(r#"<a :data-track-action="'x'" />"#),
        &of(r#"<a :data-event-tracking="'y'" />"#),
        &renaming(&[("x", "y")]),
    );
}

#[test]
fn other_spread_objects_do_not_matter() {
    same(
        r#"<a v-bind="$attrs" data-track-action="x" v-on="$listeners" />"#,
        r#"<a v-bind="$attrs" data-event-tracking="x" v-on="$listeners" />"#,
    );
    same(
        r#"<a v-bind="{ ...$attrs, 'data-track-action': 'x' }" />"#,
        r#"<a v-bind="{ ...$attrs, 'data-event-tracking': 'x' }" />"#,
    );
}

#[test]
fn objects() {
    same(
        r#"<a v-bind="{ 'data-track-action': 'x', 'data-track-label': label, id }" />"#,
        r#"<a v-bind="{ 'data-event-tracking': 'x', 'data-event-label': label, id }" />"#,
    );
    same(
        r#"<a :action="{ text: t, attributes: { 'data-track-action': 'x' } }" />"#,
        r#"<a :action="{ text: t, attributes: { 'data-event-tracking': 'x' } }" />"#,
    );
    check_with(
        Vue,
        &of(r#"<a v-bind="{ 'data-track-action': 'x', 'data-track-label': 'l' }" />"#),
        &of(r#"<a v-bind="{ 'data-event-tracking': 'x' }" />"#),
        &first_guide(),
    );
    same(
        r#"<a @click="() => { $refs.a.dataset.trackAction = 'x'; }" />"#,
        r#"<a @click="() => { $refs.a.dataset.eventTracking = 'x'; }" />"#,
    );
}

#[test]
fn scripts_set_attributes_too() {
    let before = "<template><a/></template>\n<script>\nexport default { a: { 'data-track-action': 'x' } };\n</script>\n";
    check(Vue, before, &before.replace("data-track-action", "data-event-tracking"));
    let before = "<script lang=\"ts\">\nconst a = { 'data-track-action': 'x' } as A;\n</script>\n";
    check(Vue, before, &before.replace("data-track-action", "data-event-tracking"));
}

#[test]
fn names_may_be_chosen_among_or_be_options_of_the_component() {
    let names = |attribute: &str, script: &str| -> Vec<String> {
        let before =
            format!("<template><a {attribute} /></template>\n<script>\n{script}\n</script>\n");
        let after = before.replace("data-track-action", "data-event-tracking");
        check(Vue, &before, &after).into_iter().map(|it| it.name).collect()
    };
    for (attribute, script, expected) in [
        (r#":data-track-action="a ? 'x' : 'y'""#, "", &["x", "y"][..]),
        (r#":data-track-action="a && 'x'""#, "", &["x"]),
        (r#":data-track-action="$options.A""#, "export default { A: 'x' };", &["x"]),
        (r#":data-track-action="$options.A""#, "const A = 'x';\nexport default { A };", &["x"]),
        (r#":data-track-action="$options.a.b""#, "export default { a: { b: 'x' } };", &["x"]),
        (
            r#":data-track-action="c ? $options.A : 'y'""#,
            "export default Vue.extend({ A: 'x' });",
            &["x", "y"],
        ),
    ] {
        assert_eq!(names(attribute, script), expected, "{attribute}");
    }
    let text = "<template><a :data-track-action=\"$options.A\" /></template>\n";
    for script in [
        "<script>export default { ...b, A: 'x' };</script>",
        "<script>export default { A: f() };</script>",
        "<script setup>const A = 'x';</script>",
        "",
    ] {
        refuse(Vue, &format!("{text}{script}"), Reason::ComputedName, "$options.A");
    }
    let text = format!("{text}<script>export default {{ A: 'x' }};</script>");
    assert!(run(Vue, &text, &renaming(&[("x", "y")])).edits.is_empty());
}

#[test]
fn refusals() {
    not(r#"<a v-track-event="options(url)" />"#, Reason::IndirectArguments, "v-track-event");
    not(r#"<a :data-track-action="name" />"#, Reason::ComputedName, ":data-track-action=\"name\"");
    not(r#"<a :data-track-action="a ? 'x' : y" />"#, Reason::ComputedName, "a ? 'x' : y");
    not(r#"<a :data-track-action="a && 'render'" />"#, Reason::NotUnderstood, "a && 'render'");
    not(r#"<a :data-track-action="$options.A" />"#, Reason::ComputedName, "$options.A");
    not(r#"<a :data-track-action="`click_${x}`" />"#, Reason::ComputedName, "click_${x}");
    not(r#"<a :data-track-action="a b" />"#, Reason::ComputedName, "a b");
    not(r#"<a :data-track-action.camel="'x'" />"#, Reason::NotUnderstood, "modifier");
    not(
        r#"<a data-track-action="x" :data-track-action="'x'" />"#,
        Reason::NotUnderstood,
        "two actions",
    );
    not(
        r#"<a data-track-action="x" v-bind="trackingAttributes" />"#,
        Reason::IndirectArguments,
        "trackingAttributes",
    );
    not(
        r#"<a data-track-action="x" v-bind="{ 'data-track-label': 'l' }" />"#,
        Reason::IndirectArguments,
        "data-track-label",
    );
    not(
        r#"<a v-bind="{ ...tracking, 'data-track-action': 'x' }" />"#,
        Reason::IndirectArguments,
        "...tracking",
    );
    not("<a :data-track-action />", Reason::NotUnderstood, "no value");
    not(r#"<a v-bind="{ 'data-track-action': name }" />"#, Reason::ComputedName, "name");
    not(r#"<a v-bind="{ 'data-track-action': 'x' " />"#, Reason::DoesNotParse, "v-bind");
    not(
        r#"<a v-bind="{ 'track-action': 'x' }" />"#,
        Reason::IndirectArguments,
        "'track-action': 'x'",
    );
    not(
        r#"<a data-track-action="x" :data-track-experiment="e" />"#,
        Reason::CustomContext,
        "experiment",
    );
    not(r#"<a data-track-action="x" data-toggle="dropdown" />"#, Reason::SeveralCalls, "x_hide");
    not(r#"<a data-track-action="x" :data-event-tracking="y" />"#, Reason::NameTaken, "\"y\"");
    refuse(
        Vue,
        "<template lang=\"pug\">\na(data-track-action=\"x\")\n</template>",
        Reason::NotUnderstood,
        "pug",
    );
}

#[test]
fn what_is_no_template_is_left() {
    ignore(Vue, "<docs><a data-track-action='x'></docs>");
    ignore(Vue, "<!-- <template><a data-track-action='x'></template> -->");
    ignore(
        Vue,
        "<template><a v-for='a of trackActions' :b='trackAction' #c='{ trackAction }'/></template>",
    );
    ignore(Vue, "<template><a :data-track-label='x'/><b track-action='y'/></template>");
}

#[test]
fn what_does_not_parse_is_an_error() {
    let parsed = |text: &str| rewrite(text, Vue, &Project::default(), &Options::default());
    assert!(parsed("<template><a data-track-action='x'>").is_err());
    assert!(parsed("<script>el.dataset.trackAction = ;</script>").is_err());
}
