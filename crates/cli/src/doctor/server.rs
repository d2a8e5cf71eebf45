//! A running server, asked whether it takes events.

use super::{Findings, Level};
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// How long each step may take; the server itself waits 2 s for its journal.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that are read of an answer: far more than the health has.
const ANSWER: u64 = 1 << 20;

/// Asks `/readyz`, and says what it answers.
pub(super) fn look(url: &str, findings: &mut Findings) {
    match ask(url) {
        Ok((200, health)) => say_ready(url, &health, findings),
        Ok((status, problem)) => say_not_ready(url, status, &problem, findings),
        Err(error) => {
            let what = format!("{url} cannot be asked: {error:#}");
            let advice = "start `internal-events serve`, or give --server what it printed after \
                          `listening on`";
            findings.add(Level::Error, "server", what, advice);
        }
    }
}

fn ask(url: &str) -> anyhow::Result<(u16, Value)> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("it should begin with http://; `curl {url}/readyz` asks a server over TLS");
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    ensure!(
        !host.is_empty() && host.bytes().all(|it| it.is_ascii_graphic() && it != b'@'),
        "it names no host"
    );
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let named = if has_port { host.to_owned() } else { format!("{host}:80") };
    let addresses = named.to_socket_addrs().with_context(|| format!("{host} is not known"))?;
    let mut stream = None;
    for address in addresses {
        stream = Some(TcpStream::connect_timeout(&address, PATIENCE));
        if matches!(stream, Some(Ok(_))) {
            break;
        }
    }
    let mut stream = stream.context("it has no address")?.context("nobody answers there")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0, so that the answer ends with the connection and is in one piece.
    stream.write_all(format!("GET /readyz HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER).read_to_end(&mut answer).context("it did not answer in time")?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("it did not answer in HTTP")?;
    let status = head.strip_prefix("HTTP/1.").and_then(|it| it.get(2..5)?.parse().ok());
    Ok((status.context("it did not answer in HTTP")?, serde_json::from_str(body)?))
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
    say_counts("could not use what Snowplow trackers sent", &health["snowplow"]["bad"], findings);
    say_counts("turned requests away", &health["turned_away"], findings);
    if let both @ 1.. = health["snowplow"]["both_ways"].as_u64().unwrap_or_default() {
        let what = format!("{both} events came to the server by REST and from a tracker too");
        let advice = "`[collector] count_snowplow` says which of the two counts";
        findings.add(Level::Warning, "server", what, advice);
    }
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
        "not_durable" => "its log says why; look at the disk: the free space, the reserve, rights",
        "queue_full" => "its disk does not keep up, or another process that writes is stopped",
        "shutting_down" => "wait until it has ended, and start it again",
        "disabled" => "set `enabled`, or INTERNAL_EVENTS_ENABLED, to true, and start it again",
        _ => "is it a server of internal events? Its log says more",
    };
    let what = format!("{url} answers {status} {code}: {title}");
    findings.add(Level::Error, "server", what, advice);
}
