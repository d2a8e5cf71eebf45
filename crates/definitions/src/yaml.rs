//! Reads YAML into a small tree that knows where everything stands in the text.
//!
//! The tree borrows from the text, keeps keys and values with their byte ranges, and is built
//! from the parser's events with a stack of its own, so that depth costs no recursion. What is
//! odd but readable becomes a [`Fault`] beside the tree; only a syntax error costs the tree.

mod psych;
mod scalar;
#[cfg(test)]
mod tests;

pub(crate) use psych::psych_reading;
pub use scalar::Text;

use granit_parser::{Event, Parser, StructureStyle};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// How many nodes aliases of one file may copy. Real definitions use none; a file that doubles
/// itself at each line would otherwise fill the memory within thirty lines.
const MAX_ALIASED_NODES: usize = 10_000;

/// Mappings with more keys than this find duplicates by hashing.
const FEW_KEYS: usize = 24;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// The bytes of the value. An absent value has the span of its key.
    pub span: Range<usize>,
    /// What it is.
    pub data: Data<'a>,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Data<'a> {
    /// Text, number, truth value or nothing.
    Scalar(Text<'a>),
    /// A sequence.
    List(Vec<Node<'a>>),
    /// A mapping, in the order of the file, duplicates included.
    Map(Vec<Entry<'a>>),
}

/// One pair of a mapping.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The key's text.
    pub key: Cow<'a, str>,
    /// The bytes of the key.
    pub key_span: Range<usize>,
    /// What it is set to.
    pub value: Node<'a>,
}

/// Something about the text itself, before anybody asks what it defines.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The bytes it is about.
    pub span: Range<usize>,
    /// What it is.
    pub kind: FaultKind,
}

/// The kinds of faults.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// The bytes are no UTF-8.
    NotUtf8,
    /// The text starts with an invisible mark.
    ByteOrderMark,
    /// The parser gave up.
    Syntax(String),
    /// A mapping has one key twice.
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stood first.
        first: Range<usize>,
    },
    /// There is more than one document.
    SeveralDocuments,
    /// YAML that definitions cannot use.
    Unsupported(String),
    /// A value that is written elsewhere in the file.
    Alias,
}

impl<'a> Node<'a> {
    /// The value of a key. Of duplicates the last counts, as in Ruby.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|it| &it.value)
    }

    /// The pair of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries().iter().rev().find(|it| it.key == key)
    }

    /// The pairs of a mapping; nothing for other nodes.
    pub fn entries(&self) -> &[Entry<'a>] {
        match &self.data {
            Data::Map(it) => it,
            _ => &[],
        }
    }

    /// The items of a list; nothing for other nodes.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(it) => it,
            _ => &[],
        }
    }

    /// The text of a scalar that is a string.
    pub fn as_str(&self) -> Option<&str> {
        self.scalar().and_then(Text::as_str)
    }

    /// The scalar, whatever its type.
    pub fn scalar(&self) -> Option<&Text<'a>> {
        match &self.data {
            Data::Scalar(it) => Some(it),
            _ => None,
        }
    }

    /// Whether the value is null, written or absent.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(Text::is_null)
    }

    /// Names the kind of value in the words of messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.data {
            Data::Scalar(it) => it.value().kind(),
            Data::List(_) => "list",
            Data::Map(_) => "mapping",
        }
    }

    fn n_nodes(&self) -> usize {
        1 + match &self.data {
            Data::Scalar(_) => 0,
            Data::List(items) => items.iter().map(Self::n_nodes).sum(),
            Data::Map(entries) => entries.iter().map(|it| it.value.n_nodes()).sum(),
        }
    }
}

/// Reads the first document of a text.
///
/// The node is `None` when the text is empty, holds only comments, or cannot be parsed.
pub fn read(text: &str) -> (Option<Node<'_>>, Vec<Fault>) {
    let mut builder = Builder::default();
    if text.starts_with('\u{feff}') {
        builder.fault(0..'\u{feff}'.len_utf8(), FaultKind::ByteOrderMark);
    }
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((Event::DocumentStart(..), _)) if builder.n_documents > 0 => {
                let at = second_document(text, builder.last_end);
                builder.fault(at, FaultKind::SeveralDocuments);
                break;
            }
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                if let Some(tab) = tab_before(text, &event, range.start) {
                    let message = "a tab cannot indent a key".to_owned();
                    builder.fault(tab..tab + 1, FaultKind::Syntax(message));
                    builder.root = None;
                    break;
                }
                builder.push(event, range);
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                let span = visible_span(text, at);
                builder.fault(span, FaultKind::Syntax(error.info()));
                builder.root = None;
                break;
            }
        }
    }
    (builder.root, builder.faults)
}

/// The tab that indents a block mapping; our parser lets some pass that Ruby's refuses.
fn tab_before(text: &str, event: &Event<'_>, start: usize) -> Option<usize> {
    let Event::MappingStart(StructureStyle::Block, ..) = event else { return None };
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |it| it + 1);
    text[line_start..start].find('\t').map(|it| line_start + it)
}

/// The character at an offset or, at the end of a line, the line before it.
fn visible_span(text: &str, at: usize) -> Range<usize> {
    let mut start = at;
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    match text[start..].chars().next() {
        Some(it) if it != '\n' && it != '\r' => start..start + it.len_utf8(),
        _ => start..start,
    }
}

/// The `---` that starts a second document.
fn second_document(text: &str, from: usize) -> Range<usize> {
    let from = from.min(text.len());
    match text.get(from..).and_then(|it| it.find("---")) {
        Some(at) => from + at..from + at + 3,
        None => from..from,
    }
}

/// A collection that is still open.
struct Frame<'a> {
    start: usize,
    end: usize,
    style: StructureStyle,
    anchor: usize,
    open: Open<'a>,
}

enum Open<'a> {
    List(Vec<Node<'a>>),
    Map { entries: Vec<Entry<'a>>, key: Option<Key<'a>> },
}

/// A key whose value is still to come; without text when it is no scalar.
struct Key<'a> {
    text: Option<Cow<'a, str>>,
    span: Range<usize>,
}

#[derive(Default)]
struct Builder<'a> {
    stack: Vec<Frame<'a>>,
    root: Option<Node<'a>>,
    faults: Vec<Fault>,
    anchors: HashMap<usize, Node<'a>>,
    n_documents: usize,
    n_aliased: usize,
    last_end: usize,
}

impl<'a> Builder<'a> {
    fn fault(&mut self, span: Range<usize>, kind: FaultKind) {
        self.faults.push(Fault { span, kind });
    }

    fn push(&mut self, event: Event<'a>, span: Range<usize>) {
        self.last_end = self.last_end.max(span.end);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text = Text::new(text, style.into(), tag.as_deref());
                if let Some(tag) = tag.as_deref().filter(|_| text.has_foreign_tag()) {
                    let message = format!("the tag `{}` is not allowed here", tag.original());
                    self.fault(span.clone(), FaultKind::Unsupported(message));
                }
                self.node(Node { span, data: Data::Scalar(text) }, anchor);
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(span, style, anchor, Open::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                let entries = Vec::with_capacity(if self.stack.is_empty() { 16 } else { 4 });
                self.open(span, style, anchor, Open::Map { entries, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&span),
            Event::Alias(id) => self.alias(id, span),
            Event::DocumentEnd => self.n_documents += 1,
            _ => {}
        }
    }

    fn open(&mut self, span: Range<usize>, style: StructureStyle, anchor: usize, open: Open<'a>) {
        self.stack.push(Frame { start: span.start, end: span.end, style, anchor, open });
    }

    fn close(&mut self, span: &Range<usize>) {
        let Some(frame) = self.stack.pop() else { return };
        // The end of a block collection is reported where the next token starts, lines below.
        let end = if frame.style == StructureStyle::Flow { span.end } else { frame.end };
        let data = match frame.open {
            Open::List(items) => Data::List(items),
            Open::Map { entries, .. } => {
                self.find_duplicates(&entries);
                Data::Map(entries)
            }
        };
        self.node(Node { span: frame.start..end.max(frame.start), data }, frame.anchor);
    }

    fn alias(&mut self, id: usize, span: Range<usize>) {
        let target = self.anchors.get(&id).map(|it| (it.n_nodes(), it));
        match target {
            Some((n_nodes, _)) if self.n_aliased + n_nodes > MAX_ALIASED_NODES => {
                let message = "aliases unfold to more than 10,000 values".to_owned();
                self.fault(span.clone(), FaultKind::Unsupported(message));
                self.node(Node { span, data: Data::Scalar(Text::null()) }, 0);
            }
            Some((n_nodes, it)) => {
                let data = it.data.clone();
                self.n_aliased += n_nodes;
                self.fault(span.clone(), FaultKind::Alias);
                self.node(Node { span, data }, 0);
            }
            // An alias inside its own anchor has no finished target.
            None => {
                let message = "this alias refers to itself".to_owned();
                self.fault(span.clone(), FaultKind::Unsupported(message));
                self.node(Node { span, data: Data::Scalar(Text::null()) }, 0);
            }
        }
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, mut node: Node<'a>, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let end = node.span.end;
        let Some(frame) = self.stack.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        frame.end = frame.end.max(end);
        let complex_key = match &mut frame.open {
            Open::List(items) => {
                items.push(node);
                None
            }
            Open::Map { entries, key } => match key.take() {
                None => {
                    let span = node.span.clone();
                    let text = match node.data {
                        Data::Scalar(it) => Some(it.into_text()),
                        _ => None,
                    };
                    let is_complex = text.is_none();
                    *key = Some(Key { text, span: span.clone() });
                    is_complex.then_some(span)
                }
                Some(Key { text: Some(text), span }) => {
                    if node.span.is_empty() {
                        node.span = span.clone();
                    }
                    entries.push(Entry { key: text, key_span: span, value: node });
                    None
                }
                Some(_) => None,
            },
        };
        if let Some(span) = complex_key {
            let message = "a key must be plain text".to_owned();
            self.fault(span, FaultKind::Unsupported(message));
        }
    }

    fn find_duplicates(&mut self, entries: &[Entry<'a>]) {
        if entries.len() <= FEW_KEYS {
            for (idx, entry) in entries.iter().enumerate().skip(1) {
                if let Some(first) = entries[..idx].iter().find(|it| it.key == entry.key) {
                    self.duplicate(entry, first);
                }
            }
            return;
        }
        let mut seen: HashMap<&str, &Entry<'a>> = HashMap::with_capacity(entries.len());
        for entry in entries {
            match seen.get(entry.key.as_ref()).copied() {
                Some(first) => self.duplicate(entry, first),
                None => {
                    seen.insert(&entry.key, entry);
                }
            }
        }
    }

    fn duplicate(&mut self, entry: &Entry<'a>, first: &Entry<'a>) {
        let kind = FaultKind::DuplicateKey {
            key: entry.key.clone().into_owned(),
            first: first.key_span.clone(),
        };
        self.fault(entry.key_span.clone(), kind);
    }
}
