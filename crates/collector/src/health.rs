//! Says how the server is: whether it takes events, and what became of those it took.

use crate::Collector;
use crate::answer::{Answer, json};
use crate::problem::Problem;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use internal_events::{DestinationHealth, FlushError, Refusal, health_json};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the journal may take before the server is not called ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Says that the server runs and, to whom it concerns, what became of the events so far.
pub(crate) async fn health(collector: &Collector, has_details: bool) -> Answer {
    if !has_details {
        return json(StatusCode::OK, r#"{"status":"ok"}"#);
    }
    let snowplow = collector.endpoint.counts.snapshot();
    let (events, destinations) = (collector.tracker.health(), destinations(collector).await);
    let body = serde_json::json!({
        "status": "ok",
        "events": health_json(&events, &destinations),
        "snowplow": {
            "tracked": snowplow.tracked,
            "ignored": snowplow.ignored,
            "not_counted": snowplow.uncounted,
            "forwarded": snowplow.forwarded,
            "both_ways": collector.endpoint.both_ways.n(),
            "bad": snowplow.bad,
        },
        "client_dropped": collector.endpoint.client_drops.snapshot(),
        "turned_away": collector.refusals.snapshot(),
        "definitions": collector.reload.report(),
    });
    json(StatusCode::OK, body.to_string())
}

type Destinations = BTreeMap<String, DestinationHealth>;

/// Reads how the destinations are doing; none while that cannot be read, which the log says.
async fn destinations(collector: &Collector) -> Destinations {
    let tracker = collector.tracker.clone();
    // A look into the database is disk work; it must not hold up those who track.
    match tokio::task::spawn_blocking(move || tracker.destinations()).await {
        Ok(Ok(destinations)) => destinations,
        Ok(Err(error)) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "it cannot be read how far destinations are");
            Destinations::new()
        }
        Err(_) => Destinations::new(),
    }
}

/// Says whether an event that came now would be taken; health is the answer if so.
pub(crate) async fn ready(collector: &Collector, has_details: bool) -> Result<Answer, Problem> {
    let tracker = collector.tracker.clone();
    // The writer answers when all that came before is durable, so that it is known to be alive, and
    // looks at the disk, which shows what nobody has met who sends nothing.
    let flushed = tokio::task::spawn_blocking(move || {
        let is_enabled = tracker.read(|_| ()).is_some();
        tracker.check_ready(READY_WITHIN).map(|()| is_enabled)
    });
    match flushed.await {
        Ok(Ok(true)) => Ok(health(collector, has_details).await),
        Ok(Ok(false)) => Err(Problem::Busy(Refusal::Disabled)),
        Ok(Err(FlushError::ShutDown)) => Err(Problem::Busy(Refusal::ShutDown)),
        Ok(Err(FlushError::Timeout { .. })) => Err(Problem::Busy(Refusal::QueueFull)),
        Ok(Err(_)) => Err(Problem::NotDurable),
        Err(_) => Err(Problem::Interrupted),
    }
}

/// Says the same as health in the text format of Prometheus.
pub(crate) async fn prometheus(collector: &Collector) -> Answer {
    let mut text = String::new();
    let destinations = destinations(collector).await;
    let mut registry = registry(collector);
    register_destinations(&mut registry, destinations, collector.tracker.now_ms());
    encode(&mut text, &registry).expect("invariant: text can be appended to a string");
    let mut response = Response::new(Full::new(Bytes::from(text)));
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format));
    response
}

/// Counters by one label, whose values are words of ours and never anybody's input.
type ByWord = Family<[(&'static str, &'static str); 1], Counter>;

fn registry(collector: &Collector) -> Registry {
    let events = collector.tracker.health();
    let snowplow = collector.endpoint.counts.snapshot();
    let (n_replaced, is_kept) = collector.reload.state();
    let mut registry = Registry::with_prefix("internal_events");
    let mut counter = |name: &str, help: &str, n: u64| {
        let counter: Counter = Counter::default();
        counter.inc_by(n);
        registry.register(name, help, counter);
    };
    counter("received", "Events that came since the start", events.received);
    counter("accepted", "Events that are in the journal", events.accepted);
    counter("duplicate", "Events that were in the journal before", events.duplicate);
    counter("quarantined", "Events that are kept aside", events.quarantined);
    let help = "Events that came by REST and from a Snowplow tracker too";
    counter("both_ways", help, collector.endpoint.both_ways.n());
    counter("definitions_replaced", "How often changed definitions were taken", n_replaced);
    let mut gauge = |name: &str, help: &str, n: u64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    gauge("pending", "Events on their way to the journal", events.pending);
    let help = "1 while definitions are kept because an edit broke them";
    gauge("definitions_kept", help, is_kept.into());
    let mut family = |name: &str, help: &str, label, counts: Vec<(&'static str, u64)>| {
        let family = ByWord::default();
        for (word, n) in counts {
            family.get_or_create(&[(label, word)]).inc_by(n);
        }
        registry.register(name, help, family);
    };
    let pairs = |map: BTreeMap<_, _>| map.into_iter().collect();
    family("refused", "Events that were refused", "cause", pairs(events.refused));
    family("omitted", "Parts of events that were left out", "cause", pairs(events.omitted));
    let outcomes = vec![
        ("tracked", snowplow.tracked),
        ("ignored", snowplow.ignored),
        ("not_counted", snowplow.uncounted),
        ("forwarded", snowplow.forwarded),
    ];
    family("snowplow", "Events of Snowplow trackers", "outcome", outcomes);
    let help = "What Snowplow trackers sent and could not be used";
    family("snowplow_bad", help, "code", pairs(snowplow.bad));
    let help = "Events that pages dropped before they could send them";
    family("client_dropped", help, "cause", pairs(collector.endpoint.client_drops.snapshot()));
    let help = "Requests refused for whom they came from";
    family("turned_away", help, "code", pairs(collector.refusals.snapshot()));
    registry
}

/// Adds what became of the entries for each destination; their names are words of ours.
fn register_destinations(registry: &mut Registry, destinations: Destinations, now: i64) {
    let label = |name: &str| [("destination", name.to_owned())];
    let delivered = Family::<[(&'static str, String); 1], Counter>::default();
    let dropped = Family::<[(&'static str, String); 2], Counter>::default();
    let skipped = Family::<[(&'static str, String); 2], Counter>::default();
    let noted = Family::<[(&'static str, String); 2], Counter>::default();
    let gauges: [Family<[(&'static str, String); 1], Gauge>; 4] = Default::default();
    let as_gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    for (name, it) in destinations {
        let delivery = it.delivery;
        delivered.get_or_create(&label(&name)).inc_by(delivery.delivered);
        let age = delivery.oldest_pending.map_or(0, |oldest| now.saturating_sub(oldest).max(0));
        let values = [
            as_gauge(delivery.pending),
            age / 1000,
            it.is_far_behind.into(),
            it.last_error.is_some().into(),
        ];
        for (gauge, value) in gauges.iter().zip(values) {
            gauge.get_or_create(&label(&name)).set(value);
        }
        for (cause, n) in delivery.dropped {
            let labels = [("destination", name.clone()), ("cause", cause)];
            dropped.get_or_create(&labels).inc_by(n);
        }
        for (why, n) in delivery.skipped {
            let labels = [("destination", name.clone()), ("why", why)];
            skipped.get_or_create(&labels).inc_by(n);
        }
        for (what, n) in delivery.noted {
            let labels = [("destination", name.clone()), ("what", what)];
            noted.get_or_create(&labels).inc_by(n);
        }
    }
    registry.register("delivered", "Entries that took effect at a destination", delivered);
    let help = "Entries that never will take effect at a destination";
    registry.register("dropped", help, dropped);
    let help = "Entries that were not meant for a destination";
    registry.register("skipped", help, skipped);
    let help = "What else happened at a destination";
    registry.register("destination_noted", help, noted);
    let [pending, age, far_behind, failing] = gauges;
    let help = "Entries that are still to take effect at a destination";
    registry.register("destination_pending", help, pending);
    let help = "Seconds since the oldest of them was accepted";
    registry.register("destination_oldest_pending_seconds", help, age);
    let help = "1 while half of what a destination may leave untaken has gathered";
    registry.register("destination_far_behind", help, far_behind);
    let help = "1 while the last try to deliver has failed";
    registry.register("destination_failing", help, failing);
}
