//! The Snowplow tracker protocol: requests become events, with every problem named.
//!
//! ```text
//!  POST body ─► envelope ─► the text of each event ─► parameters ─┐
//!  query ─────► parameters ───────────────────── (these win) ─────┤
//!                                                                 ▼
//!         contexts, what is described ◄─ base64, JSON ◄─ merged parameters ─► tracked
//! ```
//!
//! One event's faults never cost another's life: an event that cannot be used is handed on as it
//! came, with the reasons, and what can be used is taken with notes on what is odd. Snowplow's
//! own pipeline is stricter; what it would refuse is among the notes.
//! `docs/snowplow.md` says the same for users.
//!
//! Nothing here does any IO. Bodies are bounded by whoever reads them; all else is bounded here:
//! events, parameters, depth, and the number of values, which memory grows with.

mod base64;
mod document;
mod envelope;
mod fault;
mod form;
mod identity;
mod json;
mod parameters;
mod query;
mod schema;
mod tracked;
mod wrapped;

pub use fault::Fault;
pub use identity::ContentHash;
pub use parameters::Parameters;
pub use tracked::Tracked;

pub(crate) use form::uuid;

use document::Document;
use fault::{Notes, repeat};
use form::Known;
use json::Reader;
use serde_json::Value;
use std::borrow::Cow;

/// What a request holds.
#[derive(Debug)]
pub struct Decoded<'a, T = Payload<'a>> {
    /// Events that can be used, or what was picked of them, in the order in which they came.
    pub payloads: Vec<T>,
    /// What cannot: single events, or the whole request.
    pub bad: Vec<Bad<'a>>,
    /// What is odd about the request as a whole.
    pub notes: Vec<Fault>,
}

/// One event that can be used.
#[derive(Debug)]
pub struct Payload<'a> {
    /// Everything as it came; those of the query in place of those of the body.
    pub parameters: Parameters<'a>,
    /// What `e` says it is.
    pub kind: Kind,
    /// The `eid`, if it is one; else whoever takes the event makes one.
    pub id: Option<[u8; 16]>,
    /// A struct event, as the tracker takes events.
    pub tracked: Option<Tracked>,
    /// What is odd about it.
    pub notes: Vec<Fault>,
}

/// What cannot be used, as it came.
#[derive(Debug)]
pub struct Bad<'a> {
    /// The query of the request.
    pub query: Cow<'a, str>,
    /// The text of the event, or the whole body; empty where there is none.
    pub body: Cow<'a, str>,
    /// Why, first the reasons that would suffice alone, then what else is odd.
    pub reasons: Vec<Fault>,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `se`: category, action, label, property, value.
    Struct,
    /// `ue`: it describes itself.
    SelfDescribing,
    /// `pv`: a page is seen.
    PageView,
    /// `pp`: a page is still seen.
    PagePing,
    /// `tr`: something is bought.
    Transaction,
    /// `ti`: one of the things bought.
    TransactionItem,
    /// `ev` or `ad`: what old trackers sent.
    Legacy,
}

impl Kind {
    fn parse(e: &str) -> Option<Self> {
        Some(match e {
            "se" => Self::Struct,
            "ue" => Self::SelfDescribing,
            "pv" => Self::PageView,
            "pp" => Self::PagePing,
            "tr" => Self::Transaction,
            "ti" => Self::TransactionItem,
            "ev" | "ad" => Self::Legacy,
            _ => return None,
        })
    }
}

impl Payload<'_> {
    /// Which application sent it: `aid`.
    pub fn app_id(&self) -> Option<&str> {
        self.parameters.at(const { Known::named("aid") })
    }

    /// The name of the tracker within the application: `tna`.
    pub fn tracker(&self) -> Option<&str> {
        self.parameters.at(const { Known::named("tna") })
    }

    /// The tracker's kind and version, such as `js-4.10.1`: `tv`.
    pub fn tracker_version(&self) -> Option<&str> {
        self.parameters.at(const { Known::named("tv") })
    }

    /// The kind of device: `p`.
    pub fn platform(&self) -> Option<&str> {
        self.parameters.at(const { Known::named("p") })
    }

    /// When it happened by the device's clock, in milliseconds since 1970: `dtm`.
    pub fn created_ms(&self) -> Option<i64> {
        self.parameters.at(const { Known::named("dtm") }).and_then(form::millis)
    }

    /// When it was sent by the device's clock, in milliseconds since 1970: `stm`.
    pub fn sent_ms(&self) -> Option<i64> {
        self.parameters.at(const { Known::named("stm") }).and_then(form::millis)
    }

    /// When it really happened, if somebody knew better, in milliseconds since 1970: `ttm`.
    pub fn true_ms(&self) -> Option<i64> {
        self.parameters.at(const { Known::named("ttm") }).and_then(form::millis)
    }

    /// Reads the contexts once more, with their wrapper.
    pub fn contexts(&self) -> Option<Value> {
        wrapped::CONTEXTS.value(&self.parameters)
    }

    /// Reads what the event describes once more, with its wrapper.
    pub fn described(&self) -> Option<Value> {
        wrapped::DESCRIBED.value(&self.parameters)
    }

    fn into_owned(self) -> Payload<'static> {
        let Self { parameters, kind, id, tracked, notes } = self;
        Payload { parameters: parameters.into_owned(), kind, id, tracked, notes }
    }
}

/// Decodes a GET: the query is one event.
pub fn decode_get(query: &str) -> Decoded<'_> {
    pick_get(query, &mut |it| it)
}

/// Decodes a POST: the body lists events, and the parameters of the query go into each of them.
///
/// A POST without a body is taken for a GET.
pub fn decode_post<'a>(content_type: Option<&[u8]>, query: &'a str, body: &'a [u8]) -> Decoded<'a> {
    match str::from_utf8(body) {
        Ok(body) => pick_text(content_type, query, body, &mut |it| it),
        Err(_) => pick_mended(content_type, query, body, &mut |it: Payload<'_>| it.into_owned()),
    }
}

/// Decodes a GET, and keeps of its event what is picked.
pub(crate) fn pick_get<'a, T>(
    query: &'a str,
    pick: &mut impl FnMut(Payload<'a>) -> T,
) -> Decoded<'a, T> {
    let mut decoded = Decoded::default();
    let mut notes = Notes::default();
    let payload = match query::parse(query, &mut notes) {
        Ok(parameters) if parameters.is_empty() => Err(vec![Fault::Empty]),
        Ok(parameters) => interpret(parameters, notes, &mut Reader::default()),
        Err(fault) => Err(vec![fault]),
    };
    decoded.add(payload.map(pick), query, Cow::Borrowed(""));
    decoded
}

/// Decodes a POST, and keeps of each event what is picked while it is at hand.
///
/// May show an event twice, of which the second time counts.
pub(crate) fn pick_post<'a, T>(
    content_type: Option<&[u8]>,
    query: &'a str,
    body: &'a [u8],
    pick: &mut impl FnMut(Payload<'_>) -> T,
) -> Decoded<'a, T> {
    match str::from_utf8(body) {
        Ok(body) => pick_text(content_type, query, body, pick),
        Err(_) => pick_mended(content_type, query, body, pick),
    }
}

/// Decodes a body that is no text everywhere.
fn pick_mended<T>(
    content_type: Option<&[u8]>,
    query: &str,
    body: &[u8],
    pick: &mut impl FnMut(Payload<'_>) -> T,
) -> Decoded<'static, T> {
    let mended = String::from_utf8_lossy(body);
    let mut decoded = pick_text(content_type, query, &mended, pick).into_owned();
    decoded.notes.push(Fault::Utf8 { place: "the body".to_owned() });
    decoded
}

/// Bytes of the query times events: it is kept with each of them.
const MERGED_BYTES: usize = 2 << 20;

/// Bytes of an event of GitLab's trackers, about.
const EVENT_BYTES: usize = 1_024;

fn pick_text<'a, T>(
    content_type: Option<&[u8]>,
    query: &'a str,
    body: &'a str,
    pick: &mut impl FnMut(Payload<'a>) -> T,
) -> Decoded<'a, T> {
    if body.trim_ascii().is_empty() {
        return pick_get(query, pick);
    }
    // Most bodies have nothing wrong with them, and need not be taken apart before they are read.
    let decoded = pick_at_once(content_type, query, body, pick);
    decoded.unwrap_or_else(|| pick_apart(content_type, query, body, pick))
}

/// Decodes a body in which no event is bad; `None` if one is.
fn pick_at_once<'a, T>(
    content_type: Option<&[u8]>,
    query: &'a str,
    body: &'a str,
    pick: &mut impl FnMut(Payload<'a>) -> T,
) -> Option<Decoded<'a, T>> {
    expect_json(content_type).ok()?;
    let mut notes = Notes::default();
    let merged = query::parse(query, &mut notes).ok()?;
    let mut payloads = Vec::with_capacity((body.len() / EVENT_BYTES).min(envelope::MAX_EVENTS));
    let mut take = |mut parameters: Parameters<'a>, notes: Notes, reader: &mut Reader| {
        if !is_short(query, payloads.len() + 1) {
            return None;
        }
        parameters.merge(&merged);
        payloads.push(pick(interpret(parameters, notes, reader).ok()?));
        Some(())
    };
    envelope::read_at_once(body, &mut Reader::default(), &mut take)?;
    is_short(query, payloads.len()).then(|| Decoded {
        payloads,
        bad: Vec::new(),
        notes: notes.into_list(),
    })
}

/// Decodes any body: finds the text of each event, and then reads it.
fn pick_apart<'a, T>(
    content_type: Option<&[u8]>,
    query: &'a str,
    body: &'a str,
    pick: &mut impl FnMut(Payload<'a>) -> T,
) -> Decoded<'a, T> {
    let mut decoded = Decoded::default();
    let mut notes = Notes::default();
    let (texts, merged) = match take_apart(content_type, query, body, &mut notes) {
        Ok(taken) => taken,
        Err(fault) => {
            decoded.add(Err(vec![fault]), query, Cow::Borrowed(body));
            return decoded;
        }
    };
    decoded.notes = notes.into_list();
    decoded.payloads.reserve(texts.len());
    let mut reader = Reader::default();
    for text in texts {
        let mut notes = Notes::default();
        let payload = match envelope::read_event(text, &mut reader, &mut notes) {
            Ok(mut parameters) => {
                parameters.merge(&merged);
                interpret(parameters, notes, &mut reader)
            }
            Err(fault) => Err(std::iter::once(fault).chain(notes.into_list()).collect()),
        };
        decoded.add(payload.map(&mut *pick), query, Cow::Borrowed(text));
    }
    decoded
}

/// The text of each event, and the parameters of the query; or what is wrong with all of them.
fn take_apart<'a>(
    content_type: Option<&[u8]>,
    query: &'a str,
    body: &'a str,
    notes: &mut Notes,
) -> Result<(Vec<&'a str>, Parameters<'a>), Fault> {
    expect_json(content_type)?;
    let texts = envelope::parse(body)?;
    let merged = query::parse(query, notes)?;
    if !is_short(query, texts.len()) {
        return Err(Fault::QueryTooLong { bytes: query.len(), events: texts.len() });
    }
    Ok((texts, merged))
}

/// Tells whether a query is short enough to be kept with each of so many events.
fn is_short(query: &str, events: usize) -> bool {
    query.len().saturating_mul(events) <= MERGED_BYTES
}

/// Refuses a body that does not say it is JSON: pages of strangers can send the types of a form
/// to anybody, but for this one a browser asks first.
pub(crate) fn expect_json(content_type: Option<&[u8]>) -> Result<(), Fault> {
    let given = String::from_utf8_lossy(content_type.unwrap_or_default());
    let mut parts = given.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|it| match it.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if is_json && is_utf8 {
        return Ok(());
    }
    Err(Fault::ContentType { given: repeat(&given) })
}

impl<T> Default for Decoded<'_, T> {
    fn default() -> Self {
        Self { payloads: Vec::new(), bad: Vec::new(), notes: Vec::new() }
    }
}

impl<'a, T> Decoded<'a, T> {
    fn add(&mut self, payload: Result<T, Vec<Fault>>, query: &'a str, body: Cow<'a, str>) {
        match payload {
            Ok(payload) => self.payloads.push(payload),
            Err(reasons) => self.bad.push(Bad { query: Cow::Borrowed(query), body, reasons }),
        }
    }

    fn into_owned(self) -> Decoded<'static, T> {
        let own = |it: Cow<'_, str>| Cow::Owned(it.into_owned());
        let bad = |Bad { query, body, reasons }: Bad<'_>| Bad {
            query: own(query),
            body: own(body),
            reasons,
        };
        let bad = self.bad.into_iter().map(bad).collect();
        Decoded { payloads: self.payloads, bad, notes: self.notes }
    }
}

/// Says what parameters mean, or everything that keeps them from meaning anything.
fn interpret<'a>(
    parameters: Parameters<'a>,
    mut notes: Notes,
    reader: &mut Reader,
) -> Result<Payload<'a>, Vec<Fault>> {
    let mut reasons = Vec::new();
    let e = parameters.at(const { Known::named("e") }).unwrap_or_default();
    let kind = Kind::parse(e);
    if kind.is_none() {
        reasons.push(Fault::EventType { given: repeat(e) });
    }
    form::check(&parameters, &mut notes);
    // What a struct event means is noted after everything else, and only if it can be used.
    let mut meaning = Notes::default();
    let is_struct = kind == Some(Kind::Struct);
    let look = |contexts: &Document<'_>| {
        is_struct.then(|| tracked::read(&parameters, contexts, &mut meaning))
    };
    let contexts = wrapped::CONTEXTS.read(&parameters, reader, &mut notes, look);
    let described = wrapped::DESCRIBED.read(&parameters, reader, &mut notes, |_| ());
    let is_described = !matches!(described, Ok(None));
    let tracked = contexts.map_err(|it| reasons.push(it)).ok().flatten().flatten();
    reasons.extend(described.err());
    if kind == Some(Kind::SelfDescribing) && !is_described && reasons.is_empty() {
        reasons.push(Fault::NothingDescribed);
    }
    let (Some(kind), true) = (kind, reasons.is_empty()) else {
        reasons.extend(notes.into_list());
        return Err(reasons);
    };
    let tracked = match tracked {
        None if is_struct => tracked::read(&parameters, &Document::default(), &mut meaning),
        tracked => tracked.flatten(),
    };
    notes.append(meaning);
    let eid = parameters.at(const { Known::named("eid") });
    let id = eid.and_then(uuid);
    if eid.is_none() {
        notes.push(Fault::Missing { parameter: "eid" });
    }
    Ok(Payload { parameters, kind, id, tracked, notes: notes.into_list() })
}

#[cfg(test)]
mod tests;
