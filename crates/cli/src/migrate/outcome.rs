//! What became of everything.

use internal_events_migrate::{Change, Kind, Language, NotUtf8, Outcome, Refusal, Rewrite, Site};

/// A file that has a word of legacy tracking.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) path: std::path::PathBuf,
    pub(super) shown: String,
    pub(super) language: Language,
    pub(super) text: String,
    /// If it is not UTF-8, the text is not quite the file's, and nothing is rewritten.
    pub(super) wrong: Option<NotUtf8>,
    pub(super) rewrite: Rewrite,
}

/// A file that was not looked at.
#[derive(Clone, Debug)]
pub(super) struct Skipped {
    pub(super) why: String,
    /// Its refusal: what is not looked at may have legacy tracking.
    pub(super) placed: Placed,
}

/// A site with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) site: Site,
}

/// What became of everything.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// How many files there are in languages that are looked at.
    pub(super) n_files: usize,
    pub(super) looked: Vec<Looked>,
    pub(super) skipped: Vec<Skipped>,
    /// All sites: those of files by path, then those of metrics.
    pub(super) sites: Vec<Placed>,
    /// Definitions and tables.
    pub(super) changes: Vec<Change>,
    pub(super) notes: Vec<String>,
    pub(super) key_paths: Vec<String>,
}

/// What is counted of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) rewritten: usize,
    pub(super) refused: usize,
    pub(super) already: usize,
}

impl Whole {
    /// How much stays as it is.
    pub(super) fn n_refused(&self) -> usize {
        self.refusals().count()
    }

    /// How much legacy tracking there is as long as nothing is written.
    pub(super) fn n_legacy(&self) -> usize {
        self.sites.iter().filter(|it| it.site.outcome != Outcome::Already).count()
    }

    pub(super) fn refusals(&self) -> impl Iterator<Item = (&Placed, &Refusal)> {
        self.sites.iter().filter_map(|it| match &it.site.outcome {
            Outcome::Refused(refusal) => Some((it, refusal)),
            _ => None,
        })
    }

    /// What was counted, by kind, without kinds of which there is nothing.
    pub(super) fn counts(&self) -> Vec<(Kind, Counts)> {
        let of = |kind: Kind| {
            let mut counts = Counts::default();
            for placed in self.sites.iter().filter(|it| it.site.kind == kind) {
                match placed.site.outcome {
                    Outcome::Rewritten { .. } => counts.rewritten += 1,
                    Outcome::Refused(_) => counts.refused += 1,
                    Outcome::Already => counts.already += 1,
                }
            }
            counts
        };
        let all = Kind::ALL.into_iter().map(|it| (it, of(it)));
        all.filter(|(_, it)| *it != Counts::default()).collect()
    }

    /// Files whose text changes: path, text before, text afterwards.
    pub(super) fn changed_sources(&self) -> impl Iterator<Item = (&Looked, String)> {
        let changed = self.looked.iter().filter(|it| !it.rewrite.edits.is_empty());
        changed.map(|it| (it, it.rewrite.edits.apply(&it.text)))
    }

    /// What an analyst must know, by file and line.
    pub(super) fn payload_notes(&self) -> impl Iterator<Item = (&Placed, &str)> {
        self.sites.iter().flat_map(|it| {
            let notes: &[String] = match &it.site.outcome {
                Outcome::Rewritten { notes } => notes,
                _ => &[],
            };
            notes.iter().map(move |note| (it, note.as_str()))
        })
    }
}

/// Lines and columns of a text, for places that are asked for in their order.
pub(super) struct Positions<'t> {
    text: &'t str,
    line: usize,
    /// Where the line begins.
    start: usize,
}

impl<'t> Positions<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, line: 1, start: 0 }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(super) fn of(&mut self, at: usize) -> (usize, usize) {
        let before = self.text.get(self.start..at).unwrap_or_default();
        self.line += before.matches('\n').count();
        self.start += before.rfind('\n').map_or(0, |it| it + 1);
        let line = self.text.get(self.start..at).unwrap_or_default();
        (self.line, line.chars().count() + 1)
    }
}

/// The site of a file of which nothing is rewritten.
pub(super) fn closed(at: usize, refusal: Refusal, kind: Kind) -> Site {
    Site { kind, range: at..at, outcome: Outcome::Refused(refusal), event: None }
}
