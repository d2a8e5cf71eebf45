//! What is served, and by whom.

use crate::access::{Caller, Scope};
use crate::definitions::Reload;
use crate::endpoint::{self, Endpoint, Origins};
use crate::limits::Limits;
use crate::problem::Problem;
use crate::{Listing, ServeError, body, door, health, listing, metrics, openapi, track};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use internal_events::{Call, Tracker};
use std::fmt;
use std::net::IpAddr;

/// A whole answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Answers requests; cheap to clone.
#[derive(Clone, Debug)]
pub struct Collector {
    pub(crate) tracker: Tracker,
    pub(crate) limits: Limits,
    pub(crate) endpoint: Endpoint,
    pub(crate) reload: Reload,
}

impl Collector {
    /// Makes a collector that gives its events to a tracker.
    pub fn new(tracker: Tracker, limits: Limits) -> Self {
        let reload = Reload::new(tracker.clone());
        Self { tracker, limits, endpoint: Endpoint::default(), reload }
    }

    /// Answers those who ask for definitions with this.
    #[must_use]
    pub fn listing(self, listing: Listing) -> Self {
        self.reload.list(listing);
        self
    }

    /// Gives the handle by which definitions are replaced while it serves.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Takes what Snowplow trackers send at these paths too, each of the form `/vendor/version`.
    ///
    /// # Errors
    ///
    /// When one of them has another form.
    pub fn paths(mut self, paths: &[String]) -> Result<Self, ServeError> {
        self.endpoint.add_paths(paths)?;
        Ok(self)
    }

    /// Takes Snowplow events from pages of these origins; without a list, of those on loopback.
    ///
    /// # Errors
    ///
    /// When one of them is no origin, which is written `scheme://host` or `scheme://host:port`.
    pub fn origins(mut self, origins: &[String]) -> Result<Self, ServeError> {
        self.endpoint.origins = Origins::listed(origins)?;
        Ok(self)
    }

    /// Answers one request from a peer.
    pub async fn answer<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        match self.route(peer, request).await {
            Ok(answer) => answer,
            Err(problem) => problem.into_response(),
        }
    }

    async fn route<B>(&self, peer: IpAddr, request: Request<B>) -> Result<Answer, Problem>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let (head, body) = request.into_parts();
        if self.endpoint.serves(head.uri.path()) {
            return endpoint::answer(self, peer, &head, body).await;
        }
        let caller = door::admit(peer, &head)?;
        match head.uri.path() {
            "/api/v4/usage_data/track_event" => {
                let body = self.json_of(caller, &head, body).await?;
                track::one(self, caller, &head.headers, (&body, Call::TrackEvent)).await
            }
            "/api/v4/usage_data/track_events" => {
                let body = self.json_of(caller, &head, body).await?;
                track::batch(self, caller, &head.headers, &body).await
            }
            "/api/v4/usage_data/increment_counter" => {
                let body = self.json_of(caller, &head, body).await?;
                track::one(self, caller, &head.headers, (&body, Call::IncrementCounter)).await
            }
            "/api/v4/usage_data/increment_unique_users" => {
                let body = self.json_of(caller, &head, body).await?;
                track::one(self, caller, &head.headers, (&body, Call::IncrementUniqueUsers)).await
            }
            "/api/v4/usage_data/metrics" => {
                expect_get(&head.method)?;
                caller.require(Scope::ReadMetrics)?;
                metrics::report(self, head.uri.query().unwrap_or_default()).await
            }
            "/api/v4/usage_data/metric_definitions" => {
                expect_get(&head.method)?;
                caller.require(Scope::ReadMetrics)?;
                listing::answer(self, &head).await
            }
            "/healthz" => {
                expect_get(&head.method)?;
                Ok(health::health(self))
            }
            "/readyz" => {
                expect_get(&head.method)?;
                health::ready(self).await
            }
            "/api/openapi.json" => {
                expect_get(&head.method)?;
                Ok(openapi::answer())
            }
            "/metrics" => {
                expect_get(&head.method)?;
                Ok(health::prometheus(self))
            }
            _ => Err(Problem::NoSuchPage),
        }
    }

    /// Reads what is posted as JSON, from a caller that may track.
    async fn json_of<B>(&self, caller: Caller, head: &Parts, body: B) -> Result<Bytes, Problem>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        expect_post(&head.method)?;
        caller.require(Scope::Track)?;
        body::expect_json(&head.headers)?;
        body::read(&head.headers, body, &self.limits).await
    }
}

fn expect_post(method: &Method) -> Result<(), Problem> {
    if method == Method::POST { Ok(()) } else { Err(Problem::WrongMethod { allowed: "POST" }) }
}

fn expect_get(method: &Method) -> Result<(), Problem> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    Err(Problem::WrongMethod { allowed: "GET, HEAD" })
}

/// Makes an answer of JSON.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
