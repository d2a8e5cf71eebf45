//! Two legacy calls for one event.

use super::{check, notes, refuse, run};
use crate::options::Options;
use crate::site::{Outcome, Reason};

fn method(body: &str) -> String {
    format!("def x\n  {}\nend\n", body.replace('\n', "\n  "))
}

const HLL: &str = "HLLRedisCounter.track_event(:x, values: user.id)";

#[test]
fn calls_of_one_name_become_one() {
    let cases = [
        (
            format!("Gitlab::Tracking.event('c', 'x', user: user)\n{HLL}\nz"),
            "Gitlab::InternalEvents.track_event('x', user: user)\nz",
        ),
        (
            format!("{HLL}\nGitlab::Tracking.event('c', 'x', user: user, project: project)"),
            "Gitlab::InternalEvents.track_event('x', user: user, project: project)",
        ),
        (
            format!("Gitlab::Tracking.event('c', 'x', project: project)\n{HLL}"),
            "Gitlab::InternalEvents.track_event('x', project: project, user: user)",
        ),
    ];
    for (before, after) in cases {
        let before = method(&before);
        check(&Options::default(), &[(&before, &method(after))]);
        let found = run(&before, &Options::default()).1.found;
        assert_eq!(found.len(), 1);
        assert!(found[0].was_unique && found[0].unique.as_deref() == Some("user.id"));
        let notes = notes(&before, &Options::default());
        assert!(notes.contains("It is a part of the call beside it"), "{notes}");
    }
}

#[test]
fn calls_of_two_names_are_left_to_people() {
    use Reason::SeveralCalls;
    refuse(&[
        (
            &method(&format!("Gitlab::Tracking.event('c', 'y', user: user)\n{HLL}")),
            SeveralCalls,
            "`y` with Snowplow and `x` with RedisHLL",
        ),
        (
            &method(&format!("Gitlab::Tracking.event('c', 'x', user: author)\n{HLL}")),
            SeveralCalls,
            "`x` with Snowplow",
        ),
        (
            &method(&format!("Gitlab::Tracking.event('c', 'x', user: user)\nsave\n{HLL}")),
            SeveralCalls,
            "`x` with Snowplow",
        ),
    ]);
}

#[test]
fn calls_that_have_nothing_in_common_are_rewritten_each() {
    let before = method(&format!("Gitlab::Tracking.event('c', 'y', project: project)\n{HLL}"));
    let done = run(&before, &Options::default()).1;
    assert!(done.sites.iter().all(|it| matches!(it.outcome, Outcome::Rewritten { .. })));
    let before = format!("Gitlab::Tracking.event('c', 'y', user: user)\n{HLL}\n");
    assert_eq!(run(&before, &Options::default()).1.found.len(), 2);
}

#[test]
fn a_context_says_what_is_counted_with_an_event() {
    let send = |event: &str| {
        format!(
            "Gitlab::Tracking.event('c', 'y', user: user, context: [\n  \
             Gitlab::Tracking::ServicePingContext\n    .new(data_source: :redis_hll, event: '{event}')\n    \
             .to_context\n])"
        )
    };
    let both = format!("{HLL}\nsave\n{}", send("x"));
    let block = format!("before do\n  {}\nend\n", both.replace('\n', "\n  "));
    for before in [method(&both), block] {
        let (after, done) = run(&before, &Options::default());
        assert_eq!(after, before, "both stay");
        let reasons: Vec<Reason> = done
            .sites
            .iter()
            .filter_map(|it| match &it.outcome {
                Outcome::Refused(it) => Some(it.reason),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [Reason::PartOfMore, Reason::SeveralCalls]);
    }
    refuse(&[(&send("x"), Reason::SeveralCalls, "`y` goes to Snowplow, and `x` is counted")]);
    // One name for both makes one event of them.
    let options =
        Options { renames: [("y".to_owned(), "x".to_owned())].into(), ..Options::default() };
    let before = method(&format!("{HLL}\n{}", send("x")));
    let (after, _) = run(&before, &options);
    assert_eq!(after, method("Gitlab::InternalEvents.track_event('x', user: user)"));
}

#[test]
fn a_total_and_a_set_of_one_name_are_left_to_people() {
    let total = "Gitlab::UsageDataCounters.count('x')";
    refuse(&[(&method(&format!("{HLL}\n{total}")), Reason::SeveralCalls, "tracks `x` twice")]);
}
