//! Macros of controllers.

use super::{check, first, found, notes, refuse};
use crate::options::{Options, TwoNames};
use crate::project::{Held, Project};
use crate::ruby::file::refusal;
use crate::site::{Identifier, Reason};
use crate::{Language, rewrite_checked};

fn controller(body: &str) -> String {
    format!("class A < B\n  include RedisTracking\n\n  {body}\nend\n")
}

fn migrated(body: &str) -> String {
    controller(body).replace("RedisTracking", "ProductAnalyticsTracking")
}

#[test]
fn macros_become_the_new_one() {
    let cases = [
        ("track_redis_hll_event :show, name: 'x'", "track_internal_event :show, name: 'x'"),
        (
            "track_redis_hll_event :show, :index, name: :x, if: -> { y }",
            "track_internal_event :show, :index, name: 'x', conditions: -> { y }",
        ),
        ("track_redis_hll_event(:show, name: 'x')", "track_internal_event(:show, name: 'x')"),
    ];
    for (before, after) in cases {
        check(&Options::default(), &[(&controller(before), &migrated(after))]);
    }
    let cases = [
        ("track_event :show, name: 'x'", "track_internal_event :show, name: 'x'"),
        (
            "track_event :show, name: 'x', conditions: -> { y? }, destinations: [:redis_hll]",
            "track_internal_event :show, name: 'x', conditions: -> { y? }",
        ),
        (
            "track_event :show, name: 'x', action: 'x', label: 'l', destinations: [:redis_hll, :snowplow]",
            "track_internal_event :show, name: 'x', additional_properties: { label: 'l' }",
        ),
        (
            "track_event :show, name: 'y', action: 'x', label: 'l', destinations: %i[snowplow]",
            "track_internal_event :show, name: 'x', additional_properties: { label: 'l' }",
        ),
        (
            "track_event :show, name: 'x', action: 'y', label: 'l'",
            "track_internal_event :show, name: 'x'",
        ),
        (
            "track_event :show,\n    name: 'x',\n    destinations: [:redis_hll]",
            "track_internal_event :show, name: 'x'",
        ),
        (
            "track_event(\n    :show,\n    name: 'x',\n    destinations: [:redis_hll]\n  )",
            "track_internal_event(\n    :show,\n    name: 'x'\n  )",
        ),
    ];
    for (before, after) in cases {
        let around = |it: &str| format!("class A < B\n  {it}\nend\n");
        check(&Options::default(), &[(&around(before), &around(after))]);
    }
    check(
        &first(),
        &[(
            "class A\n  track_event :show, name: 'x', action: 'x', label: 'l', destinations: [:snowplow, :redis_hll]\nend\n",
            "class A\n  track_internal_event :show, name: 'x'\nend\n",
        )],
    );
}

#[test]
fn both_modules_are_included_while_one_of_the_old_calls_stays() {
    let before =
        controller("track_redis_hll_event :a, name: 'x'\n  track_redis_hll_event :b, name: y");
    let after =
        controller("track_internal_event :a, name: 'x'\n  track_redis_hll_event :b, name: y");
    let both = "include RedisTracking\n  include ProductAnalyticsTracking";
    let after = after.replace("include RedisTracking", both);
    check(&Options::default(), &[(&before, &after)]);
    let old = controller("track_redis_hll_event :b, name: y");
    check(&Options::default(), &[(&old, &old)]);
}

#[test]
fn modules_are_those_of_calls_that_are_held_as_well() {
    let text =
        controller("track_redis_hll_event :a, name: 'x'\n  track_redis_hll_event :b, name: 'y'");
    let refusal = refusal(Reason::PartOfMore, "the metric stays", "Mend it.");
    let held = Held { refusal, only_counts: true };
    let project = Project { held: [("y".to_owned(), held)].into(), ..Project::default() };
    let options = Options::default();
    let done = rewrite_checked(Language::Ruby, &text, &project, &options).expect("it parses");
    let both = "include RedisTracking\n  include ProductAnalyticsTracking";
    let expected = text
        .replace("include RedisTracking", both)
        .replace("track_redis_hll_event :a", "track_internal_event :a");
    assert_eq!(done.edits.apply(&text), expected, "{:#?}", done.sites);
}

#[test]
fn helpers_of_the_same_name_are_none() {
    for it in [
        "track_event('x', user: u, project_id: 1)\n",
        "class A\n  def x\n    track_event('x', name: 'y')\n  end\nend\n",
        "class A\n  track_event :x\nend\n",
    ] {
        check(&Options::default(), &[(it, it)]);
    }
}

#[test]
fn what_cannot_be_proven_is_refused() {
    use Reason::*;
    let cases = [
        ("track_event(:a, name: 'x') { |it| it.params[:id] }", RawId, "{ |it|"),
        ("track_redis_hll_event :a, name: 'x' do |it|\n    it.id\n  end", RawId, "do |it|"),
        ("track_event :a, name: b ? 'x' : 'y'", ComputedName, "b ? 'x' : 'y'"),
        ("track_event :a, name: n", ComputedName, "`n`"),
        ("track_event :a, name: 'x', destinations: d", IndirectArguments, "`d`"),
        ("track_event :a, name: 'x', destinations: [:other]", IndirectArguments, "[:other]"),
        ("track_event(*actions, name: 'x')", IndirectArguments, "*actions"),
        ("track_event :a, name: 'x', **opts", IndirectArguments, "**opts"),
        ("track_event :a, name: 'x', only: [:b]", UnknownArgument, "only: [:b]"),
        ("track_event :a, name: 'internal_one'", NameTaken, "internal_one"),
        ("track_event :a, name: 'x', destinations: [:snowplow]", UnknownArgument, "`action:`"),
        ("track_unique_redis_hll_event :a, name: 'x', feature: :f", UnknownArgument, "feature: :f"),
        ("track_redis_hll_event :a", UnknownArgument, "`name:`"),
        ("track_event :a, name: 'x', if: y, if: z", NotUnderstood, "second time: `if: z`"),
        ("track_event :a, name: 'x', if:", NotUnderstood, "after `if:`"),
        (
            "track_event :a, name: 'x', action: 'y', label: 'l', destinations: [:redis_hll, :snowplow]",
            SeveralCalls,
            "`x` is counted, `y` goes to Snowplow",
        ),
    ];
    for (body, reason, part) in cases {
        refuse(&[(&controller(body), reason, part)]);
    }
}

#[test]
fn what_a_definition_needs_is_found() {
    let found = found("class A\n  track_event :a, name: 'counts_projects'\nend\n");
    let all = [Identifier::User, Identifier::Project, Identifier::Namespace];
    assert_eq!(found[0].identifiers, all.into());
    assert_eq!(found[0].unique.as_deref(), Some("project.id"));
    assert!(found[0].was_unique);
}

#[test]
fn notes_say_what_the_controller_needs() {
    let lacks = notes("class A\n  track_event :a, name: 'x'\nend\n", &Options::default());
    assert!(lacks.contains("`tracking_namespace_source`"), "{lacks}");
    let has = "class A\n  track_event :a, name: 'x'\n\n  def tracking_namespace_source = n\n  def tracking_project_source = p\nend\n";
    assert!(!notes(has, &Options::default()).contains("tracking_namespace_source"));
}

#[test]
fn a_macro_of_two_names_takes_the_counted_one_if_told_so() {
    let options = Options { two_names: TwoNames::Counted, ..Options::default() };
    let pair = |action: &str| {
        controller(&format!(
            "track_event :a, name: 'x', action: {action}, destinations: %i[redis_hll snowplow]"
        ))
    };
    let after = "track_internal_event :a, name: 'x'";
    check(
        &options,
        &[
            (&pair("'show'"), &controller(after)),
            // It need not be a name of an internal event, nor be known.
            (&pair("'Show wiki'"), &controller(after)),
            (&pair("ACTION"), &controller(after)),
        ],
    );
    let told = notes(&pair("'show'"), &options);
    assert!(told.contains("Snowplow got `show`, and gets `x` now."), "{told}");
    assert!(!notes(&pair("'x'"), &options).contains("Snowplow got"));
}
