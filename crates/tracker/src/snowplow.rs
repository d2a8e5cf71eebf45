//! Snowplow: each internal event also becomes the event that GitLab would send.
//!
//! ```text
//!  journal ─► parameters (built, or as they came) ─► batches ─► requests, some at a time
//!                │ not meant for it                    ▲            │ 2xx: delivered
//!                ▼                                     └─ halves ◄──┤ 413, 400: parted
//!             skipped                                               │ one event alone: outbox
//!                                                                   ▼ else: later, longer each time
//! ```
//!
//! An event is delivered at least once, always under the id it has in the journal. The protocol is
//! described in `docs/snowplow.md`.

mod batch;
mod client;
mod contexts;
mod destination;
mod forward;
mod identity;
mod json;
mod log;
mod options;
mod payload;
mod places;
mod said;
mod scalar;

pub use client::{Address, SnowplowError};
pub use destination::SNOWPLOW;
pub(crate) use destination::{Impossible, SnowplowDestination};
pub use forward::without_user;
pub use identity::{Salt, is_pseudonym};
pub use options::{Instance, ProxyUrl, Schemas, Sending, SnowplowOptions};
pub use payload::Parameters;

use crate::store::{EventId, StoredEntry};
use crate::{Event, encode_event};
use batch::Fate;

/// Asks a collector what a browser asks before it sends, and returns the status it answers with:
/// any answer says that it can be reached. No event is sent.
///
/// # Errors
///
/// Says why it cannot be asked.
pub fn reach(options: &SnowplowOptions) -> Result<u16, String> {
    let address = Address::parse(&options.collector).map_err(|it| it.to_string())?;
    let client = client::Client::new(address, &options.sending).map_err(|it| it.to_string())?;
    client.reach()
}

/// Says which parameters are sent for an entry of the journal, all but the time of sending where
/// that is ours to say.
///
/// # Errors
///
/// Says why none are: it is not meant for analytics, or cannot be sent.
pub fn parameters(entry: &StoredEntry, options: &SnowplowOptions) -> Result<Parameters, String> {
    let builder = payload::Builder::new(options);
    let now = entry.accepted_at;
    let mut parameters = Parameters::default();
    destination::write(entry, &builder, now, options, &mut parameters).map_err(
        |fate| match fate {
            Fate::Skipped(why) => why.to_owned(),
            Fate::Rejected(reason) => reason,
            Fate::Delivered => unreachable!("invariant: nothing was sent"),
        },
    )?;
    Ok(parameters)
}

/// Builds the event that a call from before internal events sends to analytics alone, so that it
/// can be [handed on](crate::Forwarded): its parameters as an object of JSON.
///
/// The event's name is its action. The contexts are objects of JSON with `schema` and `data`, and
/// stand beside the standard one.
#[expect(clippy::missing_panics_doc, reason = "only a bug of ours could make it panic")]
pub fn legacy_event(
    event: &Event,
    contexts: &[String],
    at: i64,
    options: &SnowplowOptions,
) -> String {
    let mut bytes = Vec::new();
    encode_event(event, &mut bytes);
    let entry = StoredEntry {
        sequence: 0,
        id: EventId(*crate::new_id().as_bytes()),
        accepted_at: at,
        catalog: 0,
        event: Vec::new(),
        updates: Vec::new(),
    };
    let said = said::Said::read(&bytes).expect("invariant: what was just written can be read");
    let mut object = json::Object::with_capacity(2_048);
    payload::Builder::new(options).write_legacy(&entry, &said, contexts, &mut object);
    object.text + "}"
}
