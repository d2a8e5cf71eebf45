//! What holds of any input: no panic, output that parses, a second run that changes nothing.

use super::project;
use crate::options::{Options, Style};
use crate::ruby::{rewrite, rewrite_erb, rewrite_fragment, rewrite_haml};
use proptest::prelude::*;

/// Pieces of files with legacy tracking in all forms.
const PIECES: &[&str] = &[
    "Gitlab::Tracking.event('c', 'click_it', user: u, label: 'x', project: p)",
    "::Gitlab::Tracking.event(self.class.name, :click_it, context: [c], value: 3)",
    "Gitlab::Tracking.event 'c', \"click_it\", user:, label: x",
    "Gitlab::Tracking.event(\n  'c',\n  'x',\n  user: u, # why\n  label: 'ü',\n)",
    "Gitlab::Tracking.event('c', 'x', label: <<~L, user: u)\n  l\nL\n",
    "Gitlab::Tracking.event('c', ACTION, **opts)",
    "ACTION = 'click_it'.freeze",
    "HLLRedisCounter.track_event(:x, values: user.id)",
    "Gitlab::UsageDataCounters::HLLRedisCounter.track_event(user.id, 'x') if user",
    "HLLRedisCounter.track_event(\n  :x, # why\n  values: user.id # who\n)",
    "Gitlab::Tracking.event(\n  'c',\n  'x', # why\n  # Who\n  user: u,\n  label: 'l', # what\n  value: 3\n  # end\n)",
    "track_usage_event(a ? :x : :y, user.id)",
    "track_usage_event(:x, user_id)",
    "increment_unique_values('x', [current_user.id])",
    "Gitlab::UsageDataCounters::WikiPageCounter.count(:create)",
    "Gitlab::UsageDataCounters::SearchCounter.increment_navbar_searches_count",
    "track_redis_hll_event :show, name: 'x', if: -> { y }",
    "track_event :show, name: 'x', action: 'x', label: 'l', destinations: [:redis_hll, :snowplow]",
    "include RedisTracking",
    "include Gitlab::InternalEventsTracking",
    "extend self",
    "subject",
    "expect_snowplow_event(category: 'c', action: 'x', user: user)",
    "expect_no_snowplow_event(category: 'c', action: 'x')",
    "it_behaves_like 'Snowplow event tracking' do\n  let(:category) { 'c' }\n  let(:action) { :x }\n  let(:label) { 'l' }\nend",
    "expect(Gitlab::Tracking).to receive(:event)",
    "# Gitlab::Tracking.event",
    "x = <<~EOS\n  a #{y}\nEOS\n",
    "%w[ä ö ü]",
    "# encoding: shift_jis",
    "あ = 'あ'",
    "counter.track_event(:x, values: user.id)",
    "__END__",
];

/// Something around a piece.
const AROUND: &[&str] = &[
    "@",
    "class A\n  @\nend",
    "class A < B\n  include C\n  def x\n    @\n  end\nend",
    "module M\n  def self.x\n    @\n  end\nend",
    "def x(user, user_id)\n  @\nend",
    "it 'x' do\n  @\nend",
    "y = @",
    "z(@) { |it| @ }",
    "if a\n  @\nelse\n  @\nend",
    "a ? (@) : (@)",
    "\"#{@}\"",
    "-> { @ }",
    "class A\r\n  def x\r\n    @\r\n  end\r\nend\r\n",
    "class A; def x; @; end; end",
];

fn piece() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES).prop_map(str::to_owned);
    piece.prop_recursive(3, 16, 4, |inner| {
        let parts = prop::collection::vec(inner, 1..4).prop_map(|it| it.join("\n"));
        (prop::sample::select(AROUND), parts).prop_map(|(around, it)| around.replace('@', &it))
    })
}

/// A change of a text: a part of it goes, or a word comes in, or both.
fn mutated() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "", "\n", "(", ")", "end", "'", "\"", ",", "{ ", "}", "**", "&", ".id", "ü", "#", "do ",
        "<<~X", "\0",
    ];
    let word = prop::sample::select(WORDS);
    (piece(), any::<prop::sample::Index>(), 0..12_usize, word).prop_map(
        |(text, at, length, word)| {
            let chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            chars[..at]
                .iter()
                .chain(&word.chars().collect::<Vec<_>>())
                .chain(&chars[end..])
                .collect()
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    any::<(bool, bool, bool, bool)>().prop_map(|(is_first, drops, keeps, renames)| Options {
        style: if is_first { Style::First } else { Style::Current },
        drops_properties: drops,
        keeps_category: keeps,
        renames: [("x".to_owned(), "y".to_owned())].into_iter().filter(|_| renames).collect(),
        ..Options::default()
    })
}

/// What holds of every rewrite.
fn holds(text: &str, options: &Options) {
    let project = project();
    for of_template in [rewrite_fragment, rewrite_erb, rewrite_haml] {
        of_template(text, &project, options).unwrap().edits.apply(text);
    }
    let erb = format!("<p>\n<% {text} %>ü<%= y %>");
    rewrite_erb(&erb, &project, options).unwrap().edits.apply(&erb);
    let Ok(done) = rewrite(text, &project, options) else { return };
    for it in &done.sites {
        assert!(text.get(it.range.clone()).is_some(), "{text}\n{it:?}");
    }
    let after = done.edits.apply(text);
    let again = rewrite(&after, &project, options);
    let again = again.unwrap_or_else(|it| panic!("does not parse: {it:?}\n{text}\n---\n{after}"));
    assert!(
        again.edits.is_empty(),
        "a second run changes something\n{text}\n---\n{after}\n---\n{}",
        again.edits.apply(&after)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_in_any_order(text in piece(), options in options()) {
        holds(&text, &options);
    }

    #[test]
    fn broken_pieces(text in mutated(), options in options()) {
        holds(&text, &options);
    }

    #[test]
    fn any_text(text in ".{0,60}") {
        holds(&text, &Options::default());
    }
}

#[test]
fn deep_code_takes_no_deep_stack() {
    let call = "Gitlab::Tracking.event('c', 'x')";
    let deep = |open: &str, close: &str, count: usize| {
        format!("{}{call}{}\n", open.repeat(count), close.repeat(count))
    };
    for text in [
        deep("(", ")", 2000),
        deep("[", "]", 2000),
        deep("x { ", " }", 2000),
        deep("if a\n", "\nend", 2000),
        deep("a && ", "", 5000),
        deep("", " && a", 5000),
        deep("", ".b", 5000),
        deep("1 + ", "", 5000),
        deep("a = ", "", 2000),
        deep("class A\n", "\nend", 2000),
        deep("module A\n", "\nend", 2000),
        deep("begin\n", "\nend", 2000),
        deep("a ? b : ", "", 2000),
        deep("not ", "", 2000),
        deep("!", "", 2000),
        deep("-> { ", " }", 2000),
        deep("\"#{", "}\"", 500),
        deep("a rescue ", "", 2000),
        deep("A::", "", 0),
    ] {
        holds(&text, &Options::default());
    }
    let refused = rewrite(&deep("(", ")", 2000), &project(), &Options::default());
    if let Ok(done) = refused {
        assert_eq!(done.sites.len(), 1, "{:?}", done.sites);
    }
}
