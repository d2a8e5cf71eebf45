//! Fixes change what they name and nothing else.

use crate::{corpus, fixture};
use internal_events_definitions::{Edit, Fix, Severity, Source, Sources, analyze, apply_fixes};
use proptest::prelude::*;

fn fix(start: usize, end: usize, text: &str) -> Fix {
    let edits = vec![Edit { range: start..end, text: text.to_owned() }];
    Fix { title: "test".to_owned(), edits }
}

#[track_caller]
fn check(text: &str, fixes: &[Fix], expected: &str) {
    assert_eq!(apply_fixes(text, &fixes.iter().collect::<Vec<_>>()), expected);
}

#[test]
fn fixes_are_applied_together() {
    check("a: 1\nb: 2\n", &[fix(8, 9, "'2'"), fix(3, 4, "'1'")], "a: '1'\nb: '2'\n");
    check("a: 1\n", &[], "a: 1\n");
}

#[test]
fn a_fix_that_overlaps_an_earlier_one_is_left_out() {
    check("abc: 1\n", &[fix(0, 2, "xy"), fix(1, 3, "zz")], "xyc: 1\n");
    check("abc: 1\n", &[fix(0, 2, "xy"), fix(0, 2, "xy")], "xyc: 1\n");
}

#[test]
fn a_fix_outside_the_text_or_inside_a_character_is_left_out() {
    check("é: 1\n", &[fix(1, 2, "x"), fix(40, 41, "y")], "é: 1\n");
}

#[test]
fn a_fix_that_breaks_the_text_is_left_out() {
    check("a: 1\nb: 2\n", &[fix(3, 4, "["), fix(8, 9, "3")], "a: 1\nb: 3\n");
}

#[test]
fn a_fix_is_applied_as_a_whole_or_not_at_all() {
    let two =
        |first: Fix, second: Fix| Fix { edits: [first.edits, second.edits].concat(), ..first };
    check("a: 1\nb: 2\n", &[two(fix(0, 1, "x"), fix(3, 4, "["))], "a: 1\nb: 2\n");
    check("a: 1\nb: 2\n", &[fix(0, 1, "y"), two(fix(0, 1, "x"), fix(8, 9, "3"))], "y: 1\nb: 2\n");
}

#[test]
fn comments_and_formatting_stay() {
    let text = "# config/events/edit_document.yml\n\
        # a comment: with a colon\n---\nidentifers:   [ user ,project ]  # who\r\n\n\
        milestone:  17.10   # next\nproduct_group: 7 # seven\n# …\n";
    let example = fixture::run(text);
    let fixes: Vec<_> =
        example.analysis.diagnostics.iter().filter_map(|it| it.fix.as_ref()).collect();
    assert_eq!(fixes.len(), 3);
    let fixed = apply_fixes(&example.files[0].text, &fixes);
    let expected = example.files[0].text.replace("identifers", "identifiers");
    let expected = expected.replace("17.10", "'17.10'").replace(" 7 #", " '7' #");
    assert_eq!(fixed, expected);
}

#[test]
fn applying_all_fixes_leaves_none_to_apply() {
    let Some(sources) = corpus::sources() else { return };
    for source in sources.events {
        let text = String::from_utf8(source.bytes).unwrap();
        let text = text.replace("milestone: '", "milestone: ").replace("'\nintro", "\nintro");
        let text = text.replace("identifiers:", "identifers:");
        let check = |text: &str| {
            let source = Source { path: source.path.clone(), bytes: text.as_bytes().to_vec() };
            analyze(&Sources { events: vec![source], ..Sources::default() }).diagnostics
        };
        let diagnostics = check(&text);
        let fixes: Vec<_> = diagnostics.iter().filter_map(|it| it.fix.as_ref()).collect();
        let after = check(&apply_fixes(&text, &fixes));
        assert!(
            after.iter().all(|it| it.fix.is_none() && it.severity != Severity::Error),
            "{text}\n{after:#?}"
        );
    }
}

proptest! {
    /// Every byte outside the edits stays, in order, around the new texts.
    #[test]
    fn bytes_that_no_fix_names_stay(
        words in prop::collection::vec("[a-z]{1,5}", 1..12),
        picks in prop::collection::vec((any::<prop::sample::Index>(), "[a-z]{0,4}"), 0..6),
    ) {
        let text: String = words.iter().enumerate().map(|(idx, it)| format!("k{idx}: {it}  # {it}\n")).collect();
        let mut starts = Vec::new();
        let mut at = 0;
        for (idx, it) in words.iter().enumerate() {
            starts.push(at + format!("k{idx}: ").len());
            at += format!("k{idx}: {it}  # {it}\n").len();
        }
        let of_pick = |(pick, text): &(prop::sample::Index, String)| {
            let idx = pick.index(words.len());
            fix(starts[idx], starts[idx] + words[idx].len(), text)
        };
        let fixes: Vec<_> = picks.iter().map(of_pick).collect();
        // Of two fixes of one word the first counts, also where it changes nothing.
        let mut first = std::collections::BTreeMap::new();
        for (pick, text) in &picks {
            first.entry(pick.index(words.len())).or_insert(text);
        }
        let expected: String = words
            .iter()
            .enumerate()
            .map(|(idx, it)| format!("k{idx}: {}  # {it}\n", first.get(&idx).copied().unwrap_or(it)))
            .collect();
        prop_assert_eq!(apply_fixes(&text, &fixes.iter().collect::<Vec<_>>()), expected);
    }
}
