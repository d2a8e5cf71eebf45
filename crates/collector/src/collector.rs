//! What is served, and by whom.

use crate::access::{Caller, Scope};
use crate::definitions::Reload;
use crate::door::Door;
use crate::endpoint::{self, CountRule, Endpoint, Forwarding, Origins};
use crate::limits::Limits;
use crate::micro::{self, Micro};
use crate::problem::Problem;
use crate::proxies::Proxies;
use crate::refusals::{Named, Refusals};
use crate::request_id::{REQUEST_ID, RequestIds};
use crate::tokens::Tokens;
use crate::{
    Listing, ServeError, Tls, Token, body, cors, demo, events, explain, health, listing, metrics,
    openapi, script, track,
};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use internal_events::{Call, Tracker};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// A whole answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Answers requests; cheap to clone.
#[derive(Clone, Debug)]
pub struct Collector {
    pub(crate) tracker: Tracker,
    pub(crate) limits: Limits,
    pub(crate) endpoint: Endpoint,
    pub(crate) reload: Reload,
    pub(crate) door: Door,
    pub(crate) tls: Option<Tls>,
    pub(crate) refusals: Arc<Refusals>,
    /// Shows what trackers sent, where that was asked for.
    pub(crate) micro: Option<Micro>,
    /// Has a page to try out how events are sent.
    has_demo: bool,
    request_ids: Arc<RequestIds>,
}

impl Collector {
    /// Makes a collector that gives its events to a tracker.
    pub fn new(tracker: Tracker, limits: Limits) -> Self {
        let reload = Reload::new(tracker.clone());
        let endpoint = Endpoint::new(&tracker);
        Self {
            tracker,
            limits,
            endpoint,
            reload,
            door: Door::new(&limits),
            tls: None,
            refusals: Arc::default(),
            micro: None,
            has_demo: false,
            request_ids: Arc::default(),
        }
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

    /// Lets pages of these origins ask; without a list, pages on loopback.
    ///
    /// # Errors
    ///
    /// When one of them is no origin, which is written `scheme://host` or `scheme://host:port`.
    pub fn origins(mut self, origins: &[String]) -> Result<Self, ServeError> {
        self.endpoint.origins = Origins::listed(origins)?;
        Ok(self)
    }

    /// Lets in only callers who show one of these tokens, but from anywhere.
    #[must_use]
    pub fn tokens(mut self, tokens: Vec<Token>) -> Self {
        self.door.tokens = Arc::new(Tokens::new(tokens));
        self
    }

    /// Serves over TLS, and over nothing else.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Takes Snowplow events of these applications only, but from anywhere; `*` is any.
    #[must_use]
    pub fn app_ids(mut self, app_ids: &[String]) -> Self {
        self.door.app_ids = Some(app_ids.into());
        self
    }

    /// Believes the proxies in these networks, such as `10.0.0.0/8`, for whom they speak.
    ///
    /// # Errors
    ///
    /// When one of them is neither an address nor a network.
    pub fn trusted_proxies(mut self, networks: &[String]) -> Result<Self, ServeError> {
        self.door.proxies = Arc::new(Proxies::listed(networks)?);
        Ok(self)
    }

    /// Counts Snowplow events as these rules say, of which the first that fits decides; what fits
    /// none is counted.
    #[must_use]
    pub fn count_snowplow(mut self, rules: Vec<CountRule>) -> Self {
        self.endpoint.count_rules = rules.into();
        self
    }

    /// Hands events of Snowplow trackers on to another collector, through the tracker's journal.
    #[must_use]
    pub fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.endpoint.forwarding = Some(forwarding);
        self
    }

    /// Keeps in memory what Snowplow trackers send, and shows it as Snowplow Micro does.
    #[must_use]
    pub fn with_micro(mut self) -> Self {
        self.micro = Some(Micro::new(self.tracker.clone(), self.limits));
        self
    }

    /// Gives what shows events, if there is something.
    pub fn micro(&self) -> Option<Micro> {
        self.micro.clone()
    }

    /// Serves a page to try out every way in which pages send events.
    #[must_use]
    pub fn with_demo(self) -> Self {
        Self { has_demo: true, ..self }
    }

    /// Tells whether there is such a page.
    pub fn has_demo(&self) -> bool {
        self.has_demo
    }

    /// The element by which pages load the browser package from this server, whose address is
    /// given as `scheme://host:port`.
    pub fn script_element(server: &str) -> String {
        script::element(server)
    }

    /// Answers one request from a peer.
    pub async fn answer<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let (head, body) = request.into_parts();
        let started = tracing::enabled!(tracing::Level::DEBUG).then(Instant::now);
        let id = self.request_ids.give(head.headers.get(REQUEST_ID), self.tracker.now_ms());
        let named = Named { id: &id, method: &head.method, path: head.uri.path() };
        let mut answer = match self.route(peer, &head, body).await {
            Ok(answer) => answer,
            Err(problem) => {
                let (status, code) = problem.code();
                if problem.is_about_the_caller() {
                    self.refusals.count(code);
                }
                self.refusals.log(&named, status, code);
                problem.into_response()
            }
        };
        if let Some(started) = started {
            named.log_answer(answer.status(), started);
        }
        cors::add(self, &head, &mut answer);
        answer.headers_mut().insert(REQUEST_ID, id);
        answer
    }

    async fn route<B>(&self, peer: IpAddr, head: &Parts, body: B) -> Result<Answer, Problem>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let path = head.uri.path();
        if self.endpoint.serves(path) {
            return endpoint::answer(self, peer, head, body).await;
        }
        if script::serves(path) {
            return script::answer(self, peer, head);
        }
        if let Some(answer) = self.look_after(peer, head).await {
            return answer;
        }
        if cors::is_preflight(head) {
            self.admit_preflight(peer, head)?;
            return Ok(cors::preflight());
        }
        if path.starts_with("/micro/") {
            return micro::answer(self, peer, head, body).await;
        }
        if demo::serves(path) {
            return demo::answer(self, peer, head);
        }
        let caller = self.admit(peer, head)?;
        match path {
            "/api/v4/usage_data/track_event" => {
                let body = self.json_of(caller, head, body).await?;
                track::one(self, caller, &head.headers, (&body, Call::TrackEvent)).await
            }
            "/api/v4/usage_data/track_events" => {
                let body = self.json_of(caller, head, body).await?;
                track::batch(self, caller, &head.headers, &body).await
            }
            "/api/v4/usage_data/increment_counter" => {
                let body = self.json_of(caller, head, body).await?;
                track::one(self, caller, &head.headers, (&body, Call::IncrementCounter)).await
            }
            "/api/v4/usage_data/increment_unique_users" => {
                let body = self.json_of(caller, head, body).await?;
                track::one(self, caller, &head.headers, (&body, Call::IncrementUniqueUsers)).await
            }
            "/api/v4/usage_data/metrics" => {
                expect_get(&head.method)?;
                caller.require(Scope::ReadMetrics)?;
                metrics::report(self, head.uri.query().unwrap_or_default()).await
            }
            "/api/v4/usage_data/explain" => {
                let body = self.json_for(Scope::ReadMetrics, caller, head, body).await?;
                explain::answer(self, &body).await
            }
            "/api/v4/usage_data/events" => {
                expect_get(&head.method)?;
                caller.require(Scope::Debug)?;
                events::list(self, head.uri.query().unwrap_or_default()).await
            }
            "/api/v4/usage_data/metric_definitions" => {
                expect_get(&head.method)?;
                caller.require(Scope::ReadMetrics)?;
                listing::answer(self, head).await
            }
            "/api/openapi.json" => {
                expect_get(&head.method)?;
                Ok(openapi::answer())
            }
            _ => Err(Problem::NoSuchPage),
        }
    }

    /// Reads what is posted as JSON, from a caller that may track.
    async fn json_of<B>(&self, caller: Caller, head: &Parts, body: B) -> Result<Bytes, Problem>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        self.json_for(Scope::Track, caller, head, body).await
    }

    /// Reads what is posted as JSON, from a caller with this scope.
    async fn json_for<B>(
        &self,
        scope: Scope,
        caller: Caller,
        head: &Parts,
        body: B,
    ) -> Result<Bytes, Problem>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        expect_post(&head.method)?;
        caller.require(scope)?;
        body::expect_json(&head.headers)?;
        body::read(&head.headers, body, &self.limits).await
    }

    /// Answers those who look after the server, if this is one of their pages.
    async fn look_after(&self, peer: IpAddr, head: &Parts) -> Option<Result<Answer, Problem>> {
        let is_asked = || expect_get(&head.method);
        Some(match head.uri.path() {
            "/healthz" => {
                let details = is_asked().and_then(|()| self.sees_details(peer, head));
                match details {
                    Ok(has_details) => Ok(health::health(self, has_details).await),
                    Err(problem) => Err(problem),
                }
            }
            "/readyz" => {
                let details = is_asked().and_then(|()| self.sees_details(peer, head));
                match details {
                    Ok(has_details) => health::ready(self, has_details).await,
                    Err(problem) => Err(problem),
                }
            }
            "/metrics" => {
                let reader = is_asked().and_then(|()| self.admit_reader(peer, head));
                match reader {
                    Ok(()) => Ok(health::prometheus(self).await),
                    Err(problem) => Err(problem),
                }
            }
            _ => return None,
        })
    }
}

fn expect_post(method: &Method) -> Result<(), Problem> {
    if method == Method::POST { Ok(()) } else { Err(Problem::WrongMethod { allowed: "POST" }) }
}

pub(crate) fn expect_get(method: &Method) -> Result<(), Problem> {
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
