//! `HLLRedisCounter.track_event(…)` and its older forms.

use super::{check, found, notes, refuse, run};
use crate::options::Options;
use crate::site::{Identifier, Reason};

#[test]
fn ids_become_objects() {
    const OLD: &str = "Gitlab::UsageDataCounters::HLLRedisCounter.track_event";
    const NEW: &str = "Gitlab::InternalEvents.track_event";
    let cases = [
        ("(:x, values: current_user.id)", "('x', user: current_user)"),
        ("(a ? :x : :y, values: user.id)", "(a ? 'x' : 'y', user: user)"),
        ("('x', values: user.id)", "('x', user: user)"),
        ("(\"x\", values: @user.id)", "(\"x\", user: @user)"),
        ("(:x, values: user&.id)", "('x', user: user)"),
        ("(:x, values: [user.id])", "('x', user: user)"),
        ("(:x, values: issue.author.id)", "('x', user: issue.author)"),
        ("(:x, values: project.id)", "('x', project: project)"),
        ("(:x, values: build.project.id)", "('x', project: build.project)"),
        ("(:x, values: group.id)", "('x', namespace: group)"),
        ("(:x, values: project.root_namespace.id)", "('x', namespace: project.root_namespace)"),
        ("(:x, values: target_project.id)", "('x', project: target_project)"),
        ("(:x, user.id)", "('x', user: user)"),
        ("(user.id, :x)", "('x', user: user)"),
        ("(user.id, 'x')", "('x', user: user)"),
        (" :x, values: user.id", " 'x', user: user"),
        (" user.id, 'x' if user", " 'x', user: user if user"),
        ("(\n  :x,\n  values: user.id\n)", "(\n  'x',\n  user: user\n)"),
        ("(:counts_users, values: user.id)", "('counts_users', user: user)"),
        ("(:counts_namespaces, values: group.id)", "('counts_namespaces', namespace: group)"),
    ];
    for (before, after) in cases {
        check(&Options::default(), &[(&format!("{OLD}{before}\n"), &format!("{NEW}{after}\n"))]);
    }
}

#[test]
fn other_forms() {
    check(
        &Options::default(),
        &[
            (
                "::Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:x, values: user.id)\n",
                "::Gitlab::InternalEvents.track_event('x', user: user)\n",
            ),
            (
                "HLLRedisCounter.track_event(:x, values: user.id)\n",
                "Gitlab::InternalEvents.track_event('x', user: user)\n",
            ),
            (
                "HLLRedisCounter.track_event(\n  :x, # why\n  values: user.id # who\n)\n",
                "Gitlab::InternalEvents.track_event(\n  'x', # why\n  user: user # who\n)\n",
            ),
            (
                "self.track_usage_event(:x, user.id)\n",
                "Gitlab::InternalEvents.track_event('x', user: user)\n",
            ),
            (
                "increment_unique_values('x', current_user.id)\n",
                "Gitlab::InternalEvents.track_event('x', user: current_user)\n",
            ),
            (
                "class A\n  def x\n    track_usage_event(:x, current_user.id)\n  end\nend\n",
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('x', user: current_user)\n  end\nend\n",
            ),
            (
                "def x(user, user_id)\n  track_usage_event(:x, user_id)\nend\n",
                "def x(user, user_id)\n  Gitlab::InternalEvents.track_event('x', user: user)\nend\n",
            ),
            (
                "def x(project_id)\n  return unless project\n\n  track_usage_event(:x, project_id)\nend\n",
                "def x(project_id)\n  return unless project\n\n  Gitlab::InternalEvents.track_event('x', project: project)\nend\n",
            ),
            (
                "def x\n  @user.touch\n  track_usage_event(:x, @user_id)\nend\n",
                "def x\n  @user.touch\n  Gitlab::InternalEvents.track_event('x', user: @user)\nend\n",
            ),
        ],
    );
}

#[test]
fn what_cannot_be_proven_is_refused() {
    use Reason::*;
    let cases = [
        ("(name, values: user.id)", ComputedName, "`name`"),
        ("(:\"i_quickactions_#{name}\", values: user.id)", ComputedName, "i_quickactions_"),
        ("(EVENTS[:a], values: user.id)", ComputedName, "EVENTS[:a]"),
        ("(:internal_one, values: user.id)", NameTaken, "internal_one"),
        ("('x-y', values: user.id)", IllegalName, "x-y"),
        ("(:x, values: user_id)", RawId, "`user_id`"),
        ("(:x, values: params[:id])", RawId, "`params[:id]`"),
        ("(:x, values: issue.author_id)", RawId, "`issue.author_id`"),
        ("(:x, values: project.owner.id)", RawId, "`project.owner.id`"),
        ("(:x, values: issue.id)", RawId, "`issue.id`"),
        ("(:x, values: user)", RawId, "`user`"),
        ("(:x, values: 1)", RawId, "`1`"),
        ("(:x, values: \"#{user.id}\")", RawId, "user.id"),
        ("(:x, values: [a.id, b.id])", SeveralCalls, "[a.id, b.id]"),
        ("(:x, values: [])", SeveralCalls, "[]"),
        ("(:x, values: users.map(&:id))", RawId, "users.map(&:id)"),
        ("(:counts_projects, values: user.id)", UniqueMismatch, "project.id"),
        ("(a ? :x : :counts_users, values: project.id)", UniqueMismatch, "user.id"),
        ("(:counts_users, values: project.id)", UniqueMismatch, "user.id"),
        ("(:x, values: user.id, time: t)", UnknownArgument, "time: t"),
        ("(:x, values: user.id, context: 'gold')", UnknownArgument, "context: 'gold'"),
        ("(:x, values: user.id, property_name: :user)", UnknownArgument, "property_name"),
        ("(:x)", UnknownArgument, "a name and ids"),
        ("(**opts)", IndirectArguments, "**opts"),
        ("(:x, values: user.id, **opts)", IndirectArguments, "**opts"),
        ("(*args)", IndirectArguments, "*args"),
    ];
    for (args, reason, part) in cases {
        let before = format!("Gitlab::UsageDataCounters::HLLRedisCounter.track_event{args}\n");
        refuse(&[(&before, reason, part)]);
    }
    refuse(&[
        ("counter.track_event(:x, values: user.id)\n", IndirectArguments, "`counter`"),
        ("helper&.track_usage_event(:x, user.id)\n", IndirectArguments, "`helper`"),
        ("x = HLLRedisCounter.track_event(:x, values: user.id)\n", ValueUsed, "track_event"),
        (
            "HLLRedisCounter.track_event_in_context(:x, values: user.id, context: c)\n",
            UnknownArgument,
            "context",
        ),
        (
            "def track_usage_event(name, id)\n  HLLRedisCounter.track_event(name, values: id)\nend\n",
            ComputedName,
            "name",
        ),
    ]);
}

#[test]
fn what_a_definition_needs_is_found() {
    let found = found("HLLRedisCounter.track_event(:x, values: project.id)");
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.identifiers, [Identifier::Project].into());
    assert_eq!(found.unique.as_deref(), Some("project.id"));
    assert!(found.was_unique);
}

#[test]
fn the_module_goes_with_the_last_call_that_needs_it() {
    let class =
        |head: &str, rest: &str| format!("class A\n{head}  def execute\n    {rest}\n  end\nend\n");
    let old = "track_usage_event(:x, user.id)";
    let new = "track_internal_event('x', user: user)";
    let direct = "Gitlab::InternalEvents.track_event('x', user: user)";
    let module = "  include Gitlab::Utils::UsageData\n";
    let mixin = "  include Gitlab::InternalEventsTracking\n";
    let stays = |more: &str| {
        let rest = |call: &str| format!("{call}\n{more}");
        let after = class(&format!("{module}{mixin}\n"), &rest(new));
        (class(&format!("{module}\n"), &rest(old)), after)
    };
    let cases = [
        (class(&format!("{module}\n"), old), class(&format!("{mixin}\n"), new)),
        (
            class(&format!("  include Gitlab::InternalEventsTracking\n{module}\n"), old),
            class(&format!("{mixin}\n"), new),
        ),
        (
            class(&format!("{module}  include B\n\n"), old),
            class(&format!("{mixin}  include B\n\n"), new),
        ),
        (
            class("  include ::Gitlab::Utils::UsageData\n\n", old),
            class(&format!("{mixin}\n"), new),
        ),
        // A method of the class itself needs no mixin, so that a line goes.
        (
            "class A\n  extend Gitlab::Utils::UsageData\n\n  def self.b(user)\n    track_usage_event(:x, user.id)\n  end\nend\n".to_owned(),
            format!("class A\n  def self.b(user)\n    {direct}\n  end\nend\n"),
        ),
        (
            "class A\n  B = 1\n\n  class << self\n    include Gitlab::Utils::UsageData\n\n    def b(user)\n      track_usage_event(:x, user.id)\n    end\n  end\nend\n".to_owned(),
            format!("class A\n  B = 1\n\n  class << self\n    def b(user)\n      {direct}\n    end\n  end\nend\n"),
        ),
        (
            "module A\n  extend Gitlab::Utils::UsageData\n  extend B\n\n  def self.b(user)\n    track_usage_event(:x, user.id)\n  end\nend\n".to_owned(),
            format!("module A\n  extend B\n\n  def self.b(user)\n    {direct}\n  end\nend\n"),
        ),
        // Names that are called upon something else, keys, and comments.
        (
            class(&format!("{module}\n"), &format!("{old}\na.count(sum: 1) # count(a)")),
            class(&format!("{mixin}\n"), &format!("{new}\na.count(sum: 1) # count(a)")),
        ),
        // What else may be of it.
        stays("count(Issue)"),
        stays("self.count(Issue)"),
        stays("[FALLBACK]"),
        stays("send(:alt_usage_data)"),
        stays("track_usage_event(y, user.id)"),
        // Nothing of this file needed it.
        (class(&format!("{module}\n"), "a"), class(&format!("{module}\n"), "a")),
    ];
    for (before, after) in &cases {
        check(&Options::default(), &[(before, after)]);
    }
}

#[test]
fn a_module_that_may_be_needed_stays_with_a_note() {
    let call = "def b(user)\n    track_usage_event(:x, user.id)\n  end\nend\n";
    for (head, part) in [
        ("module A\n  include Gitlab::Utils::UsageData\n\n", "what includes this module"),
        ("class A\n  include B, Gitlab::Utils::UsageData\n\n", "a part of more"),
        ("class A\n  c { include Gitlab::Utils::UsageData }\n\n", "a part of more"),
        ("class A\n  include Gitlab::Utils::UsageData # for sums\n\n", "a part of more"),
        ("class A\n  include Gitlab::Utils::UsageData\n  d :count\n\n", "`count` may be of it"),
    ] {
        let before = format!("{head}  {call}");
        let notes = notes(&before, &Options::default());
        assert!(notes.contains(part) && notes.contains("UsageData"), "{before}\n{notes}");
        let (after, _) = run(&before, &Options::default());
        assert!(after.contains("Gitlab::Utils::UsageData"), "{after}");
    }
}
