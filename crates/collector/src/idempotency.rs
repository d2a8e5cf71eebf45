//! The header `Idempotency-Key`: an id for the events of a request that does not give them any.

use crate::limits::Limits;
use crate::problem::Problem;
use crate::wire::given_id;
use hyper::HeaderMap;
use internal_events::{Event, GivenId};

const NAME: &str = "idempotency-key";

/// What a caller sends along with a request, and again when it sends the request again.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header, if there is one; it may stand in quotes, as its draft standard wants it.
    pub(crate) fn read(headers: &HeaderMap, limits: &Limits) -> Result<Option<Self>, Problem> {
        let invalid = |detail: String| Err(Problem::InvalidParameter(detail));
        let mut given = headers.get_all(NAME).iter();
        let Some(value) = given.next() else { return Ok(None) };
        if given.next().is_some() {
            return invalid("Idempotency-Key is given twice.".to_owned());
        }
        let text = value.to_str().ok().filter(|it| !it.contains('\t'));
        let Some(text) = text else {
            return invalid("Idempotency-Key should be printable ASCII.".to_owned());
        };
        if text.bytes().all(|it| it == b' ' || it == b'"') {
            return invalid("Idempotency-Key is empty.".to_owned());
        }
        if text.len() > limits.name_bytes {
            let detail = format!("Idempotency-Key is longer than {} bytes.", limits.name_bytes);
            return invalid(detail);
        }
        let quoted = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        Ok(Some(Self(quoted.unwrap_or(text).to_owned())))
    }

    /// Gives the one event of a request its id.
    pub(crate) fn give_one(&self, event: &mut Event) -> Result<(), Problem> {
        let id = given_id(&self.0);
        match event.given_id.replace(id) {
            Some(own) if own != id => Err(Problem::InvalidParameter(
                "Idempotency-Key and event_id are two ids; give one of them.".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Gives an event of a batch an id by its position, unless it has one of its own.
    pub(crate) fn give_at(&self, position: usize, event: &mut Event) {
        // The key's length makes the text another for each pair of key and position.
        let of_batch = || format!("batch {} {} {position}", self.0.len(), self.0);
        let own: Option<GivenId> = event.given_id;
        event.given_id = Some(own.unwrap_or_else(|| given_id(&of_batch())));
    }
}
