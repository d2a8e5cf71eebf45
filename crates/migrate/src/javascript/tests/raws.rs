//! `Tracking.event`, and the API.

use super::{NEW, OLD, check, check_with, first, migrated, refuse};
use crate::{Language, Options, Outcome, Project, PropertyType, Reason};

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
}

#[test]
fn names_may_be_members_of_members() {
    let script = |import: &str, lines: &str, call: &str| format!("{import}\n{lines}\n{call};\n");
    for (lines, name) in [
        ("const E = { A: { B: 'x' } };", "E.A.B"),
        ("const E = { A: { B: 'x' } };\nf(E.C);", "E.A.B"),
        ("const N = 'x';\nconst E = { A: N };\nconst B = E.A;", "B"),
        ("const { A } = { A: 'x' };\nconst E = { A: 'x' };\nconst { A: a } = E;", "a"),
        // A copy, and members that are no objects.
        ("const E = { A: 'x' };\nconst { ...a } = E;", "E.A"),
        ("const E = { A: { B: 'x' } };\nconst { B, ...a } = E.A;", "E.A.B"),
        ("const E = { A: { B: 'x' } };\nconst { A } = E;\nconst { B } = A;", "B"),
        ("export const E = { A: { B: 'x' } };", "E.A.B"),
    ] {
        check(
            &script(OLD, lines, &format!("Tracking.event('c', {name})")),
            &script(NEW, lines, &format!("InternalEvents.trackEvent({name})")),
        );
    }
    for (lines, name) in [
        ("const E = { A: { B: 'x' } };\nf(E.A);", "E.A.B"),
        ("const E = { A: { B: 'x' } };\nconst { A } = E;\nA.B = 'y';", "A.B"),
        ("const E = { A: { B: 'x' } };\nconst { A } = E;\nA.B = 'y';", "E.A.B"),
        ("const E = { A: { B: 'x' } };\nconst { ...a } = E;", "E.A.B"),
        ("const E = { A: { B: 'x' } };\nconst a = E.A;", "E.A.B"),
        ("const E = Object.freeze({ A: { B: 'x' } });\nf(E);", "E.A.B"),
        ("const E = { A: 'x' };\nlet { A } = E;\nA = 'y';", "A"),
        ("const E = { A: 'x' };\nconst { A = 'y' } = E;", "A"),
        ("const a = b;\nconst b = a;", "a"),
    ] {
        let text = script(OLD, lines, &format!("Tracking.event('c', {name})"));
        refuse(&text, Reason::ComputedName, &format!("`{name}`"));
    }
}

#[test]
fn names_may_be_options_of_the_component() {
    let script = |import: &str, rest: &str| format!("{import}\nexport default {{\n  {rest}\n}};\n");
    let call = "methods: { a() { Tracking.event('c', this.$options.A); } },";
    let new = "methods: { a() { InternalEvents.trackEvent(this.$options.A); } },";
    let first = "A: 'x',";
    check(&script(OLD, &format!("{first} {call}")), &script(NEW, &format!("{first} {new}")));
    for rest in ["A: b, @", "...b, @", "@"] {
        refuse(&script(OLD, &rest.replace('@', call)), Reason::ComputedName, "`this.$options.A`");
    }
    // This is another object.
    refuse(
        &format!("{OLD}\nnew Vue({{ {call} }});\nexport default {{ A: 'x' }};"),
        Reason::ComputedName,
        "`this.$options.A`",
    );
}

#[test]
fn names_may_come_from_other_files() {
    let files = |path: &str| {
        let text = match path {
            "app/assets/javascripts/a/constants.js" => {
                "export const CLICK = 'click_a';\nconst KEY = 'press_a';\n\
                 export { KEY as PRESS };\nexport { VIEW } from './more';\nexport * from '~/all';\n\
                 export const E = Object.freeze({ A: 'frozen_a' });\nexport const O = { A: 'x' };\n\
                 export let changed = 'x';\nchanged = 'y';\nexport const part = `a_${b}`;\n\
                 export const Big = 'Big Name';\nexport { LOOP } from './constants';"
            }
            "app/assets/javascripts/a/more.ts" => "export const VIEW: string = 'view_a';",
            "app/assets/javascripts/all/index.js" => "export const ALL = 'all_a';",
            _ => return None,
        };
        Some(text.to_owned())
    };
    let project = Project { modules: crate::Modules::new(files), ..Project::default() };
    let project = project.at("app/assets/javascripts/a/b.js");
    let run = |text: &str, options: &Options| {
        super::super::rewrite(text, Language::JavaScript, &project, options).unwrap()
    };
    let text = |import: &str, name: &str| {
        format!(
            "import Tracking from '~/tracking';\nimport {{ {import} }} from './constants';\n\
                 Tracking.event('c', {name});\n"
        )
    };
    for (import, name, event) in [
        ("CLICK", "CLICK", "click_a"),
        ("CLICK as A", "A", "click_a"),
        ("PRESS", "PRESS", "press_a"),
        ("VIEW", "VIEW", "view_a"),
        ("ALL", "ALL", "all_a"),
        ("E", "E.A", "frozen_a"),
        ("O", "O.A", "x"),
        ("CLICK, PRESS", "ok ? CLICK : PRESS", "click_a"),
    ] {
        let text = text(import, name);
        let done = run(&text, &Options::default());
        assert_eq!(done.found.first().map(|it| it.name.as_str()), Some(event), "{text}");
        assert!(done.edits.apply(&text).contains(&format!("trackEvent({name});")), "{text}");
    }
    for (import, name, reason) in [
        ("O", "(O.A = 'y', O.A)", Reason::ComputedName),
        ("changed", "changed", Reason::ComputedName),
        ("part", "part", Reason::ComputedName),
        ("missing", "missing", Reason::ComputedName),
        ("LOOP", "LOOP", Reason::ComputedName),
        ("Big", "Big", Reason::IllegalName),
    ] {
        let done = run(&text(import, name), &Options::default());
        let Outcome::Refused(refusal) = &done.sites[0].outcome else { panic!("{name}: {done:?}") };
        assert_eq!(refusal.reason, reason, "{name}: {refusal:?}");
    }
    // The import would stand there for nothing.
    let renamed =
        Options { renames: [("click_a".to_owned(), "b".to_owned())].into(), ..Options::default() };
    assert!(run(&text("CLICK", "CLICK"), &renamed).edits.is_empty());
}

#[test]
fn properties_may_stand_elsewhere() {
    let script = |import: &str, lines: &str, call: &str| format!("{import}\n{lines}\n{call};\n");
    for (lines, data) in [
        ("const D = { label: 'a', value: 3 };", "D"),
        ("const D = { E: { label: 'a' } };", "D.E"),
        ("const L = 'a';\nconst D = { label: L };\nf({ ...D });", "D"),
        (
            "const { label, ...rest } = { label: 'a' };\nconst D = { label: 'a', property: 'b' };",
            "D",
        ),
        ("const D = { label: 'a', action: 'b' };\nconst { action, ...rest } = D;", "rest"),
    ] {
        check(
            &script(OLD, lines, &format!("Tracking.event('c', 'x', {data})")),
            &script(NEW, lines, &format!("InternalEvents.trackEvent('x', {data})")),
        );
    }
    for (lines, data) in [
        ("const D = { label: 'a', category: 'b' };", "D"),
        ("const D = { label: 'a', extra: { b: 1 } };", "D"),
        ("const D = { label: 'a', other: 'b' };", "D"),
        ("const D = { label: 1 };", "D"),
        ("const D = { label: a };", "D"),
        ("const D = { ...a };", "D"),
        ("let D = { label: 'a' };\nD = b;", "D"),
        ("const D = { label: 'a' };\nD.label = b;", "D"),
        ("const D = { label: 'a' };\nchange(D);", "D"),
        ("const D = { E: { label: 'a' } };\nchange(D.E);", "D.E"),
        ("const D = { label: 'a', action: 'b' };\nconst { ...rest } = D;", "rest"),
        (
            "const D = { label: 'a', action: 'b' };\nconst { action, ...rest } = D;\nrest.c = 1;",
            "rest",
        ),
        ("const D = { label: 'a', [b]: 'b' };\nconst { action, ...rest } = D;", "rest"),
    ] {
        let text = script(OLD, lines, &format!("Tracking.event('c', 'x', {data})"));
        refuse(&text, Reason::IndirectArguments, &format!("somewhere else: `{data}`"));
    }
}

#[test]
fn an_event_may_be_an_option_of_the_component() {
    let script = |import: &str, mixin: &str, call: &str| {
        format!(
            "{import}\n\nexport default {{\n  mixins: [{mixin}],\n  events: {{ open: {{ action: 'open_x', label: 'a' }} }},\n  methods: {{\n    a() {{\n      const {{ action, ...options }} = this.$options.events.open;\n      {call};\n    }},\n  }},\n}};\n"
        )
    };
    check(
        &script(OLD, "Tracking.mixin()", "this.track(action, options)"),
        &script(NEW, "InternalEvents.mixin()", "this.trackEvent(action, options)"),
    );
    // What the mixin says besides comes in front.
    check(
        &script(OLD, "Tracking.mixin({ property: 'b' })", "this.track(action, options)"),
        &script(
            NEW,
            "InternalEvents.mixin()",
            "this.trackEvent(action, { property: 'b', ...options })",
        ),
    );
    refuse(
        &script(OLD, "Tracking.mixin()", "options.b = 1; this.track(action, options)"),
        Reason::IndirectArguments,
        "`options`",
    );
}

#[test]
fn names_that_nobody_needs_any_more_go() {
    let script = |tracking: &str, lines: &str, call: &str| {
        format!("{tracking}\n{lines}\nexport const a = () => {call};\n")
    };
    let call = "Tracking.event(CATEGORY, 'x')";
    let new = "InternalEvents.trackEvent('x')";
    for (before, after) in [
        ("import { CATEGORY } from './a';\nb();", "b();"),
        ("import { A, CATEGORY } from './a';\nb(A);", "import { A } from './a';\nb(A);"),
        (
            "import {\n  A as B,\n  CATEGORY,\n} from './a';\nb(B);",
            "import { A as B } from './a';\nb(B);",
        ),
        ("const CATEGORY = 'c';\nb();", "b();"),
    ] {
        check(&script(OLD, before, call), &script(NEW, after, new));
    }
    for kept in [
        "import { CATEGORY } from './a';\nb(CATEGORY);",
        "import { A, CATEGORY } from './a';\nb(CATEGORY, A);",
        "import CATEGORY from './a';\nb();",
        "import { A, CATEGORY } from './a'; // why\nb(A, CATEGORY);",
        "export const CATEGORY = 'c';\nb();",
        "const CATEGORY = f();\nb();",
        // Nobody used it before either.
        "import { CATEGORY, C } from './a';\nb(CATEGORY);",
    ] {
        check(&script(OLD, kept, call), &script(NEW, kept, new));
    }
}
