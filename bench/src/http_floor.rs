//! The floor of a server: hyper on the same runtime, reading and parsing the same bodies with the
//! same JSON parser, and answering the same bytes. It keeps nothing.

use crate::load_bodies::REST;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::borrow::Cow;
use std::convert::Infallible;
use std::hint::black_box;
use std::io::Write as _;
use tokio::net::TcpListener;

/// Serves on a free port of loopback until the process is killed, and says where as the product
/// does: `listening on http://127.0.0.1:PORT`.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "listening on http://{}", listener.local_addr()?)?;
        out.flush()?;
        drop(out);
        loop {
            let (stream, _) = listener.accept().await.context("cannot accept")?;
            stream.set_nodelay(true)?;
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_rest = request.uri().path() == REST;
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let is_good = body.is_ok_and(|it| if is_rest { is_event(&it) } else { is_batch(&it) });
    let (content_type, answer): (_, &[u8]) = if is_rest {
        ("application/json", br#"{"status":"accepted"}"#)
    } else {
        ("text/plain; charset=utf-8", b"ok")
    };
    let mut response = Response::new(Full::new(Bytes::from_static(answer)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if !is_good {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

fn is_event(body: &[u8]) -> bool {
    serde_json::from_slice::<Body<'_>>(body).is_ok_and(|it| {
        black_box(&it);
        true
    })
}

/// Parses a batch, and decodes and parses the contexts of each event.
fn is_batch(body: &[u8]) -> bool {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else { return false };
    black_box(&envelope);
    envelope.data.iter().all(|event| {
        let Ok(contexts) = URL_SAFE_NO_PAD.decode(event.cx.as_bytes()) else { return false };
        serde_json::from_slice::<Contexts<'_>>(&contexts).is_ok_and(|it| {
            black_box(&it);
            true
        })
    })
}

/// All that a REST event may hold, borrowed from the body.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Body<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    user_id: Option<i64>,
    project_id: Option<i64>,
    namespace_id: Option<i64>,
    #[serde(borrow)]
    category: Option<Cow<'a, str>>,
    send_to_snowplow: Option<bool>,
    #[serde(borrow, default)]
    additional_properties: Properties<'a>,
}

/// The properties GitLab's events have, and one of their own.
#[derive(Debug, Default, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Properties<'a> {
    #[serde(borrow)]
    label: Option<Cow<'a, str>>,
    #[serde(borrow)]
    property: Option<Cow<'a, str>>,
    value: Option<f64>,
}

/// What a Snowplow tracker posts.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Envelope<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    data: Vec<Struct<'a>>,
}

/// The parameters of GitLab's struct events.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Struct<'a> {
    #[serde(borrow)]
    e: Cow<'a, str>,
    #[serde(borrow)]
    eid: Cow<'a, str>,
    #[serde(borrow)]
    se_ca: Cow<'a, str>,
    #[serde(borrow)]
    se_ac: Cow<'a, str>,
    #[serde(borrow)]
    se_la: Option<Cow<'a, str>>,
    #[serde(borrow)]
    se_pr: Option<Cow<'a, str>>,
    #[serde(borrow)]
    se_va: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cx: Cow<'a, str>,
    #[serde(borrow)]
    tv: Cow<'a, str>,
    #[serde(borrow)]
    tna: Cow<'a, str>,
    #[serde(borrow)]
    aid: Cow<'a, str>,
    #[serde(borrow)]
    p: Cow<'a, str>,
    #[serde(borrow)]
    dtm: Cow<'a, str>,
    #[serde(borrow)]
    stm: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Contexts<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    data: Vec<Context<'a>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Context<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    data: Entity<'a>,
}

/// What counting reads of either context; all else is skipped.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is parsed is looked at by nobody")]
struct Entity<'a> {
    user_id: Option<i64>,
    project_id: Option<i64>,
    namespace_id: Option<i64>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event_name: Option<Cow<'a, str>>,
}
