//! Looks at all files, then at definitions, then again at what must stay.

use super::files::{Candidate, Files, Reader, first_word_of_large};
use super::outcome::{Looked, Placed, Positions, Skipped, Whole, closed};
use crate::output;
use internal_events_definitions::Sources;
use internal_events_installation::Installation;
use internal_events_migrate::{
    Decoded, FileCalls, Kind, Language, Modules, NotUtf8, Options, Planned, Project, Reason,
    Refusal, Rewrite, Surroundings, Tell, Told, decoded, first_legacy_word, has_legacy_words,
    is_utf16, plan, rewrite_checked, spawn_with_room,
};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// More threads than this wait for the disk, not for a core.
const MAX_THREADS: usize = 16;

/// What is to be said of a file that has a word of legacy tracking, or was not looked at.
enum Look {
    Skipped(Skipped),
    Looked(Looked),
}

/// Does everything but writing.
pub(super) fn work(
    files: Files,
    root: &Path,
    installation: &Installation,
    options: &Options,
    surroundings: &Surroundings,
) -> Whole {
    let mut project = Project::read(installation.analysis());
    project.modules = modules(root);
    let n_files = files.candidates.len();
    let bar = output::progress(n_files as u64);
    let looks = in_parallel(&files.candidates, Reader::default, |reader, it| {
        let look = look(it, root, reader, &project, options);
        bar.inc(1);
        look
    });
    bar.finish_and_clear();
    let mut whole = Whole { n_files, ..Whole::default() };
    for look in looks {
        match look {
            Look::Skipped(it) => whole.skipped.push(it),
            Look::Looked(it) => whole.looked.push(it),
        }
    }
    let sources = installation.sources();
    let planned = loop {
        let planned = planned(sources, &whole.looked, options, surroundings);
        let new: BTreeSet<String> =
            planned.held.keys().filter(|it| !project.held.contains_key(*it)).cloned().collect();
        let news = planned.told.iter().filter(|(path, it)| is_news(&project.told, path, it));
        let told: BTreeSet<String> = news.map(|it| it.0.clone()).collect();
        if new.is_empty() && told.is_empty() {
            break planned;
        }
        project.held.extend(planned.held.into_iter().filter(|(it, _)| new.contains(it)));
        let known = Arc::make_mut(&mut project.told);
        for (path, events) in planned.told {
            known.entry(path).or_default().extend(events);
        }
        // What is not UTF-8 is refused for that reason, which comes before all others.
        for looked in whole.looked.iter_mut().filter(|it| it.wrong.is_none()) {
            let mut events = looked.rewrite.sites.iter().filter_map(|it| it.event.as_ref());
            if told.contains(&looked.shown) || events.any(|it| new.contains(it)) {
                let project = project.at(&looked.shown);
                looked.rewrite = rewritten(looked.language, &looked.text, None, &project, options);
            }
        }
    };
    finish(&mut whole, planned, sources);
    whole.notes.extend(doubts(installation, n_files));
    whole
}

/// What makes a result without a refusal less than it seems.
fn doubts(installation: &Installation, n_files: usize) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut errors = installation.errors();
    if let Some(first) = errors.next() {
        let more = errors.count();
        let others = if more == 0 { String::new() } else { format!(", and {more} more errors") };
        doubts.push(format!(
            "definitions have errors ({first}{others}); what cannot be read there counts as not \
             defined: see `internal-events check` first"
        ));
    }
    if n_files == 0 {
        doubts.push(format!(
            "there is no file of Ruby, JavaScript, TypeScript, Vue, HTML, ERB or HAML to look at: \
             is {} the root of the application? `--root` names another",
            installation.root().display()
        ));
    }
    doubts
}

/// Whether a file is told something that it was not rewritten with.
fn is_news(told: &Told, path: &str, events: &BTreeMap<String, Tell>) -> bool {
    let known = told.get(path);
    events.iter().any(|(event, tell)| known.and_then(|it| it.get(event)) != Some(tell))
}

fn planned(
    sources: &Sources,
    looked: &[Looked],
    options: &Options,
    surroundings: &Surroundings,
) -> Planned {
    let calls: Vec<FileCalls<'_>> = looked
        .iter()
        .map(|it| FileCalls { path: &it.shown, text: &it.text, rewrite: &it.rewrite })
        .collect();
    plan(sources, &calls, options, surroundings)
}

/// Looks at a file; there is nothing to say of most.
fn look(
    candidate: &Candidate,
    root: &Path,
    reader: &mut Reader,
    project: &Project,
    options: &Options,
) -> Option<Look> {
    let language = candidate.language;
    let kind = kind_asked_for(language, options)?;
    let skipped = |why: String, (line, column): (usize, usize), refusal: Refusal| {
        let site = closed(0, refusal, kind);
        let placed = Placed { path: candidate.shown(root), line, column, site };
        Some(Look::Skipped(Skipped { why, placed }))
    };
    let unreadable = |error: &std::io::Error| {
        let why = format!("it cannot be read: {error}");
        skipped(why.clone(), (1, 1), not_read(&why))
    };
    let bytes = match reader.read(&candidate.path) {
        Ok(Some(it)) => it,
        Ok(None) => {
            return match first_word_of_large(&candidate.path) {
                Ok(Some(place)) => skipped(TOO_LARGE.to_owned(), place, too_large()),
                Ok(None) => None,
                Err(error) => unreadable(&error),
            };
        }
        Err(error) => return unreadable(&error),
    };
    if !has_legacy_words(language, bytes) && !is_utf16(bytes) {
        return None;
    }
    let Decoded { text, wrong } = decoded(bytes);
    // Only in UTF-16 the words were not seen from outside.
    if wrong == Some(NotUtf8::Utf16) && !has_legacy_words(language, text.as_bytes()) {
        return None;
    }
    let shown = candidate.shown(root);
    let project = project.at(&shown);
    let rewrite = rewritten(language, &text, wrong.as_ref(), &project, options);
    let path = candidate.path.clone();
    Some(Look::Looked(Looked { path, shown, language, text, wrong, rewrite }))
}

const TOO_LARGE: &str = "it is larger than 4 MiB";

fn too_large() -> Refusal {
    Refusal {
        reason: Reason::TooDeep,
        what: format!("the file is not looked into: {TOO_LARGE}"),
        advice: "take it apart, or rewrite its calls by hand; if a program writes it, put it into \
                 .gitignore"
            .to_owned(),
    }
}

fn not_read(why: &str) -> Refusal {
    Refusal {
        reason: Reason::NotRead,
        what: format!("the file is not looked into: {why}"),
        advice: "make it readable for whoever migrates, or put it into .gitignore".to_owned(),
    }
}

/// Files that others import, read when they are asked for.
fn modules(root: &Path) -> Modules {
    let root = root.to_owned();
    Modules::new(move |path| {
        let mut reader = Reader::default();
        let bytes = reader.read(&root.join(path)).ok().flatten()?;
        Some(std::str::from_utf8(bytes).ok()?.to_owned())
    })
}

fn rewritten(
    language: Language,
    text: &str,
    wrong: Option<&NotUtf8>,
    project: &Project,
    options: &Options,
) -> Rewrite {
    let (at, refusal) = match guarded(|| rewrite_checked(language, text, project, options)) {
        Ok(Ok(mut rewrite)) => {
            if let Some(wrong) = wrong {
                wrong.refuse(language, &mut rewrite);
            }
            return rewrite;
        }
        Ok(Err(error)) => match wrong {
            Some(wrong) => (first_legacy_word(text.as_bytes()).unwrap_or(0), wrong.closed(&error)),
            None => (error.at.min(text.len()), error.refusal()),
        },
        Err(refusal) => (0, refusal),
    };
    let site = kind_asked_for(language, options).map(|kind| closed(at, refusal, kind));
    Rewrite { sites: site.into_iter().collect(), ..Rewrite::default() }
}

/// Does some work, and makes a refusal of a panic: one file must not stand in the way of all
/// others.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Refusal> {
    // What the work leaves half done is thrown away with it.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        Refusal {
            reason: Reason::ProgramFault,
            what: format!("the program failed at this file: {}", message.unwrap_or("no message")),
            advice: "rewrite its calls by hand, and report this with the file".to_owned(),
        }
    })
}

/// The kinds of which a file may have something.
fn kinds(language: Language) -> &'static [Kind] {
    match language {
        Language::Ruby => &[
            Kind::RubySnowplow,
            Kind::RubyRedisHll,
            Kind::RubyRedis,
            Kind::RubyController,
            Kind::Rspec,
            Kind::DataAttributes,
        ],
        Language::JavaScript | Language::TypeScript => {
            &[Kind::JsTracking, Kind::VueMixin, Kind::JsApi, Kind::Jest, Kind::DataAttributes]
        }
        Language::Vue => &[Kind::VueMixin, Kind::JsTracking, Kind::JsApi, Kind::DataAttributes],
        Language::Html => &[Kind::DataAttributes, Kind::JsTracking],
        Language::Erb | Language::Haml => &[
            Kind::DataAttributes,
            Kind::RubySnowplow,
            Kind::RubyRedisHll,
            Kind::RubyRedis,
            Kind::JsTracking,
        ],
    }
}

/// The kind under which a file that is not read is counted; none if no kind of it is asked for.
fn kind_asked_for(language: Language, options: &Options) -> Option<Kind> {
    kinds(language).iter().copied().find(|it| options.includes(*it))
}

fn finish(whole: &mut Whole, planned: Planned, sources: &Sources) {
    for looked in &whole.looked {
        let mut positions = Positions::new(&looked.text);
        for site in &looked.rewrite.sites {
            let (line, column) = positions.of(site.range.start);
            let path = looked.shown.clone();
            whole.sites.push(Placed { path, line, column, site: site.clone() });
        }
    }
    if !whole.skipped.is_empty() {
        whole.sites.extend(whole.skipped.iter().map(|it| it.placed.clone()));
        whole.sites.sort_by(|a, b| a.path.cmp(&b.path));
    }
    for metric in planned.sites {
        let source = sources.metrics.iter().find(|it| it.path == metric.path);
        let text = source.map(|it| String::from_utf8_lossy(&it.bytes)).unwrap_or_default();
        let (line, column) = Positions::new(&text).of(metric.site.range.start);
        whole.sites.push(Placed { path: metric.path, line, column, site: metric.site });
    }
    whole.changes = planned.changes;
    whole.notes = planned.notes;
    whole.key_paths = planned.key_paths;
}

/// Maps items on several threads, each with a state of its own; the results are in order.
fn in_parallel<T: Sync, S, R: Send>(
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> Option<R> + Sync,
) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let take_all = || {
        let mut state = state();
        let mut mine = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(n) else { break };
            mine.extend(work(&mut state, item).map(|it| (n, it)));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
    };
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            if spawn_with_room(scope, take_all).is_err() {
                scope.spawn(take_all);
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, it)| it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_refuses_one_file_with_its_message() {
        assert_eq!(guarded(|| 1).expect("no panic"), 1);
        for work in [(|| panic!("at {}", 1)) as fn(), || panic!("at 1")] {
            let refusal = guarded(work).expect_err("a panic");
            assert_eq!(refusal.reason, Reason::ProgramFault);
            assert!(refusal.what.ends_with("at this file: at 1"), "{}", refusal.what);
        }
    }
}
