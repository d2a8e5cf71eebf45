//! `Tracking.event`, and the API.

use super::{NEW, OLD, check, check_with, first, migrated, refuse};
use crate::{Language, Options, PropertyType, Reason};

#[test]
fn events_keep_their_properties() {
    for (before, after) in [
        ("Tracking.event('c', 'x');", "InternalEvents.trackEvent('x');"),
        (
            "Tracking.event('c' /* d */, /* e */ 'x');",
            "InternalEvents.trackEvent(/* d */ /* e */ 'x');",
        ),
        ("Tracking.event(undefined, 'x');", "InternalEvents.trackEvent('x');"),
        ("Tracking.event(document.body.dataset.page, 'x');", "InternalEvents.trackEvent('x');"),
        ("Tracking.event(null, 'x', {})", "InternalEvents.trackEvent('x', {})"),
        (
            "Tracking.event('c', 'x', { label: 'a', property: p, value: 1 });",
            "InternalEvents.trackEvent('x', { label: 'a', property: p, value: 1 });",
        ),
        (
            "Tracking.event('c', 'x', { extra: { a: 1 }, category: 'd' });",
            "InternalEvents.trackEvent('x', { a: 1 });",
        ),
        (
            "const f = () => Tracking.event('c', 'x');",
            "const f = () => InternalEvents.trackEvent('x');",
        ),
        (
            "Tracking.event(\n  'c',\n  'x',\n  {\n    label: 'a',\n  },\n);",
            "InternalEvents.trackEvent(\n  'x',\n  {\n    label: 'a',\n  },\n);",
        ),
        (
            "setup() ; function setup() { onMounted(() => { Tracking.event('c', 'x'); }); }",
            "setup() ; function setup() { onMounted(() => { InternalEvents.trackEvent('x'); }); }",
        ),
    ] {
        check(
            &format!("import Tracking from '~/tracking';\n\n{before}\n"),
            &format!("import {{ InternalEvents }} from '~/tracking';\n\n{after}\n"),
        );
    }
}

#[test]
fn options_decide_on_category_and_properties() {
    let kept = Options { keeps_category: true, ..Options::default() };
    for (before, after, options) in [
        ("Tracking.event('c', 'x');", "InternalEvents.trackEvent('x', {}, 'c');", &kept),
        (
            "Tracking.event(c.d, 'x', { label: 'a' });",
            "InternalEvents.trackEvent('x', { label: 'a' }, c.d);",
            &kept,
        ),
        ("Tracking.event(undefined, 'x');", "InternalEvents.trackEvent('x');", &kept),
        ("Tracking.event('c', 'x', data);", "InternalEvents.track_event('x');", &first()),
        ("Tracking.event('c', 'x', { label });", "InternalEvents.track_event('x');", &first()),
    ] {
        check_with(
            &format!("import Tracking from '~/tracking';\n{before}"),
            &format!("import {{ InternalEvents }} from '~/tracking';\n{after}"),
            Language::JavaScript,
            options,
        );
    }
}

#[test]
fn imports_follow_what_is_left() {
    for (before, after) in [
        (
            "import Tracking, { initDefaultTrackers } from '~/tracking';\nTracking.event('c', 'x');",
            "import { InternalEvents, initDefaultTrackers } from '~/tracking';\nInternalEvents.trackEvent('x');",
        ),
        (
            "import Tracking, {\n  initDefaultTrackers,\n} from '~/tracking';\nTracking.event('c', 'x');",
            "import {\n  InternalEvents,\n  initDefaultTrackers,\n} from '~/tracking';\nInternalEvents.trackEvent('x');",
        ),
        (
            "import Tracking from '~/tracking';\nTracking.enableFormTracking({});\nTracking.event('c', 'x');",
            "import Tracking, { InternalEvents } from '~/tracking';\nTracking.enableFormTracking({});\nInternalEvents.trackEvent('x');",
        ),
        (
            "import Tracking from '~/tracking';\nimport { InternalEvents } from '~/tracking';\nTracking.event('c', 'x');",
            "import { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x');",
        ),
        (
            "import { default as T, initDefaultTrackers } from '~/tracking';\nT.event('c', 'x');",
            "import { InternalEvents, initDefaultTrackers } from '~/tracking';\nInternalEvents.trackEvent('x');",
        ),
        (
            "\u{feff}import Tracking from '~/tracking'; // why\nTracking.event('c', 'x');",
            "\u{feff}import { InternalEvents } from '~/tracking'; // why\nInternalEvents.trackEvent('x');",
        ),
        (
            "import Tracking, { /* that */ a } from '~/tracking';\nTracking.event('c', 'x');a();",
            "import /* that */ { InternalEvents, a } from '~/tracking';\nInternalEvents.trackEvent('x');a();",
        ),
        (
            "import api from '~/api';\nimport api from '~/api';\napi.trackRedisHllUserEvent('x');",
            "import { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x');",
        ),
        (
            "import api from '~/api';\napi.trackRedisHllUserEvent('x');",
            "import { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x');",
        ),
        (
            "import Api from '~/api';\nApi.groups();\nApi.trackRedisCounterEvent('x');",
            "import Api from '~/api';\nimport { InternalEvents } from '~/tracking';\nApi.groups();\nInternalEvents.trackEvent('x');",
        ),
        (
            "import { trackRedisHllUserEvent } from \"~/api\"\ntrackRedisHllUserEvent(\"x\")",
            "import { InternalEvents } from \"~/tracking\"\nInternalEvents.trackEvent(\"x\")",
        ),
        (
            "import { a, trackRedisHllUserEvent } from '~/api';\ntrackRedisHllUserEvent('x'); a();",
            "import { a } from '~/api';\nimport { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x'); a();",
        ),
        (
            "import Tracking from '~/tracking';\nimport Api from '~/api';\nimport b from 'b';\nApi.trackRedisHllUserEvent('x'); Tracking.event('c', 'y');",
            "import { InternalEvents } from '~/tracking';\nimport b from 'b';\nInternalEvents.trackEvent('x'); InternalEvents.trackEvent('y');",
        ),
        (
            "import Tracking, { InternalEvents } from '~/tracking';\r\nTracking.event('c', 'x');\r\nInternalEvents.trackEvent('y');\r\n",
            "import { InternalEvents } from '~/tracking';\r\nInternalEvents.trackEvent('x');\r\nInternalEvents.trackEvent('y');\r\n",
        ),
    ] {
        check(before, after);
    }
}

#[test]
fn what_was_counted_is_noted() {
    let text = "import Api from '~/api';\nApi.trackRedisHllUserEvent('a');\nApi.trackRedisCounterEvent('b');";
    let (_, rewrite) = migrated(text, Language::JavaScript, &Options::default());
    let [unique, total] = &rewrite.found[..] else { panic!("{:?}", rewrite.found) };
    assert!(unique.was_unique && unique.was_total.is_none());
    assert_eq!((unique.name.as_str(), unique.unique.as_deref()), ("a", Some("user.id")));
    assert!(!total.was_unique && total.unique.is_none());
    assert_eq!(total.was_total.as_deref(), Some("b"));
}

#[test]
fn types_of_properties_are_told() {
    let text = "import Tracking from '~/tracking';\nTracking.event('c', 'x', { label: `a${b}`, value: -1, property: p });";
    let (_, rewrite) = migrated(text, Language::JavaScript, &Options::default());
    let properties = &rewrite.found[0].properties;
    let told = |it: &str| (properties[it].of_type, properties[it].example.as_deref());
    assert_eq!(told("label"), (PropertyType::Text, None));
    assert_eq!(told("value"), (PropertyType::Number, Some("-1")));
    assert_eq!(told("property"), (PropertyType::Unknown, None));
    let text = "import Tracking from '~/tracking';\nTracking.event('c', 'x', { label: String(a), value: all.length });";
    let (_, rewrite) = migrated(text, Language::JavaScript, &Options::default());
    let properties = &rewrite.found[0].properties;
    assert_eq!(properties["label"].of_type, PropertyType::Text);
    assert_eq!(properties["value"].of_type, PropertyType::Number);
}

#[test]
fn names_may_be_members_of_constants() {
    let script = |import: &str, object: &str, call: &str| {
        format!("{import}\nconst E = {object};\n{call};\n")
    };
    for (object, rest) in [
        ("{ A: 'x', B: 'y' }", ""),
        ("Object.freeze({ A: 'x' })", "; send(E)"),
        ("{ A: 'x' }", "; a = E.B; b(E.A); c = { d: E.A }"),
        ("{ 'A': 'x', b() {} }", ""),
    ] {
        let old = script(OLD, object, &format!("Tracking.event('c', E.A){rest}"));
        let new = script(NEW, object, &format!("InternalEvents.trackEvent(E.A){rest}"));
        check(&old, &new);
    }
    for (object, rest) in [
        ("{ A: 'x', A: 'y' }", ""),
        ("{ A: 'x', ...b }", ""),
        ("{ A: 'x', [b]: 'y' }", ""),
        ("{ A: b }", ""),
        ("{ B: 'x' }", ""),
        ("{ A: 'x' }", "; E.A = 'y'"),
        ("{ A: 'x' }", "; E['A'] = 'y'"),
        ("{ A: 'x' }", "; E.A += 'y'"),
        ("{ A: 'x' }", "; [E.A] = b"),
        ("{ A: 'x' }", "; ({ a: E.A } = b)"),
        ("{ A: 'x' }", "; for (E.A of b);"),
        ("{ A: 'x' }", "; delete E.A"),
        ("{ A: 'x' }", "; Object.assign(E, b)"),
        ("{ A: 'x' }", "; const a = E"),
        ("{ A: 'x' }", "; E.b()"),
        ("f({ A: 'x' })", ""),
    ] {
        let text = script(OLD, object, &format!("Tracking.event('c', E.A){rest}"));
        refuse(&text, Reason::ComputedName, "`E.A`");
    }
    refuse(
        &script(OLD, "{ A: { B: 'x' } }", "Tracking.event('c', E.A.B)"),
        Reason::ComputedName,
        "`E.A.B`",
    );
}
