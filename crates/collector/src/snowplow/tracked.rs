//! What a struct event means as an internal event.

use super::document::{Document, Extra, Leaf, Member, Members};
use super::fault::{Fault, Notes, repeat};
use super::form::{self, Known};
use super::parameters::Parameters;
use internal_events::snowplow::is_pseudonym;
use internal_events::{Event, Id, Scalar};
use std::borrow::Cow;

/// Bytes of an identifier, as over REST: each is written to the journal as it is.
const ID_BYTES: usize = 255;

/// Custom properties of one event, as over REST.
const PROPERTIES: usize = 100;

/// A struct event, as the tracker API takes events.
///
/// Whether its name is that of an internal event is the catalog's to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// The event; what it does not declare is the tracker's to leave out.
    pub event: Event,
    /// What the standard context names as its source, such as `gitlab-rails`.
    pub source: Option<String>,
    /// The user is known by a pseudonym only: base64 of a SHA-256, as GitLab makes it.
    pub has_pseudonym: bool,
    /// A service-ping context says that this event moves counters in Redis, so that it is an
    /// internal event of whoever sent it, even if no definition is known here.
    pub is_announced: bool,
}

/// Makes an internal event of a struct event; `None` if it has no action.
pub(super) fn read(
    parameters: &Parameters<'_>,
    contexts: &Document<'_>,
    notes: &mut Notes,
) -> Option<Tracked> {
    let Some(name) = parameters.at(const { Known::named("se_ac") }) else {
        notes.push(Fault::Missing { parameter: "se_ac" });
        return None;
    };
    let mut event = Event::new(name);
    event.category = parameters.at(const { Known::named("se_ca") }).map(str::to_owned);
    let mut tracked = Tracked { event, source: None, has_pseudonym: false, is_announced: false };
    let mut has_standard = false;
    for (position, (schema, data)) in contexts.entities().enumerate() {
        if schema.vendor() != "com.gitlab" {
            continue;
        }
        let ignored = |why| Fault::StandardContext { position, why };
        match (schema.name(), data) {
            ("gitlab_standard", _) if has_standard => notes.push(ignored("it is the second")),
            ("gitlab_standard", _) if schema.version[0] != 1 => {
                notes.push(ignored("its version is not 1-x-y"));
            }
            ("gitlab_standard", Some(members)) => {
                has_standard = true;
                tracked.take_standard(members, notes);
            }
            ("gitlab_standard", None) => notes.push(ignored("it is no object")),
            ("gitlab_service_ping", Some(members)) => {
                let name = members.text(Member::EventName);
                tracked.is_announced |= name == Some(&tracked.event.name);
            }
            _ => {}
        }
    }
    tracked.take_base_properties(parameters);
    Some(tracked)
}

impl Tracked {
    /// Takes what the standard context says; a null is nothing.
    fn take_standard(&mut self, standard: &Members<'_>, notes: &mut Notes) {
        self.source = standard.text(Member::Source).map(str::to_owned);
        self.event.user = identifier("user_id", standard.get(Member::UserId), notes);
        self.event.project = identifier("project_id", standard.get(Member::ProjectId), notes);
        self.event.namespace = identifier("namespace_id", standard.get(Member::NamespaceId), notes);
        self.has_pseudonym = matches!(&self.event.user, Some(Id::Text(it)) if is_pseudonym(it));
        match &standard.extra {
            None | Some(Extra::Null) => {}
            Some(Extra::Object(extra)) => self.take_extra(extra, notes),
            Some(Extra::Other) => notes.push(left_out("extra", "no object")),
        }
    }

    /// Takes custom properties; which of them the event may have is the tracker's to say, but
    /// lists and objects have no shape it knows.
    fn take_extra(&mut self, extra: &[(Cow<'_, str>, Leaf<'_>)], notes: &mut Notes) {
        for (name, leaf) in extra {
            let value = match leaf {
                Leaf::Null => continue,
                Leaf::Bool(it) => Scalar::Bool(*it),
                Leaf::Text(it) => it.as_ref().into(),
                Leaf::Number(it) => match (it.as_i64(), it.as_f64()) {
                    (Some(it), _) => Scalar::Int(it),
                    (None, Some(it)) => Scalar::Float(it),
                    (None, None) => continue,
                },
                Leaf::List => {
                    notes.push(left_out(&format!("extra.{}", repeat(name)), "a list"));
                    continue;
                }
                Leaf::Object => {
                    notes.push(left_out(&format!("extra.{}", repeat(name)), "an object"));
                    continue;
                }
            };
            if self.event.properties.len() == PROPERTIES {
                notes.push(left_out("extra", "longer than 100 members"));
                return;
            }
            self.event.properties.push((name.to_string(), value));
        }
    }

    /// Takes label, property and value; after the custom ones, so that these win.
    fn take_base_properties(&mut self, parameters: &Parameters<'_>) {
        for (name, parameter) in
            const { [("label", Known::named("se_la")), ("property", Known::named("se_pr"))] }
        {
            if let Some(value) = parameters.at(parameter) {
                self.event.properties.push((name.to_owned(), value.into()));
            }
        }
        // One that is no number has its note: its form is checked with all others.
        if let Some(value) = parameters.at(const { Known::named("se_va") }).and_then(number) {
            self.event.properties.push(("value".to_owned(), value));
        }
    }
}

fn left_out(member: &str, what: &'static str) -> Fault {
    Fault::Member { member: member.to_owned(), what }
}

/// Reads an identifier as it comes: the same id is the same element, as number or as text.
fn identifier(name: &str, leaf: Option<&Leaf<'_>>, notes: &mut Notes) -> Option<Id> {
    let what = match leaf? {
        Leaf::Null => return None,
        Leaf::Text(it) if it.is_empty() => return None,
        Leaf::Text(it) if it.len() <= ID_BYTES => return Some(it.as_ref().into()),
        Leaf::Text(_) => "longer than 255 bytes",
        Leaf::Number(it) => match (it.as_i64(), it.as_u64()) {
            (Some(it), _) => return Some(Id::Number(it)),
            (None, Some(it)) => return Some(it.into()),
            (None, None) => "a number with a fraction",
        },
        Leaf::Bool(_) => "a boolean",
        Leaf::List => "a list",
        Leaf::Object => "an object",
    };
    notes.push(left_out(name, what));
    None
}

/// Reads a decimal number: whole if it is written without point and exponent, and fits.
fn number(text: &str) -> Option<Scalar> {
    if !form::is_decimal(text) {
        return None;
    }
    let whole = text.parse::<i64>().ok().map(Scalar::Int);
    whole.or_else(|| text.parse::<f64>().ok().filter(|it| it.is_finite()).map(Scalar::Float))
}
