use super::*;
use crate::{Found, Held};

/// A rewriter's work: each site with its event, and edits at bytes.
fn work(sites: &[(std::ops::Range<usize>, &str)], edits: &[(usize, usize, &str)]) -> Rewrite {
    let mut rewrite = Rewrite::default();
    for (range, event) in sites {
        rewrite.sites.push(Site {
            kind: Kind::RubyRedisHll,
            range: range.clone(),
            outcome: Outcome::Rewritten { notes: Vec::new() },
            event: Some((*event).to_owned()),
        });
        rewrite.found.push(Found { name: (*event).to_owned(), ..Found::default() });
    }
    for (start, end, text) in edits {
        rewrite.edits.replace(*start..*end, *text);
    }
    rewrite
}

fn refused(rewrite: &Rewrite) -> Vec<(usize, &'static str)> {
    let of = |it: &Site| match &it.outcome {
        Outcome::Refused(refusal) => Some((it.range.start, refusal.reason.code())),
        _ => None,
    };
    rewrite.sites.iter().filter_map(of).collect()
}

fn events(rewrite: &Rewrite) -> Vec<&str> {
    rewrite.found.iter().map(|it| it.name.as_str()).collect()
}

#[test]
fn what_two_rewriters_would_both_change_stays() {
    let text = "aaaa bbbb cccc";
    for (language, ours, theirs, expected, refusals) in [
        (
            Language::Haml,
            work(&[(0..4, "a")], &[(0, 4, "A")]),
            work(&[(5..9, "b")], &[(5, 9, "B")]),
            "A B cccc",
            vec![],
        ),
        (
            Language::Haml,
            work(&[(0..4, "a"), (10..14, "c")], &[(0, 4, "A"), (10, 14, "C")]),
            work(&[(2..9, "b")], &[(2, 9, "B")]),
            "aaaa bbbb C",
            vec![(0, "several-calls"), (2, "several-calls")],
        ),
        (
            Language::Vue,
            work(&[(0..4, "a"), (10..14, "c")], &[(0, 4, "A"), (10, 14, "C")]),
            work(&[(2..9, "b")], &[(2, 9, "B")]),
            text,
            vec![(0, "several-calls"), (10, "part-of-more"), (2, "several-calls")],
        ),
    ] {
        let whole = merged(language, vec![ours, theirs]);
        assert_eq!(whole.edits.apply(text), expected);
        assert_eq!(refused(&whole), refusals);
    }
}

#[test]
fn held_events_stay_and_others_go_on() {
    let text = "include\naaaa bbbb";
    let refusal = Refusal { reason: Reason::NameTaken, what: String::new(), advice: String::new() };
    let held = |only_counts| Held { refusal: refusal.clone(), only_counts };
    let rewrite =
        || work(&[(8..12, "a"), (13..17, "b")], &[(0, 7, "with"), (8, 12, "A"), (13, 17, "B")]);
    for (held, expected, refusals, found) in [
        (vec![], "with\nA B", vec![], vec!["a", "b"]),
        (vec![("a", held(false))], "with\naaaa B", vec![(8, "name-taken")], vec!["b"]),
        (vec![("a", held(true))], "with\naaaa B", vec![(8, "name-taken")], vec!["b"]),
        (
            vec![("a", held(false)), ("b", held(false))],
            text,
            vec![(8, "name-taken"), (13, "name-taken")],
            vec![],
        ),
    ] {
        let held = held.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
        let project = Project { held, ..Project::default() };
        let mut whole = rewrite();
        hold(Language::Ruby, &mut whole, &project);
        assert_eq!(whole.edits.apply(text), expected);
        assert_eq!((refused(&whole), events(&whole)), (refusals, found));
    }
}
