//! What becomes of an element: as a whole or not at all.

use super::Work;
use super::element::{Attribute, Element, Era, Part, Value};
use crate::options::Style;
use crate::site::{
    Found, Identifier, Kind, Outcome, Property, PropertyType, Reason, Refusal, Site,
};
use std::collections::BTreeMap;
use std::ops::Range;

mod layout;
mod properties;

/// What an element becomes.
pub(super) enum Verdict {
    /// It tracks nothing.
    Nothing,
    /// It is an internal event already.
    Already(Option<String>),
    /// It stays.
    Refused(Refusal),
    /// It is rewritten.
    Accepted(Accepted),
}

/// What is written for an element.
pub(super) struct Accepted {
    /// The event's new name.
    pub name: String,
    /// Whether it is sent when the page loads.
    pub loads: bool,
    /// For each attribute, whether it is renamed, removed, or left.
    pub fates: Vec<Fate>,
    /// What an analyst must know.
    pub notes: Vec<String>,
    /// What the event's definition needs; that of each event, if one of several is sent.
    pub found: Vec<Found>,
}

/// What becomes of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Left,
    Renamed,
    Removed,
}

/// Makes a refusal.
pub(super) fn refusal(
    reason: Reason,
    what: impl Into<String>,
    advice: impl Into<String>,
) -> Refusal {
    Refusal { reason, what: what.into(), advice: advice.into() }
}

impl Work<'_> {
    /// Judges an element and notes what becomes of it.
    pub(super) fn settle(&mut self, text: &str, element: &Element) {
        let Some(at) = range_of_action(element) else { return };
        match self.judge(text, element) {
            Verdict::Nothing => {}
            Verdict::Already(event) => self.note(at, Outcome::Already, event),
            Verdict::Refused(it) => self.note(at, Outcome::Refused(it), None),
            Verdict::Accepted(it) => {
                let edits = layout::edits(text, element, &it);
                // Whoever takes the site back takes all changes within it.
                let whole = edits
                    .iter()
                    .fold(at, |all, it| all.start.min(it.range.start)..all.end.max(it.range.end));
                self.rewrite.edits.extend(edits);
                self.accept(whole, it);
            }
        }
    }

    /// Notes an event that is rewritten.
    pub(super) fn accept(&mut self, at: Range<usize>, accepted: Accepted) {
        let Accepted { name, notes, found, .. } = accepted;
        self.note(at, Outcome::Rewritten { notes }, Some(name));
        self.rewrite.found.extend(found);
    }

    /// Notes a site.
    pub(super) fn note(&mut self, range: Range<usize>, outcome: Outcome, event: Option<String>) {
        let kind = Kind::DataAttributes;
        self.rewrite.sites.push(Site { kind, range, outcome, event });
    }

    /// Judges an element.
    pub(super) fn judge(&self, text: &str, element: &Element) -> Verdict {
        let Some(action) = of(element, Era::Legacy, Part::Action).next() else {
            let internal = of(element, Era::Internal, Part::Action).next();
            return internal.map_or(Verdict::Nothing, |it| Verdict::Already(literal(&it.value)));
        };
        match self.accepted(text, element, action) {
            Ok(it) => Verdict::Accepted(it),
            Err(it) => Verdict::Refused(it),
        }
    }

    fn accepted(
        &self,
        text: &str,
        element: &Element,
        action: &Attribute,
    ) -> Result<Accepted, Refusal> {
        let internal = of(element, Era::Internal, Part::Action).next();
        if let Some(second) = of(element, Era::Legacy, Part::Action).nth(1) {
            return Err(refusal(
                Reason::NotUnderstood,
                format!("two actions for one element: `{}`", quote(text, &second.range)),
                "Leave one action, the one that is to be tracked.",
            ));
        }
        no_foreign(text, element)?;
        if !self.options.drops_context {
            no_context(text, element)?;
        }
        let olds = static_names(text, action)?;
        let old = olds[0].as_str();
        if element.is_dropdown || self.in_dropdown {
            return Err(refusal(
                Reason::SeveralCalls,
                format!("a dropdown sends `{old}`, `{old}_show` and `{old}_hide`"),
                "Internal events are sent by a click only. Decide which of the three is needed; \
                 track opening and closing with `InternalEvents.trackEvent` in JavaScript.",
            ));
        }
        let names = olds.iter().map(|it| self.new_name(text, action, it));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let name = names[0].clone();
        if let Some(internal) = internal.filter(|it| literal(&it.value).as_ref() != Some(&name)) {
            return Err(refusal(
                Reason::NameTaken,
                format!(
                    "the element tracks `{}` already, beside `{old}`",
                    quote(text, &internal.range)
                ),
                format!("Remove the action, or pass `--rename {old}=…` if both are one event."),
            ));
        }
        let fates = self.fates(text, element)?;
        let mut notes = Vec::new();
        for (old, name) in olds.iter().zip(&names) {
            let more = self.notes(element, old, name);
            notes.extend(more.into_iter().filter(|it| !notes.contains(it)).collect::<Vec<_>>());
        }
        let kept = element.attributes.iter().zip(&fates).filter(|it| *it.1 != Fate::Removed);
        let properties = properties::of(text, kept.map(|it| it.0), &mut notes)?;
        let found =
            olds.iter().zip(&names).map(|(old, new)| found(old, new, properties.clone())).collect();
        // Only this very name was sent at once; `render_x` was sent by a click like any other.
        let has_load = of(element, Era::Internal, Part::Load).next().is_some();
        let loads = olds.iter().any(|it| it == "render") && internal.is_none() && !has_load;
        // What is not always there cannot always be sent at once either.
        let is_sure = matches!(action.value, Value::Text(_));
        if loads && (action.load.is_none() || !is_sure) {
            return Err(refusal(
                Reason::NotUnderstood,
                format!("`{}` is sent when the page loads", quote(text, &action.range)),
                "Write `data-event-tracking-load=\"true\"` beside `data-event-tracking` by hand.",
            ));
        }
        Ok(Accepted { name, loads, fates, notes, found })
    }

    /// The new name of an event, if it may have it and can be given it here.
    fn new_name(&self, text: &str, action: &Attribute, old: &str) -> Result<String, Refusal> {
        let name = self.legal_name(old)?;
        if name != old && action.literal.is_none() {
            return Err(refusal(
                Reason::ComputedName,
                format!(
                    "`{old}` is given another name, and stands elsewhere: `{}`",
                    quote(text, &action.range)
                ),
                format!("Write `{name}` where the name is defined, without `--rename`."),
            ));
        }
        Ok(name)
    }

    /// The new name of an event, if it may have it.
    fn legal_name(&self, old: &str) -> Result<String, Refusal> {
        let name = self.options.renamed(old);
        let is_legal = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
        if name.is_empty() || !name.bytes().all(is_legal) {
            return Err(refusal(
                Reason::IllegalName,
                format!("`{name}` is no name of an event"),
                format!(
                    "Names have lowercase letters, digits and underscores. \
                     Pass `--rename '{old}=…'` with such a name."
                ),
            ));
        }
        let is_taken = self.project.internal_events.contains(name)
            && !self.project.legacy_events.contains_key(name)
            && !self.options.renames.contains_key(old);
        if is_taken {
            return Err(refusal(
                Reason::NameTaken,
                format!("there is an internal event `{name}` already"),
                format!(
                    "Its metrics would count this element too. Pass `--rename {old}={name}` if \
                     that is meant, or `--rename {old}=…` with a name of its own."
                ),
            ));
        }
        Ok(name.to_owned())
    }

    /// What becomes of each attribute.
    fn fates(&self, text: &str, element: &Element) -> Result<Vec<Fate>, Refusal> {
        let mut seen: BTreeMap<Part, &Attribute> = BTreeMap::new();
        for it in element.attributes.iter().filter(|it| it.era == Era::Legacy) {
            if seen.insert(it.part, it).is_some() {
                return Err(twice(text, it));
            }
        }
        let fates = element.attributes.iter().map(|it| self.fate(text, element, it));
        let fates = fates.collect::<Result<Vec<_>, _>>()?;
        for (it, _) in element.attributes.iter().zip(&fates).filter(|it| *it.1 == Fate::Removed) {
            if it.part != Part::Action && holds_an_element(&text[it.range.clone()]) {
                return Err(refusal(
                    Reason::NotUnderstood,
                    format!("what is dropped here tracks something: `{}`", quote(text, &it.range)),
                    "Take the inner element out of the attribute of the outer one first.",
                ));
            }
        }
        Ok(fates)
    }

    fn fate(&self, text: &str, element: &Element, of_it: &Attribute) -> Result<Fate, Refusal> {
        if of_it.era == Era::Internal {
            return Ok(Fate::Left);
        }
        let new = of(element, Era::Internal, of_it.part).next();
        if of_it.part == Part::Action {
            // That the names agree is known already.
            return Ok(if new.is_some() { Fate::Removed } else { Fate::Renamed });
        }
        if self.options.drops_properties || is_context(of_it) {
            return Ok(Fate::Removed);
        }
        match new {
            None => Ok(Fate::Renamed),
            Some(new) if new.value == of_it.value => Ok(Fate::Removed),
            Some(_) => Err(twice(text, of_it)),
        }
    }

    fn notes(&self, element: &Element, old: &str, name: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if old != name {
            notes.push(format!("`{old}` is named `{name}` now"));
        }
        if self.options.style == Style::First {
            notes.push("the category is `InternalEventTracking` now".to_owned());
        }
        let legacy = |it: Part| of(element, Era::Legacy, it).next().is_some();
        let properties = [Part::Label, Part::Property, Part::Value, Part::Extra];
        if self.options.drops_properties && properties.into_iter().any(legacy) {
            notes.push("label, property, value and extra are dropped".to_owned());
        }
        if element.attributes.iter().any(is_context) {
            notes.push("the custom context is not sent any more".to_owned());
        }
        if element.has_own_value && !legacy(Part::Value) {
            notes.push("the element's own value is no longer sent".to_owned());
        }
        if old == "render" {
            notes.push(format!(
                "`{name}` is sent when the page loads; several elements may share this name: \
                 --rename gives a better one"
            ));
        } else if old.starts_with("render_") {
            notes.push(format!(
                "`{name}` is sent by a click, as before; \
                 add data-event-tracking-load=\"true\" if loading is meant"
            ));
        }
        notes
    }
}

/// The attributes of an element that say one thing.
fn of(element: &Element, era: Era, part: Part) -> impl Iterator<Item = &Attribute> {
    element.attributes.iter().filter(move |it| it.era == era && it.part == part)
}

fn range_of_action(element: &Element) -> Option<Range<usize>> {
    let action = of(element, Era::Legacy, Part::Action).next();
    action.or_else(|| of(element, Era::Internal, Part::Action).next()).map(|it| it.range.clone())
}

fn no_foreign(text: &str, element: &Element) -> Result<(), Refusal> {
    let is_foreign = |it: &&Attribute| it.part == Part::Foreign;
    let Some(it) = element.attributes.iter().find(is_foreign) else { return Ok(()) };
    Err(refusal(
        Reason::NotUnderstood,
        format!("`{}` is read by the tracking of somebody else", quote(text, &it.range)),
        "If the element is tracked by GitLab's tracking, remove that attribute, which it never \
         read; if not, leave the element as it is.",
    ))
}

fn no_context(text: &str, element: &Element) -> Result<(), Refusal> {
    let Some(it) = element.attributes.iter().find(|it| is_context(it)) else { return Ok(()) };
    Err(refusal(
        Reason::CustomContext,
        format!("`{}` sends a context of its own", quote(text, &it.range)),
        "Internal events have no custom contexts. Send what matters of it in \
         `data-event-additional`, remove the attribute (`--drop-context` does), or keep the legacy \
         event.",
    ))
}

fn is_context(it: &Attribute) -> bool {
    matches!(it.part, Part::Context | Part::Experiment)
}

/// The name of a legacy event, if the source tells it, or those among which it chooses.
fn static_names(text: &str, action: &Attribute) -> Result<Vec<String>, Refusal> {
    match &action.value {
        Value::Text(it) => Ok(vec![it.clone()]),
        Value::OneOf(all) if !all.is_empty() => Ok(all.clone()),
        Value::Nothing => Err(refusal(
            Reason::IllegalName,
            format!("`{}` names no event", quote(text, &action.range)),
            "Name an event, or remove the attribute.",
        )),
        _ => Err(refusal(
            Reason::ComputedName,
            format!("the name is computed: `{}`", quote(text, &action.range)),
            "Each event needs a definition with its name. Write the names out, an element or a \
             branch each, and put what varies into `data-event-label` or `data-event-property`.",
        )),
    }
}

fn twice(text: &str, it: &Attribute) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("the element says this twice: `{}`", quote(text, &it.range)),
        "Leave one of the two attributes.",
    )
}

/// Whether code may hold an element that is tracked.
pub(super) fn mentions_tracking(code: &str) -> bool {
    let words = [
        "track-action",
        "track-event",
        "track_action",
        "track_event",
        "tracking_attrs",
        "trackAction",
        // HAML makes attributes of a hash within a hash.
        "track: {",
        "track => {",
        "track' => {",
        "track\" => {",
    ];
    words.iter().any(|it| code.contains(it))
}

/// Whether code may hold an element that is tracked in either way: it is neither dropped nor moved.
pub(super) fn holds_an_element(code: &str) -> bool {
    let words = ["event-tracking", "event_tracking", "eventTracking"];
    mentions_tracking(code) || words.iter().any(|it| code.contains(it))
}

fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Text(it) => Some(it.clone()),
        _ => None,
    }
}

/// Code in a message: one line, not endless.
pub(super) fn quote(text: &str, range: &Range<usize>) -> String {
    /// A line of a terminal; longer code is better read in its file.
    const N_CHARACTERS: usize = 100;
    let code = text.get(range.clone()).unwrap_or_default();
    let line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= N_CHARACTERS {
        return line;
    }
    line.chars().take(N_CHARACTERS).chain(['…']).collect()
}

fn found(old: &str, name: &str, properties: BTreeMap<String, Property>) -> Found {
    Found {
        name: name.to_owned(),
        old_name: (old != name).then(|| old.to_owned()),
        // The page sends whichever of them it has.
        identifiers: [Identifier::User, Identifier::Project, Identifier::Namespace].into(),
        properties,
        ..Found::default()
    }
}

/// A property whose value is known or not.
fn property(of_type: PropertyType, example: Option<&str>) -> Property {
    Property { of_type, example: example.map(str::to_owned) }
}
