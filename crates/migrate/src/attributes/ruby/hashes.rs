//! Hashes whose members are attributes.

use super::{Flavour, Reader, bytes, range, values};
use crate::attributes::element::{
    Attribute, Case, Element, Era, Layout, Part, Value, data_meaning, internal_name, meaning,
};
use crate::site::Reason;
use ruby_prism::{AssocNode, Location, Node, NodeList};
use std::ops::Range;

/// What the members of a hash are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Members {
    /// Attributes with their full names, perhaps.
    Attributes,
    /// Attributes without the word `data`.
    Data,
    /// Attributes without `data` and `track`; these are the bytes of the latter.
    Track(Range<usize>),
}

impl Reader<'_, '_, '_> {
    /// Judges a hash.
    pub(super) fn hash(&mut self, at: &Location<'_>, elements: &NodeList<'_>) {
        let start = bytes(at).start;
        let members = if let Some(it) = self.nested.get(&start) {
            Members::Track(it.clone())
        } else if self.data.contains(&start) {
            Members::Data
        } else {
            Members::Attributes
        };
        let listed = elements.iter().map(|it| range(&it)).collect();
        let mut element = Element::new(Layout::Listed(listed));
        let mut bare = None;
        for pair in elements.iter().filter_map(|it| it.as_assoc_node()) {
            self.inner(&members, &pair);
            let attribute = self.attribute(&members, &pair);
            if attribute.is_some() {
                self.settled.insert(range(&pair.key()).start);
            } else if members == Members::Attributes && self.is_bare(&pair) {
                bare = Some(bytes(&pair.location()));
            }
            element.is_dropdown |= self.is_dropdown(&members, &pair);
            element.attributes.extend(attribute);
        }
        if let Members::Track(it) = members.clone()
            && element.attributes.iter().any(|it| it.era == Era::Legacy)
        {
            element.also.push((it, "event".to_owned()));
        }
        if members == Members::Data && self.flavour == Flavour::HamlAttributes {
            self.nested(elements, &element);
        }
        self.splats(&members, elements, &element);
        match self.hidden(&members, elements, &element) {
            Some(it) => self.refuse(
                it,
                Reason::IndirectArguments,
                "more attributes may come from here",
                "Write all attributes into one hash, then run this once more.",
            ),
            None => self.work.settle(self.text, &element),
        }
        if let Some(it) = bare {
            self.refuse(
                it,
                Reason::IndirectArguments,
                "it is not seen whether this becomes an attribute",
                "Write it into `data: { … }` where the element is made, or change it by hand \
                 together with the code that reads it.",
            );
        }
    }

    /// Notes the hash within that holds attributes.
    fn inner(&mut self, members: &Members, pair: &AssocNode<'_>) {
        let name = values::name(self.text, &pair.key()).map(|it| it.0);
        if *members == Members::Attributes && name.is_some_and(|it| it == "data") {
            self.note_data(&pair.value());
        }
    }

    /// `data: { track: { action: 'x' } }`, which HAML makes attributes of.
    fn nested(&mut self, elements: &NodeList<'_>, element: &Element) {
        let pairs = elements.iter().filter_map(|it| it.as_assoc_node());
        let inner: Vec<_> = pairs
            .filter(|it| it.value().as_hash_node().is_some())
            .filter_map(|it| Some((values::name(self.text, &it.key())?, it)))
            .filter(|it| matches!(&*it.0.0, "track" | "event"))
            .collect();
        let has_splat = elements.iter().any(|it| it.as_assoc_splat_node().is_some());
        let is_alone = inner.len() == 1 && element.attributes.is_empty() && !has_splat;
        for ((name, at), pair) in inner {
            let range = bytes(&pair.location());
            if is_alone {
                self.nested.insert(super::range(&pair.value()).start, at);
            } else if name == "track"
                && !has_action(element)
                && self.text[range.clone()].contains("action")
            {
                self.refuse(
                    range,
                    Reason::IndirectArguments,
                    "the element has more attributes beside these",
                    "Write all attributes of tracking into one hash, then run this once more.",
                );
            }
        }
    }

    /// A hash, or a branch of a condition, or one of which the blanks are taken out.
    fn note_data(&mut self, node: &Node<'_>) {
        if node.as_hash_node().is_some() {
            self.data.insert(range(node).start);
        } else if let Some(it) = node.as_call_node() {
            let is_same = matches!(it.name().as_slice(), b"compact" | b"freeze" | b"compact_blank");
            if let Some(receiver) = it.receiver().filter(|_| is_same) {
                self.note_data(&receiver);
            }
        } else if let Some(it) = node.as_if_node() {
            let other = it.subsequent().and_then(|it| it.as_else_node());
            let branches = [it.statements(), other.and_then(|it| it.statements())];
            for it in branches.into_iter().flatten() {
                if let Some(last) = it.body().last() {
                    self.note_data(&last);
                }
            }
        }
    }

    fn attribute(&self, members: &Members, pair: &AssocNode<'_>) -> Option<Attribute> {
        let (name, at) = values::name(self.text, &pair.key())?;
        let case = if name.contains('_') { Case::Snake } else { Case::Dashed };
        let (era, part, new) = match members {
            Members::Attributes => {
                let (era, part) = data_meaning(&name)?;
                (era, part, internal_name(part, case).map(|it| format!("data-{it}")))
            }
            Members::Data => {
                let (era, part) = meaning(&name, case)?;
                (era, part, internal_name(part, case))
            }
            Members::Track(word) => {
                let outer = &self.text[word.clone()];
                let (era, part) = meaning(&format!("{outer}-{name}"), Case::Dashed)?;
                let new = internal_name(part, Case::Dashed);
                (era, part, new.map(|it| it.trim_start_matches("event-").to_owned()))
            }
        };
        let value = match part {
            Part::Extra if era == Era::Legacy => {
                values::extra(self.text, &pair.value(), self.flavour)
            }
            Part::Action if era == Era::Legacy => values::names(self.text, &pair.value()),
            _ => values::value(self.text, &pair.value()),
        };
        let load = new.as_ref().filter(|_| part == Part::Action);
        let load = load.map(|new| self.load(pair, &at, new));
        Some(Attribute {
            era,
            part,
            range: bytes(&pair.location()),
            rename: new.map(|it| (at, it)).into_iter().collect(),
            value,
            literal: values::literal(self.text, &pair.value()),
            load,
        })
    }

    /// A member like this one that has the event sent at once.
    fn load(&self, pair: &AssocNode<'_>, name: &Range<usize>, new: &str) -> String {
        let before = &self.text[bytes(&pair.location()).start..name.start];
        let value = range(&pair.value());
        let between = self.text.get(name.end..value.start).unwrap_or_default();
        let joint = if new.contains('_') || !new.contains('-') { '_' } else { '-' };
        let quote = self.text[value].chars().next().filter(|it| *it == '"').unwrap_or('\'');
        format!(", {before}{new}{joint}load{between}{quote}true{quote}")
    }

    /// `track_action:` outside of `data`.
    fn is_bare(&self, pair: &AssocNode<'_>) -> bool {
        let name = values::name(self.text, &pair.key()).map(|it| it.0);
        name.is_some_and(|it| matches!(&*it, "track_action" | "track-action"))
    }

    fn is_dropdown(&self, members: &Members, pair: &AssocNode<'_>) -> bool {
        let Some((name, _)) = values::name(self.text, &pair.key()) else { return false };
        let is_toggle = match members {
            Members::Attributes => matches!(&*name, "data-toggle" | "data-bs-toggle"),
            Members::Data => matches!(&*name, "toggle" | "bs_toggle" | "bs-toggle"),
            Members::Track(_) => false,
        };
        let value = values::value(self.text, &pair.value());
        is_toggle && value == Value::Text("dropdown".to_owned())
    }

    /// What may have more attributes of an element that has an action: they would stay legacy.
    fn hidden(
        &self,
        members: &Members,
        elements: &NodeList<'_>,
        element: &Element,
    ) -> Option<Range<usize>> {
        if !has_action(element) {
            return None;
        }
        let mentions = |it: &Range<usize>| self.text[it.clone()].contains("track");
        elements.iter().find_map(|it| {
            let at = range(&it);
            if it.as_assoc_splat_node().is_some() {
                return (*members != Members::Attributes || mentions(&at)).then_some(at);
            }
            let pair = it.as_assoc_node()?;
            let (name, _) = values::name(self.text, &pair.key())?;
            let is_more = match members {
                Members::Attributes => name == "data",
                Members::Data => name == "track" && pair.value().as_hash_node().is_some(),
                Members::Track(_) => false,
            };
            (is_more && mentions(&at)).then_some(at)
        })
    }
}

/// Whether an element is one of legacy tracking.
fn has_action(element: &Element) -> bool {
    element.attributes.iter().any(|it| it.era == Era::Legacy && it.part == Part::Action)
}
