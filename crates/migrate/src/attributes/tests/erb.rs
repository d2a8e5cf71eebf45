use super::*;
use Language::Erb;

#[track_caller]
fn same(before: &str, after: &str) -> Vec<Found> {
    check(Erb, before, after)
}

#[track_caller]
fn not(before: &str, reason: Reason, what: &str) {
    refuse(Erb, before, reason, what);
}

#[test]
fn markup() {
    same(
        "<a href=\"<%= path %>\" data-track-action=\"x\" data-track-label=\"<%= label %>\"><%= t('é') %></a>\n",
        "<a href=\"<%= path %>\" data-event-tracking=\"x\" data-event-label=\"<%= label %>\"><%= t('é') %></a>\n",
    );
    same(
        "<% if a < b %><div<%= attrs %> data-track-action='x'><% end %>",
        "<% if a < b %><div<%= attrs %> data-event-tracking='x'><% end %>",
    );
    same(
        "<a <% if a %>data-track-action=\"x\"<% end %>>",
        "<a <% if a %>data-event-tracking=\"x\"<% end %>>",
    );
    same("<<%= tag %> data-track-action=x>", "<<%= tag %> data-event-tracking=x>");
    let found = same(
        "<a data-track-action='x' data-track-extra='{\"a\": \"<%= a %>\", \"b\": \"c\"}'>",
        "<a data-event-tracking='x' data-event-additional='{\"a\": \"<%= a %>\", \"b\": \"c\"}'>",
    );
    assert_eq!(found[0].properties["a"].example, None);
    assert_eq!(found[0].properties["b"].example.as_deref(), Some("c"));
}

#[test]
fn code() {
    same(
        "<p><%= link_to 'é', path, data: { track_action: 'x', track_label: 'y' } %></p>\n",
        "<p><%= link_to 'é', path, data: { event_tracking: 'x', event_label: 'y' } %></p>\n",
    );
    same(
        "<%= form_for x do |f| -%>\n  <%= f.submit 'data-track-action' => 'x' %>\n<%- end -%>\n",
        "<%= form_for x do |f| -%>\n  <%= f.submit 'data-event-tracking' => 'x' %>\n<%- end -%>\n",
    );
    same(
        "<% # a comment %><%# another ' %><%= link_to x, **tracking_attrs('l', 'x', 'p') %><%= yield %>",
        "<% # a comment %><%# another ' %><%= link_to x, data: { event_tracking: 'x', event_label: 'l', event_property: 'p' } %><%= yield %>",
    );
    same(
        "<%= tag.a data: {\n  track_action: 'x' } %><a data-track-action=\"y\"><%% not %>",
        "<%= tag.a data: {\n  event_tracking: 'x' } %><a data-event-tracking=\"y\"><%% not %>",
    );
    check_with(
        Erb,
        "<%= a data: { track_action: 'x', track_label: 'y' } %><a data-track-label='a'\n data-track-action='y'>",
        "<%= a data: { event_tracking: 'x' } %><a\n data-event-tracking='y'>",
        &first_guide(),
    );
}

#[test]
fn branches() {
    same(
        "<% case a %>\n<% when 1 %><%= f data: { track_action: 'x' } -%>\n<% else %>\n<% begin %><% rescue A => e %><% end %>\n<% end %>",
        "<% case a %>\n<% when 1 %><%= f data: { event_tracking: 'x' } -%>\n<% else %>\n<% begin %><% rescue A => e %><% end %>\n<% end %>",
    );
    same(
        "<% a.each { |b| %><%= f 'data-track-action' => 'x' # why %><% } %>\r\n",
        "<% a.each { |b| %><%= f 'data-event-tracking' => 'x' # why %><% } %>\r\n",
    );
}

#[test]
fn refusals() {
    not("<a data-track-action=\"<%= x %>\">", Reason::ComputedName, "<%= x %>");
    not("<a data-track-action=\"click_<%= x %>\">", Reason::ComputedName, "click_<%= x %>");
    not("<a data-track-action=<%= x %>>", Reason::ComputedName, "<%= x %>");
    not("<a data-track-<%= x %>=\"y\">", Reason::ComputedName, "data-track-<%= x %>");
    not(
        "<a data-track-action='x' <%= track_label(a) %>>",
        Reason::IndirectArguments,
        "<%= track_label(a) %>",
    );
    not("<%= a data: { track_action: x } %>", Reason::ComputedName, "track_action: x");
    not("<%= a data: { track_action: 'x', **b } %>", Reason::IndirectArguments, "**b");
    not("<%= a track_action: 'x' %>", Reason::IndirectArguments, "track_action: 'x'");
    not("<%= raw '<a data-track-action=\"x\">' %>", Reason::NotUnderstood, "<a data-track-action");
    not(
        "<a data-track-action='x' data-track-context='<%= c %>'>",
        Reason::CustomContext,
        "<%= c %>",
    );
    not("<%= a **tracking_attrs(a, b, c) %>", Reason::IndirectArguments, "tracking_attrs(a, b, c)");
}

#[test]
fn what_tracks_nothing_is_left() {
    ignore(Erb, "<%# data: { track_action: 'x' } %>");
    ignore(Erb, "<!-- <a data-track-action='x'> -->");
    ignore(Erb, "<a data-track-label='<%= x %>'>");
    ignore(Erb, "<% open");
}

#[test]
fn what_does_not_parse_is_an_error() {
    let parsed = |text: &str| rewrite(text, Erb, &Project::default(), &Options::default());
    assert!(parsed("<%= a(track_action: %>").is_err());
    // Code goes over no tag.
    assert!(parsed("<%= a track_action: 'x', # %><%= b %>").is_err());
    assert!(parsed("<%= track_action > %><%= b %>").is_err());
}
