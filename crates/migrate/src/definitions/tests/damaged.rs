//! Definitions that are damaged.

use super::*;
use proptest::prelude::*;

/// Pieces of YAML that do not belong where they come.
const PIECES: &[&str] = &[
    "",
    "\n",
    "  ",
    "\t",
    "- ",
    ": ",
    "# x\n",
    "é",
    "'",
    "\"",
    "{",
    "}",
    "[a]",
    "|\n  x\n",
    "&a ",
    "*a",
    "---\n",
    "options:\n",
    "events: [a_event]\n",
    "data_source: redis_hll\n",
    "\r\n",
    "\u{feff}",
    "? a\n",
    "!!set ",
];

/// A text with a part of it cut out, and a piece in its place.
fn damaged(text: &str, from: usize, n: usize, piece: &str) -> String {
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let from = boundary(from % (text.len() + 1));
    format!("{}{piece}{}", &text[..from], &text[boundary(from + n)..])
}

proptest! {
    /// Whatever definitions and tables look like: no panic, and what is written can be read.
    #[test]
    fn damaged_definitions_are_never_made_worse(
        which in 0..5_usize,
        from in 0..2_000_usize,
        n in prop_oneof![Just(0), 0..4_usize, 0..400_usize],
        piece in proptest::sample::select(PIECES),
    ) {
        let metric = format!(
            "key_path: m\n{REST}time_frame: 7d\ndata_source: redis_hll # é\n\
             instrumentation_class: RedisHLLMetric\noptions:\n  events: # of\n  - a_event\n"
        );
        let entry = format!("{REST}category: x\naction: a_event\nidentifiers:\n- project\nlabel_description: >\n  b\n");
        let texts = [
            ("config/metrics/counts_7d/m.yml", metric.as_str()),
            ("config/events/x_a_event.yml", &entry),
            (UNIQUE, "---\n# é\na-user: a\n'z-user': z\n"),
            (LISTED, "---\n- a_event # x\n- z_event\n"),
            (TOTAL, "---\n'{event_counters}_z': Z\n"),
        ];
        let mut application = Application::default().calls(by_user("a_event"));
        let label = Property { of_type: PropertyType::Text, example: None };
        application.found[0].properties.insert("label".to_owned(), label);
        for (nth, (path, text)) in texts.into_iter().enumerate() {
            let text = if nth == which { damaged(text, from, n, piece) } else { text.to_owned() };
            application = application.with(path, &text);
        }
        for change in application.plan().changes {
            let Some(after) = &change.after else { continue };
            let faults = internal_events_definitions::yaml::read(after).1;
            let before = change.before.as_deref().map(|it| internal_events_definitions::yaml::read(it).1);
            let was_sound = before.is_none_or(|it| it.is_empty());
            prop_assert!(faults.is_empty() || !was_sound, "{}\n{after}\n{faults:?}", change.path);
        }
    }
}
