//! The pages on which events are shown.

use super::filter::{ALL, BAD, Filter, GOOD, Given};
use super::schemas::{self, Schema};
use super::wait::Wanted;
use super::{Entry, Micro, ui};
use crate::access::Scope;
use crate::answer::{Answer, json};
use crate::problem::Problem;
use crate::{Collector, body};
use hyper::body::{Body, Bytes};
use hyper::header::{CACHE_CONTROL, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::json;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Where the schemas are that are built in.
const IGLU_PATH: &str = "/micro/iglu/{vendor}/{name}/jsonschema/{version}";

/// Answers who asks for one of the pages, and may.
pub(crate) async fn answer<B>(
    collector: &Collector,
    peer: IpAddr,
    head: &Parts,
    body: B,
) -> Result<Answer, Problem>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let path = head.uri.path();
    // The page holds no event. A browser, which has no token until somebody gives it one there,
    // gets it from its own machine.
    if path != "/micro/ui" || !collector.is_direct(peer, head) {
        collector.admit(peer, head)?.require(Scope::Debug)?;
    }
    expect_one_of(methods(path)?, &head.method)?;
    let micro = collector.micro.as_ref().ok_or(Problem::NotAskedFor { flag: "--micro" })?;
    let query = head.uri.query().unwrap_or_default();
    let mut answer = match path {
        "/micro/all" => {
            let filter = micro.filter(head, body, ALL).await?;
            micro.totals(&filter)
        }
        "/micro/good" => {
            let filter = micro.filter(head, body, GOOD).await?;
            list(&micro.store().find(true, &filter))
        }
        "/micro/bad" => {
            let filter = micro.filter(head, body, BAD).await?;
            list(&micro.store().find(false, &filter))
        }
        "/micro/reset" => {
            let filter = micro.filter(head, body, ALL).await?;
            micro.reset(filter.run.as_ref());
            micro.totals(&filter)
        }
        "/micro/wait" => {
            let given = Given::read(query, b"")?;
            let wanted = Wanted::read(micro, given, &head.headers)?;
            list(&micro.wait(&wanted).await?)
        }
        "/micro/ui" => ui::ui()?,
        _ => schema(path)?,
    };
    let never = HeaderValue::from_static("no-store");
    answer.headers_mut().entry(CACHE_CONTROL).or_insert(never);
    Ok(answer)
}

/// Says which methods a page takes.
fn methods(path: &str) -> Result<&'static str, Problem> {
    match path {
        "/micro/all" | "/micro/good" | "/micro/bad" => Ok("GET, HEAD, POST"),
        // HEAD is for looking, and this changes something; GET does too, as in Micro.
        "/micro/reset" => Ok("GET, POST"),
        "/micro/wait" | "/micro/ui" => Ok("GET, HEAD"),
        _ if path.starts_with(iglu()) => Ok("GET, HEAD"),
        _ => Err(Problem::NoSuchPage),
    }
}

fn expect_one_of(allowed: &'static str, method: &Method) -> Result<(), Problem> {
    let is_allowed = allowed.split(", ").any(|it| it == method.as_str());
    if is_allowed { Ok(()) } else { Err(Problem::WrongMethod { allowed }) }
}

/// What the paths of all schemas begin with.
fn iglu() -> &'static str {
    IGLU_PATH.split('{').next().unwrap_or(IGLU_PATH)
}

impl Micro {
    /// Reads which events are asked for.
    async fn filter<B>(&self, head: &Parts, body: B, names: &[&str]) -> Result<Filter, Problem>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let body = match head.method {
            Method::POST => body::read(&head.headers, body, &self.0.limits).await?,
            _ => Bytes::new(),
        };
        if !body.trim_ascii().is_empty() {
            body::expect_json(&head.headers)?;
        }
        let query = head.uri.query().unwrap_or_default();
        Given::read(query, &body)?.into_filter(names, &head.headers)
    }

    fn totals(&self, filter: &Filter) -> Answer {
        let totals = self.store().totals(filter.run.as_ref());
        let mut answer = json!({
            "total": totals.good + totals.bad,
            "good": totals.good,
            "bad": totals.bad,
        });
        if totals.left > 0 {
            answer["left"] = totals.left.into();
        }
        json(StatusCode::OK, answer.to_string())
    }
}

/// Lists events, which are JSON already.
fn list(entries: &[Arc<Entry>]) -> Answer {
    let length: usize = entries.iter().map(|it| it.text.len() + 1).sum();
    let mut text = String::with_capacity(length + 2);
    text.push('[');
    for (position, entry) in entries.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&entry.text);
    }
    text.push(']');
    json(StatusCode::OK, text)
}

/// Answers with a schema that is built in.
fn schema(path: &str) -> Result<Answer, Problem> {
    let name = path.strip_prefix(iglu()).unwrap_or_default();
    let schema = Schema::find(name).ok_or_else(|| {
        let known = schemas::names().join(", ");
        Problem::NoSuchSchema(format!("No such schema is built in; there are {known}."))
    })?;
    Ok(json(StatusCode::OK, schema.text()))
}
