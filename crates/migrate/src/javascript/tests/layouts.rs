//! New calls laid out as a formatter would.

use super::{NEW, OLD, check, check_with};
use crate::{Language, Options};

#[test]
fn calls_that_get_too_long_have_a_property_a_line() {
    let label = "l".repeat(39);
    let script = |import: &str, mixin: &str, call: &str| {
        format!(
            "{import}\nexport default {{\n  mixins: [{mixin}],\n  methods: {{\n    a() {{\n      \
             {call}\n    }},\n  }},\n}};\n"
        )
    };
    for (before, after) in [
        (
            format!("this.track('x', {{ label: '{label}', property: `a_${{b}}` }});"),
            format!(
                "this.trackEvent('x', {{\n        label: '{label}',\n        \
                 property: `a_${{b}}`,\n      }});"
            ),
        ),
        // It fits.
        (
            format!("this.track('x', {{ label: '{label}' }});"),
            format!("this.trackEvent('x', {{ label: '{label}' }});"),
        ),
        // It did not fit before either.
        (
            format!("this.track('x', {{ label: '{label}{label}' }});"),
            format!("this.trackEvent('x', {{ label: '{label}{label}' }});"),
        ),
    ] {
        let before = script(OLD, "Tracking.mixin()", &before);
        check(&before, &script(NEW, "InternalEvents.mixin()", &after));
    }
}

#[test]
fn expressions_of_templates_get_a_line_of_their_own() {
    let component = |import: &str, mixin: &str, value: &str| {
        format!(
            "<script>\n{import}\nexport default {{ mixins: [{mixin}] }};\n</script>\n<template>\n  \
             <a\n    href=\"#\"\n    @click=\"{value}\"\n  />\n</template>\n"
        )
    };
    let label = "l".repeat(58);
    for (before, after) in [
        (
            format!("track('x', {{ label: '{label}' }})"),
            format!("\n      trackEvent('x', {{ label: '{label}' }})\n    "),
        ),
        ("track('x', { label: 'l' })".to_owned(), "trackEvent('x', { label: 'l' })".to_owned()),
    ] {
        check_with(
            &component(OLD, "Tracking.mixin()", &before),
            &component(NEW, "InternalEvents.mixin()", &after),
            Language::Vue,
            &Options::default(),
        );
    }
}

#[test]
fn expectations_are_on_one_line_if_they_fit() {
    let old = "import { mockTracking } from 'helpers/tracking_helper';\n";
    let new = "import { useMockInternalEventsTracking } from \
               'helpers/tracking_internal_events_helper';\n\n\
               const { bindInternalEventDocument } = useMockInternalEventsTracking();\n";
    let spec = |import: &str, bound: &str, expected: &str| {
        format!(
            "{import}\nit('x', () => {{\n  const spy = {bound};\n\n  \
             expect(spy).toHaveBeenCalledWith({expected});\n}});\n"
        )
    };
    let long = "l".repeat(60);
    for (before, after) in [
        (
            "undefined, 'x', {\n    label: 'l',\n  }".to_owned(),
            "'x', { label: 'l' }, undefined".to_owned(),
        ),
        (
            "\n    'c',\n    'x',\n    { label: 'l' },\n  ".to_owned(),
            "'x', { label: 'l' }, undefined".to_owned(),
        ),
        (
            format!("undefined, 'x', {{\n    label: '{long}',\n  }}"),
            format!("\n    'x',\n    {{ label: '{long}' }},\n    undefined,\n  "),
        ),
        (
            format!("undefined, 'x', {{\n    label: '{long}',\n    property: '{long}',\n  }}"),
            format!(
                "\n    'x',\n    {{\n      label: '{long}',\n      property: '{long}',\n    \
                 }},\n    undefined,\n  "
            ),
        ),
        (
            "undefined, 'x', { extra: { size: 3 } }".to_owned(),
            "'x', { size: 3 }, undefined".to_owned(),
        ),
        // A comment stays where it is.
        (
            "undefined, 'x', {\n    label: 'l', // why\n  }".to_owned(),
            "'x', {\n    label: 'l', // why\n  }, undefined".to_owned(),
        ),
    ] {
        check(
            &spec(old, "mockTracking(undefined, a, jest.spyOn)", &before),
            &spec(new, "bindInternalEventDocument(a).trackEventSpy", &after),
        );
    }
}

#[test]
fn lines_break_and_are_indented_as_the_file_has_them() {
    let label = "l".repeat(44);
    let script = |import: &str, call: &str| {
        format!("{import}\nexport const a = () => {{\n\t{call}\n}};\n").replace('\n', "\r\n")
    };
    check(
        &script(
            OLD,
            &format!("Tracking.event('', 'x', {{ label: '{label}', p: a }});")
                .replace("p: a", "property: a"),
        ),
        &script(
            NEW,
            &format!(
                "InternalEvents.trackEvent('x', {{\n\t\tlabel: '{label}',\n\t\tproperty: a,\n\t}});"
            ),
        ),
    );
}
