//! What holds for any text: no panic, output that parses, a second run without work.

use crate::{Edits, Language, Options, Outcome, Project, Rewrite, Style, Unparsable};
use proptest::prelude::*;

fn run(text: &str, language: Language, options: &Options) -> Result<Rewrite, Unparsable> {
    let project = Project::default();
    match language {
        Language::Vue => crate::vue::rewrite(text, &project, options),
        _ => super::rewrite(text, language, &project, options),
    }
}

/// Edits that lie within the text, in order, on boundaries of characters.
fn is_sound(text: &str, edits: &Edits) -> bool {
    let mut done = 0;
    edits.iter().all(|it| {
        let is_next = it.range.start >= done;
        done = it.range.end;
        is_next && text.get(it.range.clone()).is_some()
    })
}

/// Checks a text.
fn holds(text: &str, language: Language, options: &Options) -> Result<(), TestCaseError> {
    let Ok(rewrite) = run(text, language, options) else { return Ok(()) };
    prop_assert!(is_sound(text, &rewrite.edits), "unsound edits of\n{text}\n{:?}", rewrite.edits);
    for site in &rewrite.sites {
        prop_assert!(text.get(site.range.clone()).is_some(), "a site outside of\n{text}");
    }
    let changed = rewrite.edits.apply(text);
    let second = run(&changed, language, options);
    let Ok(second) = second else {
        return Err(TestCaseError::fail(format!("{second:?}\nbefore:\n{text}\nafter:\n{changed}")));
    };
    prop_assert!(second.edits.is_empty(), "a second run of\n{text}\nchanges\n{changed}");
    let is_rewritten = |it: &Outcome| matches!(it, Outcome::Rewritten { .. });
    prop_assert!(!second.sites.iter().any(|it| is_rewritten(&it.outcome)), "twice:\n{changed}");
    Ok(())
}

fn options() -> impl Strategy<Value = Options> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(first, drops, keeps)| Options {
        style: if first { Style::First } else { Style::Current },
        drops_properties: drops,
        keeps_category: keeps,
        renames: [("old".to_owned(), "new".to_owned())].into(),
        ..Options::default()
    })
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(texts).prop_map(str::to_owned)
}

/// A value of a property.
fn value() -> impl Strategy<Value = String> {
    one_of(&["'a'", "\"é\"", "5", "this.a", "label", "`t`", "`${a}`", "true", "undefined", "[1]"])
}

/// An object of properties.
fn object() -> impl Strategy<Value = String> {
    let key = one_of(&["label", "property", "value", "category", "'a-b'", "context", "size"]);
    let pair = (key, value()).prop_map(|(key, value)| format!("{key}: {value}")).boxed();
    let inner = proptest::collection::vec(pair.clone(), 0..3).prop_map(|it| it.join(", "));
    let extra = inner.prop_map(|it| format!("extra: {{ {it} }}"));
    let other = one_of(&["label", "...rest", "[a]: 1", "extra"]);
    let member = prop_oneof![6 => pair, 3 => extra, 1 => other];
    let joint = one_of(&[", ", ",\n    ", ", /* , */ "]);
    let ends = one_of(&["{ @ }", "{@}", "{\n    @,\n  }", "{ @, }"]);
    (proptest::collection::vec(member, 0..5), joint, ends).prop_map(|(all, joint, ends)| {
        if all.is_empty() { "{}".to_owned() } else { ends.replace('@', &all.join(&joint)) }
    })
}

/// Arguments from the event's name on.
fn arguments() -> impl Strategy<Value = String> {
    let name =
        one_of(&["'x'", "\"x\"", "`x`", "'old'", "NAME", "a ? 'x' : 'old'", "'X Y'", "`${a}`"]);
    let data = prop_oneof![object(), one_of(&["data", "undefined", "...all", "f(1)"])];
    (name, proptest::option::of(data), one_of(&["", ",", "/* é */"])).prop_map(
        |(name, data, end)| match data {
            Some(data) => format!("{name}, {data}{end}"),
            None => format!("{name}{end}"),
        },
    )
}

/// A statement.
fn statement() -> impl Strategy<Value = String> {
    let call = prop_oneof![
        arguments().prop_map(|it| format!("this.track({it})")),
        arguments().prop_map(|it| format!("Tracking.event('c', {it})")),
        arguments().prop_map(|it| format!("Tracking.event(undefined, {it})")),
        arguments().prop_map(|it| format!("api.trackRedisHllUserEvent({it})")),
        arguments().prop_map(|it| format!("trackRedisCounterEvent({it})")),
        arguments().prop_map(|it| format!("this.trackEvent({it})")),
    ];
    let around = one_of(&[
        "@;",
        "@;",
        "@;",
        "if (a) @;",
        "a && @;",
        "f(() => @);",
        "return @;",
        "(@);",
        "const f = function () { @; };",
        "/* é */ @ // ü",
    ]);
    (call, around).prop_map(|(call, around)| around.replace('@', &call))
}

/// A script with imports, and perhaps a component.
fn script() -> impl Strategy<Value = String> {
    let import = one_of(&[
        "import Tracking from '~/tracking';",
        "import Tracking, { InternalEvents } from '~/tracking'",
        "import Tracking, { a as b, c } from \"~/tracking\";",
        "import Tracking, {\n  InternalEvents as IE,\n  other,\n} from '~/tracking';",
        "import Tracking from '~/tracking';\nimport { InternalEvents } from '~/tracking';",
        "import { default as Tracking } from '~/tracking';",
    ]);
    let api = one_of(&[
        "",
        "import api, { trackRedisCounterEvent } from '~/api';",
        "import { trackRedisCounterEvent, é } from '~/api';\nimport api from '~/rest_api';",
    ]);
    let mixin = prop_oneof![
        Just("Tracking.mixin()".to_owned()),
        object().prop_map(|it| format!("Tracking.mixin({it})")),
        Just("other, Tracking.mixin(), InternalEvents.mixin()".to_owned()),
        Just("trackingMixin".to_owned()),
        Just("InternalEvents.mixin(), Tracking.mixin()".to_owned()),
    ];
    let before =
        one_of(&["const NAME = 'x';", "const trackingMixin = Tracking.mixin();", "", "\r\n"]);
    let own = prop_oneof![
        3 => Just(String::new()),
        1 => object().prop_map(|it| format!("computed: {{ tracking() {{ return {it}; }} }},")),
        1 => object().prop_map(|it| format!("data() {{ return {{ tracking: {it} }}; }},")),
    ];
    let lines = proptest::collection::vec(statement(), 0..5).prop_map(|it| it.join("\n      "));
    (import, api, before, mixin, own, lines).prop_map(|(import, api, before, mixin, own, lines)| {
        format!(
            "{import}\n{api}\n{before}\nexport default {{\n  mixins: [{mixin}],\n  {own}\n  \
             methods: {{\n    save() {{\n      {lines}\n    }},\n  }},\n}};\n"
        )
    })
}

/// A component with a template.
fn component() -> impl Strategy<Value = String> {
    let attribute = prop_oneof![
        arguments().prop_map(|it| format!("@click=\"track({})\"", it.replace('"', "'"))),
        arguments().prop_map(|it| format!("v-on:x='a = 1; track({})'", it.replace('\'', "\""))),
        arguments().prop_map(|it| format!(":y=\"track({})\"", it.replace('"', "&quot;"))),
        one_of(&[
            "v-for=\"a in track\"",
            "@click=\"track\"",
            "title=\"track('x')\"",
            "@x=track('x')"
        ]),
    ];
    let inner =
        one_of(&["{{ a<b }}", "<template #a>é</template>", "{{ track('x') }}", "<!-- {{ -->"]);
    let template = proptest::collection::vec((attribute, inner), 0..4).prop_map(|it| {
        it.into_iter().map(|(a, b)| format!("  <a {a}>{b}</a>\n")).collect::<Vec<_>>().concat()
    });
    (script(), template, any::<bool>()).prop_map(|(script, template, first)| {
        let script = format!("<script>\n{script}</script>\n");
        let template = format!("<template>\n{template}</template>\n");
        if first { template + &script } else { script + &template }
    })
}

/// A spec with the legacy helpers.
fn spec() -> impl Strategy<Value = String> {
    let import = one_of(&[
        "import { mockTracking, unmockTracking } from 'helpers/tracking_helper';",
        "import { mockTracking as mock, unmockTracking, triggerEvent } from 'helpers/tracking_helper'",
        "import { useMockInternalEventsTracking } from 'helpers/tracking_internal_events_helper';\n\
         import { unmockTracking, mockTracking } from '../helpers/tracking_helper';",
    ]);
    let start = one_of(&[
        "const spy = mockTracking();",
        "spy = mockTracking(undefined, wrapper.element, jest.spyOn);",
        "mockTracking('c', null);",
        "let bindInternalEventDocument;",
    ]);
    let expected = (
        one_of(&[
            "toHaveBeenCalledWith(",
            "not.toHaveBeenCalledWith(",
            "toHaveBeenNthCalledWith(1, ",
        ]),
        arguments(),
    )
        .prop_map(|(matcher, it)| format!("expect(spy).{matcher}'c', {it});"));
    let other = one_of(&[
        "expect(spy).toHaveBeenCalledTimes(1);",
        "unmockTracking();",
        "spy.mockClear();",
        "afterEach(() => { unmockTracking(); });",
        "afterEach(unmockTracking)",
        "beforeEach(() => {\n  spy = mockTracking();\n});",
    ]);
    let line = prop_oneof![1 => start, 2 => expected, 1 => other];
    let around = one_of(&[
        "let spy;\n\nit('x', () => {\n  @\n});\n",
        "let spy;\ndescribe('é', () => {\n\n  it('x', () => {\n  @\n  });\n});",
        "it('x', () => {@});",
        "@",
    ]);
    (import, proptest::collection::vec(line, 0..5), around).prop_map(|(import, lines, around)| {
        format!("{import}\n{}", around.replace('@', &lines.join("\n\n  ")))
    })
}

/// Cuts a text, takes a part out, or repeats one.
fn mutated(text: &str, how: u8, from: usize, length: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    let from = from % (all.len() + 1);
    let to = (from + length).min(all.len());
    let (head, part, tail) = (&all[..from], &all[from..to], &all[to..]);
    match how % 3 {
        0 => head.iter().collect(),
        1 => head.iter().chain(tail).collect(),
        _ => head.iter().chain(part).chain(part).chain(tail).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scripts_are_rewritten_soundly(text in script(), options in options()) {
        holds(&text, Language::JavaScript, &options)?;
        holds(&text, Language::TypeScript, &options)?;
    }

    #[test]
    fn specs_are_rewritten_soundly(
        text in spec(),
        options in options(),
        (how, from, length) in (any::<u8>(), 0_usize..600, 0_usize..40),
    ) {
        holds(&text, Language::JavaScript, &options)?;
        holds(&mutated(&text, how, from, length), Language::TypeScript, &options)?;
    }

    #[test]
    fn components_are_rewritten_soundly(text in component(), options in options()) {
        holds(&text, Language::Vue, &options)?;
    }

    #[test]
    fn damaged_texts_do_no_harm(
        text in component(),
        options in options(),
        (how, from, length) in (any::<u8>(), 0_usize..2000, 0_usize..40),
    ) {
        let text = mutated(&text, how, from, length);
        holds(&text, Language::Vue, &options)?;
        holds(&text, Language::JavaScript, &options)?;
    }

    #[test]
    fn any_text_does_no_harm(text in any::<String>(), tags in "(<[a-z/!-]{0,9}[>{}\"' ]{0,3}|track|é){0,9}") {
        holds(&text, Language::JavaScript, &Options::default())?;
        holds(&text, Language::Vue, &Options::default())?;
        holds(&tags, Language::Vue, &Options::default())?;
    }
}
