//! A running server, asked whether it takes events.

use super::{Findings, Level};
use crate::https;
use crate::output::counted;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;
use ureq::Agent;

/// How long it may take; the server itself waits 2 s for its journal.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that are read of an answer: far more than the health has.
const ANSWER: u64 = 1 << 20;

/// Asks `/readyz`, and says what it answers. Trusts those whom the file names, if there is one.
pub(super) fn look(url: &str, ca: Option<&Path>, findings: &mut Findings) {
    match ask(url, ca) {
        Ok((200, health)) => say_ready(url, &health, findings),
        Ok((status, problem)) => say_not_ready(url, status, &problem, findings),
        Err(error) => {
            let what = format!("{url} cannot be asked: {error:#}");
            let is_distrusted = what.contains("certificate");
            let advice = if is_distrusted { DISTRUSTED } else { UNREACHABLE };
            findings.add(Level::Error, "server", what, advice);
        }
    }
}

const UNREACHABLE: &str = "start `internal-events serve`, or give --server what it printed after \
                           `listening on`";

const DISTRUSTED: &str = "if the server is yours, --ca names the file with its certificate, or \
                          with that of the authority that signed it; the name in the address must \
                          be one that the certificate is for";

fn ask(url: &str, ca: Option<&Path>) -> anyhow::Result<(u16, Value)> {
    let base = base(url)?;
    let config = Agent::config_builder()
        .tls_config(https::trusting(ca)?)
        .http_status_as_error(false)
        .max_redirects(0)
        // This asks the server, not what a proxy knows of it.
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .build();
    let answer = config.new_agent().get(format!("{base}/readyz")).call();
    let mut answer = answer.map_err(in_words)?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER).read_to_vec().map_err(in_words)?;
    let body = serde_json::from_slice(&body).context("it does not answer in JSON")?;
    Ok((status, body))
}

/// The address without what stands behind the host.
fn base(url: &str) -> anyhow::Result<&str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.context("it should begin with http:// or https://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    ensure!(
        !host.is_empty() && host.bytes().all(|it| it.is_ascii_graphic() && it != b'@'),
        "it names no host"
    );
    Ok(&url[..url.len() - rest.len() + host.len()])
}

/// Says what a person can do something about first; the rest is what the layers below say.
fn in_words(error: ureq::Error) -> anyhow::Error {
    let what = match &error {
        ureq::Error::HostNotFound => "its host is not known",
        ureq::Error::ConnectionFailed => "nobody answers there",
        ureq::Error::Timeout(_) => "it did not answer in time",
        ureq::Error::Io(it) if it.kind() == ErrorKind::ConnectionRefused => "nobody answers there",
        ureq::Error::Protocol(_) => "it did not answer in HTTP",
        _ => "it did not answer",
    };
    anyhow::Error::new(error).context(what)
}

fn say_ready(url: &str, health: &Value, findings: &mut Findings) {
    if health["status"] != "ok" {
        let what = format!("{url} is no server of internal events");
        let advice = "give --server what `internal-events serve` printed after `listening on`";
        return findings.add(Level::Error, "server", what, advice);
    }
    let events = &health["events"];
    if events.is_null() {
        let what = format!("{url} takes events; it says no more from here");
        return findings.ok("server", what);
    }
    let n = |name: &str| events[name].as_u64().unwrap_or_default();
    findings.ok(
        "server",
        format!(
            "{url} takes events; since it started it received {}, accepted {}, knew {} already \
             and kept {} aside",
            n("received"),
            n("accepted"),
            n("duplicate"),
            n("quarantined"),
        ),
    );
    if let Some(why) = health["definitions"]["kept_because"].as_str() {
        let what = format!("the server goes on with definitions from before: {why}");
        findings.add(Level::Warning, "server", what, "`internal-events check` says what is wrong");
    }
    say_counts("refused events", &events["refused"], findings);
    for (name, it) in events["destinations"].as_object().into_iter().flatten() {
        say_destination(name, it, findings);
    }
    say_counts("could not use what Snowplow trackers sent", &health["snowplow"]["bad"], findings);
    say_counts("turned requests away", &health["turned_away"], findings);
    if let both @ 1.. = health["snowplow"]["both_ways"].as_u64().unwrap_or_default() {
        let what = format!(
            "{} to the server by REST and from a tracker too",
            counted(both, "event came", "events came")
        );
        let advice = "`[collector] count_snowplow` says which of the two counts";
        findings.add(Level::Warning, "server", what, advice);
    }
}

/// Says what keeps a destination from taking its entries, and what it will never get.
fn say_destination(name: &str, it: &Value, findings: &mut Findings) {
    let pending = it["pending"].as_u64().unwrap_or_default();
    if let Some(error) = it["last_error"].as_str() {
        let what = format!(
            "the server cannot deliver to `{name}`, {}: {error}",
            counted(pending, "waits", "wait")
        );
        let advice = "what waits is delivered when that is mended, within `[journal] max_pending`";
        findings.add(Level::Warning, "server", what, advice);
    } else if it["far_behind"] == true {
        let what = format!(
            "`{name}` does not keep up: {} for it",
            counted(pending, "entry waits", "entries wait")
        );
        let advice = "beyond `[journal] max_pending` the oldest are dropped for it";
        findings.add(Level::Warning, "server", what, advice);
    }
    for warning in it["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let what = format!("what the server delivers to `{name}` is in danger: {warning}");
        findings.add(Level::Warning, "server", what, "docs/redis.md says what it needs");
    }
    say_counts(&format!("dropped entries for `{name}`"), &it["dropped"], findings);
}

/// Says what the server counts by cause, if it counted anything.
fn say_counts(what: &str, counts: &Value, findings: &mut Findings) {
    let Some(counts) = counts.as_object() else { return };
    let counts: Vec<String> = counts.iter().map(|(cause, n)| format!("{cause} {n}")).collect();
    if counts.is_empty() {
        return;
    }
    let what = format!("the server {what}: {}", counts.join(", "));
    let advice = "docs/http.md and docs/snowplow.md say what each cause means";
    findings.add(Level::Note, "server", what, advice);
}

fn say_not_ready(url: &str, status: u16, problem: &Value, findings: &mut Findings) {
    let code = problem["code"].as_str().unwrap_or_default();
    let title = problem["title"].as_str().unwrap_or("it does not say why");
    let advice = match code {
        "not_durable" => {
            "its log says why; look at the disk, the free space, the reserve, rights, and whether \
             the data directory was moved, deleted or replaced since the server started"
        }
        "queue_full" => "its disk does not keep up, or another process that writes is stopped",
        "shutting_down" => "wait until it has ended, and start it again",
        "disabled" => "set `enabled`, or INTERNAL_EVENTS_ENABLED, to true, and start it again",
        _ => "is it a server of internal events? Its log says more",
    };
    let what = format!("{url} answers {status} {code}: {title}");
    findings.add(Level::Error, "server", what, advice);
}
