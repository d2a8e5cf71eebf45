//! What a person sees: a diff, a table, and what was refused.

use super::args::MigrateArgs;
use super::outcome::{Counts, Whole};
use crate::output::Style;
use crate::visible::{visible, visible_lines};
use internal_events_migrate::Outcome;
use similar::{ChangeTag, TextDiff};
use std::borrow::Cow;

/// Lines around a change.
const AROUND: usize = 3;

/// How many characters of a line people are shown: a program wrote what is longer.
const MAX_SHOWN: usize = 1000;

pub(super) fn text(whole: &Whole, args: &MigrateArgs) -> String {
    let style = Style::stdout();
    let mut text = String::new();
    if args.check {
        remaining(&mut text, whole, style);
    } else if args.write {
        written(&mut text, whole, style);
    } else {
        diffs(&mut text, whole, style);
    }
    table(&mut text, whole, style);
    refusals(&mut text, whole, style);
    for note in &whole.notes {
        text.push_str(&format!("{} {}\n", style.dim("note:"), visible(note)));
    }
    end(&mut text, whole, args);
    text
}

fn end(text: &mut String, whole: &Whole, args: &MigrateArgs) {
    let n_changed = whole.changed_sources().count() + whole.changes.len();
    let verb = if args.write { "changed" } else { "would change" };
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    text.push_str(&format!(
        "{} looked at, {n_changed} {verb}; {} of legacy tracking {}\n",
        plural(whole.n_files, "file"),
        plural(if args.write { whole.n_refused() } else { whole.n_legacy() }, "place"),
        if args.write { "left" } else { "found" },
    ));
    if !args.write && !args.check && n_changed > 0 {
        text.push_str("Dry run: nothing was written; `--write` does.\n");
    }
}

fn remaining(text: &mut String, whole: &Whole, style: Style) {
    let legacy = whole.sites.iter().filter(|it| it.site.outcome != Outcome::Already);
    for placed in legacy {
        let can = match placed.site.outcome {
            Outcome::Rewritten { .. } => style.good("can be rewritten"),
            _ => style.bad("must be rewritten by hand"),
        };
        let (path, line, column) = (visible(&placed.path), placed.line, placed.column);
        text.push_str(&format!("{path}:{line}:{column}: {}, {can}\n", placed.site.kind));
    }
}

fn written(text: &mut String, whole: &Whole, style: Style) {
    for (looked, _) in whole.changed_sources() {
        text.push_str(&format!("{} {}\n", style.good("change"), visible(&looked.shown)));
    }
    for change in &whole.changes {
        let verb = match (&change.before, &change.after) {
            (None, _) => style.good("create"),
            (_, None) => style.bad("remove"),
            _ => style.good("change"),
        };
        text.push_str(&format!("{verb} {}\n", visible(&change.path)));
    }
}

fn diffs(text: &mut String, whole: &Whole, style: Style) {
    for (looked, after) in whole.changed_sources() {
        diff(text, (&looked.shown, Some(&looked.text), Some(&after)), style);
    }
    for change in &whole.changes {
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        diff(text, (&change.path, before, after), style);
    }
}

/// A unified diff, as `git apply` reads it where there are no colours.
fn diff(text: &mut String, change: (&str, Option<&str>, Option<&str>), style: Style) {
    let (path, before, after) = change;
    let name = |side: &str, it: Option<&str>| match it {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    text.push_str(&format!("{}\n", style.bold(&format!("--- {}", name("a", before)))));
    text.push_str(&format!("{}\n", style.bold(&format!("+++ {}", name("b", after)))));
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        text.push_str(&format!("{}\n", style.dim(&hunk.header().to_string())));
        for change in hunk.iter_changes() {
            let line = change.value();
            let has_end = line.ends_with('\n');
            let line = line.trim_end_matches('\n');
            let (line, end) = shown(line, style);
            text.push_str(&match change.tag() {
                ChangeTag::Delete => style.bad_line(&format!("-{line}")),
                ChangeTag::Insert => style.good_line(&format!("+{line}")),
                ChangeTag::Equal => format!(" {}", visible_lines(&line, false)),
            });
            text.push_str(end);
            if !has_end {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
}

/// A line of a diff, and what ends it: as it is for programs, and for people no longer than they
/// read.
fn shown(line: &str, style: Style) -> (Cow<'_, str>, &'static str) {
    if !style.is_on() {
        return line.strip_suffix('\r').map_or((line.into(), "\n"), |it| (it.into(), "\r\n"));
    }
    match line.char_indices().nth(MAX_SHOWN) {
        None => (line.into(), "\n"),
        Some((at, _)) => {
            let more = line[at..].chars().count();
            (format!("{}… ({more} more characters)", &line[..at]).into(), "\n")
        }
    }
}

fn table(text: &mut String, whole: &Whole, style: Style) {
    let counts = whole.counts();
    if counts.is_empty() {
        return;
    }
    let width = counts.iter().map(|(it, _)| it.name().len()).max().unwrap_or(0);
    let heading = format!("{:width$}  rewritten  refused  already", "kind");
    text.push_str(&format!("{}\n", style.bold(&heading)));
    for (kind, Counts { rewritten, refused, already }) in counts {
        let kind = kind.name();
        text.push_str(&format!("{kind:width$}  {rewritten:9}  {refused:7}  {already:7}\n"));
    }
}

fn refusals(text: &mut String, whole: &Whole, style: Style) {
    for (placed, refusal) in whole.refusals() {
        let (path, line, column) = (visible(&placed.path), placed.line, placed.column);
        let code = style.bad(refusal.reason.code());
        text.push_str(&format!("\n{path}:{line}:{column}: {code}, {}\n", placed.site.kind));
        text.push_str(&format!("    {}\n", indented(&refusal.what)));
        text.push_str(&format!("    {} {}\n", style.dim("help:"), indented(&refusal.advice)));
    }
    if whole.n_refused() > 0 {
        text.push('\n');
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|it| visible(it).into_owned()).collect::<Vec<_>>().join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_shown_no_more_of_a_line_than_they_read() {
        for (line, expected) in [
            ("é".repeat(MAX_SHOWN), "é".repeat(MAX_SHOWN)),
            ("é".repeat(MAX_SHOWN + 7), format!("{}… (7 more characters)", "é".repeat(MAX_SHOWN))),
        ] {
            assert_eq!(shown(&line, Style::always()), (expected.into(), "\n"));
        }
    }
}
