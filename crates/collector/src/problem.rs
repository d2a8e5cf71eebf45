//! What is answered when an answer is no success.

use crate::access::Scope;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use internal_events::{Refusal, store};
use serde_json::{Value, json};
use std::time::Duration;

/// Where each code is explained; the code is the anchor.
const PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/http.md#");

/// Why a request is not answered as hoped.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The body is no JSON.
    InvalidJson(serde_json::Error),
    /// The body is JSON, but no event.
    InvalidParameter(String),
    /// The batch is too long.
    TooManyEvents { at_most: usize },
    /// The connection broke before the body was whole.
    BrokenBody,
    /// The request does not say, once and clearly, where its body ends.
    UnclearLength,
    /// The request does not say, once and clearly, which host it is for.
    UnclearHost,
    /// The request does not come straight from a program on this machine.
    NotLocal(&'static str),
    /// A page that may not ask sent the request.
    ForeignOrigin(&'static str),
    /// A token is needed, and there is none.
    NoToken,
    /// What is shown as a token is none of ours.
    UnknownToken(&'static str),
    /// Too many events, or wrong tokens, of one client.
    RateLimited(Duration),
    /// The caller is known, but may not do this.
    MissingScope(Scope),
    /// There is no such page.
    NoSuchPage,
    /// There would be such a page if the server had been started with this flag.
    NotAskedFor { flag: &'static str },
    /// There is no such schema.
    NoSuchSchema(String),
    /// The events that somebody waited for did not come.
    NotSeen { detail: String, seen: Value },
    /// There is no such metric.
    NoSuchMetric(String),
    /// The page does not take this method.
    WrongMethod { allowed: &'static str },
    /// The body took too long.
    SlowBody { seconds: u64 },
    /// The body is too large.
    LargeBody { at_most: usize },
    /// The body says it is something else than JSON.
    WrongType,
    /// The body is compressed.
    WrongEncoding,
    /// The event is refused because the server is strict.
    Refused { reason: String, results: Option<Value> },
    /// The whole batch could not be taken now.
    Busy(Refusal),
    /// The journal could not be written; the tracker has logged why.
    NotDurable,
    /// The counters cannot be read.
    Unreadable(store::Error),
    /// A task of ours ended before it was done.
    Interrupted,
}

/// Bytes of a detail; what is wrong may be as long as the body that it is in.
const DETAIL_BYTES: usize = 800;

fn shortened(mut detail: String) -> String {
    if detail.len() > DETAIL_BYTES {
        detail.truncate(detail.floor_char_boundary(DETAIL_BYTES));
        detail.push('…');
    }
    detail
}

/// One line of the table: status, stable code, title.
type Row = (StatusCode, &'static str, &'static str);

impl Problem {
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn row(&self) -> Row {
        match self {
            Self::InvalidJson(_) => {
                (StatusCode::BAD_REQUEST, "invalid_json", "The body is not JSON")
            }
            Self::InvalidParameter(_) => {
                (StatusCode::BAD_REQUEST, "invalid_parameter", "A parameter is missing or wrong")
            }
            Self::TooManyEvents { .. } => {
                (StatusCode::BAD_REQUEST, "too_many_events", "The batch is too long")
            }
            Self::BrokenBody => {
                (StatusCode::BAD_REQUEST, "broken_body", "The body did not arrive whole")
            }
            Self::UnclearLength => {
                (StatusCode::BAD_REQUEST, "unclear_length", "The body's end is not clear")
            }
            Self::UnclearHost => {
                (StatusCode::BAD_REQUEST, "unclear_host", "The Host is missing or not clear")
            }
            Self::NotLocal(_) => {
                (StatusCode::FORBIDDEN, "not_local", "Only programs on this machine may ask")
            }
            Self::ForeignOrigin(_) => {
                (StatusCode::FORBIDDEN, "foreign_origin", "Pages of this origin may not ask")
            }
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no_token", "A token is needed"),
            Self::UnknownToken(_) => {
                (StatusCode::UNAUTHORIZED, "unknown_token", "The token is not known")
            }
            Self::RateLimited(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "This is too fast")
            }
            Self::MissingScope(_) => {
                (StatusCode::FORBIDDEN, "missing_scope", "The caller may not do this")
            }
            Self::NoSuchPage | Self::NotAskedFor { .. } => {
                (StatusCode::NOT_FOUND, "no_such_page", "There is no such page")
            }
            Self::NoSuchSchema(_) => {
                (StatusCode::NOT_FOUND, "no_such_schema", "There is no such schema")
            }
            Self::NotSeen { .. } => {
                (StatusCode::REQUEST_TIMEOUT, "not_seen", "The events did not come in time")
            }
            Self::NoSuchMetric(_) => {
                (StatusCode::NOT_FOUND, "no_such_metric", "There is no such metric")
            }
            Self::WrongMethod { .. } => {
                (StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "The method is another one")
            }
            Self::SlowBody { .. } => {
                (StatusCode::REQUEST_TIMEOUT, "slow_body", "The body took too long")
            }
            Self::LargeBody { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "large_body", "The body is too large")
            }
            Self::WrongType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_type", "The body should be JSON")
            }
            Self::WrongEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_encoding", "The body is compressed")
            }
            Self::Refused { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "refused", "The event is wrong")
            }
            Self::Busy(Refusal::QueueFull) => {
                (StatusCode::SERVICE_UNAVAILABLE, "queue_full", "Too many events are waiting")
            }
            Self::Busy(Refusal::ShutDown) => {
                (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "The server is shutting down")
            }
            Self::Busy(Refusal::Disabled) => {
                (StatusCode::SERVICE_UNAVAILABLE, "disabled", "Tracking is switched off")
            }
            Self::NotDurable => {
                (StatusCode::SERVICE_UNAVAILABLE, "not_durable", "The journal cannot be written")
            }
            Self::Unreadable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unreadable", "The counters cannot be read")
            }
            Self::Interrupted => {
                (StatusCode::SERVICE_UNAVAILABLE, "interrupted", "The work was interrupted")
            }
        }
    }

    /// What went wrong, for the caller. The world's failures stay in our log.
    fn detail(&self) -> String {
        match self {
            Self::InvalidJson(error) => format!("The body is not valid JSON: {error}."),
            Self::InvalidParameter(detail) => detail.clone(),
            Self::TooManyEvents { at_most } => {
                format!("Maximum {at_most} events allowed in one request.")
            }
            Self::BrokenBody => "The connection ended before the body did.".to_owned(),
            Self::UnclearLength => {
                "Send Content-Length, or Transfer-Encoding: chunked and no other coding.".to_owned()
            }
            Self::UnclearHost => "Send one Host header that names this server.".to_owned(),
            Self::NotLocal(why) => (*why).to_owned(),
            Self::ForeignOrigin(why) => (*why).to_owned(),
            Self::NoToken => {
                "Send a token as `Authorization: Bearer …` or as `PRIVATE-TOKEN: …`.".to_owned()
            }
            Self::UnknownToken(why) => (*why).to_owned(),
            Self::RateLimited(_) => {
                "This client sends more than it may; send it again later.".to_owned()
            }
            Self::MissingScope(scope) => format!("This needs the scope `{scope}`."),
            Self::NoSuchPage => "Nothing is served at this path.".to_owned(),
            Self::NotAskedFor { flag } => {
                format!("A server that was started with `{flag}` serves this page.")
            }
            Self::NoSuchMetric(detail) | Self::NoSuchSchema(detail) => detail.clone(),
            Self::NotSeen { detail, .. } => detail.clone(),
            Self::WrongMethod { allowed } => format!("This path takes {allowed}."),
            Self::SlowBody { seconds } => format!("The body must arrive within {seconds} s."),
            Self::LargeBody { at_most } => format!("The body may have {at_most} bytes at most."),
            Self::WrongType => "Send the body with Content-Type: application/json.".to_owned(),
            Self::WrongEncoding => "Send the body without Content-Encoding.".to_owned(),
            Self::Refused { reason, .. } => reason.clone(),
            Self::Busy(refusal) => match refusal {
                Refusal::QueueFull => "Nothing was tracked; send it again later.".to_owned(),
                Refusal::ShutDown => "Nothing was tracked; send it again elsewhere.".to_owned(),
                Refusal::Disabled => "Nothing was tracked: `enabled` is false.".to_owned(),
            },
            Self::NotDurable => "Nothing was tracked; send it again later.".to_owned(),
            Self::Unreadable(_) => "The counters could not be read; ask again later.".to_owned(),
            Self::Interrupted => "It is not known what became of the request.".to_owned(),
        }
    }

    /// After how many seconds it makes sense to try again.
    fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            // The queue holds less than a second of work, unless the disk stands still.
            Self::Busy(Refusal::QueueFull) => Some(HeaderValue::from_static("1")),
            // A restart or a full disk takes somebody a moment.
            Self::Busy(Refusal::ShutDown)
            | Self::NotDurable
            | Self::Unreadable(_)
            | Self::Interrupted => Some(HeaderValue::from_static("5")),
            Self::RateLimited(wait) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Some(HeaderValue::from(seconds.max(1)))
            }
            _ => None,
        }
    }

    /// The status and the stable code.
    pub(crate) fn code(&self) -> (StatusCode, &'static str) {
        let (status, code, _) = self.row();
        (status, code)
    }

    /// Tells whether it is about who asks, not about what.
    pub(crate) fn is_about_the_caller(&self) -> bool {
        matches!(
            self,
            Self::UnclearLength
                | Self::UnclearHost
                | Self::NotLocal(_)
                | Self::ForeignOrigin(_)
                | Self::NoToken
                | Self::UnknownToken(_)
                | Self::MissingScope(_)
                | Self::RateLimited(_)
        )
    }

    /// What is said to a caller without a token that is good.
    fn challenge(&self) -> Option<HeaderValue> {
        match self {
            Self::NoToken => Some(HeaderValue::from_static("Bearer realm=\"internal-events\"")),
            Self::UnknownToken(_) => Some(HeaderValue::from_static(
                "Bearer realm=\"internal-events\", error=\"invalid_token\"",
            )),
            _ => None,
        }
    }

    #[cold]
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let (status, code, title) = self.row();
        if let Self::Unreadable(error) = &self {
            tracing::error!(error = error as &dyn std::error::Error, "cannot read the counters");
        }
        let mut body = json!({
            "type": format!("{PAGE}{code}"),
            "title": title,
            "status": status.as_u16(),
            "code": code,
            "detail": shortened(self.detail()),
        });
        if let Self::Refused { results: Some(results), .. } = &self {
            body["results"] = results.clone();
        }
        if let Self::NotSeen { seen: Value::Object(seen), .. } = &self {
            body.as_object_mut().expect("invariant: it is an object").extend(seen.clone());
        }
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Self::WrongMethod { allowed } = &self {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        if matches!(self, Self::WrongEncoding) {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if matches!(self, Self::UnclearLength) {
            // Whoever reads the length in another way takes what follows for something else.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds);
        }
        response
    }
}

#[cfg(test)]
pub(crate) mod tests;
