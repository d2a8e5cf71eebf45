//! `tracking_attrs('label', 'action', 'property')` and `tracking_attrs_data`, written out.

use super::{Reader, bytes, range, values};
use crate::attributes::element::{Attribute, Element, Era, Layout, Part, Value};
use crate::attributes::judge::{Verdict, holds_an_element};
use crate::site::{Outcome, Reason};
use ruby_prism::{CallNode, NodeList};
use std::ops::Range;

/// Where a call stands, and with that, how its hash may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As members: `data: { … }`. This many bytes before the call go too.
    Members(usize),
    /// With braces: `{ data: { … } }`.
    Value,
    /// Nowhere.
    Forbidden,
}

/// Advice where a call cannot be written out.
const ADVICE: &str = "Write `data: { event_tracking: 'the_action', event_label: 'the_label', \
                      event_property: 'the_property' }` in place of the call.";

impl Reader<'_, '_, '_> {
    /// Notes what may become of calls among arguments.
    pub(super) fn positional(&mut self, arguments: &NodeList<'_>, has_brackets: bool) {
        let n = arguments.len();
        let last_is_hash = arguments.last().is_some_and(|it| it.as_keyword_hash_node().is_some());
        for (at, it) in arguments.iter().enumerate() {
            if it.as_call_node().is_none_or(|it| name(&it).is_none()) {
                continue;
            }
            let in_haml = self.flavour == super::Flavour::HamlAttributes && self.depth == 0;
            let place = if at + 1 == n || in_haml && last_is_hash && at + 2 == n {
                Place::Members(0)
            } else if in_haml {
                Place::Forbidden
            } else if has_brackets || at > 0 {
                Place::Value
            } else {
                // `f { … }` would be a block.
                Place::Forbidden
            };
            self.helpers.insert(range(&it).start, place);
        }
        self.no_second_data(arguments);
    }

    /// In HAML the hash that follows may have a `data` of its own.
    fn no_second_data(&mut self, arguments: &NodeList<'_>) {
        let Some(hash) = arguments.last().and_then(|it| it.as_keyword_hash_node()) else { return };
        let has_data = hash.elements().iter().filter_map(|it| it.as_assoc_node()).any(|it| {
            values::name(self.text, &it.key()).is_some_and(|it| it.0.starts_with("data"))
        });
        for it in arguments.iter().filter(|_| has_data) {
            if let Some(place) = self.helpers.get_mut(&range(&it).start)
                && matches!(place, Place::Members(_))
            {
                *place = Place::Forbidden;
            }
        }
    }

    /// Notes what may become of calls that are spread into a hash.
    pub(super) fn splats(
        &mut self,
        members: &super::hashes::Members,
        elements: &NodeList<'_>,
        element: &Element,
    ) {
        let is_data = *members == super::hashes::Members::Data;
        let has_data = elements
            .iter()
            .filter_map(|it| it.as_assoc_node())
            .any(|it| values::name(self.text, &it.key()).is_some_and(|it| it.0 == "data"));
        let mut n_calls = 0;
        for splat in elements.iter().filter_map(|it| it.as_assoc_splat_node()) {
            let Some(call) = splat.value().and_then(|it| it.as_call_node()) else { continue };
            let Some(of_data) = name(&call) else { continue };
            n_calls += 1;
            let start = bytes(&call.location()).start;
            let is_alone = n_calls == 1 && element.attributes.is_empty();
            let fits = is_alone && of_data == is_data && (is_data || !has_data);
            let before = start - bytes(&splat.location()).start;
            let place = if fits { Place::Members(before) } else { Place::Forbidden };
            self.helpers.insert(start, place);
        }
    }

    /// Judges a call.
    pub(super) fn tracking_attrs(&mut self, call: &CallNode<'_>) {
        let Some(of_data) = name(call) else { return };
        let at = bytes(&call.location());
        let place = self.helpers.get(&at.start).copied();
        let place = place.unwrap_or_else(|| elsewhere(&self.text[..at.start]));
        let Some(element) = self.arguments(call) else {
            let what = "its arguments are not written out";
            self.refuse(at, Reason::IndirectArguments, what, ADVICE);
            return;
        };
        if place == Place::Forbidden || call.block().is_some() {
            let what = "the attributes cannot be written in its place";
            self.refuse(at, Reason::IndirectArguments, what, ADVICE);
            return;
        }
        match self.work.judge(self.text, &element) {
            Verdict::Refused(it) => self.work.note(at, Outcome::Refused(it), None),
            Verdict::Nothing | Verdict::Already(_) => {}
            Verdict::Accepted(mut it) => {
                let data = self.written(&element, &it.name, it.loads);
                let new = match (of_data, place) {
                    (true, Place::Members(_)) => data,
                    (true, _) => format!("{{ {data} }}"),
                    (false, Place::Members(_)) => format!("data: {{ {data} }}"),
                    (false, _) => format!("{{ data: {{ {data} }} }}"),
                };
                let before = if let Place::Members(it) = place { it } else { 0 };
                let at = at.start - before..at.end;
                self.work.rewrite.edits.replace(at.clone(), new);
                it.notes.push("the attributes are written even if tracking is off".to_owned());
                self.work.accept(at, it);
            }
        }
    }

    /// The three arguments as attributes.
    fn arguments(&self, call: &CallNode<'_>) -> Option<Element> {
        let arguments: Vec<_> = call.arguments()?.arguments().iter().collect();
        let [label, action, property] = &arguments[..] else { return None };
        let mut element = Element::new(Layout::Spaced);
        for (part, node) in
            [(Part::Action, action), (Part::Label, label), (Part::Property, property)]
        {
            if node.as_splat_node().is_some() || node.as_keyword_hash_node().is_some() {
                return None;
            }
            let value = values::value(self.text, node);
            let is_written = part == Part::Action && matches!(value, Value::Text(_))
                || part != Part::Action && !holds_an_element(&self.text[range(node)]);
            if !is_written {
                return None;
            }
            if value != Value::Nothing {
                element.attributes.push(argument(part, range(node), value));
            }
        }
        Some(element)
    }

    fn written(&self, element: &Element, name: &str, loads: bool) -> String {
        let mut members = Vec::new();
        for it in &element.attributes {
            let code = &self.text[it.range.clone()];
            match it.part {
                Part::Action => {
                    let quote = code.chars().next().filter(|it| *it == '"').unwrap_or('\'');
                    members.push(format!("event_tracking: {quote}{name}{quote}"));
                    members.extend(loads.then(|| "event_tracking_load: 'true'".to_owned()));
                }
                Part::Label if !self.drops() => members.push(format!("event_label: {code}")),
                Part::Property if !self.drops() => members.push(format!("event_property: {code}")),
                _ => {}
            }
        }
        members.join(", ")
    }

    fn drops(&self) -> bool {
        self.work.options.drops_properties
    }
}

/// What may be written after a text: where a value begins for sure, braces are a hash.
fn elsewhere(before: &str) -> Place {
    let before = before.trim_end_matches([' ', '\t']);
    let is_value = before.is_empty()
        || before.ends_with(['=', '(', ',', '[', ':', '?', '|', '&', '>', ';', '\n'])
        || before.ends_with("return");
    if is_value { Place::Value } else { Place::Forbidden }
}

fn argument(part: Part, range: Range<usize>, value: Value) -> Attribute {
    Attribute {
        era: Era::Legacy,
        part,
        literal: Some(range.clone()),
        range,
        rename: Vec::new(),
        value,
        load: Some(String::new()),
    }
}

/// Whether a call is one of the helpers, and if so, whether it makes only what is in `data`.
fn name(call: &CallNode<'_>) -> Option<bool> {
    let receiver = call.receiver().map(|it| it.location().as_slice().to_vec());
    if receiver.is_some_and(|it| !matches!(&it[..], b"helpers" | b"helper" | b"self")) {
        return None;
    }
    match call.name().as_slice() {
        b"tracking_attrs" => Some(false),
        b"tracking_attrs_data" => Some(true),
        _ => None,
    }
}
