//! One definition file: its text, its tree, and what its place in the folders says about it.

use crate::Source;
use crate::yaml::{self, Data, Fault, FaultKind, Node};
use std::ops::Range;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct File<'a> {
    /// Path relative to the root.
    pub(crate) path: &'a str,
    /// The text; of bytes that are no UTF-8 the part before the first wrong one.
    pub(crate) text: &'a str,
    /// What it contains.
    pub(crate) root: Option<Node<'a>>,
    /// What is odd about the text.
    pub(crate) faults: Vec<Fault>,
    /// What its folder says.
    pub(crate) place: Place,
}

/// What the folder of a file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Directly in `config/events`.
    Event,
    /// In `config/events/removed`: kept for the record, unknown to tracking.
    RemovedEvent,
    /// In another folder below `config/events`, where nobody looks.
    StrayEvent,
    /// In a folder of `config/metrics`.
    Metric,
    /// In `config/metrics/aggregates`: unions of the time before internal events.
    Aggregate,
    /// An override table or list.
    Table,
}

const REMOVED_FOLDER: &str = "removed";
const AGGREGATES_FOLDER: &str = "aggregates";

impl<'a> File<'a> {
    /// Reads a file of `config/events`.
    pub(crate) fn event(source: &'a Source) -> Self {
        let place = match folders_below(&source.path, "config/events/") {
            Some(REMOVED_FOLDER) => Place::RemovedEvent,
            Some(it) if !it.is_empty() => Place::StrayEvent,
            _ => Place::Event,
        };
        Self::read(source, place)
    }

    /// Reads a file of `config/metrics`.
    pub(crate) fn metric(source: &'a Source) -> Self {
        let place = match folders_below(&source.path, "config/metrics/") {
            Some(AGGREGATES_FOLDER) => Place::Aggregate,
            _ => Place::Metric,
        };
        Self::read(source, place)
    }

    /// Reads an override table or list.
    pub(crate) fn table(source: &'a Source) -> Self {
        Self::read(source, Place::Table)
    }

    fn read(source: &'a Source, place: Place) -> Self {
        let path = source.path.as_str();
        match std::str::from_utf8(&source.bytes) {
            Ok(text) => {
                let (root, faults) = yaml::read(text);
                Self { path, text, root, faults, place }
            }
            Err(error) => {
                let at = error.valid_up_to();
                let faults = vec![Fault { span: at..at + 1, kind: FaultKind::NotUtf8 }];
                let text = std::str::from_utf8(&source.bytes[..at]).unwrap_or_default();
                Self { path, text, root: None, faults, place }
            }
        }
    }

    /// The mapping the file consists of, if it does.
    pub(crate) fn mapping(&self) -> Option<&Node<'a>> {
        self.root.as_ref().filter(|it| matches!(it.data, Data::Map(_)))
    }

    /// Whether the text could not be parsed, so that nothing is known about its content.
    pub(crate) fn is_unreadable(&self) -> bool {
        let is_fatal = |it: &Fault| matches!(it.kind, FaultKind::NotUtf8 | FaultKind::Syntax(_));
        self.faults.iter().any(is_fatal)
    }

    /// The file's name without folders and extension.
    pub(crate) fn stem(&self) -> &'a str {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).unwrap_or(name)
    }

    /// The folder of a metric file below `config/metrics`.
    pub(crate) fn folder(&self) -> &'a str {
        folders_below(self.path, "config/metrics/").unwrap_or_default()
    }

    /// Whether the file is in the `ee/` tree.
    pub(crate) fn is_ee(&self) -> bool {
        self.path.starts_with("ee/") || self.path.contains("/ee/config/")
    }

    /// The first line, for findings about the file as a whole.
    pub(crate) fn first_line(&self) -> Range<usize> {
        match self.mapping().and_then(|it| it.entries().first()) {
            Some(it) => it.key_span.clone(),
            None => 0..self.text.lines().next().map_or(0, str::len),
        }
    }
}

/// The folders between a known one and the file: empty if it lies directly in it.
fn folders_below<'a>(path: &'a str, known: &str) -> Option<&'a str> {
    let rest = &path[path.rfind(known)? + known.len()..];
    Some(rest.rsplit_once('/').map_or("", |(folders, _)| folders))
}
