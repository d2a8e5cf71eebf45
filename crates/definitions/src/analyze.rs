//! From files to definitions and findings.
//!
//! ```text
//!  Sources ─ read (each file alone, on all cores) ─► File ─► Event, Metric ─► Definitions
//!                                                      └──► rules ─► Diagnostics
//! ```

use crate::file::{File, Place};
use crate::index::Index;
use crate::model::{self, Event, Metric};
use crate::rules::{self, Check, Out, RULES};
use crate::tables::Tables;
use crate::yaml::Node;
use crate::{Analysis, Diagnostic, Facts, Source, Sources, aggregates, fields};
use internal_events_catalog::Definitions;
use std::num::NonZero;

/// Below this many files a second thread costs more than it brings.
const FILES_PER_THREAD: usize = 200;

/// More threads than this wait for memory, not for a core.
const MAX_THREADS: usize = 8;

/// Reads everything an installation says about its events and metrics, and finds everything that
/// is wrong with it.
///
/// Never fails: a file that cannot be read becomes a diagnostic and hides no other. The result is
/// the same for any order of the input.
pub fn analyze(sources: &Sources) -> Analysis {
    let mut event_sources: Vec<&Source> = sources.events.iter().collect();
    let mut metric_sources: Vec<&Source> = sources.metrics.iter().collect();
    let by_path = |a: &&Source, b: &&Source| (&a.path, &a.bytes).cmp(&(&b.path, &b.bytes));
    event_sources.sort_by(by_path);
    metric_sources.sort_by(by_path);

    let event_files = on_all_cores(&event_sources, |it| File::event(it));
    let metric_files = on_all_cores(&metric_sources, |it| File::metric(it));
    let tables = Tables::read(sources);
    let events: Vec<Event<'_>> = event_files.iter().filter_map(Event::new).collect();
    let metrics = on_all_cores(&metric_files, Metric::new);
    let metrics: Vec<Metric<'_>> = metrics.into_iter().flatten().collect();

    let index = Index::new(&event_files, &events, &metrics, &tables);
    let diagnostics = {
        let files = event_files.iter().chain(&metric_files).chain(tables.files());
        find(&index, &files.collect::<Vec<_>>())
    };

    let mut defined = on_all_cores(&metrics, Metric::definitions).into_iter().flatten().collect();
    aggregates::add(&mut defined, &metric_files);
    Analysis {
        definitions: Definitions {
            events: loaded(&events).filter_map(Event::definition).collect(),
            metrics: defined,
            overrides: tables.overrides(),
        },
        diagnostics,
        n_events: event_files.len(),
        n_metrics: metric_files.len(),
        facts: facts(&events, &metrics),
    }
}

/// Runs every rule over everything it looks at.
fn find<'n>(index: &Index<'n>, files: &[&'n File<'n>]) -> Vec<Diagnostic> {
    let mut findings: Out<'n> = Vec::new();
    let of_files = on_all_cores(files, |file| {
        let mut out = Vec::new();
        match file.place {
            Place::Event | Place::RemovedEvent => {
                fields::check::check(&fields::EVENT, file, &mut out);
            }
            Place::Metric => {
                fields::check::check(&fields::METRIC, file, &mut out);
            }
            Place::StrayEvent | Place::Aggregate | Place::Table => {}
        }
        for rule in RULES {
            if let Check::File(check) = rule.check {
                check(file, &mut out);
            }
        }
        out
    });
    let of_events = on_all_cores(index.events, |event| {
        let mut out = Vec::new();
        for rule in RULES {
            if let Check::Event(check) = rule.check {
                check(index, event, &mut out);
            }
        }
        out
    });
    let of_metrics = on_all_cores(index.metrics, |metric| {
        let mut out = Vec::new();
        for rule in RULES {
            if let Check::Metric(check) = rule.check {
                check(index, metric, &mut out);
            }
        }
        out
    });
    findings.extend(of_files.into_iter().chain(of_events).chain(of_metrics).flatten());
    for rule in RULES {
        if let Check::Whole(check) = rule.check {
            check(index, &mut findings);
        }
    }
    rules::diagnostics(findings)
}

/// The events that tracking knows.
fn loaded<'e, 'n>(events: &'e [Event<'n>]) -> impl Iterator<Item = &'e Event<'n>> {
    events.iter().filter(|it| it.file.place == Place::Event)
}

fn facts(events: &[Event<'_>], metrics: &[Metric<'_>]) -> Facts {
    let mut facts = Facts::default();
    let mut newest = None;
    let nodes = events.iter().map(|it| it.node).chain(metrics.iter().map(|it| it.node));
    for node in nodes {
        if let Some(group) = model::text(node, "product_group") {
            *facts.product_groups.entry(group.to_owned()).or_default() += 1;
            for category in model::items(node, "product_categories").iter().filter_map(Node::as_str)
            {
                let categories = facts.categories_by_group.entry(group.to_owned()).or_default();
                categories.insert(category.to_owned());
            }
        }
        newest = newest.max(model::text(node, "milestone").and_then(milestone));
    }
    facts.newest_milestone = newest.map(|(major, minor)| format!("{major}.{minor}"));
    for event in events {
        if let Some(action) = event.action {
            let path = facts.actions.entry(action.to_owned());
            path.or_insert_with(|| event.file.path.to_owned());
        }
    }
    for metric in metrics {
        for (key_path, _) in metric.key_paths() {
            facts.key_paths.entry(key_path).or_insert_with(|| metric.file.path.to_owned());
        }
    }
    facts
}

/// The two numbers of a milestone; what came before one counts as that one.
fn milestone(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.strip_prefix('<').unwrap_or(text).split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Maps items in order, on as many cores as are worth it.
pub(crate) fn on_all_cores<'t, T: Sync, R: Send>(
    items: &'t [T],
    work: impl Fn(&'t T) -> R + Sync,
) -> Vec<R> {
    let n_cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let n_threads = n_cores.min(items.len() / FILES_PER_THREAD).clamp(1, MAX_THREADS);
    if n_threads == 1 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let chunks = items.chunks(items.len().div_ceil(n_threads));
        let spawn =
            |chunk: &'t [T]| scope.spawn(move || chunk.iter().map(work).collect::<Vec<_>>());
        let threads: Vec<_> = chunks.map(spawn).collect();
        let join = |it: std::thread::ScopedJoinHandle<'_, Vec<R>>| match it.join() {
            Ok(it) => it,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().flat_map(join).collect()
    })
}
