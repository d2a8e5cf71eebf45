//! Takes what Snowplow trackers send, and answers in their protocol.
//!
//! Its answers tell a tracker only whether to send again: a bad event is answered like a good
//! one, and only what may be better later, such as a full disk, is answered with a problem.

mod app_id;
mod both_ways;
mod counting;
mod counts;
mod forward;
mod kept;
mod origins;

pub(crate) use both_ways::{BothWays, Way};
pub use counting::CountRule;
pub(crate) use counts::Counts;
pub use forward::Forwarding;
pub(crate) use origins::Origins;

use crate::access::Caller;
use crate::answer::Answer;
use crate::client::ClientDrops;
use crate::micro::Witness;
use crate::problem::Problem;
use crate::snowplow::{ContentHash, Decoded, Payload, Tracked, expect_json, pick_get, pick_post};
use crate::{Collector, ServeError, body, cors, track};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};
use internal_events::{Analytics, Catalog, Event, Forwarded, GivenId, Others, Refusal, Tracker};
use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

/// Where official trackers post unless told otherwise.
const DEFAULT_PATH: &str = "/com.snowplowanalytics.snowplow/tp2";

/// Where official trackers send a GET.
const PIXEL_PATH: &str = "/i";

/// Where GitLab's pages post their events, for their own installation to hand them on.
const EVENT_FORWARDING_PATH: &str = "/-/collect_events";

/// Counts an event whose application is not listed; it is bad only here.
const UNKNOWN_APP: &str = "app-id";

/// An image of one transparent dot, for pages that track by loading one.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\xf0\x00\x00\xff\xff\xff\x00\x00\x00\
    \x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// What is served to trackers, to whom, and what came so far.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    paths: Arc<[String]>,
    pub(crate) origins: Origins,
    pub(crate) counts: Arc<Counts>,
    pub(crate) both_ways: Arc<BothWays>,
    /// What pages say they dropped, whichever way they say it.
    pub(crate) client_drops: Arc<ClientDrops>,
    pub(crate) count_rules: Arc<[CountRule]>,
    /// How events are handed on to another collector, if they are.
    pub(crate) forwarding: Option<Forwarding>,
    content: ContentHash,
}

impl Endpoint {
    /// Serves trackers at the usual path.
    pub(crate) fn new(tracker: &Tracker) -> Self {
        Self {
            content: content_hash(tracker),
            paths: Arc::new([DEFAULT_PATH.to_owned()]),
            origins: Origins::default(),
            counts: Arc::default(),
            both_ways: Arc::default(),
            client_drops: Arc::default(),
            count_rules: Arc::default(),
            forwarding: None,
        }
    }

    /// Serves these paths as well.
    pub(crate) fn add_paths(&mut self, paths: &[String]) -> Result<(), ServeError> {
        if let Some(path) = paths.iter().find(|it| !has_two_segments(it)) {
            return Err(ServeError::Path { path: path.clone() });
        }
        self.paths = self.paths.iter().chain(paths).cloned().collect();
        Ok(())
    }

    /// Tells whether trackers send to this path.
    pub(crate) fn serves(&self, path: &str) -> bool {
        matches!(path, PIXEL_PATH | EVENT_FORWARDING_PATH) || self.paths.iter().any(|it| it == path)
    }
}

/// The hash by which an event that is sent again is recognised.
///
/// Its secret is that of the data, which every process that writes to them knows, also after a
/// restart, and nobody else.
fn content_hash(tracker: &Tracker) -> ContentHash {
    match tracker.read(|it| it.secret()) {
        Some(Ok(secret)) => ContentHash::new(secret.as_bytes()),
        Some(Err(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the secret of the data cannot be read: Snowplow events that came before this start \
                 count again if they are sent again"
            );
            ContentHash::new(&RandomState::new().hash_one(0).to_le_bytes())
        }
        // Nothing is kept, and so nothing is recognised.
        None => ContentHash::new(&[]),
    }
}

/// Tells whether a path is `/vendor/version`, in characters that need no escape.
fn has_two_segments(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let segments = path.strip_prefix('/').and_then(|it| it.split_once('/'));
    let is_segment = |it: &str| !it.trim_matches('.').is_empty() && it.bytes().all(is_plain);
    segments.is_some_and(|(vendor, version)| is_segment(vendor) && is_segment(version))
}

/// Answers a request to one of the paths.
pub(crate) async fn answer<B>(
    collector: &Collector,
    peer: IpAddr,
    head: &Parts,
    body: B,
) -> Result<Answer, Problem>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let caller = collector.admit_tracker(peer, head)?;
    respond(collector, caller, head, body).await
}

async fn respond<B>(
    collector: &Collector,
    caller: Caller,
    head: &Parts,
    body: B,
) -> Result<Answer, Problem>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let query = head.uri.query().unwrap_or_default();
    let is_pixel = head.uri.path() == PIXEL_PATH;
    let witness = Witness::of(collector, head)?;
    match head.method {
        Method::GET | Method::HEAD if !comes_from_own_page(head) => {
            let picker = Picker::new(collector, head);
            let decoded = pick_get(query, &mut |it| picker.pick(it));
            take(&picker, caller, decoded).await?;
            witness.see(b"");
            Ok(no_cache("image/gif", PIXEL))
        }
        Method::POST if !is_pixel => {
            let body = body::read(&head.headers, body, &collector.limits).await?;
            let content_type = declared_type(head);
            let picker = Picker::new(collector, head);
            let pick = &mut |it: Payload<'_>| picker.pick(it);
            let decoded = pick_post(content_type.as_deref(), query, &body, pick);
            take(&picker, caller, decoded).await?;
            witness.see(&body);
            let answer: &[u8] = if comes_from_own_page(head) { b"" } else { b"ok" };
            let mut answer = no_cache("text/plain; charset=utf-8", answer);
            if is_text_of_a_page(head) && expect_json(content_type.as_deref()).is_ok() {
                // By this a page knows that it was read: other collectors take text with a 200,
                // and throw it away.
                answer = answer.map(|_| Full::default());
                *answer.status_mut() = StatusCode::NO_CONTENT;
                answer.headers_mut().remove(CONTENT_TYPE);
            }
            Ok(answer)
        }
        Method::OPTIONS => Ok(cors::tracker_preflight(collector)),
        _ if comes_from_own_page(head) => Err(Problem::WrongMethod { allowed: "OPTIONS, POST" }),
        _ if is_pixel => Err(Problem::WrongMethod { allowed: "GET, HEAD, OPTIONS" }),
        _ => Err(Problem::WrongMethod { allowed: "GET, HEAD, OPTIONS, POST" }),
    }
}

/// Tells whether a request is that of a page of GitLab's, which asks its own installation to hand
/// events on. It counts them by REST.
fn comes_from_own_page(head: &Parts) -> bool {
    head.uri.path() == EVENT_FORWARDING_PATH
}

/// The type that the body of a request is read as: text of a page is JSON.
pub(crate) fn declared_type(head: &Parts) -> Option<Cow<'_, [u8]>> {
    let given = head.headers.get(CONTENT_TYPE)?.as_bytes();
    if is_text_of_a_page(head) {
        let parameters = given.iter().skip_while(|it| **it != b';');
        return Some(b"application/json".iter().chain(parameters).copied().collect());
    }
    Some(Cow::Borrowed(given))
}

/// Tells whether a page declares its body as plain text, for which its browser does not ask ahead:
/// that saves a page of another origin a round trip.
///
/// That question is not missed where the page itself says by its `Origin` who it is: the door has
/// let it in by then. Text from nobody stays what it is, for a form in a page of a stranger can
/// send it, and old browsers do not say from where.
fn is_text_of_a_page(head: &Parts) -> bool {
    let given = head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = given.and_then(|it| it.split(|byte| *byte == b';').next());
    head.headers.contains_key(ORIGIN)
        && essence.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(b"text/plain"))
}

/// Tracks the internal events in a request, hands on what is to be handed on, keeps aside what is
/// bad, and counts everything.
async fn take(
    picker: &Picker<'_>,
    caller: Caller,
    decoded: Decoded<'_, Picked>,
) -> Result<(), Problem> {
    let n = decoded.payloads.len() + decoded.bad.len();
    picker.collector.door.charge(caller, n.saturating_sub(1))?;
    let (events, others) = picker.sort(decoded);
    match track::submit_with(picker.collector, events, others).await {
        // Trackers would send it again for ever, and there is nothing that could get better.
        Err(Problem::Busy(Refusal::Disabled)) => Ok(()),
        result => result.map(drop),
    }
}

/// What is to become of an event.
enum Picked {
    /// It comes from an application that is not listed.
    UnknownApp,
    /// It is no internal event.
    Ignored,
    /// It is one, and the configuration says that it does not count.
    Uncounted,
    Event(Event),
    /// No definition knows it: it is kept aside, and handed on already.
    Unknown {
        event: Event,
        forwarded: Forwarded,
    },
    /// It does not count, and is handed on.
    Forwarded {
        forwarded: Forwarded,
        is_uncounted: bool,
    },
}

/// Says what is to become of the events of one request.
struct Picker<'c> {
    collector: &'c Collector,
    catalog: Arc<Catalog>,
    is_anonymous: bool,
    comes_from_own_page: bool,
}

impl<'c> Picker<'c> {
    fn new(collector: &'c Collector, head: &Parts) -> Self {
        Self {
            collector,
            catalog: collector.tracker.catalog(),
            is_anonymous: wants_anonymity(&head.headers),
            comes_from_own_page: comes_from_own_page(head),
        }
    }

    fn pick(&self, mut payload: Payload<'_>) -> Picked {
        if !self.collector.door.takes(payload.app_id()) {
            return Picked::UnknownApp;
        }
        if let Some(it) = &payload.tracked {
            self.collector.endpoint.client_drops.note(&it.event, payload.id);
        }
        let is_counted = !self.comes_from_own_page
            && counting::counts(&self.collector.endpoint.count_rules, &payload);
        let event = payload.tracked.take().and_then(|it| self.internal_event(it));
        let forwarding = self.collector.endpoint.forwarding;
        let parameters = forwarding.map(|it| {
            let suffix = self.comes_from_own_page.then_some(it.app_id_suffix);
            forward::parameters(&payload, suffix, self.is_anonymous)
        });
        let is_known = |it: &Event| self.catalog.find_event(&it.name).is_some();
        match (event, parameters) {
            (Some(event), Some(parameters)) if is_counted && !is_known(&event) => {
                // It counts once it is known; what was handed on must not be taken for it then.
                let given_id = self.given_id(&payload);
                let other_id = given_id.map(|it| GivenId { id: it.id.map(|byte| !byte), ..it });
                let event = Event { given_id, analytics: Analytics::Nothing, ..event };
                Picked::Unknown { event, forwarded: Forwarded { parameters, given_id: other_id } }
            }
            (Some(event), parameters) if is_counted => {
                let analytics = parameters.map_or(Analytics::Nothing, Analytics::AsItCame);
                Picked::Event(Event { given_id: self.given_id(&payload), analytics, ..event })
            }
            (event, Some(parameters)) => {
                let forwarded = Forwarded { parameters, given_id: self.given_id(&payload) };
                Picked::Forwarded { forwarded, is_uncounted: event.is_some() }
            }
            (Some(_), None) => Picked::Uncounted,
            (None, None) => Picked::Ignored,
        }
    }

    /// The id by which an event is known when its tracker, which got no answer, sends it again.
    fn given_id(&self, payload: &Payload<'_>) -> Option<GivenId> {
        let content = || Some(self.collector.endpoint.content.of(&payload.parameters));
        payload.id.map(|id| GivenId { id, content: content() })
    }

    /// Gives the internal event that a struct event stands for.
    ///
    /// One that no definition knows is one all the same if its sender says so; the tracker keeps
    /// it aside. Others are none of ours: somebody else's struct events, page views, and so on.
    fn internal_event(&self, tracked: Tracked) -> Option<Event> {
        let mut event = tracked.event;
        let name_bytes = self.collector.limits.name_bytes;
        let is_known = self.catalog.find_event(&event.name).is_some();
        let is_kept = tracked.is_announced && event.name.len() <= name_bytes;
        if !is_known && !is_kept {
            return None;
        }
        event.category = event.category.filter(|it| it.len() <= name_bytes);
        if self.is_anonymous {
            event.user = None;
        }
        Some(event)
    }

    /// Gives the events to be counted and what is to be kept aside or handed on, and counts all
    /// others.
    fn sort(&self, decoded: Decoded<'_, Picked>) -> (Vec<Event>, Others) {
        let (endpoint, door) = (&self.collector.endpoint, &self.collector.door);
        let (counts, now) = (&endpoint.counts, self.collector.tracker.now_ms());
        let mut foreign = Vec::with_capacity(decoded.bad.len());
        for bad in &decoded.bad {
            if let Some(reason) = bad.reasons.first() {
                counts.add_bad(reason.code(), now);
            }
            // Strangers, who need no app id to send nonsense, must not push out what is kept of
            // others.
            if door.takes_all() || door.takes(app_id::of(bad).as_deref()) {
                foreign.push(kept::foreign(bad, self.is_anonymous, &self.collector.limits));
            }
        }
        let (mut n_ignored, mut n_uncounted) = (0, 0);
        let mut forwarded = Vec::new();
        let mut events = Vec::with_capacity(decoded.payloads.len());
        for picked in decoded.payloads {
            match picked {
                Picked::UnknownApp => counts.add_bad(UNKNOWN_APP, now),
                Picked::Ignored => n_ignored += 1,
                Picked::Uncounted => n_uncounted += 1,
                Picked::Forwarded { forwarded: it, is_uncounted } => {
                    n_uncounted += usize::from(is_uncounted);
                    forwarded.push(it);
                }
                Picked::Unknown { event, forwarded: it } => {
                    forwarded.push(it);
                    events.push(event);
                }
                Picked::Event(event) => {
                    endpoint.both_ways.note(Way::Snowplow, &event, now);
                    events.push(event);
                }
            }
        }
        counts.add(events.len(), n_ignored, n_uncounted);
        let is_forwarded = |it: &&Event| matches!(it.analytics, Analytics::AsItCame(_));
        counts.add_forwarded(forwarded.len() + events.iter().filter(is_forwarded).count());
        (events, Others { foreign, forwarded })
    }
}

/// Tells whether a request asks that its user stays unknown.
///
/// The header of anonymous trackers counts by its presence, as in Snowplow.
fn wants_anonymity(headers: &HeaderMap) -> bool {
    headers.contains_key("sp-anonymous")
        || headers.get("sec-gpc").is_some_and(|it| it.as_bytes().trim_ascii() == b"1")
}

/// Makes an answer that nobody may keep: the next request is another event.
fn no_cache(content_type: &'static str, body: &'static [u8]) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from_static(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let never = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    headers.insert(CACHE_CONTROL, never);
    response
}

#[cfg(test)]
mod tests;
