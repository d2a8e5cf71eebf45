//! Components with the mixin.

use super::{
    NEW, OLD, check, check_line, check_line_with, check_with, component, first, migrated, refuse,
};
use crate::{Language, Options, Outcome, Reason, Style};

#[test]
fn the_first_guide_s_pair_holds() {
    check_line_with(
        "Tracking.mixin()",
        "this.track('some_label', options)",
        "this.track_event('some_label')",
        &first(),
    );
}

#[test]
fn calls_keep_their_properties() {
    let mixin = "Tracking.mixin()";
    for (before, after) in [
        ("this.track('click_x');", "this.trackEvent('click_x');"),
        ("this.track(\"click_x\")", "this.trackEvent(\"click_x\")"),
        ("this.track(`click_x`)", "this.trackEvent(`click_x`)"),
        ("this.track('x', {});", "this.trackEvent('x', {});"),
        ("this.track('x', undefined);", "this.trackEvent('x');"),
        ("this.track('x', { label: 'a' });", "this.trackEvent('x', { label: 'a' });"),
        (
            "this.track('x', { label, property: this.kind, value: 5 });",
            "this.trackEvent('x', { label, property: this.kind, value: 5 });",
        ),
        (
            "this.track('x', { label: 'a', extra: { size: 3, 'other-key': b } });",
            "this.trackEvent('x', { label: 'a', size: 3, 'other-key': b });",
        ),
        ("this.track('x', { extra: { a } });", "this.trackEvent('x', { a });"),
        ("this.track('x', { extra: {}, label: 'a' });", "this.trackEvent('x', { label: 'a' });"),
        ("this.track('x', { extra: {} });", "this.trackEvent('x');"),
        ("this.track('x', { category: 'c' });", "this.trackEvent('x');"),
        (
            "this.track('x', { label: 'a', category: 'c' });",
            "this.trackEvent('x', { label: 'a' });",
        ),
        (
            "this.track('x', { category: 'c', label: 'a', });",
            "this.trackEvent('x', { label: 'a', });",
        ),
        ("this.track(ok ? 'opened' : 'closed');", "this.trackEvent(ok ? 'opened' : 'closed');"),
        (
            "this.track('x', { category: 'c', // why\n        label: 'a' });",
            "this.trackEvent('x', { // why\n      label: 'a' });",
        ),
        (
            "this.track('x', { label: 'a', /* why */ category: 'c' /* that */ });",
            "this.trackEvent('x', { label: 'a' /* why */  /* that */ });",
        ),
        (
            "this.track('x', { extra: { /* why */ a: 1 /* that */ }, label: 'a' });",
            "this.trackEvent('x', { /* why */ /* that */ a: 1, label: 'a' });",
        ),
        ("this.track('x', /* none */ undefined);", "this.trackEvent('x' /* none */ );"),
        ("if (ok) this.track('x');", "if (ok) this.trackEvent('x');"),
        ("ok && this.track('x');", "ok && this.trackEvent('x');"),
        ("this.$nextTick(() => this.track('x'));", "this.$nextTick(() => this.trackEvent('x'));"),
        ("this?.track?.('x');", "this?.trackEvent?.('x');"),
        ("void this.track('x');", "void this.trackEvent('x');"),
        (
            "this.track( 'x' /* why */, { label: 'a' /* that */ } ); // end",
            "this.trackEvent( 'x' /* why */, { label: 'a' /* that */ } ); // end",
        ),
        (
            "this.track('x', {\n        label: 'é',\n        extra: {\n          a: 1,\n          b: 2,\n        },\n      });",
            "this.trackEvent('x', {\n        label: 'é',\n        a: 1,\n        b: 2,\n      });",
        ),
    ] {
        check_line(mixin, before, after);
    }
}

#[test]
fn properties_can_be_dropped() {
    for (before, after) in [
        ("this.track('x', { label: 'a', context: c });", "this.track_event('x');"),
        ("this.track('x', { ...all });", "this.track_event('x');"),
        (
            "this.track(\n        'x',\n        options,\n      );",
            "this.track_event(\n        'x',\n      );",
        ),
    ] {
        check_line_with("Tracking.mixin({ label: 'm' })", before, after, &first());
    }
}

#[test]
fn defaults_of_the_mixin_go_into_each_call() {
    for (mixin, before, after) in [
        ("{ label: 'm' }", "this.track('x');", "this.trackEvent('x', { label: 'm' });"),
        ("{ label: 'm' }", "this.track('x', {});", "this.trackEvent('x', { label: 'm' });"),
        (
            "{ label: 'm', property: 'p' }",
            "this.track('x', { label: 'a', value: 1 });",
            "this.trackEvent('x', { property: 'p', label: 'a', value: 1 });",
        ),
        (
            "{ label: 'm' }",
            "this.track('x', {\n        value: 1,\n      });",
            "this.trackEvent('x', {\n        label: 'm',\n        value: 1,\n      });",
        ),
        (
            "{ extra: { a: 1 } }",
            "this.track('x', { category: 'c' });",
            "this.trackEvent('x', { a: 1 });",
        ),
        (
            "{ label: 'm' }",
            "this.track('x', { category: 'c', value: 1 });",
            "this.trackEvent('x', { label: 'm', value: 1 });",
        ),
        ("{ category: 'c' }", "this.track('x');", "this.trackEvent('x');"),
    ] {
        check_line(&format!("Tracking.mixin({mixin})"), before, after);
    }
}

#[test]
fn categories_are_kept_if_told() {
    let options = Options { keeps_category: true, ..Options::default() };
    for (mixin, before, after) in [
        ("", "this.track('x', { category: 'c' });", "this.trackEvent('x', {}, 'c');"),
        ("{ category: 'c' }", "this.track('x');", "this.trackEvent('x', {}, 'c');"),
        (
            "{ category: 'c', label: 'm' }",
            "this.track('x');",
            "this.trackEvent('x', { label: 'm' }, 'c');",
        ),
        (
            "",
            "this.track('x', { label: 'a', category: this.c });",
            "this.trackEvent('x', { label: 'a' }, this.c);",
        ),
        ("{ category: undefined }", "this.track('x');", "this.trackEvent('x');"),
    ] {
        check_line_with(&format!("Tracking.mixin({mixin})"), before, after, &options);
    }
}

#[test]
fn mixins_are_found_in_every_form() {
    for (before, after) in [
        (
            "import Tracking from '~/tracking';\nconst trackingMixin = Tracking.mixin({ label: 'm' });\nexport default { mixins: [trackingMixin], created() { this.track('x'); } };",
            "import { InternalEvents } from '~/tracking';\nconst trackingMixin = InternalEvents.mixin();\nexport default { mixins: [trackingMixin], created() { this.trackEvent('x', { label: 'm' }); } };",
        ),
        (
            "import Snowplow from \"~/tracking\"\nexport default defineComponent({ mixins: [Snowplow.mixin(), other], created() { this.track('x') } })",
            "import { InternalEvents } from \"~/tracking\"\nexport default defineComponent({ mixins: [InternalEvents.mixin(), other], created() { this.trackEvent('x') } })",
        ),
        (
            "import Tracking, { InternalEvents } from '~/tracking';\nexport default { mixins: [Tracking.mixin(), InternalEvents.mixin()], created() { this.track('x'); this.trackEvent('y'); } };",
            "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], created() { this.trackEvent('x'); this.trackEvent('y'); } };",
        ),
        (
            "import Tracking, { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin(), Tracking.mixin()], created() { this.track('x'); } };",
            "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], created() { this.trackEvent('x'); } };",
        ),
        (
            "import Tracking, { InternalEvents as Events } from '~/tracking';\nexport default { mixins: [Tracking.mixin()], created() { this.track('x'); } };",
            "import { InternalEvents as Events } from '~/tracking';\nexport default { mixins: [Events.mixin()], created() { this.trackEvent('x'); } };",
        ),
        (
            "import Tracking from '~/tracking';\nimport { ACTION } from './a';\nconst LABEL = 'l';\nexport default { mixins: [Tracking.mixin({ label: LABEL, property: ACTION })], created() { this.track('x'); } };",
            "import { InternalEvents } from '~/tracking';\nimport { ACTION } from './a';\nconst LABEL = 'l';\nexport default { mixins: [InternalEvents.mixin()], created() { this.trackEvent('x', { label: LABEL, property: ACTION }); } };",
        ),
        (
            "import Tracking from '~/tracking';\nconst ACTION = 'x';\nexport default { mixins: [Tracking.mixin()], created() { this.track(ACTION); } };",
            "import { InternalEvents } from '~/tracking';\nconst ACTION = 'x';\nexport default { mixins: [InternalEvents.mixin()], created() { this.trackEvent(ACTION); } };",
        ),
        (
            "import Tracking from '~/tracking';\nexport default { mixins: [Tracking.mixin()], data() { return { tracking: { label: 't', category: 'c' } }; }, created() { this.track('x'); } };",
            "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], data() { return { tracking: { label: 't', category: 'c' } }; }, created() { this.trackEvent('x', { label: 't' }); } };",
        ),
        (
            "import Tracking from '~/tracking';\nexport default { mixins: [Tracking.mixin({ label: 'm' })], computed: { tracking() { return { label: this.a.b }; } }, created() { this.track('x', { value: 1 }); } };",
            "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], computed: { tracking() { return { label: this.a.b }; } }, created() { this.trackEvent('x', { label: this.a.b, value: 1 }); } };",
        ),
        (
            "import Tracking from '~/tracking';\nconst a = { mixins: [Tracking.mixin()], created() { this.track('x'); } };\nconst b = { mixins: [Tracking.mixin({ label: 'b' })], created() { this.track('x'); } };",
            "import { InternalEvents } from '~/tracking';\nconst a = { mixins: [InternalEvents.mixin()], created() { this.trackEvent('x'); } };\nconst b = { mixins: [InternalEvents.mixin()], created() { this.trackEvent('x', { label: 'b' }); } };",
        ),
        (
            "import Tracking from '~/tracking';\nexport default { mixins: [Tracking.mixin()], render() { return <a onClick={() => this.track('x')} />; } };",
            "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], render() { return <a onClick={() => this.trackEvent('x')} />; } };",
        ),
        (
            "import Tracking from '~/tracking';\n@Component({ mixins: [Tracking.mixin()] })\nexport default class A extends Vue { save() { this.track('x'); } }",
            "import { InternalEvents } from '~/tracking';\n@Component({ mixins: [InternalEvents.mixin()] })\nexport default class A extends Vue { save() { this.trackEvent('x'); } }",
        ),
    ] {
        check(before, after);
    }
}

#[test]
fn typescript_is_read_as_well() {
    for (before, after) in [
        (
            "import Tracking from '~/tracking';\nexport default { mixins: [Tracking.mixin()], methods: { save(this: any, a: string): void { (this as any).track('x' as const, { label: a! }); } } };",
            "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], methods: { save(this: any, a: string): void { (this as any).trackEvent('x' as const, { label: a! }); } } };",
        ),
        (
            "import Tracking from '~/tracking';\nfunction f<T>(a: T): void { Tracking.event('c', 'x', { label: <string>a }); }",
            "import { InternalEvents } from '~/tracking';\nfunction f<T>(a: T): void { InternalEvents.trackEvent('x', { label: <string>a }); }",
        ),
    ] {
        check_with(before, after, Language::TypeScript, &Options::default());
    }
}

#[test]
fn events_can_be_renamed() {
    let renames =
        [("Click X".to_owned(), "click_x".to_owned()), ("old".to_owned(), "new".to_owned())];
    let options = Options { renames: renames.into(), ..Options::default() };
    for (before, after) in [
        ("this.track('Click X');", "this.trackEvent('click_x');"),
        ("this.track(\"old\");", "this.trackEvent(\"new\");"),
        ("this.track(a ? 'old' : 'b');", "this.trackEvent(a ? 'new' : 'b');"),
    ] {
        check_line_with("Tracking.mixin()", before, after, &options);
    }
    let text = component(OLD, "Tracking.mixin()", "this.track('old', { label: 'a', value: 1.5 });");
    let (_, rewrite) = migrated(&text, Language::JavaScript, &options);
    let [found] = &rewrite.found[..] else { panic!("{:?}", rewrite.found) };
    assert_eq!((found.name.as_str(), found.old_name.as_deref()), ("new", Some("old")));
    assert_eq!(found.properties["label"].example.as_deref(), Some("a"));
    assert_eq!(found.properties["value"].example.as_deref(), Some("1.5"));
    assert_eq!(found.identifiers.len(), 3);
    assert!(!found.was_unique && found.unique.is_none() && found.was_total.is_none());
}

#[test]
fn the_first_style_has_another_name() {
    let options = Options { style: Style::First, ..Options::default() };
    let old = component(OLD, "Tracking.mixin()", "this.track('x', { label: 'a' });");
    let new = component(NEW, "InternalEvents.mixin()", "this.track_event('x', { label: 'a' });");
    check_with(&old, &new, Language::JavaScript, &options);
}

#[test]
fn what_is_none_of_ours_stays() {
    for text in [
        "export default { methods: { save() { this.track('x'); } } };",
        "import Tracking from './tracking';\nTracking.event('a', 'b');",
        "import Tracking from '~/tracking';\nfunction f(Tracking) { Tracking.event('a', 'b'); }",
        "import Tracking from '~/tracking';\nTracking.enabled();",
        "import { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x');",
        "import { InternalEvents } from '~/tracking';\nexport default { mixins: [InternalEvents.mixin()], created() { this.trackEvent('x'); } };",
    ] {
        check(text, text);
    }
}

#[test]
fn notes_say_what_an_analyst_must_know() {
    let kept = Options { keeps_category: true, ..Options::default() };
    for (mixin, line, options, expected) in [
        (
            "",
            "this.track('x', { category: 'c' });",
            Options::default(),
            "the category was 'c'; it is the page's now",
        ),
        ("{ category: 'c' }", "this.track('x');", Options::default(), "the category was 'c'"),
        ("", "this.track('x', { category: 'c' });", kept, "the category is kept: 'c'"),
        (
            "",
            "this.track('x', { value: this.v });",
            Options::default(),
            "`value` must be a number now, and is this.v",
        ),
        ("", "this.track('x', { label: 'a' });", first(), "dropped: { label: 'a' }"),
        ("", "this.track('x', options);", first(), "dropped: options"),
    ] {
        let text = component(OLD, &format!("Tracking.mixin({mixin}), other"), line);
        let (_, rewrite) = migrated(&text, Language::JavaScript, &options);
        let notes: Vec<&String> = rewrite
            .sites
            .iter()
            .flat_map(|it| match &it.outcome {
                Outcome::Rewritten { notes } => notes.as_slice(),
                _ => &[],
            })
            .collect();
        assert!(notes.iter().any(|it| it.starts_with(expected)), "{line}: {notes:?}");
        assert!(notes.iter().any(|it| it.starts_with("`other` is not looked into")), "{notes:?}");
    }
}

#[test]
fn what_tracking_computes_goes_into_each_call() {
    let script = |import: &str, mixin: &str, value: &str, call: &str| {
        let computed = if value.is_empty() {
            String::new()
        } else {
            format!(
                "computed: {{\n    tracking() {{\n      return {{ property: {value} }};\n    }},\n  \
                 }},\n  "
            )
        };
        format!(
            "{import}\nimport {{ A }} from './a';\nexport default {{\n  mixins: [{mixin}],\n  \
             {computed}created() {{\n    {call};\n  }},\n}};\n"
        )
    };
    for value in
        ["`type_${this.kind}`", "this.a.b", "this.ok ? 'x' : `${A}_y`", "this.kind || 'x'", "A"]
    {
        let before = script(OLD, "Tracking.mixin()", value, "this.track('x')");
        let after = format!("this.trackEvent('x', {{ property: {value} }})");
        check(&before, &script(NEW, "InternalEvents.mixin()", "", &after));
    }
    for value in ["f(this.kind)", "`a_${f()}`", "A.b", "this.list[0]", "b", "(() => this.a)()"] {
        let before = script(OLD, "Tracking.mixin()", value, "this.track('x')");
        refuse(&before, Reason::IndirectArguments, "may be another value at each call");
    }
}

#[test]
fn tracking_of_a_component_goes_if_nothing_else_reads_it() {
    let script = |import: &str, mixins: &str, members: &str, call: &str| {
        format!(
            "{import}\nexport default {{\n  mixins: [{mixins}],\n{members}  created() {{\n    {call};\n  }},\n}};\n"
        )
    };
    let tracking = "    tracking() {\n      return { label: 'l' };\n    },\n";
    let (old, new) = ("this.track('x')", "this.trackEvent('x', { label: 'l' })");
    let lint = "    // eslint-disable-next-line vue/no-unused-properties\n";
    for (before, after) in [
        (
            format!("  computed: {{\n    a() {{}},\n{lint}{tracking}  }},\n"),
            "  computed: {\n    a() {},\n  },\n",
        ),
        (format!("  computed: {{\n{tracking}  }},\n"), ""),
        (
            "  data() {\n    return {\n      tracking: { label: 'l' },\n    };\n  },\n".to_owned(),
            "",
        ),
    ] {
        check(
            &script(OLD, "Tracking.mixin()", &before, old),
            &script(NEW, "InternalEvents.mixin()", after, new),
        );
    }
    let computed = format!("  computed: {{\n{tracking}  }},\n");
    for (mixins, members) in [
        ("other", computed.clone()),
        ("", format!("{computed}  updated() {{\n    f(this.tracking);\n  }},\n")),
        ("", format!("  extends: A,\n{computed}")),
    ] {
        let with =
            |it: &str| if mixins.is_empty() { it.to_owned() } else { format!("{it}, {mixins}") };
        let before = script(OLD, &with("Tracking.mixin()"), &members, old);
        let (changed, _) = migrated(&before, Language::JavaScript, &Options::default());
        assert!(changed.contains("tracking() {"), "{changed}");
    }
}

#[test]
fn what_is_injected_is_what_it_was() {
    let script = |import: &str, mixin: &str, inject: &str, data: &str, call: &str| {
        format!(
            "{import}\n\nexport default {{\n  mixins: [{mixin}],\n  {inject},\n{data}  methods: {{\n    a() {{\n      {call};\n    }},\n  }},\n}};\n"
        )
    };
    let data = "  data() {\n    return { b: 1, tracking: { label: this.name } };\n  },\n";
    for inject in
        ["inject: ['name']", "inject: { name: { default: 'x' } }", "inject: { name: 'n' }"]
    {
        check(
            &script(OLD, "Tracking.mixin()", inject, data, "this.track('x')"),
            &script(
                NEW,
                "InternalEvents.mixin()",
                inject,
                data,
                "this.trackEvent('x', { label: this.name })",
            ),
        );
    }
    for inject in ["inject: ['other']", "props: ['name']", "inject: names"] {
        let text = script(OLD, "Tracking.mixin()", inject, data, "this.track('x')");
        refuse(&text, Reason::IndirectArguments, "`this.name` may be another value");
    }
}
