//! Accepts events over HTTP and answers questions about counts.
//!
//! ```text
//!  connection ─► door ─► route ─► body ─► wire ─► tracker ─► journal ─► answer
//!               who may  which    within  what     validated  durable
//!               ask      page     limits  it says
//! ```
//!
//! A caller is told that an event was accepted when it is in the journal, and never before.
//! Every answer that is no success is an `application/problem+json`; [`docs/http.md`] has the
//! table of all of them, which a test executes.
//!
//! The requests go from hyper straight to a `match` on their path: a router between the two
//! costs as much processor time as parsing an event does.
//!
//! [`docs/http.md`]: https://github.com/internal-events/internal-events/blob/main/docs/http.md

mod access;
mod answer;
mod awaited;
mod body;
mod client;
mod collector;
mod cors;
mod crowd;
mod definitions;
mod demo;
mod door;
mod endpoint;
mod events;
mod explain;
mod health;
mod idempotency;
mod limits;
mod listing;
mod metrics;
mod micro;
mod openapi;
mod page;
mod problem;
mod proxies;
mod quick_json;
mod rate;
mod refusals;
mod request_id;
mod routes;
mod script;
mod seats;
mod server;
pub mod snowplow;
mod tags;
mod tls;
mod tokens;
mod track;
mod wire;

pub use access::Scope;
pub use collector::Collector;
pub use definitions::Reload;
pub use endpoint::{CountRule, Forwarding};
pub use limits::Limits;
pub use listing::Listing;
pub use micro::Micro;
pub use rate::Rate;
pub use server::ServeError;
pub use tls::{Tls, TlsError};
pub use tokens::{NewToken, Token, TokenError};
