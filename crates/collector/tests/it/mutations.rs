//! Whatever is sent, the server answers, and never blames itself.

use crate::server::{Server, post, read};
use proptest::prelude::*;
use std::io::Write as _;

const BODY: &str = r#"{"events":[{"event":"create_order","user_id":5,"project_id":"7","category":"a",
"send_to_snowplow":false,"additional_properties":{"label":"\u00e9x","value":1.5e3,"a":[null,{}]}},
"{\"event\":\"create_order\"}"],"event":"create_order","user_id":"ann"}"#;

/// Bytes that mean something in JSON, and some that never do.
const BYTES: &[u8] = b"{}[]\",:\\0-9.eEtfnu \0\xff\xc3\xed";

#[test]
fn a_mutated_body_gets_an_answer_below_500() {
    let server = Server::start();
    let stream = server.connect();
    let edit =
        (0..BODY.len(), 0..5_usize, prop::collection::vec(prop::sample::select(BYTES), 0..4));
    let edits = prop::collection::vec(edit, 0..6);
    proptest!(ProptestConfig::with_cases(4_000), |(edits in edits, is_batch: bool)| {
        let mut body = BODY.as_bytes().to_vec();
        for (at, removed, inserted) in edits {
            let start = at.min(body.len());
            let end = (start + removed).min(body.len());
            body.splice(start..end, inserted);
        }
        let path = if is_batch { crate::server::BATCH } else { crate::server::TRACK };
        (&stream).write_all(&post(path, &body)).expect("it reads");
        let answer = read(&stream);
        prop_assert!(matches!(answer.status, 200 | 202 | 400), "{:?}", answer);
    });
}
