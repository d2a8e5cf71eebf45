//! What a caller has already is not sent again.

use hyper::HeaderMap;
use hyper::header::{HeaderValue, IF_NONE_MATCH};

/// Tells whether a caller says that it has what this tag is of.
pub(crate) fn has(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter();
    let tags = lists.flat_map(|it| it.as_bytes().split(|byte| *byte == b','));
    tags.map(<[u8]>::trim_ascii)
        .any(|it| it == b"*" || it.strip_prefix(b"W/").unwrap_or(it) == tag.as_bytes())
}
