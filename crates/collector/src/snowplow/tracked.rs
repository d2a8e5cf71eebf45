//! What a struct event means as an internal event.

use super::fault::{Fault, Notes, repeat};
use super::form::{self, Known};
use super::json::{Is, Part, Parts};
use super::parameters::Parameters;
use super::wrapped::Entity;
use internal_events::{Event, Id, Scalar};

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
    contexts: &[Entity<'_>],
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
    for (position, (schema, data)) in contexts.iter().enumerate() {
        if schema.vendor != "com.gitlab" {
            continue;
        }
        let ignored = |why| Fault::StandardContext { position, why };
        match (schema.name, data.is()) {
            ("gitlab_standard", _) if has_standard => notes.push(ignored("it is the second")),
            ("gitlab_standard", _) if schema.version[0] != 1 => {
                notes.push(ignored("its version is not 1-x-y"));
            }
            ("gitlab_standard", Is::Object(members)) => {
                has_standard = true;
                tracked.take_standard(members, notes);
            }
            ("gitlab_standard", _) => notes.push(ignored("it is no object")),
            ("gitlab_service_ping", _) => {
                tracked.is_announced |=
                    data.get("event_name").and_then(Part::as_text) == Some(&tracked.event.name);
            }
            _ => {}
        }
    }
    tracked.take_base_properties(parameters);
    Some(tracked)
}

/// What is read of the standard context.
#[derive(Default)]
struct Standard<'t> {
    source: Option<Part<'t>>,
    user: Option<Part<'t>>,
    project: Option<Part<'t>>,
    namespace: Option<Part<'t>>,
    extra: Option<Part<'t>>,
}

impl<'t> Standard<'t> {
    fn of(members: Parts<'t>) -> Self {
        let mut standard = Self::default();
        for (name, part) in members {
            match name {
                "source" => standard.source = Some(part),
                "user_id" => standard.user = Some(part),
                "project_id" => standard.project = Some(part),
                "namespace_id" => standard.namespace = Some(part),
                "extra" => standard.extra = Some(part),
                _ => {}
            }
        }
        standard
    }
}

impl Tracked {
    /// Takes what the standard context says; a null is nothing.
    fn take_standard(&mut self, members: Parts<'_>, notes: &mut Notes) {
        let standard = Standard::of(members);
        self.source = standard.source.and_then(Part::as_text).map(str::to_owned);
        self.event.user = identifier("user_id", standard.user, notes);
        self.event.project = identifier("project_id", standard.project, notes);
        self.event.namespace = identifier("namespace_id", standard.namespace, notes);
        self.has_pseudonym = matches!(&self.event.user, Some(Id::Text(it)) if is_pseudonym(it));
        match standard.extra.map(Part::is) {
            None | Some(Is::Null) => {}
            Some(Is::Object(extra)) => self.take_extra(extra, notes),
            Some(_) => notes.push(left_out("extra", "no object")),
        }
    }

    /// Takes custom properties; which of them the event may have is the tracker's to say, but
    /// lists and objects have no shape it knows.
    fn take_extra(&mut self, extra: Parts<'_>, notes: &mut Notes) {
        for (name, part) in extra {
            let value = match part.is() {
                Is::Null => continue,
                Is::Bool(it) => Scalar::Bool(it),
                Is::Text(it) => it.into(),
                Is::Number(it) => match (it.as_i64(), it.as_f64()) {
                    (Some(it), _) => Scalar::Int(it),
                    (None, Some(it)) => Scalar::Float(it),
                    (None, None) => continue,
                },
                Is::List(_) => {
                    notes.push(left_out(&format!("extra.{}", repeat(name)), "a list"));
                    continue;
                }
                Is::Object(_) => {
                    notes.push(left_out(&format!("extra.{}", repeat(name)), "an object"));
                    continue;
                }
            };
            if self.event.properties.len() == PROPERTIES {
                notes.push(left_out("extra", "longer than 100 members"));
                return;
            }
            self.event.properties.push((name.to_owned(), value));
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
fn identifier(name: &str, part: Option<Part<'_>>, notes: &mut Notes) -> Option<Id> {
    let what = match part?.is() {
        Is::Null => return None,
        Is::Text("") => return None,
        Is::Text(it) if it.len() <= ID_BYTES => return Some(it.into()),
        Is::Text(_) => "longer than 255 bytes",
        Is::Number(it) => match (it.as_i64(), it.as_u64()) {
            (Some(it), _) => return Some(Id::Number(it)),
            (None, Some(it)) => return Some(it.into()),
            (None, None) => "a number with a fraction",
        },
        Is::Bool(_) => "a boolean",
        Is::List(_) => "a list",
        Is::Object(_) => "an object",
    };
    notes.push(left_out(name, what));
    None
}

/// Tells whether an id is 32 bytes in padded base64, as GitLab writes hashes.
fn is_pseudonym(id: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    id.len() == 44 && id.strip_suffix('=').is_some_and(|it| it.bytes().all(is_base64))
}

/// Reads a decimal number: whole if it is written without point and exponent, and fits.
fn number(text: &str) -> Option<Scalar> {
    if !form::is_decimal(text) {
        return None;
    }
    let whole = text.parse::<i64>().ok().map(Scalar::Int);
    whole.or_else(|| text.parse::<f64>().ok().filter(|it| it.is_finite()).map(Scalar::Float))
}
