//! Which request goes where.

use crate::access::{Caller, Scope, expect_get, expect_post};
use crate::answer::Answer;
use crate::problem::Problem;
use crate::refusals::Named;
use crate::request_id::REQUEST_ID;
use crate::{
    Collector, body, cors, demo, endpoint, events, explain, health, listing, metrics, micro,
    openapi, script, track,
};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use internal_events::Call;
use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

impl Collector {
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
        if let Some(answer) = self.look_after(peer, head).await? {
            return Ok(answer);
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
    async fn look_after(&self, peer: IpAddr, head: &Parts) -> Result<Option<Answer>, Problem> {
        Ok(Some(match head.uri.path() {
            "/healthz" => {
                expect_get(&head.method)?;
                health::health(self, self.sees_details(peer, head)?).await
            }
            "/readyz" => {
                expect_get(&head.method)?;
                health::ready(self, self.sees_details(peer, head)?).await?
            }
            "/metrics" => {
                expect_get(&head.method)?;
                self.admit_reader(peer, head)?;
                health::prometheus(self).await
            }
            _ => return Ok(None),
        }))
    }
}
