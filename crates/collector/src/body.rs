//! Reads a request's body, within its limits.

use crate::limits::Limits;
use crate::problem::Problem;
use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use std::fmt;

/// Refuses a body that does not say it is JSON, or says that it is something else besides.
///
/// Pages of strangers can send the types of a form without asking, but not this one. A body that
/// is compressed has no bound that we could know before we unpack it.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    if !encodings.all(|it| it.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::WrongEncoding);
    }
    let value = headers.get(CONTENT_TYPE).map(hyper::http::HeaderValue::as_bytes);
    let essence = value.and_then(|it| it.split(|byte| *byte == b';').next());
    match essence {
        Some(it) if it.trim_ascii().eq_ignore_ascii_case(b"application/json") => Ok(()),
        _ => Err(Problem::WrongType),
    }
}

/// Reads a body to its end.
pub(crate) async fn read<B>(headers: &HeaderMap, body: B, limits: &Limits) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let too_large = body.size_hint().lower() > limits.body_bytes as u64;
    if too_large && headers.contains_key(EXPECT) {
        // The caller asked before sending; reading would tell it to go on.
        return Err(Problem::LargeBody { at_most: limits.body_bytes });
    }
    match tokio::time::timeout(limits.body_time, collect(body, limits)).await {
        Ok(result) => result,
        Err(_) => Err(Problem::SlowBody { seconds: limits.body_time.as_secs() }),
    }
}

async fn collect<B>(mut body: B, limits: &Limits) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut first = Bytes::new();
    let mut rest: Vec<u8> = Vec::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Problem::BrokenBody)?.into_data() else { continue };
        seen += data.len();
        if seen > limits.body_bytes + limits.discarded_bytes {
            break;
        }
        if seen > limits.body_bytes {
            (first, rest) = Default::default();
        } else if seen == data.len() {
            // Most bodies come in one piece, which needs no copy.
            first = data;
        } else {
            if rest.is_empty() {
                rest.reserve(announced.min(limits.body_bytes));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    if seen > limits.body_bytes {
        return Err(Problem::LargeBody { at_most: limits.body_bytes });
    }
    Ok(if rest.is_empty() { first } else { Bytes::from(rest) })
}
