//! Files that nobody wrote by hand: whatever is nested in them, rewriting ends, in time in
//! proportion to their size, and within the stack that there is.

use internal_events_migrate::{
    Language, Options, Project, Reason, Rewrite, Unparsable, rewrite_checked,
};
use std::time::{Duration, Instant};

/// How many bytes of each shape there are. A level that costs more than its bytes have stack for
/// ends the test; an effort that grows with the square of the length takes minutes.
const N_BYTES: usize = 3 << 10;

/// Far more than any shape takes in a build without optimisation on a busy machine.
const IN_TIME: Duration = Duration::from_secs(40);

/// Something that makes each file worth a look.
const SCRIPT: &str = "el.dataset.trackAction = 'x'; Tracking.event('a', 'b');\n";
const RUBY: &str = "Gitlab::Tracking.event('a', 'b'); f(data: { track_action: 'x' })\n";

fn rewritten(language: Language, text: &str) -> Result<Rewrite, Unparsable> {
    let started = Instant::now();
    let done = rewrite_checked(language, text, &Project::default(), &Options::default());
    let took = started.elapsed();
    let head: String = text.chars().rev().take(40).collect();
    assert!(took < IN_TIME, "{language:?} took {took:?}: {head:?}");
    done
}

/// What repeats, and what ends each repetition after all of them.
type Shape = (&'static str, &'static str, &'static str);

fn text(lead: &str, (open, middle, close): Shape) -> String {
    let n = N_BYTES / (open.len() + close.len());
    format!("{lead}{}{middle}{}", open.repeat(n), close.repeat(n))
}

/// Brackets that a count of brackets does not see: texts close them.
fn unseen() -> String {
    let open = "(".repeat(150);
    let shown = format!("'{}'+", ")".repeat(150));
    let n = N_BYTES / (open.len() * 3);
    let level = format!("{open}{shown}");
    format!("{}1{}", level.repeat(n), ")".repeat(n * 150))
}

const IN_SCRIPTS: &[Shape] = &[
    ("!", "a", ""),
    ("- ", "a", ""),
    ("~", "a", ""),
    ("typeof ", "a", ""),
    ("new ", "a", ""),
    ("await ", "a", ""),
    ("a?b:", "c", ""),
    ("a?", "b", ":c"),
    ("a=>", "b", ""),
    ("a=", "b", ""),
    ("a**", "b", ""),
    ("a+", "b", ""),
    ("a&&", "b", ""),
    ("a,", "b", ""),
    ("a.", "b", ""),
    ("a()", "", ""),
    ("a?.", "b", ""),
    ("a`", "`", ""),
    ("`${", "a", "}`"),
    ("(", "a", ")"),
    ("[", "a", "]"),
    ("{", "a", "}"),
    ("({a:", "b", "})"),
    ("(a,", "b", ")=>c"),
    ("f(", "a", ")"),
    ("if(a)", "b", ""),
    ("if(a)b;else ", "c", ""),
    ("for(;;)", "b", ""),
    ("while(a)", "b", ""),
    ("do ", "a", " while(b);"),
    ("function f(){", "a", "}"),
    ("()=>{", "a", "}"),
    ("class A{static{", "a", "}}"),
    ("class A extends ", "B", "{}"),
    ("<a>", "b", "</a>"),
    ("<a b={", "c", "}/>"),
    ("this.track(", "", ");"),
    ("Tracking.event('a','b',{extra:{", "", "}});"),
    ("x.dataset.trackAction='a';", "", ""),
    ("'data-track-action';", "", ""),
    ("Tracking.event(`${a}`);", "", ""),
    ("({mixins:[a]});this.track();", "", ""),
];

const IN_TYPES: &[Shape] = &[
    ("type A=", "B", ""),
    ("let a:B extends C?D:", "E", ""),
    ("a<", "b", ">"),
    ("a<b<", "c", ">(d)"),
    ("<A>", "b", ""),
    ("a as ", "b", ""),
    ("a!", "", ""),
];

#[test]
fn nested_scripts_are_read_within_bounds() {
    for shape in IN_SCRIPTS {
        let _ = rewritten(Language::JavaScript, &text(SCRIPT, *shape));
    }
    for shape in IN_TYPES.iter().chain(IN_SCRIPTS) {
        let _ = rewritten(Language::TypeScript, &text(SCRIPT, *shape));
    }
    let _ = rewritten(Language::JavaScript, &format!("{SCRIPT}{}", unseen()));
    let types = [("keyof ", "B", ""), ("B extends C?D:", "E", ""), ("A<", "B", ">")];
    for shape in types {
        let _ = rewritten(Language::TypeScript, &text(&format!("{SCRIPT}type A="), shape));
    }
}

#[test]
fn nested_components_are_read_within_bounds() {
    for shape in IN_SCRIPTS {
        let script = text(SCRIPT, *shape);
        let _ = rewritten(Language::Vue, &format!("<script>\n{script}</script>"));
        let bound = text("track('x') + ", *shape).replace('"', "'");
        let component = format!(
            "<template><a :data-track-action=\"{bound}\" @click=\"{bound}\" /></template>\n<script>\n\
             import Tracking from '~/tracking';\nexport default {{ mixins: [Tracking.mixin()] }};\n</script>"
        );
        let _ = rewritten(Language::Vue, &component);
    }
}

const IN_RUBY: &[Shape] = &[
    ("!", "a", ""),
    ("-", "a", ""),
    ("not ", "a", ""),
    ("a ? b : ", "c", ""),
    ("a = ", "b", ""),
    ("a.", "b", ""),
    ("a + ", "b", ""),
    ("a && ", "b", ""),
    ("a and ", "b", ""),
    ("a b ", "c", ""),
    ("a ", "c", ""),
    ("(", "a", ")"),
    ("[", "a", "]"),
    ("{ a: ", "b", " }"),
    ("f({ data: { track_action: ", "'b'", " } })"),
    ("\"#{", "a", "}\""),
    ("-> { ", "a", " }"),
    ("f { ", "a", " }"),
    ("f do\n", "a", "\nend"),
    ("if a\n", "b", "\nend"),
    ("if a\nelsif b\n", "c", "\nend"),
    ("case a\nwhen b\n", "c", "\nend"),
    ("begin\n", "a", "\nend"),
    ("def a\n", "b", "\nend\n"),
    ("class A\n", "b", "\nend\n"),
    ("module A; ", "b", "; end"),
    ("defined? ", "a", ""),
    ("a rescue ", "b", ""),
    ("a if ", "b", ""),
    ("A::", "B", ""),
    ("a <<~B\n", "", "B\n"),
    ("Gitlab::Tracking.event('a', 'b', label: ", "c", ")"),
    ("Gitlab::Tracking.event('a', 'b')\n", "", ""),
    ("Gitlab::Tracking.event('a', x)\n", "", ""),
];

#[test]
fn nested_ruby_is_read_within_bounds() {
    for shape in IN_RUBY {
        let code = text(RUBY, *shape);
        let _ = rewritten(Language::Ruby, &code);
        let _ = rewritten(Language::Erb, &format!("<% {code} %>"));
        let line = code.replace('\n', ";");
        let _ = rewritten(Language::Haml, &format!("- {line}"));
        let _ = rewritten(Language::Haml, &format!("%a{{ data: {{ track_action: {line} }} }}"));
    }
    let _ = rewritten(Language::Ruby, &format!("{RUBY}{}", unseen()));
}

#[test]
fn pages_are_read_within_bounds() {
    let shapes: &[Shape] = &[
        ("<a data-track-action='x' ", "", ""),
        ("<a data-track-action=", "", ""),
        ("<a data-track-extra='{\"a\":", "", "}'>"),
        ("<a>", "", "</a>"),
        ("<!--", "", "-->"),
        ("<script>", "", "</script>"),
        ("<script>Tracking.event('a', b);", "", "</script>"),
        ("<%", "", "%>"),
        ("<%= ", "", ""),
        ("<a <%= data-track-action='", "", "%>"),
        ("{{", "", "}}"),
        ("{{ data-track-action", "", ""),
        ("<template>", "", "</template>"),
        ("%a{\n", "", ""),
        ("%a{ track_action: ", "", ""),
        ("%a(", "", ")"),
        ("- f(track_action,\n", "", ""),
        ("- Gitlab::Tracking.event(a,\n\n", "", ""),
        ("= track_action |\n", "", ""),
        ("  #{track_action ", "", ""),
        (":javascript\n  Tracking.event('a', 'b')\n", "", ""),
        ("\n", "", ""),
        ("&quot;", "", ""),
        ("é", "", ""),
        ("\0", "", ""),
    ];
    for shape in shapes {
        for language in [Language::Html, Language::Vue, Language::Erb, Language::Haml] {
            let text = text(
                "<p data-track-action='y'>\n- f(track_action: 'x'), Tracking.event,\n",
                *shape,
            );
            let _ = rewritten(language, &text);
        }
    }
}

#[test]
fn what_goes_too_deep_is_refused_as_that() {
    let deep = format!("{SCRIPT}{}", text("", ("(", "a", ")")));
    let error = rewritten(Language::JavaScript, &deep).unwrap_err();
    assert_eq!(error.refusal().reason, Reason::TooDeep, "{error:?}");
    let long = format!("{SCRIPT}// {}", "é".repeat(600_000));
    let error = rewritten(Language::JavaScript, &long).unwrap_err();
    assert_eq!(error.refusal().reason, Reason::TooDeep, "{error:?}");
    let wrong = rewritten(Language::JavaScript, &format!("{SCRIPT}(")).unwrap_err();
    assert_eq!(wrong.refusal().reason, Reason::DoesNotParse, "{wrong:?}");
}
