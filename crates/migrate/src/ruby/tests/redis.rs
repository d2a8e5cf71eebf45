//! Counters of plain Redis keys.

use super::{check, found, refuse};
use crate::options::Options;
use crate::site::Reason;

#[test]
fn counters_become_events() {
    check(
        &Options::default(),
        &[
            (
                "Gitlab::UsageDataCounters::WikiPageCounter.count(:create)\n",
                "Gitlab::InternalEvents.track_event('wiki_pages_create')\n",
            ),
            (
                "class A\n  def x\n    ::Gitlab::UsageDataCounters::NoteCounter.count('create') if y\n  end\nend\n",
                "class A\n  include ::Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('note_create') if y\n  end\nend\n",
            ),
            (
                "Gitlab::UsageDataCounters::SearchCounter.count(:all_searches)\n",
                "Gitlab::InternalEvents.track_event('all_searches')\n",
            ),
            (
                "Gitlab::UsageDataCounters::SearchCounter.increment_navbar_searches_count\n",
                "Gitlab::InternalEvents.track_event('navbar_searches')\n",
            ),
            (
                "Gitlab::UsageDataCounters::WebIdeCounter.increment_views_count\n",
                "Gitlab::InternalEvents.track_event('web_ide_views')\n",
            ),
            (
                "Gitlab::UsageDataCounters.count('merge_request_create')\n",
                "Gitlab::InternalEvents.track_event('merge_request_create')\n",
            ),
            (
                "Gitlab::UsageDataCounters::SmallThingCounter.count(:made)\n",
                "Gitlab::InternalEvents.track_event('small_things_made')\n",
            ),
            ("users.count(:id)\n", "users.count(:id)\n"),
            ("User.count\n", "User.count\n"),
        ],
    );
}

#[test]
fn what_is_not_known_is_refused() {
    use Reason::*;
    refuse(&[
        ("Gitlab::UsageDataCounters::OwnCounter.count(:create)\n", NotUnderstood, "OwnCounter"),
        ("Gitlab::UsageDataCounters::OwnCounter.increment_x_count\n", NotUnderstood, "increment_x"),
        ("Gitlab::UsageDataCounters::WikiPageCounter.count(event)\n", ComputedName, "`event`"),
        (
            "Gitlab::UsageDataCounters::NoteCounter.count(:create, type)\n",
            UnknownArgument,
            "`type`",
        ),
        ("Gitlab::UsageDataCounters::NoteCounter.count(*x)\n", IndirectArguments, "*x"),
        ("x = Gitlab::UsageDataCounters::NoteCounter.count(:create)\n", ValueUsed, "count"),
        (
            "Gitlab::UsageDataCounters::WebIdeCounter.increment_previews_count(n)\n",
            UnknownArgument,
            "`n`",
        ),
    ]);
}

#[test]
fn keys_are_those_under_which_it_was_counted() {
    let cases = [
        ("WikiPageCounter.count(:create)", "USAGE_WIKI_PAGES_CREATE"),
        ("SearchCounter.increment_navbar_searches_count", "NAVBAR_SEARCHES_COUNT"),
        ("WebIdeCounter.increment_views_count", "WEB_IDE_VIEWS_COUNT"),
        ("SnippetCounter.count(:create)", "USAGE_SNIPPET_CREATE"),
    ];
    for (call, key) in cases {
        let found = found(&format!("Gitlab::UsageDataCounters::{call}\n"));
        assert_eq!(found[0].was_total.as_deref(), Some(key));
    }
}

#[test]
fn what_is_handed_on_is_refused() {
    use Reason::{IndirectArguments, NotUnderstood};
    refuse(&[
        ("Gitlab::Tracking.method(:event)\n", IndirectArguments, "method(:event)"),
        ("Gitlab::Tracking.public_send(name, 'a', 'b')\n", IndirectArguments, "public_send"),
        (
            "::Gitlab::UsageDataCounters::HLLRedisCounter.send(:track_event, :a)\n",
            IndirectArguments,
            "send",
        ),
        ("Gitlab::UsageDataCounters::NoteCounter.try(:count, :create)\n", IndirectArguments, "try"),
        (
            "delegate :count, to: ::Gitlab::UsageDataCounters::NoteCounter\n",
            IndirectArguments,
            "delegate",
        ),
        (
            "def_delegators 'Gitlab::UsageDataCounters::NoteCounter', :count\n",
            IndirectArguments,
            "def_delegators",
        ),
        (
            "C = Gitlab::UsageDataCounters::NoteCounter\nC.count(:create)\n",
            IndirectArguments,
            "C.count",
        ),
        (
            "c = Gitlab::UsageDataCounters::NoteCounter\nc.count(:create)\n",
            IndirectArguments,
            "c.count",
        ),
        (
            "@c = Gitlab::UsageDataCounters::NoteCounter\n@c.count(:create)\n",
            IndirectArguments,
            "@c.count",
        ),
        (
            "Gitlab::Analytics::UniqueVisits.new.track_visit('a', 'b')\n",
            NotUnderstood,
            "track_visit",
        ),
    ]);
    for text in [
        "Gitlab::UsageDataCounters::HLLRedisCounter.public_send(:unique_events, a)\n",
        "delegate :count, to: :users\n",
        "users = User\nusers.count(:id)\n",
        "track_visit('a')\n",
        "Gitlab::Tracking.method(:options)\n",
    ] {
        check(&Options::default(), &[(text, text)]);
    }
}

#[test]
fn what_was_passed_over_is_refused() {
    refuse(&[
        (
            "Gitlab::UsageDataCounters::KubernetesAgentCounter.increment_event_counts(events)\n",
            Reason::NotUnderstood,
            "is not known",
        ),
        (
            "increment_usage_counter Gitlab::UsageDataCounters::SnippetCounter, :views, only: :show\n",
            Reason::IndirectArguments,
            "handed on",
        ),
        ("Gitlab::Tracking.definition('click_it', user: user)\n", Reason::NotUnderstood, "here"),
        ("Gitlab::Tracking.database_event('a', 'b')\n", Reason::NotUnderstood, "here"),
        ("def a\n  track_unique_redis_hll_event('x')\nend\n", Reason::RawId, "by a cookie"),
    ]);
}
