//! Faults of every kind, put into real definitions: each is found under its code, at its line.

mod faults;
mod text;

use crate::corpus;
use faults::KINDS;
use internal_events_definitions::{Analysis, Source, Sources, analyze};
use std::collections::BTreeSet;

/// How many cases of each kind are drawn at most.
const CASES_PER_KIND: usize = 7;

/// How often a kind may draw without finding something to break.
const DRAWS_PER_KIND: usize = 60;

/// Fewer cases than this would prove little.
const MIN_CASES: usize = 200;

const SEED: u64 = 0x5eed_2026;

/// One fault: the files it changes, and where it must be reported.
#[derive(Debug)]
pub(crate) struct Case {
    /// New contents by path; none for a file that is gone.
    changes: Vec<(String, Option<Vec<u8>>)>,
    path: String,
    line: usize,
}

impl Case {
    /// A change of one text, reported there.
    fn new(path: &str, text: impl Into<Vec<u8>>, line: usize) -> Self {
        let changes = vec![(path.to_owned(), Some(text.into()))];
        Self { changes, path: path.to_owned(), line }
    }

    /// A change of one text, reported in another file.
    fn elsewhere(changed: (&str, Option<String>), path: &str, line: usize) -> Self {
        let changes = vec![(changed.0.to_owned(), changed.1.map(String::into_bytes))];
        Self { changes, path: path.to_owned(), line }
    }

    fn apply(&self, sources: &Sources) -> Sources {
        let mut sources = sources.clone();
        for (path, bytes) in &self.changes {
            let tables = [
                &mut sources.unique_overrides,
                &mut sources.total_overrides,
                &mut sources.legacy_events,
            ];
            if let Some(table) = tables.into_iter().flatten().find(|it| it.path == *path) {
                table.bytes = bytes.clone().unwrap();
                continue;
            }
            let is_metric = path.contains("config/metrics/");
            let list = if is_metric { &mut sources.metrics } else { &mut sources.events };
            list.retain(|it| it.path != *path);
            if let Some(bytes) = bytes {
                list.push(Source { path: path.clone(), bytes: bytes.clone() });
            }
        }
        sources
    }

    fn is_found(&self, code: &str, analysis: &Analysis) -> bool {
        analysis
            .diagnostics
            .iter()
            .any(|it| it.code == code && it.path == self.path && it.line == self.line)
    }
}

/// Random numbers, the same each time (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n.max(1)).unwrap()).unwrap()
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len()))
    }
}

/// A drawn fault: its kind, the code it must be found under, and the case.
type Drawn = (&'static str, &'static str, Case);

/// Draws cases of every kind.
fn draw(sources: &Sources) -> Vec<Drawn> {
    let world = faults::World::new(sources);
    let mut random = Random(SEED);
    let mut drawn = Vec::new();
    for (kind, code, fault) in KINDS {
        let mut seen = BTreeSet::new();
        for _ in 0..DRAWS_PER_KIND {
            let Some(case) = fault(&world, &mut random) else { continue };
            if seen.len() < CASES_PER_KIND && seen.insert(case.changes.clone()) {
                drawn.push((*kind, *code, case));
            }
        }
        assert!(!seen.is_empty(), "{kind}: nothing in the corpus to break");
    }
    drawn
}

/// Every file that a drawn fault changes, with its new content.
pub(crate) fn changed_files(sources: &Sources) -> Vec<Source> {
    let cases = draw(sources).into_iter().flat_map(|(_, _, case)| case.changes);
    cases.filter_map(|(path, bytes)| Some(Source { path, bytes: bytes? })).collect()
}

#[test]
fn every_fault_is_found_at_its_line() {
    let Some(sources) = corpus::sources() else { return };
    let drawn = draw(&sources);
    let halves: Vec<&[Drawn]> = drawn.chunks(drawn.len().div_ceil(2)).collect();
    let missed: Vec<String> = std::thread::scope(|scope| {
        let sources = &sources;
        let search = |half| scope.spawn(move || missed(sources, half));
        let threads: Vec<_> = halves.into_iter().map(search).collect();
        threads.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    for (kind, code, _) in KINDS {
        let n = drawn.iter().filter(|it| it.0 == *kind).count();
        println!("{n:4} {kind} → {code}");
    }
    println!("{:4} in all, {} kinds, {} missed", drawn.len(), KINDS.len(), missed.len());
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(drawn.len() >= MIN_CASES, "only {} cases", drawn.len());
}

/// The cases that are not found as they should be.
fn missed(sources: &Sources, drawn: &[Drawn]) -> Vec<String> {
    let mut missed = Vec::new();
    for (kind, code, case) in drawn {
        let analysis = analyze(&case.apply(sources));
        if !case.is_found(code, &analysis) {
            let at = analysis.diagnostics.iter().filter(|it| it.path == case.path);
            let at: Vec<_> =
                at.map(|it| format!("{}:{} {}", it.line, it.code, it.message)).collect();
            missed.push(format!("{kind}: no {code} at {}:{}, but {at:#?}", case.path, case.line));
        }
    }
    missed
}
