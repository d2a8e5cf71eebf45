//! Cases: what becomes of attributes in each language.

use super::rewrite;
use crate::language::Language;
use crate::options::{Options, Style};
use crate::project::Project;
use crate::site::{Found, Outcome, Reason, Rewrite, Site};

mod erb;
mod haml;
mod html;
mod javascript;
mod ruby;
mod vue;

fn first_guide() -> Options {
    Options { drops_properties: true, style: Style::First, ..Options::default() }
}

fn renaming(names: &[(&str, &str)]) -> Options {
    let renames = names.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    Options { renames, ..Options::default() }
}

fn run(language: Language, text: &str, options: &Options) -> Rewrite {
    rewrite(text, language, &Project::default(), options).unwrap()
}

/// The text becomes the other one, and stays that in a second run.
#[track_caller]
fn check_with(language: Language, before: &str, after: &str, options: &Options) -> Vec<Found> {
    let rewritten = run(language, before, options);
    assert_eq!(rewritten.edits.apply(before), after, "{:?}", rewritten.sites);
    for edit in rewritten.edits.iter() {
        let holds =
            |it: &Site| it.range.start <= edit.range.start && edit.range.end <= it.range.end;
        assert!(rewritten.sites.iter().any(holds), "{edit:?} {:?}", rewritten.sites);
    }
    let again = run(language, after, options);
    assert!(again.edits.is_empty(), "{:?}", again.edits);
    assert!(again.sites.iter().all(|it| it.outcome == Outcome::Already), "{:?}", again.sites);
    rewritten.found
}

#[track_caller]
fn check(language: Language, before: &str, after: &str) -> Vec<Found> {
    check_with(language, before, after, &Options::default())
}

/// The text stays, for a reason that names the code.
#[track_caller]
fn refuse_in(project: &Project, language: Language, text: &str, reason: Reason, what: &str) {
    let rewritten = rewrite(text, language, project, &Options::default()).unwrap();
    assert!(rewritten.edits.is_empty(), "{:?}", rewritten.edits);
    let [site] = &rewritten.sites[..] else { panic!("one site: {:?}", rewritten.sites) };
    let Outcome::Refused(it) = &site.outcome else { panic!("no refusal: {site:?}") };
    assert_eq!(it.reason, reason, "{it:?}");
    assert!(it.what.contains(what), "{it:?}");
    assert!(it.advice.len() > 20, "{it:?}");
    assert!(text.get(site.range.clone()).is_some(), "{site:?}");
}

#[track_caller]
fn refuse(language: Language, text: &str, reason: Reason, what: &str) {
    refuse_in(&Project::default(), language, text, reason, what);
}

/// There is nothing to see in the text.
#[track_caller]
fn ignore(language: Language, text: &str) {
    let rewritten = run(language, text, &Options::default());
    assert_eq!(rewritten, Rewrite::default());
}

/// The notes of the only site.
#[track_caller]
fn notes(language: Language, text: &str, options: &Options) -> String {
    let rewritten = run(language, text, options);
    let [site] = &rewritten.sites[..] else { panic!("one site: {:?}", rewritten.sites) };
    let Outcome::Rewritten { notes } = &site.outcome else { panic!("refused: {site:?}") };
    notes.join("\n")
}
