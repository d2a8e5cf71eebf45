//! Attributes in hashes of Ruby: `data: { track_action: 'x' }`, `'data-track-action' => 'x'`.

use super::Work;
use super::judge::{quote, refusal};
use crate::site::{Outcome, Reason, Unparsable};
use crate::stack::bounded;
use ruby_prism::{
    AndNode, CallNode, HashNode, IfNode, KeywordHashNode, Location, Node, Options, OrNode,
    StringNode, Visit,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

mod hashes;
mod helper;
mod values;

/// In what Ruby stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// In a file of its own, or in a tag of ERB, or in a line of HAML.
    Code,
    /// In the attributes of a HAML tag, where hashes within `data` become more attributes.
    HamlAttributes,
}

/// Calls within calls; people write far fewer, and each takes a part of the stack.
const N_DEEP: usize = 500;

/// Rewrites the hashes of some Ruby.
pub(super) fn read(text: &str, flavour: Flavour, work: &mut Work<'_>) -> Result<(), Unparsable> {
    // In a file, `track_event(…)` is a call; it is in almost every one that is looked at.
    let is_call = |at: usize| flavour == Flavour::Code && text[at..].starts_with("track_event(");
    if text.match_indices("track").all(|(at, _)| is_call(at)) {
        return Ok(());
    }
    bounded(text)?;
    // In templates `yield` and `return` stand outside of methods.
    let options = Options::default().partial_script(true).build();
    let parsed = ruby_prism::parse_with_options(text.as_bytes(), &options);
    if let Some(it) = parsed.errors().next() {
        let message = String::from_utf8_lossy(it.message());
        return Err(Unparsable::wrong(it.location().start() as usize, message));
    }
    let mut reader = Reader {
        text,
        flavour,
        work,
        depth: 0,
        deepest: 0,
        data: BTreeSet::new(),
        nested: BTreeMap::new(),
        helpers: BTreeMap::new(),
        settled: BTreeSet::new(),
    };
    reader.visit(&parsed.node());
    if reader.deepest >= N_DEEP {
        return Err(Unparsable::too_deep(0, "calls are nested too deeply"));
    }
    Ok(())
}

struct Reader<'a, 'b, 'c> {
    text: &'c str,
    flavour: Flavour,
    work: &'a mut Work<'b>,
    depth: usize,
    deepest: usize,
    /// Where hashes begin whose members are attributes without the word `data`.
    data: BTreeSet<usize>,
    /// Where hashes begin whose members are attributes without `data` and `track`, and the bytes
    /// of the latter.
    nested: BTreeMap<usize, Range<usize>>,
    /// Where calls of `tracking_attrs` begin, and how they may be written out.
    helpers: BTreeMap<usize, helper::Place>,
    /// Where texts begin that belong to an element that was judged.
    settled: BTreeSet<usize>,
}

impl Reader<'_, '_, '_> {
    /// Goes deeper, but not endlessly.
    fn within(&mut self, walk: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth < N_DEEP {
            walk(self);
        }
        self.depth -= 1;
    }

    fn refuse(&mut self, range: Range<usize>, reason: Reason, what: &str, advice: &str) {
        let what = format!("{what}: `{}`", quote(self.text, &range));
        self.work.note(range, Outcome::Refused(refusal(reason, what, advice)), None);
    }
}

impl<'pr> Visit<'pr> for Reader<'_, '_, '_> {
    fn visit_hash_node(&mut self, node: &HashNode<'pr>) {
        self.hash(&node.location(), &node.elements());
        self.within(|it| ruby_prism::visit_hash_node(it, node));
    }

    fn visit_keyword_hash_node(&mut self, node: &KeywordHashNode<'pr>) {
        self.hash(&node.location(), &node.elements());
        self.within(|it| ruby_prism::visit_keyword_hash_node(it, node));
    }

    fn visit_array_node(&mut self, node: &ruby_prism::ArrayNode<'pr>) {
        self.positional(&node.elements(), true);
        self.within(|it| ruby_prism::visit_array_node(it, node));
    }

    fn visit_call_node(&mut self, node: &CallNode<'pr>) {
        self.index(node);
        self.tracking_attrs(node);
        if let Some(arguments) = node.arguments() {
            // Operators and `x.data = …` take no hash without braces.
            let is_word = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'?' | b'!');
            if node.name().as_slice().iter().all(|it| is_word(*it)) {
                self.positional(&arguments.arguments(), node.opening_loc().is_some());
            }
        }
        self.within(|it| ruby_prism::visit_call_node(it, node));
    }

    fn visit_and_node(&mut self, node: &AndNode<'pr>) {
        self.within(|it| ruby_prism::visit_and_node(it, node));
    }

    fn visit_or_node(&mut self, node: &OrNode<'pr>) {
        self.within(|it| ruby_prism::visit_or_node(it, node));
    }

    fn visit_if_node(&mut self, node: &IfNode<'pr>) {
        self.within(|it| ruby_prism::visit_if_node(it, node));
    }

    /// A text with the name of an attribute that nothing was made of: HTML, a selector.
    fn visit_string_node(&mut self, node: &StringNode<'pr>) {
        let range = bytes(&node.location());
        let code = self.text.get(range.clone()).unwrap_or_default();
        let is_name = code.contains("data-track-action") || code.contains("data-track-event");
        if is_name && !self.settled.contains(&range.start) {
            self.refuse(
                range,
                Reason::NotUnderstood,
                "the attribute is within a text",
                "If this is the HTML of an element, or if the elements it stands for are \
                 migrated, write `data-event-tracking` here by hand.",
            );
        }
    }
}

impl Reader<'_, '_, '_> {
    /// `data[:track_action]`, read or set.
    fn index(&mut self, node: &CallNode<'_>) {
        if !matches!(node.name().as_slice(), b"[]" | b"[]=" | b"fetch" | b"dig" | b"delete") {
            return;
        }
        let Some(key) = node.arguments().and_then(|it| it.arguments().first()) else { return };
        let Some((name, _)) = values::name(self.text, &key) else { return };
        if matches!(&*name, "track_action" | "track-action" | "data-track-action") {
            self.settled.insert(bytes(&key.location()).start);
            self.refuse(
                bytes(&node.location()),
                Reason::IndirectArguments,
                "the attribute is read or set apart from the others",
                "Write all attributes into one hash, or change this by hand together with them.",
            );
        }
    }
}

fn bytes(location: &Location<'_>) -> Range<usize> {
    location.start() as usize..location.end() as usize
}

/// The bytes of a node.
fn range(node: &Node<'_>) -> Range<usize> {
    bytes(&node.location())
}
