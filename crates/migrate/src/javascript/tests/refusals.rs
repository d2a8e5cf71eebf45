//! What cannot be proven.

use super::{NEW, OLD, component, migrated, refuse, refuse_line, refuse_with};
use crate::{Language, Options, Outcome, Project, Reason};
use Reason::{
    ComputedName, CustomContext, IllegalName, IndirectArguments, NotUnderstood, OwnTrackEvent,
    PartOfMore, UnknownArgument, ValueUsed,
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn calls_of_a_component_are_refused() {
    for (line, reason, part) in [
        ("this.track(ACTION);", ComputedName, "`ACTION`, which is not of this file"),
        ("this.track(`${event}_${type}`);", ComputedName, "`${event}_${type}`"),
        ("this.track('a' + b);", ComputedName, "'a' + b"),
        ("this.track(a || 'b');", ComputedName, "a || 'b'"),
        ("let a = 'x'; a = 'y'; this.track(a);", ComputedName, "`a`"),
        ("this.track('Click X');", IllegalName, "'Click X'"),
        ("this.track('click-x');", IllegalName, "'click-x'"),
        ("this.track('');", IllegalName, "''"),
        ("this.track('x', options);", IndirectArguments, "`options`"),
        ("this.track('x', { ...options });", IndirectArguments, "...options"),
        ("this.track(...args);", IndirectArguments, "...args"),
        ("this.track('x', { extra: this.extra });", IndirectArguments, "this.extra"),
        ("this.track('x', { extra: { ...a } });", IndirectArguments, "...a"),
        ("this.track('x', { context });", CustomContext, "`context`"),
        ("this.track('x', { experiment: 'e' });", CustomContext, "experiment: 'e'"),
        ("this.track('x', { lable: 'e' });", UnknownArgument, "lable: 'e'"),
        ("this.track('x', {}, 'c');", UnknownArgument, "'c'"),
        ("this.track();", NotUnderstood, "this.track()"),
        ("this.track('x', { [a]: 1 });", NotUnderstood, "[a]: 1"),
        ("this.track('x', { label() {} });", NotUnderstood, "label() {}"),
        ("this.track('x', { label: 5 });", NotUnderstood, "`label` is a number"),
        ("this.track('x', { value: '5' });", NotUnderstood, "'5'"),
        ("this.track('x', { extra: { a: true } });", NotUnderstood, "a boolean"),
        ("this.track('x', { extra: { a: [1] } });", NotUnderstood, "a list"),
        ("this.track('x', { label: 'a', extra: { label: 'b' } });", NotUnderstood, "given twice"),
        ("return this.track('x');", ValueUsed, "return this.track('x')"),
        ("const a = this.track('x');", ValueUsed, "a = this.track('x')"),
        ("await_(this.track('x'));", ValueUsed, "await_(this.track('x'))"),
        ("this.track('x').then(a);", ValueUsed, "this.track('x').then"),
        ("if (this.track('x')) a();", ValueUsed, "this.track('x')"),
        ("debounce(this.track, 100);", IndirectArguments, "debounce(this.track, 100)"),
        ("this.track.call(this, 'x');", IndirectArguments, "this.track.call"),
        ("this['track']('x');", IndirectArguments, "this['track']"),
        ("const { track } = this;", IndirectArguments, "{ track } = this"),
        ("const vm = this; vm.track('x');", NotUnderstood, "vm.track"),
        ("go(this.trackingOptions);", NotUnderstood, "this.trackingOptions"),
        ("this.trackEvent('x');", OwnTrackEvent, "this.trackEvent"),
    ] {
        refuse_line(line, reason, part);
    }
}

#[test]
fn a_mixin_is_never_half_changed() {
    let lines = "this.track('good');\n      this.track(bad);";
    let text = component(OLD, "Tracking.mixin()", lines);
    let (changed, rewrite) = migrated(&text, Language::JavaScript, &Options::default());
    assert_eq!(changed, text);
    let reason = |it: &crate::Site| match &it.outcome {
        Outcome::Refused(it) => it.reason,
        other => panic!("{other:?}"),
    };
    let reasons: Vec<_> = rewrite.sites.iter().map(reason).collect();
    assert_eq!(reasons, [PartOfMore, PartOfMore, ComputedName]);
}

#[test]
fn components_are_refused() {
    let inner = |it: &str| format!("{OLD}\nexport default {{ mixins: [Tracking.mixin()], {it} }};");
    for (options, reason, part) in [
        ("methods: { trackEvent() { this.track('x'); } }", OwnTrackEvent, "trackEvent() {"),
        ("props: ['trackEvent'], created() { this.track('x'); }", OwnTrackEvent, "'trackEvent'"),
        (
            "data: () => ({ player: { track() {}, play() { this.track('x'); } } })",
            NotUnderstood,
            "`track` of its own",
        ),
        ("watch: { a: 'track' }", IndirectArguments, "a: 'track'"),
        ("methods: { ...mapActions(['track']) }", NotUnderstood, "`track` of its own"),
        (
            "template: '<a @click=\"track(1)\" />', created() { this.track('x'); }",
            NotUnderstood,
            "template in a text",
        ),
        ("methods: { ...mapActions(['trackEvent']) }", OwnTrackEvent, "trackEvent"),
        (
            "methods: { track(a) { b(a); }, c() { this.track('x'); } }",
            NotUnderstood,
            "`track` of its own",
        ),
        (
            "props: { tracking: Object }, created() { this.track('x'); }",
            IndirectArguments,
            "Object",
        ),
        (
            "computed: { tracking() { return this.a; } }, created() { this.track('x'); }",
            IndirectArguments,
            "return this.a",
        ),
        (
            "computed: { ...mapState(['tracking']) }, created() { this.track('x'); }",
            IndirectArguments,
            "tracking",
        ),
        (
            "data() { return { tracking: { label: this.a } }; }, created() { this.track('x'); }",
            IndirectArguments,
            "this.a",
        ),
        (
            "data: () => ({ tracking: other }), created() { this.track('x'); }",
            IndirectArguments,
            "other",
        ),
        ("", PartOfMore, "no call of `this.track`"),
    ] {
        refuse(&inner(options), reason, part);
    }
}

#[test]
fn mixins_are_refused() {
    for (text, reason, part) in [
        (
            "export default { ...Tracking.mixin(), created() { this.track('x'); } };",
            NotUnderstood,
            "...Tracking.mixin()",
        ),
        (
            "export default { mixins: list(Tracking.mixin()) };",
            NotUnderstood,
            "list(Tracking.mixin())",
        ),
        ("export const a = Tracking.mixin();", NotUnderstood, "may be used elsewhere"),
        (
            "let a = Tracking.mixin(); a = b; export default { mixins: [a] };",
            NotUnderstood,
            "no constant",
        ),
        (
            "class A extends mixins(Tracking.mixin()) { save() { this.track('x'); } }",
            NotUnderstood,
            "mixins(Tracking.mixin())",
        ),
        (
            "export default { mixins: [Tracking.mixin(options)], created() { this.track('x'); } };",
            IndirectArguments,
            "Tracking.mixin(options)",
        ),
        (
            "export default { mixins: [Tracking.mixin({ label: f() })], created() { this.track('x'); } };",
            IndirectArguments,
            "f()",
        ),
        (
            "const l = 'a'; export default { mixins: [Tracking.mixin({ label: l })], methods: { a(l) { this.track('x'); } } };",
            IndirectArguments,
            "label: l",
        ),
        (
            "export default { mixins: [Tracking.mixin()] };\nfunction a() { this.track('x'); }",
            NotUnderstood,
            "outside of the component",
        ),
        (
            "const InternalEvents = 1; export default { mixins: [Tracking.mixin()], created() { this.track('x'); } };",
            NotUnderstood,
            "`InternalEvents` means something else",
        ),
    ] {
        refuse(&format!("{OLD}\n{text}"), reason, part);
    }
}

#[test]
fn raw_calls_are_refused() {
    for (line, reason, part) in [
        (
            "const { category, action } = opts; Tracking.event(category, action);",
            ComputedName,
            "`action`",
        ),
        ("Tracking.event(...this.trackingOptions);", IndirectArguments, "...this.trackingOptions"),
        ("Tracking.event('c', `${event}_${type}`);", ComputedName, "`${event}_${type}`"),
        ("Tracking.event('c');", NotUnderstood, "Tracking.event('c')"),
        ("Tracking.event('c', 'x', data);", IndirectArguments, "`data`"),
        ("Tracking.event('c', 'x', {}, 1);", UnknownArgument, "`1`"),
        ("const done = Tracking.event('c', 'x');", ValueUsed, "done = "),
        ("const track = Tracking.event;", IndirectArguments, "Tracking.event"),
        ("f(Tracking);", IndirectArguments, "f(Tracking)"),
        (
            "import * as all from '~/tracking'; all.default.event('c', 'x');",
            NotUnderstood,
            "all of '~/tracking'",
        ),
        ("import('~/tracking').then(go);", NotUnderstood, "loaded later"),
        ("const T = require('~/tracking').default;", NotUnderstood, "required"),
    ] {
        refuse(&format!("{OLD}\n{line}"), reason, part);
    }
    refuse("Tracking.event('c', 'x');", NotUnderstood, "not imported");
    let text = "import Tracking from '~/tracking/tracking'; Tracking.event('c', 'x');";
    refuse(text, NotUnderstood, "of another module");
    let import = "import { ACTION } from './constants';";
    let text = format!("{OLD}\n{import}\nTracking.event('c', ACTION);");
    refuse(&text, ComputedName, "imported from './constants'");
}

#[test]
fn calls_of_the_api_are_refused() {
    for (line, reason, part) in [
        (
            "const f = api.trackRedisHllUserEvent.bind(api);",
            IndirectArguments,
            "trackRedisHllUserEvent.bind",
        ),
        ("api.trackRedisHllUserEvent(name);", ComputedName, "`name`"),
        ("api.trackRedisHllUserEvent('x', 1);", UnknownArgument, "`1`"),
        ("api.trackRedisCounterEvent('x').catch(f);", ValueUsed, "catch"),
        ("async () => { await api.trackRedisHllUserEvent('x'); };", ValueUsed, "await"),
        ("api.trackRedisCounterEvent();", NotUnderstood, "names no event"),
        ("const f = () => api.trackRedisCounterEvent('x');", ValueUsed, "() => api"),
    ] {
        refuse(&format!("import api from '~/api';\n{line}"), reason, part);
    }
    let text = "import { trackRedisHllUserEvent } from '~/api';\nonClick(trackRedisHllUserEvent);";
    refuse(text, IndirectArguments, "onClick(trackRedisHllUserEvent)");
}

#[test]
fn a_name_that_is_taken_is_refused_unless_one_is_told() {
    let internal_events = BTreeSet::from(["x".to_owned()]).into();
    let mut project = Project { internal_events, ..Project::default() };
    let text = format!("{OLD}\nTracking.event('c', 'x');");
    let run = |project: &Project, options: &Options| {
        super::super::rewrite(&text, Language::JavaScript, project, options).unwrap()
    };
    let refused = run(&project, &Options::default());
    let Outcome::Refused(refusal) = &refused.sites[0].outcome else { panic!("{refused:?}") };
    assert_eq!(refusal.reason, Reason::NameTaken);
    let told = Options { renames: [("x".to_owned(), "x".to_owned())].into(), ..Options::default() };
    assert!(!run(&project, &told).edits.is_empty());
    project.legacy_events =
        BTreeMap::from([("x".to_owned(), crate::LegacyEvent::default())]).into();
    assert!(!run(&project, &Options::default()).edits.is_empty());
}

#[test]
fn what_is_refused_keeps_its_import() {
    let text = format!("{OLD}\nTracking.event('c', 'x');\nTracking.event('c', y);\n");
    let (changed, _) = migrated(&text, Language::JavaScript, &Options::default());
    assert_eq!(
        changed,
        "import Tracking, { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('x');\n\
         Tracking.event('c', y);\n"
    );
    let text = "import api from '~/api';\napi.trackRedisHllUserEvent('x');\napi.trackRedisHllUserEvent(y);";
    let (changed, _) = migrated(text, Language::JavaScript, &Options::default());
    assert_eq!(
        changed,
        format!(
            "import api from '~/api';\n{NEW}\nInternalEvents.trackEvent('x');\napi.trackRedisHllUserEvent(y);"
        )
    );
}

#[test]
fn only_the_kinds_that_are_asked_for_are_looked_at() {
    let options = Options { only: [crate::Kind::JsApi].into(), ..Options::default() };
    let text = "import Tracking from '~/tracking';\nimport api from '~/api';\nTracking.event('c', y); api.trackRedisCounterEvent(z);";
    let (_, rewrite) = migrated(text, Language::JavaScript, &options);
    assert_eq!(rewrite.sites.len(), 1);
}

#[test]
fn what_does_not_parse_is_said_with_its_place() {
    let run = |text: &str| {
        super::super::rewrite(text, Language::JavaScript, &Project::default(), &Options::default())
    };
    assert_eq!(run("let = = 1;").unwrap_err().at, 6);
    let deep = "(".repeat(100_000);
    assert!(run(&deep).unwrap_err().message.contains("brackets"));
    let long = "a;".repeat(1_000_000);
    assert!(run(&long).unwrap_err().message.contains("longer"));
}

#[test]
fn the_first_style_has_another_collision() {
    let options = super::first();
    let text = component(OLD, "Tracking.mixin()", "this.track('x'); this.track_event('y');");
    refuse_with(&text, OwnTrackEvent, "track_event", Language::JavaScript, &options);
}

#[test]
fn deep_trees_need_no_more_stack_than_there_is() {
    for (part, end) in [
        ("a.", "b"),
        ("a+", "b"),
        ("a\n+", "b"),
        ("!", "a"),
        ("a=>", "a"),
        ("a?b:", "c"),
        ("a=", "b"),
        ("a,", "b"),
        ("typeof ", "a"),
        ("new ", "a"),
        ("if(a)", ";"),
        ("<a>", ""),
        ("a:", ";"),
        ("a()", ""),
        ("`${", ""),
        ("for(;;)", ";"),
    ] {
        let text = format!("{}{end}", part.repeat(20_000));
        // It parses or it does not; what counts is that the program lives.
        for language in [Language::JavaScript, Language::TypeScript] {
            let run =
                super::super::rewrite(&text, language, &Project::default(), &Options::default());
            assert!(run.is_err() || run.is_ok_and(|it| it.edits.is_empty()), "{part}");
        }
    }
}

#[test]
fn a_track_of_another_file_is_refused() {
    let with = |options: &str| {
        format!(
            "import a from './a';\nexport default {{ {options}, created() {{ this.track('x'); }} }};\n"
        )
    };
    for options in
        ["mixins: [a]", "extends: a", "mixins: [a.mixin()]", "mixins: [...b]", "mixins: [b]"]
    {
        refuse(&with(options), PartOfMore, "may come from another file");
    }
    for options in [
        "mixins: []",
        "mixins: [glFeatureFlagsMixin()]",
        "mixins: [a], methods: { track() {} }",
        "data: a",
    ] {
        let (_, rewrite) = migrated(&with(options), Language::JavaScript, &Options::default());
        assert_eq!(rewrite.sites, [], "{options}");
    }
    let component = "<template><a @click=\"track('x')\" /></template>\n<script>\nimport a from './a';\nexport default { mixins: [a] };\n</script>";
    refuse_with(component, PartOfMore, "mixins: [a]", Language::Vue, &Options::default());
}

#[test]
fn a_mixin_that_is_exported_stays_even_if_it_is_used_here() {
    let text = format!(
        "{OLD}\nexport const m = Tracking.mixin();\nexport default {{ mixins: [m], created() {{ this.track('x'); }} }};\n"
    );
    refuse(&text, NotUnderstood, "may be used elsewhere");
}

#[test]
fn a_tracking_of_the_window_is_not_passed_over() {
    refuse("window.Tracking.event('c', 'x');", NotUnderstood, "a member of something");
}
