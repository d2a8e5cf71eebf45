//! The floor of a server: hyper on the same runtime, reading and parsing the same bodies with the
//! same JSON parser, and answering the same bytes.
//!
//! It keeps nothing, or, to show what of our cost is that of keeping anything at all, the bodies as
//! they came: written together by a thread, synced once, and answered then.

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
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;
use std::sync::mpsc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Serves on a free port of loopback until the process is killed, and says where as the product
/// does: `listening on http://127.0.0.1:PORT`. Bodies are kept in a directory, if there is one.
pub(crate) fn run(kept_in: Option<&Path>) -> Result<()> {
    let keeper = kept_in.map(Keeper::start).transpose().context("cannot keep bodies")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut out = io::stdout().lock();
        writeln!(out, "listening on http://{}", listener.local_addr()?)?;
        out.flush()?;
        drop(out);
        loop {
            let (stream, _) = listener.accept().await.context("cannot accept")?;
            stream.set_nodelay(true)?;
            let keeper = keeper.clone();
            let service = service_fn(move |request| answer(request, keeper.clone()));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    })
}

/// The thread that keeps bodies.
#[derive(Clone)]
struct Keeper(mpsc::Sender<(Bytes, oneshot::Sender<()>)>);

/// Bytes after which the file is written from its beginning again, as SQLite does with its log.
const ROUND: usize = 4 << 20;

impl Keeper {
    fn start(dir: &Path) -> io::Result<Self> {
        let mut file = File::create(dir.join("bodies"))?;
        let (sender, receiver) = mpsc::channel::<(Bytes, oneshot::Sender<()>)>();
        let mut written = 0;
        let mut keep = move |bodies: &[u8]| {
            if written > ROUND {
                file.rewind()?;
                written = 0;
            }
            written += bodies.len();
            file.write_all(bodies)?;
            file.sync_data()
        };
        std::thread::Builder::new().spawn(move || {
            while let Ok(first) = receiver.recv() {
                let group: Vec<_> = std::iter::once(first).chain(receiver.try_iter()).collect();
                let bodies: Vec<&[u8]> = group.iter().map(|(body, _)| &**body).collect();
                if keep(&bodies.concat()).is_err() {
                    return;
                }
                for (_, kept) in group {
                    // Whoever is gone needs no answer.
                    let _ = kept.send(());
                }
            }
        })?;
        Ok(Self(sender))
    }

    /// Gives back whether the body is on the disk.
    async fn keep(&self, body: Bytes) -> bool {
        let (sender, kept) = oneshot::channel();
        self.0.send((body, sender)).is_ok() && kept.await.is_ok()
    }
}

async fn answer(
    request: Request<Incoming>,
    keeper: Option<Keeper>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_rest = request.uri().path() == REST;
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let body = body.ok().filter(|it| if is_rest { is_event(it) } else { is_batch(it) });
    let is_good = match (body, keeper) {
        (Some(body), Some(keeper)) => keeper.keep(body).await,
        (body, _) => body.is_some(),
    };
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
