use super::*;
use Language::{JavaScript, TypeScript};

#[track_caller]
fn same(before: &str, after: &str) -> Vec<Found> {
    check(TypeScript, before, after);
    check(JavaScript, before, after)
}

#[track_caller]
fn not(before: &str, reason: Reason, what: &str) {
    refuse(JavaScript, before, reason, what);
}

#[test]
fn statements() {
    same(
        "el.dataset.trackAction = 'x';\nel.dataset.trackLabel = label;\nel.dataset.trackExtra = '{\"a\": 1}';\n",
        "el.dataset.eventTracking = 'x';\nel.dataset.eventLabel = label;\nel.dataset.eventAdditional = '{\"a\": 1}';\n",
    );
    same("el.dataset['trackAction'] = \"x\"", "el.dataset['eventTracking'] = \"x\"");
    same("data['track-action'] = 'x';", "data['event-tracking'] = 'x';");
    same("attrs['data-track-action'] = `x`;", "attrs['data-event-tracking'] = `x`;");
    same(
        "function f() {\n  a.b.setAttribute('data-track-action', 'x')\n  a.b.setAttribute('data-track-value', 2)\n}\n",
        "function f() {\n  a.b.setAttribute('data-event-tracking', 'x')\n  a.b.setAttribute('data-event-value', 2)\n}\n",
    );
    same(
        "$('.x')\n  .attr('data-track-action', 'x')\n  .addClass('a')\n  .attr('data-track-label', 'l');\n",
        "$('.x')\n  .attr('data-event-tracking', 'x')\n  .addClass('a')\n  .attr('data-event-label', 'l');\n",
    );
    check_with(
        JavaScript,
        "el.dataset.trackAction = 'x';\n  el.dataset.trackLabel = 'l'; // why\nel.dataset.trackProperty = 'p';\nend();\n",
        "el.dataset.eventTracking = 'x';\n   // why\nend();\n",
        &first_guide(),
    );
}

#[test]
fn objects() {
    same(
        "h('a', { attrs: { 'data-track-action': 'x', \"data-track-label\": l } });",
        "h('a', { attrs: { 'data-event-tracking': 'x', \"data-event-label\": l } });",
    );
    same("$x.attr({ 'data-track-action': 'x' });", "$x.attr({ 'data-event-tracking': 'x' });");
    same("f({ dataset: { trackAction: 'x' } });", "f({ dataset: { eventTracking: 'x' } });");
    same(
        "a = {\n  'data-track-action': 'render',\n};\n",
        "a = {\n  'data-event-tracking': 'render', 'data-event-tracking-load': 'true',\n};\n",
    );
    check_with(
        JavaScript,
        "a = {\n  'data-track-label': 'l',\n  'data-track-action': 'x',\n  'data-track-value': 1,\n  'data-track-property': 'p',\n};\n",
        "a = {\n  'data-event-tracking': 'x',\n};\n",
        &first_guide(),
    );
}

#[test]
fn refusals() {
    not("el.dataset.trackAction = name;", Reason::ComputedName, "= name");
    not("el.dataset.trackAction = `a_${b}`;", Reason::ComputedName, "a_${b}");
    not("data['track-action'] = this.action;", Reason::ComputedName, "this.action");
    not("el.setAttribute('data-track-action', action);", Reason::ComputedName, "action)");
    not(
        "el.dataset.trackAction = 'x';\nel.dataset.trackAction = 'y';",
        Reason::NotUnderstood,
        "'y'",
    );
    not(
        "el.dataset.trackAction = 'x';\nel.dataset.trackContext = c;",
        Reason::CustomContext,
        "trackContext",
    );
    not("el.dataset.trackAction = 'render';", Reason::NotUnderstood, "when the page loads");
    not("el.dataset.trackAction = 'X Y';", Reason::IllegalName, "X Y");
    not("track(el.dataset.trackAction);", Reason::NotUnderstood, "el.dataset.trackAction");
    not("const { a } = f(el.dataset['trackAction']);", Reason::NotUnderstood, "['trackAction']");
    not(
        "document.querySelector('[data-track-action=\"x\"]');",
        Reason::NotUnderstood,
        "[data-track-action",
    );
    not(
        "const a = `<a data-track-action=\"x\">${b}</a>`;",
        Reason::NotUnderstood,
        "<a data-track-action",
    );
    not(
        "f(el.setAttribute('data-track-action', 'x'));",
        Reason::NotUnderstood,
        "data-track-action",
    );
    not(
        "a = { ...this.trackAttrs, 'data-track-action': 'x' };",
        Reason::IndirectArguments,
        "...this.trackAttrs",
    );
    not("a = { track_action: 'x' };", Reason::IndirectArguments, "track_action: 'x'");
    not("a = { 'data-track-action': cond ? x : 'y' };", Reason::ComputedName, "cond");
    not("f((A) => ({ 'data-track-action': A }));\nconst A = 'x';", Reason::ComputedName, "A");
    not(
        "a = { 'data-track-action': 'x', 'data-toggle': 'dropdown' };",
        Reason::SeveralCalls,
        "x_show",
    );
}

#[test]
fn attributes_that_may_be_in_two_objects_stay() {
    let label = "'data-track-label': 'l'";
    let action = "'data-track-action': 'x'";
    for (text, part) in [
        (format!("a = {{ {action}, ...more }};\nconst more = {{ {label} }};"), "...more"),
        (
            format!("const more = b ? {{ {label} }} : {{}};\na = {{ {action}, ...more }};"),
            "...more",
        ),
        (format!("a = {{ {action}, ...this.more }};\nb = {{ {label} }};"), "...this.more"),
        (format!("a = {{ ...TRACKING, {label} }};"), "...TRACKING"),
        (format!("export const a = {{ {action} }};"), "others may add"),
        (format!("const a = {{ {action} }};\nb = {{ ...a, {label} }};"), "others may add"),
    ] {
        let done = run(JavaScript, &text, &Options::default());
        assert!(done.edits.is_empty(), "{text}");
        let has = |it: &Outcome| matches!(it, Outcome::Refused(it) if it.what.contains(part));
        assert!(done.sites.iter().any(|it| has(&it.outcome)), "{text}: {:?}", done.sites);
    }
    for text in [
        format!("const more = {{ id: 1 }};\na = {{ {action}, ...more }};\nb = {{ {label} }};"),
        format!("a = {{ {action}, {label}, ...this.more }};"),
        format!("const a = {{ {action} }};\nf(a);"),
    ] {
        let done = run(JavaScript, &text, &Options::default());
        assert!(!done.edits.is_empty(), "{text}: {:?}", done.sites);
    }
}

#[test]
fn elements_of_jsx_are_read() {
    for (before, after) in [
        (
            "a = <a data-track-action=\"x\" data-track-label={l} href=\"#\">x</a>;",
            "a = <a data-event-tracking=\"x\" data-event-label={l} href=\"#\">x</a>;",
        ),
        (
            "a = <a {...rest} data-track-action={b ? 'x' : 'y'} />;",
            "a = <a {...rest} data-event-tracking={b ? 'x' : 'y'} />;",
        ),
        (
            "a = <p data-track-action='render' data-track-extra='{\"a\": 1}' />;",
            "a = <p data-event-tracking='render' data-event-tracking-load=\"true\" \
             data-event-additional='{\"a\": 1}' />;",
        ),
    ] {
        check(JavaScript, before, after);
    }
    not("a = <a data-track-action={name} />;", Reason::ComputedName, "data-track-action={name}");
    not("a = <a data-track-action />;", Reason::IllegalName, "names no event");
    not(
        "a = <a {...tracking} data-track-action=\"x\" />;",
        Reason::IndirectArguments,
        "{...tracking}",
    );
    not(
        "a = <a className=\"dropdown\" data-track-action=\"x\" />;",
        Reason::SeveralCalls,
        "x_show",
    );
}

#[test]
fn what_is_no_attribute_is_left() {
    ignore(JavaScript, "f({ trackAction: 'x', trackLabel: 'y' });");
    ignore(JavaScript, "el.dataset.trackLabel = 'x';");
    ignore(JavaScript, "// el.dataset.trackAction = 'x'\n");
    ignore(JavaScript, "map['track-action'];".replace("track", "tack").as_str());
}

#[test]
fn what_does_not_parse_is_an_error() {
    let parsed = |text| rewrite(text, JavaScript, &Project::default(), &Options::default());
    assert!(parsed("el.dataset.trackAction = ;").is_err());
    assert!(parsed(&format!("{}'data-track-action'", "(".repeat(10_000))).is_err());
}

#[test]
fn a_comment_among_attributes_ends_where_it_did() {
    for comment in ["// why", "<!-- why"] {
        let before =
            format!("f(<a data-track-action=\"x\" {comment}\n  data-track-label='l'>b</a>);\n");
        let after = format!("f(<a data-event-tracking=\"x\" {comment}\n  >b</a>);\n");
        check_with(JavaScript, &before, &after, &first_guide());
    }
}
