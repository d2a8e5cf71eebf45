//! The library applications call: takes events, delivers them to every destination, evaluates
//! metrics.
//!
//! ```
//! use internal_events::{Catalog, Config, Tracker};
//!
//! let data = tempfile::tempdir()?;
//! # let definitions = internal_events::testing::definitions(&["create_order"]);
//! let catalog = Catalog::new(definitions);
//! let tracker = Tracker::open(Config::new(catalog).data(data.path()))?;
//! tracker.track_event("create_order").user(5).project(7).property("label", "gift").send();
//! tracker.flush(std::time::Duration::from_secs(5))?;
//! assert_eq!(tracker.health().accepted, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An event is *accepted* when it is in the journal. [`EventBuilder::send`] returns long before
//! that: it validates, routes and queues, and never blocks. [`Tracker::flush`] waits until all
//! that was sent before is durable; [`Tracker::submit`] tells when one batch is.
//!
//! ```text
//!  caller's thread                 writer thread
//!  validate ─ route ─ queue  ───►  encode ─ group ─ journal + counters ─ notify
//! ```

mod builder;
mod clock;
mod config;
mod delivery;
mod entry;
mod errors;
mod explanation;
mod health;
mod intake;
mod keys;
mod metrics;
mod outbox;
mod parity;
mod payload;
mod prepared;
mod queue;
#[cfg(feature = "redis")]
mod redis;
mod replay;
mod round;
mod secrets;
mod shared;
mod snapshot;
#[cfg(feature = "snowplow")]
pub mod snowplow;
mod submission;
pub mod testing;
mod tracker;
mod waits;
mod writer;

pub use builder::{EventBuilder, LegacyUniqueBuilder, legacy_unique};
pub use clock::{Clock, SystemClock, new_id};
pub use config::{Config, Limits, Strictness};
pub use delivery::{Delivered, DeliveryError, Destination, DestinationHealth, Rejected, Resume};
pub use entry::{entry_json, event_json};
pub use errors::{CommitError, DeliverError, DurableError, FlushError, OpenError};
pub use explanation::{explanation_json, explanation_text, scalar_json};
pub use health::{Cause, Health, RECEIVED, health_json};
pub use internal_events_catalog::{
    Analytics, Call, Catalog, DataSource, Definitions, Event, Gate, GivenId, Id, Omission, Scalar,
    Window,
};
pub use internal_events_store as store;
pub use keys::{counter_keys, is_expired};
pub use metrics::{MetricReport, MetricValue, evaluate, report_json};
pub use outbox::retry_dead_letters;
pub use parity::{MetricParity, Parity, ParityReport, parity, parity_json};
pub use payload::{decode_event, encode_event};
pub use replay::{ReplayError, ReplayOf, ReplayOutcome};
pub use round::Durable;
pub use secrets::random_text;
pub use snapshot::{Snapshot, SnapshotError, SnapshotHeader, SnapshotWriter};
pub use submission::{Foreign, Forwarded, Others, Refusal, Submission};
pub use tracker::Tracker;
