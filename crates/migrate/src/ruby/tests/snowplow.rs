//! `Gitlab::Tracking.event(…)`

use super::{check, first, found, notes, refuse};
use crate::options::{Options, Style};
use crate::site::{Identifier, PropertyType, Reason};

#[test]
fn calls_outside_of_classes() {
    check(&Options::default(), OUTSIDE);
}

#[test]
fn calls_in_classes_use_the_mixin() {
    check(
        &Options::default(),
        &[
            (
                "class A\n  def x\n    Gitlab::Tracking.event('A', 'click_it', user: u)\n  end\nend\n",
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('click_it', user: u)\n  end\nend\n",
            ),
            (
                "class A < B\n  # About x.\n  def x\n    ::Gitlab::Tracking.event('A', 'click_it', user: u)\n    ::Gitlab::Tracking.event('A', 'open_it', user: u)\n  end\nend\n",
                "class A < B\n  include ::Gitlab::InternalEventsTracking\n\n  # About x.\n  def x\n    track_internal_event('click_it', user: u)\n    track_internal_event('open_it', user: u)\n  end\nend\n",
            ),
            (
                "module M\n  class A\n    include B\n    include C # why\n\n    def x = Gitlab::Tracking.event('A', 'click_it')\n  end\nend\n",
                "module M\n  class A\n    include B\n    include C # why\n    include Gitlab::InternalEventsTracking\n\n    def x = track_internal_event('click_it')\n  end\nend\n",
            ),
            (
                "class A\n\n\tdef x\n\t\tGitlab::Tracking.event('A', 'click_it')\n\tend\nend\n",
                "class A\n\tinclude Gitlab::InternalEventsTracking\n\n\tdef x\n\t\ttrack_internal_event('click_it')\n\tend\nend\n",
            ),
            (
                "class A\r\n  def x\r\n    Gitlab::Tracking.event('A', 'click_it')\r\n  end\r\nend\r\n",
                "class A\r\n  include Gitlab::InternalEventsTracking\r\n\r\n  def x\r\n    track_internal_event('click_it')\r\n  end\r\nend\r\n",
            ),
            (
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    Gitlab::Tracking.event('A', 'click_it')\n  end\nend\n",
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('click_it')\n  end\nend\n",
            ),
            (
                "class A\n  def x\n    run_after_commit { Gitlab::Tracking.event('A', 'click_it') }\n  end\nend\n",
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    run_after_commit { track_internal_event('click_it') }\n  end\nend\n",
            ),
            (
                "class A\n  EVENT = 'click_it'\n\n  def x\n    Gitlab::Tracking.event('A', EVENT)\n  end\nend\n",
                "class A\n  include Gitlab::InternalEventsTracking\n\n  EVENT = 'click_it'\n\n  def x\n    track_internal_event(EVENT)\n  end\nend\n",
            ),
        ],
    );
}

#[test]
fn what_is_no_instance_calls_directly() {
    let call = "Gitlab::Tracking.event('A', 'click_it')";
    let new = "Gitlab::InternalEvents.track_event('click_it')";
    let around = [
        "class A\n  def self.x\n    CALL\n  end\nend\n",
        "class A\n  class << self\n    def x\n      CALL\n    end\n  end\nend\n",
        "class A\n  after_commit { CALL }\nend\n",
        "class A\n  after_commit do\n    CALL\n  end\nend\n",
        "module A\n  extend self\n\n  def x\n    CALL\n  end\nend\n",
        "module A\n  module_function\n\n  def x\n    CALL\n  end\nend\n",
        "module A\n  class_methods do\n    def x\n      CALL\n    end\n  end\nend\n",
        "class A\n  def x\n    Class.new { CALL }\n  end\nend\n",
        "class A\n  def x\n    y.instance_eval { CALL }\n  end\nend\n",
        "class A\n  def track_internal_event(*) = nil\n  def x\n    CALL\n  end\nend\n",
        "class A; def x; CALL; end; end\n",
        "def x\n  CALL\nend\n",
        "get ':id' do\n  CALL\nend\n",
        "-> { CALL }\n",
    ];
    for it in around {
        check(&Options::default(), &[(&it.replace("CALL", call), &it.replace("CALL", new))]);
    }
}

#[test]
fn options_decide_what_is_written() {
    let before = "class A\n  def x\n    Gitlab::Tracking.event('A', 'click_it', label: 'x', user: u)\n  end\nend\n";
    let inner = |options: &Options, after: &str| {
        check(options, &[(before, &format!("class A\n  def x\n    {after}\n  end\nend\n"))]);
    };
    inner(&first(), "Gitlab::InternalEvents.track_event('click_it', user: u)");
    inner(
        &Options { style: Style::First, ..Options::default() },
        "Gitlab::InternalEvents.track_event('click_it', user: u, additional_properties: { label: 'x' })",
    );
    inner(
        &Options { keeps_category: true, drops_properties: true, ..Options::default() },
        "Gitlab::InternalEvents.track_event('click_it', user: u, category: 'A')",
    );
    let renames = [("click_it".to_owned(), "click_that".to_owned())].into();
    inner(
        &Options { style: Style::First, drops_properties: true, renames, ..Options::default() },
        "Gitlab::InternalEvents.track_event('click_that', user: u)",
    );
    let only = [crate::site::Kind::VueMixin].into();
    check(&Options { only, ..Options::default() }, &[(before, before)]);
}

#[test]
fn what_cannot_be_proven_is_refused() {
    refuse(REFUSED);
}

#[test]
fn what_a_definition_needs_is_found() {
    let before = "Gitlab::Tracking.event('c', :click_it, user: u, project: p, label: 'push', value: 3, kind: k, name: x.to_s)";
    let found = found(before);
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.name, "click_it");
    assert_eq!(found.identifiers, [Identifier::User, Identifier::Project].into());
    let property = |name: &str| {
        let it = &found.properties[name];
        (it.of_type, it.example.as_deref())
    };
    assert_eq!(property("label"), (PropertyType::Text, Some("push")));
    assert_eq!(property("value"), (PropertyType::Number, Some("3")));
    assert_eq!(property("kind"), (PropertyType::Unknown, None));
    assert_eq!(property("name"), (PropertyType::Text, None));
    assert!(!found.was_unique && found.was_total.is_none() && found.unique.is_none());
}

#[test]
fn a_choice_of_names_finds_them_all() {
    let found = found("Gitlab::Tracking.event('c', a ? 'x' : 'y', label: 'l')\n");
    let mut names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["x", "y"]);
    assert!(found.iter().all(|it| it.properties.contains_key("label")));
}

#[test]
fn a_name_that_is_taken_may_be_meant() {
    let before = "Gitlab::Tracking.event('c', 'internal_one')\n";
    let renames = [("internal_one".to_owned(), "internal_one".to_owned())].into();
    check(
        &Options { renames, ..Options::default() },
        &[(before, "Gitlab::InternalEvents.track_event('internal_one')\n")],
    );
}

#[test]
fn notes_say_what_an_analyst_must_know() {
    let current = Options::default();
    let cases = [
        (
            "Gitlab::Tracking.event('c', 'x')\n",
            &current,
            "The category was `'c'` and is `InternalEventTracking` now.",
        ),
        (
            "class A\n  def x\n    Gitlab::Tracking.event(self.class.name, 'x')\n  end\nend\n",
            &current,
            "The category stays",
        ),
        (
            "class A\n  def x\n    Gitlab::Tracking.event('a', 'x')\n  end\nend\n",
            &current,
            "is the class's name now.",
        ),
        (
            "Gitlab::Tracking.event('c', 'x', label: 'y')\n",
            &first(),
            "`label` is not tracked any more: `'y'`.",
        ),
        (
            "Gitlab::Tracking.event('c', 'x', context: [y])\n",
            &first(),
            "The context `[y]` is not sent any more.",
        ),
        ("Gitlab::Tracking.event('c', 'x', label: nil)\n", &current, "`label` was always empty"),
    ];
    for (before, options, part) in cases {
        let notes = notes(before, options);
        assert!(notes.contains(part), "{before}\n{notes}");
    }
}

/// Calls that stand in no class.
const OUTSIDE: &[(&str, &str)] = &[
    (
        "Gitlab::Tracking.event('c', 'x', label: a ? :b : \"c\", property: (:d))\n",
        "Gitlab::InternalEvents.track_event('x', additional_properties: { label: a ? 'b' : \"c\", property: 'd' })\n",
    ),
    (
        "Gitlab::Tracking.event('c', a ? 'x' : :y, user: u)\n",
        "Gitlab::InternalEvents.track_event(a ? 'x' : 'y', user: u)\n",
    ),
    (
        "Gitlab::Tracking.event('c', (a ? \"x\" : (b ? :y : :z)), user: u)\n",
        "Gitlab::InternalEvents.track_event((a ? \"x\" : (b ? 'y' : 'z')), user: u)\n",
    ),
    (
        "Gitlab::Tracking.event(\n  'c',\n  'x', # why\n  # Who\n  user: u,\n  label: 'l', # what\n  value: 3\n  # end\n)\n",
        "Gitlab::InternalEvents.track_event(\n  'x', # why\n  # Who\n  user: u,\n  additional_properties: { label: 'l', value: 3 }, # what\n  # end\n)\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it')\n",
        "Gitlab::InternalEvents.track_event('click_it')\n",
    ),
    (
        "::Gitlab::Tracking.event('c', \"click_it\", user: u)\n",
        "::Gitlab::InternalEvents.track_event(\"click_it\", user: u)\n",
    ),
    (
        "Gitlab::Tracking.event('c', :click_it, label: 'x')\n",
        "Gitlab::InternalEvents.track_event('click_it', additional_properties: { label: 'x' })\n",
    ),
    (
        "Gitlab::Tracking.event 'c', 'click_it', user: u\n",
        "Gitlab::InternalEvents.track_event 'click_it', user: u\n",
    ),
    (
        "Gitlab::Tracking.event 'c', 'click_it', user:, label: x\n",
        "Gitlab::InternalEvents.track_event('click_it', user:, additional_properties: { label: x })\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', :user => u, :label => 'x')\n",
        "Gitlab::InternalEvents.track_event('click_it', :user => u, additional_properties: { :label => 'x' })\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', label:, property:, value:)\n",
        "Gitlab::InternalEvents.track_event('click_it', additional_properties: { label:, property:, value: })\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', label: :x, value: 3, project: p, kind: \"k#{1}\", n: -1)\n",
        "Gitlab::InternalEvents.track_event(\n  'click_it',\n  project: p,\n  additional_properties: { label: 'x', value: 3, kind: \"k#{1}\", n: -1 }\n)\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', label: nil, user: nil, project: p)\n",
        "Gitlab::InternalEvents.track_event('click_it', project: p)\n",
    ),
    (
        "Gitlab::Tracking.event(self.class.name, 'click_it', user: u, ) # why\n",
        "Gitlab::InternalEvents.track_event('click_it', user: u) # why\n",
    ),
    (
        "Gitlab::Tracking.event(\n  'c',\n  'click_it',\n  user: u,\n  label: 'x',\n  property: 'y'\n)\n",
        "Gitlab::InternalEvents.track_event(\n  'click_it',\n  user: u,\n  additional_properties: { label: 'x', property: 'y' }\n)\n",
    ),
    (
        "Gitlab::Tracking.event(\n  'c',\n  'click_it',\n  user: u,\n)\n",
        "Gitlab::InternalEvents.track_event(\n  'click_it',\n  user: u,\n)\n",
    ),
    (
        "if a\n  Gitlab::Tracking.event('c', 'click_it', user: current_user_of_this_session, project: the_project_of_it,\n    namespace: the_namespace_of_it)\nend\n",
        "if a\n  Gitlab::InternalEvents.track_event('click_it', user: current_user_of_this_session, project: the_project_of_it,\n                                     namespace: the_namespace_of_it)\nend\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', user: u) if u\n",
        "Gitlab::InternalEvents.track_event('click_it', user: u) if u\n",
    ),
    (
        "a ? Gitlab::Tracking.event('c', 'click_a') : Gitlab::Tracking.event('c', 'click_b')\n",
        "a ? Gitlab::InternalEvents.track_event('click_a') : Gitlab::InternalEvents.track_event('click_b')\n",
    ),
    (
        "u && Gitlab::Tracking.event('c', 'click_it', user: u)\n",
        "u && Gitlab::InternalEvents.track_event('click_it', user: u)\n",
    ),
    (
        "begin\n  Gitlab::Tracking.event('c', 'click_it')\nrescue StandardError\n  Gitlab::Tracking.event('c', 'fail_it')\nend\n",
        "begin\n  Gitlab::InternalEvents.track_event('click_it')\nrescue StandardError\n  Gitlab::InternalEvents.track_event('fail_it')\nend\n",
    ),
    (
        "case a\nwhen 1 then Gitlab::Tracking.event('c', 'click_it')\nend\n",
        "case a\nwhen 1 then Gitlab::InternalEvents.track_event('click_it')\nend\n",
    ),
    (
        "items.each { |it| Gitlab::Tracking.event('c', 'click_it', user: it) }\n",
        "items.each { |it| Gitlab::InternalEvents.track_event('click_it', user: it) }\n",
    ),
    (
        "x = <<~EOS\n  a #{items.each { |it| Gitlab::Tracking.event('c', 'click_it') }}\nEOS\n",
        "x = <<~EOS\n  a #{items.each { |it| Gitlab::InternalEvents.track_event('click_it') }}\nEOS\n",
    ),
    (
        "Gitlab::Tracking.event('ü', 'click_it', label: 'ä') # ö\n",
        "Gitlab::InternalEvents.track_event('click_it', additional_properties: { label: 'ä' }) # ö\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', context: [Gitlab::Tracking::ServicePingContext.new(data_source: :redis_hll, event: 'click_it').to_context], user: u)\n",
        "Gitlab::InternalEvents.track_event('click_it', user: u)\n",
    ),
    (
        "Gitlab::Tracking.event('c', 'click_it', label: <<~L.strip, user: u)\n  l\nL\n",
        "Gitlab::InternalEvents.track_event('click_it', user: u, additional_properties: { label: <<~L.strip })\n  l\nL\n",
    ),
    (
        "ACTION = 'click_it'.freeze\nGitlab::Tracking.event('c', ACTION, user: u)\n",
        "ACTION = 'click_it'.freeze\nGitlab::InternalEvents.track_event(ACTION, user: u)\n",
    ),
    (
        "ACTION = :click_it\nGitlab::Tracking.event('c', ACTION, user: u)\n",
        "ACTION = :click_it\nGitlab::InternalEvents.track_event('click_it', user: u)\n",
    ),
    (
        "x = begin\n  Gitlab::Tracking.event('c', 'click_it')\n  1\nend\n",
        "x = begin\n  Gitlab::InternalEvents.track_event('click_it')\n  1\nend\n",
    ),
    ("Tracking.event('c', 'click_it')\n", "Tracking.event('c', 'click_it')\n"),
    ("Foo::Tracking.event('c', 'x')\n", "Foo::Tracking.event('c', 'x')\n"),
    ("# Gitlab::Tracking.event('c', 'x')\n", "# Gitlab::Tracking.event('c', 'x')\n"),
    ("'Gitlab::Tracking.event(1)'\n", "'Gitlab::Tracking.event(1)'\n"),
];

/// Calls that stay.
const REFUSED: &[(&str, Reason, &str)] = &[
    (
        "module Gitlab\n  class A\n    def x = Tracking.event('c', 'x')\n  end\nend\n",
        Reason::NotUnderstood,
        "`Tracking.event`",
    ),
    ("Gitlab::Tracking.event('c', action)\n", Reason::ComputedName, "`action`"),
    ("Gitlab::Tracking.event('c', \"a_#{b}\")\n", Reason::ComputedName, "a_#{b}"),
    (
        "Gitlab::Tracking.event('c', :\"i_quickactions_#{name}\")\n",
        Reason::ComputedName,
        "i_quickactions_",
    ),
    ("Gitlab::Tracking.event('c', ELSEWHERE)\n", Reason::ComputedName, "ELSEWHERE"),
    ("A = 'x'\nA = 'y'\nGitlab::Tracking.event('c', A)\n", Reason::ComputedName, "`A`"),
    ("A = b\nGitlab::Tracking.event('c', A)\n", Reason::ComputedName, "`A`"),
    (
        "Gitlab::Tracking.event('c', b ? 'x' : y)
",
        Reason::ComputedName,
        "`y`",
    ),
    ("Gitlab::Tracking.event('c', 'Click It')\n", Reason::IllegalName, "`Click It`"),
    ("Gitlab::Tracking.event('c', 'click-it')\n", Reason::IllegalName, "`click-it`"),
    ("Gitlab::Tracking.event('c', '')\n", Reason::IllegalName, "no name"),
    ("Gitlab::Tracking.event('c', 'internal_one')\n", Reason::NameTaken, "internal_one"),
    ("Gitlab::Tracking.event('c', 'x', **opts)\n", Reason::IndirectArguments, "**opts"),
    ("Gitlab::Tracking.event(*args)\n", Reason::IndirectArguments, "*args"),
    ("Gitlab::Tracking.event('c', 'x', &blk)\n", Reason::IndirectArguments, "&blk"),
    ("def x(...) = Gitlab::Tracking.event(...)\n", Reason::IndirectArguments, "..."),
    ("Gitlab::Tracking.event('c', 'x', 'label' => 1)\n", Reason::IndirectArguments, "'label' => 1"),
    ("Gitlab::Tracking.event('c', 'x', { label: 1 })\n", Reason::UnknownArgument, "{ label: 1 }"),
    ("Gitlab::Tracking.event('c')\n", Reason::UnknownArgument, "Gitlab::Tracking.event"),
    ("Gitlab::Tracking.event('c', 'x') { 1 }\n", Reason::UnknownArgument, "{ 1 }"),
    ("Gitlab::Tracking.event('c', 'x', context: [c])\n", Reason::CustomContext, "context: [c]"),
    (
        "Gitlab::Tracking.event('c', 'x', context: c.to_context)\n",
        Reason::CustomContext,
        "c.to_context",
    ),
    (
        "Gitlab::Tracking.event('c', 'x', context: [ServicePingContext.new(event: 'y').to_context])\n",
        Reason::SeveralCalls,
        "`y` is counted",
    ),
    ("Gitlab::Tracking.event('c', 'x', user: u.id)\n", Reason::RawId, "user: u.id"),
    ("Gitlab::Tracking.event('c', 'x', flag: true)\n", Reason::UnknownArgument, "flag: true"),
    (
        "Gitlab::Tracking.event('c', 'x', extra: { a: 1 })\n",
        Reason::UnknownArgument,
        "extra: { a: 1 }",
    ),
    ("Gitlab::Tracking.event('c', 'x', list: [1])\n", Reason::UnknownArgument, "list: [1]"),
    ("Gitlab::Tracking.event('c', 'x', label: 1)\n", Reason::UnknownArgument, "label: 1"),
    ("Gitlab::Tracking.event('c', 'x', value: '1')\n", Reason::UnknownArgument, "value: '1'"),
    ("y = Gitlab::Tracking.event('c', 'x')\n", Reason::ValueUsed, "Gitlab::Tracking.event"),
    ("puts(Gitlab::Tracking.event('c', 'x'))\n", Reason::ValueUsed, "Gitlab::Tracking.event"),
    ("Gitlab::Tracking.event('c', 'x').tap { 1 }\n", Reason::ValueUsed, "Gitlab::Tracking.event"),
    ("if Gitlab::Tracking.event('c', 'x')\nend\n", Reason::ValueUsed, "Gitlab::Tracking.event"),
    ("\"#{Gitlab::Tracking.event('c', 'x')}\"\n", Reason::ValueUsed, "Gitlab::Tracking.event"),
    (
        "y = if a\n  Gitlab::Tracking.event('c', 'x')\nend\n",
        Reason::ValueUsed,
        "Gitlab::Tracking.event",
    ),
    ("Gitlab::Tracking.event('c', # why\n  'x')\n", Reason::NotUnderstood, "# why"),
    ("Gitlab::Tracking.event(\n  # why\n  'c',\n  'x'\n)\n", Reason::NotUnderstood, "# why"),
    ("Gitlab::Tracking.event(\n  'c', # why\n  'x'\n)\n", Reason::NotUnderstood, "# why"),
    (
        "Gitlab::Tracking.event('c', 'x',\n  label: <<~L,\n    l\n  L\n  user: u)\n",
        Reason::NotUnderstood,
        "<<~L",
    ),
    ("Gitlab::Tracking.event(<<~C, 'x')\n  c\nC\n", Reason::NotUnderstood, "<<~C"),
    (
        "Gitlab::Tracking.event('c', 'x', label: <<~A, user: <<~B)\n  a\nA\n  b\nB\n",
        Reason::NotUnderstood,
        "<<~A",
    ),
    (
        "Gitlab::Tracking.event('c', 'x', label: a { Gitlab::Tracking.event('c', 'y') })\n",
        Reason::PartOfMore,
        "within another one",
    ),
];

#[test]
fn calls_that_get_too_long_have_lines_of_their_own() {
    let long = "a".repeat(60);
    let indented = |before: &str, after: &str| {
        check(
            &Options::default(),
            &[(&format!("if a\n  {before}\nend\n"), &format!("if a\n  {after}\nend\n"))],
        );
    };
    indented(
        &format!("Gitlab::Tracking.event('c', '{long}', user: user, label: 'l')"),
        &format!(
            "Gitlab::InternalEvents.track_event(\n    '{long}',\n    user: user,\n    \
             additional_properties: {{ label: 'l' }}\n  )"
        ),
    );
    // It does not begin its line, or was too long before.
    for before in ["x && ", ""] {
        let long = if before.is_empty() { "a".repeat(100) } else { long.clone() };
        let call = format!("{before}Gitlab::Tracking.event('c', '{long}', user: user, label: 'l')");
        indented(
            &call,
            &format!(
                "{before}Gitlab::InternalEvents.track_event('{long}', user: user, \
                 additional_properties: {{ label: 'l' }})"
            ),
        );
    }
}
