//! The floor of a server: hyper on the same runtime, reading and parsing the same bodies with the
//! same JSON parser, and answering the same bytes. It keeps nothing.

use anyhow::{Context as _, Result};
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
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let is_event = body.is_ok_and(|body| {
        serde_json::from_slice::<Body<'_>>(&body).is_ok_and(|event| {
            std::hint::black_box(&event);
            true
        })
    });
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"status":"accepted"}"#)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if !is_event {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
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
