use super::*;
use Language::Haml;
use std::process::{Command, Stdio};

/// What becomes of templates.
const CASES: &[(&str, &str)] = &[
    (
        "%button{ data: { track_action: 'x', track_label: 'y' } } Text\n",
        "%button{ data: { event_tracking: 'x', event_label: 'y' } } Text\n",
    ),
    (
        "%a.btn#id{ href: '#', \"data-track-action\": \"x\" }\n",
        "%a.btn#id{ href: '#', \"data-event-tracking\": \"x\" }\n",
    ),
    (
        "%a{ :href => '#', :data => { :track_action => 'x' } }= _('é')\n",
        "%a{ :href => '#', :data => { :event_tracking => 'x' } }= _('é')\n",
    ),
    ("%a{ 'data-track-action' => 'x' }/\n", "%a{ 'data-event-tracking' => 'x' }/\n"),
    ("%a(data-track-action=\"x\")\n", "%a(data-event-tracking=\"x\")\n"),
    (
        "%a(href=path data-track-action='x' data-track-label=label) y\n",
        "%a(href=path data-event-tracking='x' data-event-label=label) y\n",
    ),
    (
        "%a(data-track-action=\"x\"\n   data-track-property=\"#{p}\")\n  %b\n",
        "%a(data-event-tracking=\"x\"\n   data-event-property=\"#{p}\")\n  %b\n",
    ),
    (
        ".a\n  .js-x{ class: 'é',\n    data: { track_action: 'x',\n      track_value: 1 } }\n    %p= y\n",
        ".a\n  .js-x{ class: 'é',\n    data: { event_tracking: 'x',\n      event_value: 1 } }\n    %p= y\n",
    ),
    (
        ".js-x{ data: { track: { action: 'x', label: 'l', extra: json } } }\n",
        ".js-x{ data: { event: { tracking: 'x', label: 'l', additional: json } } }\n",
    ),
    (
        "= link_to path, class: 'a', data: { track_action: 'x' } do\n  %p y\n",
        "= link_to path, class: 'a', data: { event_tracking: 'x' } do\n  %p y\n",
    ),
    (
        "= link_to 'x', path,\n  class: 'a',\n  data: { track_action: 'x' }\n%p\n",
        "= link_to 'x', path,\n  class: 'a',\n  data: { event_tracking: 'x' }\n%p\n",
    ),
    (
        "= render Pajamas::ButtonComponent.new(button_options: { data: { track_action: 'x', track_label: 'l' } }) do\n  = y\n",
        "= render Pajamas::ButtonComponent.new(button_options: { data: { event_tracking: 'x', event_label: 'l' } }) do\n  = y\n",
    ),
    (
        "= link_to path, |\n  data: { track_action: 'x', |\n    track_label: 'l' } do |\n  %p y\n",
        "= link_to path, |\n  data: { event_tracking: 'x', |\n    event_label: 'l' } do |\n  %p y\n",
    ),
    (
        "- a.each do |b |\n  = link_to b, data: { track_action: 'x' }\n",
        "- a.each do |b |\n  = link_to b, data: { event_tracking: 'x' }\n",
    ),
    (
        "- if a\n  - f(data: { track_action: 'x' })\n- else\n  %b\n",
        "- if a\n  - f(data: { event_tracking: 'x' })\n- else\n  %b\n",
    ),
    (
        "- a.each do |b|\n  %li= link_to b, data: { track_action: 'x' }\n",
        "- a.each do |b|\n  %li= link_to b, data: { event_tracking: 'x' }\n",
    ),
    (
        "%a{ href: path, **tracking_attrs('l', 'x', 'p') }\n",
        "%a{ href: path, data: { event_tracking: 'x', event_label: 'l', event_property: 'p' } }\n",
    ),
    (
        "%a{ tracking_attrs('l', 'x', 'p'), href: path }\n",
        "%a{ data: { event_tracking: 'x', event_label: 'l', event_property: 'p' }, href: path }\n",
    ),
    (
        "= link_to path, tracking_attrs('l', 'x', 'p').merge(class: 'a')\n",
        "= link_to path, { data: { event_tracking: 'x', event_label: 'l', event_property: 'p' } }.merge(class: 'a')\n",
    ),
    (
        "%p text #{link_to 'a', b, data: { track_action: 'x' }}.\n",
        "%p text #{link_to 'a', b, data: { event_tracking: 'x' }}.\n",
    ),
    (
        "%p\n  <a data-track-action=\"x\" class=\"#{c}\">y</a>\n",
        "%p\n  <a data-event-tracking=\"x\" class=\"#{c}\">y</a>\n",
    ),
    (
        "%p{ data: { track_action: 'render' } }\n",
        "%p{ data: { event_tracking: 'render', event_tracking_load: 'true' } }\n",
    ),
    (
        ".x{ data: { track: { action: \"render\" } } }\n",
        ".x{ data: { event: { tracking: \"render\", tracking_load: \"true\" } } }\n",
    ),
    (
        "%p(data-track-action='render')\n",
        "%p(data-event-tracking='render' data-event-tracking-load='true')\n",
    ),
    (
        ":javascript\n  a = 'track_action';\n\n  b\n%a{ data: { track_action: 'x' } }\n",
        ":javascript\n  a = 'track_action';\n\n  b\n%a{ data: { event_tracking: 'x' } }\n",
    ),
    (
        "%a{dropdown_css}\n%b{ data: { track_action: 'x' } }\r\n%c\r\n",
        "%a{dropdown_css}\n%b{ data: { event_tracking: 'x' } }\r\n%c\r\n",
    ),
    (
        "= link_to a, |\n  data: { track_action: 'x' } |\n%p\n",
        "= link_to a, |\n  data: { event_tracking: 'x' } |\n%p\n",
    ),
];

/// What stays.
const REFUSED: &[(&str, Reason, &str)] = &[
    ("%a{ data: { track_action: name } }", Reason::ComputedName, "track_action: name"),
    ("%a{ data: { track_action: \"a_#{b}\" } }", Reason::ComputedName, "a_#{b}"),
    ("%a(data-track-action=name)", Reason::ComputedName, "data-track-action=name"),
    ("%a(data-track-action=\"a_#{b}\")", Reason::ComputedName, "a_#{b}"),
    (
        "%a{ data: { track_action: 'x', track_extra: { a: 1 } } }",
        Reason::NotUnderstood,
        "track_extra: { a: 1 }",
    ),
    (
        "%a{ data: { track_action: 'x', track: { label: 'l' } } }",
        Reason::IndirectArguments,
        "track: { label",
    ),
    (
        "%a{ data: { track_label: 'l', track: { action: 'x' } } }",
        Reason::IndirectArguments,
        "track: { action",
    ),
    (
        "%a{ data: { track: { action: 'x' }, **more } }",
        Reason::IndirectArguments,
        "track: { action",
    ),
    ("%a{ data: { track: { action: 'x', **more } } }", Reason::IndirectArguments, "**more"),
    ("%a{ data: { track_action: 'x', **more } }", Reason::IndirectArguments, "**more"),
    ("%a{ data: { track_action: 'x', toggle: 'dropdown' } }", Reason::SeveralCalls, "x_hide"),
    ("%a(data-track-action='x' data-toggle='dropdown')", Reason::SeveralCalls, "x_hide"),
    (
        "%a{ data: { track_action: 'x', track_experiment: 'e' } }",
        Reason::CustomContext,
        "track_experiment",
    ),
    ("%a{ data: { track_action: 'x' } }(data-track-label='l')", Reason::NotUnderstood, "two lists"),
    ("%a{ data: { track_action: 'x', track_label: 'y' }", Reason::DoesNotParse, "do not end"),
    ("%a{ data: { track_action: 'x' 'y': z } }", Reason::DoesNotParse, "no Ruby"),
    ("= f(data: { track_action: 'x'", Reason::DoesNotParse, "no Ruby"),
    ("%a{ tracking_attrs('l', 'x', 'p'), data: { id: 1 } }", Reason::IndirectArguments, "'x'"),
    ("%a{ tracking_attrs(l, x, p) }", Reason::IndirectArguments, "(l, x, p)"),
    ("%p= '<a data-track-action=\"x\">'.html_safe", Reason::NotUnderstood, "<a data-track-action"),
    ("%p write data-track-action", Reason::NotUnderstood, "within a text"),
    ("%a(data-track-action='x' %b)", Reason::NotUnderstood, "not understood"),
    ("- a = { track_action: 'x' }", Reason::IndirectArguments, "track_action: 'x'"),
];

#[test]
fn templates() {
    for (before, after) in CASES {
        check(Haml, before, after);
    }
}

#[test]
fn refusals() {
    for (before, reason, what) in REFUSED {
        refuse(Haml, before, *reason, what);
    }
}

#[test]
fn the_first_guide_drops_members() {
    check_with(
        Haml,
        "%a{ data: { track_label: 'l', track_action: 'x', track_value: 1 } }\n%b(data-track-label='l' data-track-action='y')\n",
        "%a{ data: { event_tracking: 'x' } }\n%b(data-event-tracking='y')\n",
        &first_guide(),
    );
}

#[test]
fn what_tracks_nothing_is_left() {
    ignore(Haml, "-# %a{ data: { track_action: 'x' } }\n  %b{ data: { track_action: 'x' } }\n");
    ignore(Haml, "/ %a{ data: { track_action: 'x' } }\n");
    ignore(Haml, ":javascript\n  a.dataset.x = 'track_action';\n");
    ignore(Haml, ":plain\n  %a{ data: { track_action: 'x' } }\n");
    ignore(Haml, "%a{ data: { track_label: 'x' } }\n");
    ignore(Haml, "%a{dropdown_css}\n%b{ a: }\n%c(\n");
}

#[test]
fn code_of_every_kind_is_read() {
    for (before, after) in [
        ("- elsif a(data: { track_action: 'x' })\n", "- elsif a(data: { event_tracking: 'x' })\n"),
        (
            "- when a(data: { track_action: 'x' }), b\n",
            "- when a(data: { event_tracking: 'x' }), b\n",
        ),
        (
            ":ruby\n  a(\n    data: { track_action: 'x' }\n  )\n%p\n",
            ":ruby\n  a(\n    data: { event_tracking: 'x' }\n  )\n%p\n",
        ),
        (
            ":javascript\n  a.dataset.trackAction = 'x';\n%p\n",
            ":javascript\n  a.dataset.eventTracking = 'x';\n%p\n",
        ),
        (
            "%p= a(data: { track_action: 'x' },\n\n  b: c)\n",
            "%p= a(data: { event_tracking: 'x' },\n\n  b: c)\n",
        ),
    ] {
        check(Haml, before, after);
    }
    refuse(Haml, ":plain\n  <a data-track-action='x'>\n%p\n", Reason::NotUnderstood, ":plain");
    refuse(Haml, ":javascript\n  a.dataset.trackAction = '#{x}';\n", Reason::NotUnderstood, "Ruby");
    refuse(
        Haml,
        ":javascript\n  a.dataset.trackAction = ;\n",
        Reason::DoesNotParse,
        "does not parse",
    );
}

/// HAML's own parser takes what is written.
#[test]
fn haml_reads_the_results() {
    let script = "require 'haml'\n\
        STDIN.binmode.read.force_encoding('UTF-8').split(\"\\0\").each { |it| Haml::Engine.new.call(it) }";
    let is_there =
        Command::new("ruby").args(["-e", "require 'haml'"]).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|it| it.success()) {
        skipped("ruby with haml is not installed");
        return;
    }
    let input: Vec<&str> = CASES.iter().flat_map(|it| [it.0, it.1]).collect();
    let folder = std::env::temp_dir().join(format!("haml-cases-{}", std::process::id()));
    std::fs::write(&folder, input.join("\0")).unwrap();
    let file = std::fs::File::open(&folder).unwrap();
    let ran = Command::new("ruby").args(["-e", script]).stdin(file).output().unwrap();
    std::fs::remove_file(&folder).unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

#[test]
fn a_dropdown_sends_its_events_to_what_is_around_it() {
    for text in [
        "%li.header.dropdown#new{ data: { track_action: 'click_new' } }\n",
        ".dropdown(data-track-action=\"click_new\")\n",
    ] {
        refuse(Haml, text, Reason::SeveralCalls, "click_new_show");
    }
    same_haml(".dropdown-menu{ data: { track_action: 'click_new' } }\n");
    same_haml("%a.x{ data: { track_action: 'click_new' } } .dropdown\n");
    refuse(
        Language::Html,
        "<li class=\"a dropdown\" data-track-action=\"click_new\">x</li>",
        Reason::SeveralCalls,
        "click_new_show",
    );
}

/// What is rewritten by its name alone.
fn same_haml(before: &str) {
    check(Haml, before, &before.replace("track_action", "event_tracking"));
}
