//! Calls in templates.

use super::project;
use crate::options::Options;
use crate::project::Project;
use crate::ruby::{rewrite_erb, rewrite_fragment, rewrite_haml};
use crate::site::{Outcome, Reason, Rewrite, Unparsable};

type Rewriter = fn(&str, &Project, &Options) -> Result<Rewrite, Unparsable>;

/// What becomes of a template, and why its first refused site stays.
type Case<'a> = (&'a str, &'a str, Option<Reason>);

fn check(rewrite: Rewriter, cases: &[Case<'_>]) {
    for (before, after, reason) in cases {
        let done = rewrite(before, &project(), &Options::default()).unwrap();
        let changed = done.edits.apply(before);
        assert_eq!(&changed, after, "{:#?}", done.sites);
        let refused = done.sites.iter().find_map(|it| match &it.outcome {
            Outcome::Refused(it) => Some(it.reason),
            _ => None,
        });
        assert_eq!(refused, *reason, "{before}");
        assert!(
            rewrite(&changed, &project(), &Options::default()).unwrap().edits.is_empty(),
            "{changed}"
        );
        for it in &done.sites {
            assert!(before.get(it.range.clone()).is_some(), "{before}\n{it:?}");
        }
    }
}

#[test]
fn erb() {
    check(
        rewrite_erb,
        &[
            (
                "<p>ü</p>\n<% Gitlab::Tracking.event('a', 'b', user: current_user) %>\n<b>",
                "<p>ü</p>\n<% Gitlab::InternalEvents.track_event('b', user: current_user) %>\n<b>",
                None,
            ),
            (
                "<%- if a # why -%>\n  <%- Gitlab::Tracking.event('a', 'b') -%>\n<% else %>x<% end %>",
                "<%- if a # why -%>\n  <%- Gitlab::InternalEvents.track_event('b') -%>\n<% else %>x<% end %>",
                None,
            ),
            (
                "<%= form_for(x) do |f| %><% Gitlab::Tracking.event('a', 'b') %><%= f.y %><% end %>",
                "<%= form_for(x) do |f| %><% Gitlab::InternalEvents.track_event('b') %><%= f.y %><% end %>",
                None,
            ),
            (
                "<%= Gitlab::Tracking.event('a', 'b') %>",
                "<%= Gitlab::Tracking.event('a', 'b') %>",
                Some(Reason::ValueUsed),
            ),
            (
                "<%# Gitlab::Tracking.event('a', 'b') %><%% Gitlab::Tracking.event('a', 'b') %>",
                "<%# Gitlab::Tracking.event('a', 'b') %><%% Gitlab::Tracking.event('a', 'b') %>",
                None,
            ),
            (
                "<% Gitlab::Tracking.event('a', 'b', label: x { %>ü<% }) %>",
                "<% Gitlab::Tracking.event('a', 'b', label: x { %>ü<% }) %>",
                Some(Reason::NotUnderstood),
            ),
            (
                "<% Gitlab::Tracking.event('a', %>",
                "<% Gitlab::Tracking.event('a', %>",
                Some(Reason::DoesNotParse),
            ),
            (
                "<% Gitlab::Tracking.event(",
                "<% Gitlab::Tracking.event(",
                Some(Reason::DoesNotParse),
            ),
            ("<a data-track-action='x'>", "<a data-track-action='x'>", None),
        ],
    );
}

#[test]
fn haml() {
    check(
        rewrite_haml,
        &[
            (
                "%p ü\n- Gitlab::Tracking.event('a', 'b', user: current_user)\n%b\n",
                "%p ü\n- Gitlab::InternalEvents.track_event('b', user: current_user)\n%b\n",
                None,
            ),
            (
                "- if a\n  - Gitlab::Tracking.event('a', 'b',\n    user: u)\n- else\n  x",
                "- if a\n  - Gitlab::InternalEvents.track_event('b', user: u)\n- else\n  x",
                None,
            ),
            (
                "- Gitlab::Tracking.event('a', 'b', user: current_user_of_this_session, project: the_project_of_it,\n  namespace: the_namespace_of_it)\n",
                "- Gitlab::InternalEvents.track_event('b', user: current_user_of_this_session, project: the_project_of_it, namespace: the_namespace_of_it)\n",
                None,
            ),
            (
                "- xs.each do |x|; Gitlab::Tracking.event('a', 'b')\n  = x\n",
                "- xs.each do |x|; Gitlab::InternalEvents.track_event('b')\n  = x\n",
                None,
            ),
            (
                "= Gitlab::Tracking.event('a', 'b')\n",
                "= Gitlab::Tracking.event('a', 'b')\n",
                Some(Reason::ValueUsed),
            ),
            (
                "-# x\n  - Gitlab::Tracking.event('a', 'b')\n:plain\n  - Gitlab::Tracking.event('a', 'b')\n",
                "-# x\n  - Gitlab::Tracking.event('a', 'b')\n:plain\n  - Gitlab::Tracking.event('a', 'b')\n",
                None,
            ),
            (
                ":ruby\n  Gitlab::Tracking.event('a', 'b')\n",
                ":ruby\n  Gitlab::InternalEvents.track_event('b')\n",
                None,
            ),
        ],
    );
}

#[test]
fn code_of_haml_that_is_no_line_of_its_own() {
    check(
        rewrite_haml,
        &[
            (
                "%p= Gitlab::Tracking.event('a', 'b')\n",
                "%p= Gitlab::Tracking.event('a', 'b')\n",
                Some(Reason::ValueUsed),
            ),
            (
                "%p.a{ b: 1 }(c=2)<>= x.each do |it| Gitlab::Tracking.event('a', 'b'); it end\n",
                "%p.a{ b: 1 }(c=2)<>= x.each do |it| Gitlab::InternalEvents.track_event('b'); it end\n",
                None,
            ),
            (
                "- if a\n- elsif Gitlab::Tracking.event('a', 'b')\n",
                "- if a\n- elsif Gitlab::Tracking.event('a', 'b')\n",
                Some(Reason::ValueUsed),
            ),
            (
                "- case a\n- when x { Gitlab::Tracking.event('a', 'b'); 1 }, y\n",
                "- case a\n- when x { Gitlab::InternalEvents.track_event('b'); 1 }, y\n",
                None,
            ),
            (
                ":ruby\n  if a\n    Gitlab::Tracking.event('a', 'b')\n  end\n%p\n",
                ":ruby\n  if a\n    Gitlab::InternalEvents.track_event('b')\n  end\n%p\n",
                None,
            ),
            (
                "%p #{Gitlab::Tracking.event('a', 'b')}\n",
                "%p #{Gitlab::Tracking.event('a', 'b')}\n",
                Some(Reason::DoesNotParse),
            ),
            (
                "%p{ a: Gitlab::Tracking.event('a', 'b') }\n",
                "%p{ a: Gitlab::Tracking.event('a', 'b') }\n",
                Some(Reason::DoesNotParse),
            ),
            ("%a{ data: { track_event: 'x' } }\n", "%a{ data: { track_event: 'x' } }\n", None),
            ("%a{ data: { track_action: 'x' } }\n", "%a{ data: { track_action: 'x' } }\n", None),
        ],
    );
}

#[test]
fn fragments() {
    check(
        rewrite_fragment,
        &[
            (
                " if Gitlab::Tracking.event('a', 'b')",
                " if Gitlab::Tracking.event('a', 'b')",
                Some(Reason::ValueUsed),
            ),
            (
                " Gitlab::Tracking.event('a', 'b', user: current_user)",
                " Gitlab::InternalEvents.track_event('b', user: current_user)",
                None,
            ),
            (
                " items.each do |it| Gitlab::Tracking.event('a', 'b', user: it.user)",
                " items.each do |it| Gitlab::InternalEvents.track_event('b', user: it.user)",
                None,
            ),
            (
                " items.each { |it| Gitlab::Tracking.event('a', 'b')",
                " items.each { |it| Gitlab::InternalEvents.track_event('b')",
                None,
            ),
            (" else", " else", None),
            (
                " when Gitlab::Tracking.event('a'",
                " when Gitlab::Tracking.event('a'",
                Some(Reason::DoesNotParse),
            ),
        ],
    );
}

#[test]
fn templates_have_all_words_of_ruby() {
    let calls = [
        ("Gitlab::Tracking.definition('click_it', user: user)", Reason::NotUnderstood),
        ("Gitlab::Tracking.public_send(:event, 'a', 'b')", Reason::IndirectArguments),
        ("Gitlab::Analytics::UniqueVisits.new.track_visit('a', 'b')", Reason::NotUnderstood),
    ];
    for (call, reason) in calls {
        let (erb, haml) = (format!("<% {call} %>\n"), format!("- {call}\n"));
        check(rewrite_erb, &[(&erb, &erb, Some(reason))]);
        check(rewrite_haml, &[(&haml, &haml, Some(reason))]);
    }
}
