use super::*;
use Language::Ruby;

#[track_caller]
fn same(before: &str, after: &str) -> Vec<Found> {
    check(Ruby, before, after)
}

#[track_caller]
fn not(before: &str, reason: Reason, what: &str) {
    refuse(Ruby, before, reason, what);
}

#[test]
fn hashes() {
    same(
        "link_to 'x', path, data: { track_action: 'x', track_label: label }\n",
        "link_to 'x', path, data: { event_tracking: 'x', event_label: label }\n",
    );
    same("f(data: { 'track-action': \"x\" })", "f(data: { 'event-tracking': \"x\" })");
    same("f(data: { 'track-action' => 'x' })", "f(data: { 'event-tracking' => 'x' })");
    same("f(:data => { :track_action => 'x' })", "f(:data => { :event_tracking => 'x' })");
    same("f('data' => { 'track_event' => :x })", "f('data' => { 'event_tracking' => :x })");
    same("{ 'data-track-action' => 'x' }", "{ 'data-event-tracking' => 'x' }");
    same("f(:\"data-track-action\" => 'x')", "f(:\"data-event-tracking\" => 'x')");
    same("f(\"data-track-action\": 'x')", "f(\"data-event-tracking\": 'x')");
    same(
        "render Button.new(button_options: {\n  class: 'é', # why\n  data: {\n    track_action: 'x',\n    track_value: 2,\n  },\n})\n",
        "render Button.new(button_options: {\n  class: 'é', # why\n  data: {\n    event_tracking: 'x',\n    event_value: 2,\n  },\n})\n",
    );
    same(
        "f(data: a ? { track_action: 'x' } : { track_action: 'y' }.compact)",
        "f(data: a ? { event_tracking: 'x' } : { event_tracking: 'y' }.compact)",
    );
    same(
        "f(data: { track_action: 'render', id: 1 })",
        "f(data: { event_tracking: 'render', event_tracking_load: 'true', id: 1 })",
    );
    same(
        "f('data-track-action' => \"render\")",
        "f('data-event-tracking' => \"render\", 'data-event-tracking-load' => \"true\")",
    );
}

#[test]
fn custom_properties() {
    let found = same(
        "f(data: { track_action: 'x', track_extra: { plan: 'p', n: n }.to_json })",
        "f(data: { event_tracking: 'x', event_additional: { plan: 'p', n: n }.to_json })",
    );
    assert_eq!(found[0].properties["plan"].example.as_deref(), Some("p"));
    same(
        "f(data: { track_action: 'x', track_extra: { 'a' => 1 } })",
        "f(data: { event_tracking: 'x', event_additional: { 'a' => 1 } })",
    );
    let text = "f(data: { track_action: 'x', track_extra: extra })";
    assert!(notes(Ruby, text, &Options::default()).contains("declare each"));
}

#[test]
fn the_first_guide_drops_members() {
    check_with(
        Ruby,
        "f(data: { track_label: 'l', track_action: 'x', track_value: 1, id: 2, track_property: 'p' })",
        "f(data: { event_tracking: 'x', id: 2 })",
        &first_guide(),
    );
    check_with(
        Ruby,
        "f(data: {\n  track_action: 'x',\n  track_label: 'l',\n  track_property: 'p',\n})",
        "f(data: {\n  event_tracking: 'x',\n})",
        &first_guide(),
    );
    check_with(
        Ruby,
        "f(**tracking_attrs('l', 'x', 'p'))",
        "f(data: { event_tracking: 'x' })",
        &first_guide(),
    );
}

#[test]
fn names_are_changed_within_their_quotes() {
    check_with(
        Ruby,
        "f(data: { track_action: :x })\nf(**tracking_attrs(nil, \"x\", nil))",
        "f(data: { event_tracking: :y })\nf(data: { event_tracking: \"y\" })",
        &renaming(&[("x", "y")]),
    );
}

#[test]
fn names_may_be_chosen_among() {
    let found = check(
        Ruby,
        "f(data: { track_action: a ? 'x' : (b ? 'y' : :z) })",
        "f(data: { event_tracking: a ? 'x' : (b ? 'y' : :z) })",
    );
    assert_eq!(found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["x", "y", "z"]);
}

#[test]
fn the_helper_is_written_out() {
    same(
        "link_to(path, class: 'a', **tracking_attrs('l', 'x', 'p'))",
        "link_to(path, class: 'a', data: { event_tracking: 'x', event_label: 'l', event_property: 'p' })",
    );
    same(
        "link_to path, tracking_attrs(label, 'x', nil)",
        "link_to path, data: { event_tracking: 'x', event_label: label }",
    );
    same(
        "a.merge(helpers.tracking_attrs('l', 'x', 'p'))",
        "a.merge(data: { event_tracking: 'x', event_label: 'l', event_property: 'p' })",
    );
    same(
        "def attrs\n  tracking_attrs('l', 'render', 'p')\nend\n",
        "def attrs\n  { data: { event_tracking: 'render', event_tracking_load: 'true', event_label: 'l', event_property: 'p' } }\nend\n",
    );
    same(
        "f(tracking_attrs('l', 'x', 'p'), 1)",
        "f({ data: { event_tracking: 'x', event_label: 'l', event_property: 'p' } }, 1)",
    );
    same(
        "f(data: tracking_attrs_data('l', 'x', 'p'))",
        "f(data: { event_tracking: 'x', event_label: 'l', event_property: 'p' })",
    );
    same(
        "f(data: { id: 1, **tracking_attrs_data('l', 'x', 'p') })",
        "f(data: { id: 1, event_tracking: 'x', event_label: 'l', event_property: 'p' })",
    );
}

#[test]
fn refusals() {
    not("f(data: { track_action: name })", Reason::ComputedName, "track_action: name");
    not("f(data: { track_action: \"a_#{b}\" })", Reason::ComputedName, "a_#{b}");
    not("f(data: { track_action: a ? x : 'y' })", Reason::ComputedName, "a ? x : 'y'");
    not("f(data: { track_action: a ? 'x' : (b; 'y') })", Reason::ComputedName, "(b; 'y')");
    not("f(data: { track_action: 'X y' })", Reason::IllegalName, "X y");
    not("f(data: { track_action: nil })", Reason::IllegalName, "nil");
    not("f(data: { track_action: 'x', track_action: 'y' })", Reason::NotUnderstood, "'y'");
    not("f(data: { track_action: 'x', track_context: c })", Reason::CustomContext, "track_context");
    not(
        "f(data: { track_action: 'x', track_experiment: 'e' })",
        Reason::CustomContext,
        "track_experiment",
    );
    not("f(data: { track_action: 'x', toggle: 'dropdown' })", Reason::SeveralCalls, "x_show");
    not("f(data: { track_action: 'x', event_tracking: 'y' })", Reason::NameTaken, "'y'");
    not("f(data: { track_action: 'x', **more })", Reason::IndirectArguments, "**more");
    not(
        "f('data-track-action': 'x', data: { track_label: 'y' })",
        Reason::IndirectArguments,
        "data: { track_label",
    );
    not(
        "def data\n  { track_action: 'x', track_label: 'y' }\nend",
        Reason::IndirectArguments,
        "track_action: 'x'",
    );
    not("f(track_action: 'x')", Reason::IndirectArguments, "track_action: 'x'");
    not("data[:track_action] = 'x'", Reason::IndirectArguments, "data[:track_action] = 'x'");
    not("a = data['data-track-action']", Reason::IndirectArguments, "data['data-track-action']");
    not(
        "a = '<a data-track-action=\"x\">'.html_safe",
        Reason::NotUnderstood,
        "<a data-track-action",
    );
    not(
        "f(data: { track_action: 'x', track_extra: { label: 'l' } })",
        Reason::NotUnderstood,
        "`label`",
    );
    not("f(**tracking_attrs('l', action, 'p'))", Reason::IndirectArguments, "action");
    not("f(**tracking_attrs(*input))", Reason::IndirectArguments, "*input");
    not("f(data: { id: 1 }, **tracking_attrs('l', 'x', 'p'))", Reason::IndirectArguments, "'x'");
    not("f(data: { a: 1, **tracking_attrs('l', 'x', 'p') })", Reason::IndirectArguments, "'x'");
    not("f tracking_attrs('l', 'x', 'p'), 1", Reason::IndirectArguments, "'x'");
    not("f(**tracking_attrs('l', 'X', 'p'))", Reason::IllegalName, "`X`");
}

#[test]
fn values_that_track_something_themselves_are_not_dropped() {
    let text = "f(data: { track_action: 'x', track_label: g(data: { track_action: 'y' }) })";
    let done = run(Ruby, text, &first_guide());
    let after = "f(data: { track_action: 'x', track_label: g(data: { event_tracking: 'y' }) })";
    assert_eq!(done.edits.apply(text), after);
    let Outcome::Refused(it) = &done.sites[0].outcome else { panic!("{:?}", done.sites) };
    assert_eq!(it.reason, Reason::NotUnderstood);
}

#[test]
fn calls_that_are_operands_get_braces() {
    same(
        "a.data = tracking_attrs_data('l', 'x', nil)",
        "a.data = { event_tracking: 'x', event_label: 'l' }",
    );
    same(
        "a == tracking_attrs('l', 'x', nil)",
        "a == { data: { event_tracking: 'x', event_label: 'l' } }",
    );
    not("super tracking_attrs('l', 'x', nil)", Reason::IndirectArguments, "'x'");
}

#[test]
fn what_tracks_nothing_is_left() {
    ignore(Ruby, "f(data: { track_label: 'x' })");
    ignore(Ruby, "# data: { track_action: 'x' }\n");
    ignore(Ruby, "track_event :show, name: 'x', action: 'y', label: 'z'");
    ignore(Ruby, "f(data: { action: 'x', label: 'y' })");
    ignore(Ruby, "def tracking_attrs_of(a) = a");
}

#[test]
fn what_does_not_parse_is_an_error() {
    let parsed = |text: &str| rewrite(text, Ruby, &Project::default(), &Options::default());
    assert!(parsed("f(data: { track_action: 'x' }").is_err());
    assert!(parsed(&format!("{}track_action", "(".repeat(100_000))).is_err());
}

#[test]
fn long_chains_are_an_error() {
    let chain = format!("f(data: {{ track_action: 'x' }}){}", ".a".repeat(20_000));
    assert!(rewrite(&chain, Ruby, &Project::default(), &Options::default()).is_err());
}
