//! The settings: which are in force, where each comes from, and what in them cannot be meant.

use super::{Findings, Level};
use crate::context::Context;
use crate::serve;
use internal_events::{Catalog, Config, Definitions, Tracker};
use internal_events_collector::{Collector, Tls};
use internal_events_installation::{Installation, Settings};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::error::Error as _;
use std::net::SocketAddr;
use std::path::Path;
use toml::{Table, Value};

const FILE: &str = "internal-events.toml";
const PREFIX: &str = "INTERNAL_EVENTS_";

/// Variables that are no settings of an installation.
const OTHERS: [&str; 7] = ["ROOT", "DATA", "LOG", "LOG_FORMAT", "TOKEN", "BIN", "NATIVE"];

/// A certificate that ends earlier is to be replaced now.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Says which settings are in force and where they come from; `asked` are the variables that
/// the installation looked for.
pub(super) fn look_at_sources(root: &Path, asked: &BTreeSet<String>, findings: &mut Findings) {
    let text = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
    let mut in_file = BTreeSet::new();
    flatten("", &text.parse::<Table>().unwrap_or_default(), &mut in_file);
    let is_set = |name: &String| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    let by_variable: Vec<&String> = asked.iter().filter(|it| is_set(it)).collect();
    let mut sources = Vec::new();
    for setting in &in_file {
        let variable = variable(setting);
        if by_variable.contains(&&variable) {
            let what = format!("{variable} decides, and not `{setting}` in {FILE}");
            findings.add(Level::Note, "settings", what, "take one of the two away");
        } else {
            sources.push(format!("`{setting}` from {FILE}"));
        }
    }
    sources.extend(by_variable.iter().map(|it| format!("{it} from the environment")));
    if sources.is_empty() {
        findings.ok("settings", "every setting has its default".to_owned());
    } else {
        findings.ok("settings", format!("set are {}", sources.join(", ")));
    }
    let known = |name: &String| {
        asked.contains(name) || OTHERS.iter().any(|it| name.strip_prefix(PREFIX) == Some(it))
    };
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<_> = variables.filter(|it| it.starts_with(PREFIX) && !known(it)).collect();
    unknown.sort();
    for name in unknown {
        let what = format!("no setting is called {name}");
        let advice = "docs/configuration.md lists them; if it is misspelt, it does nothing";
        findings.add(Level::Note, "settings", what, advice);
    }
}

/// The variable that has the same meaning as a setting of the file.
fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.to_ascii_uppercase().replace('.', "_"))
}

/// Lists the settings of a table by their whole names.
fn flatten(above: &str, table: &Table, names: &mut BTreeSet<String>) {
    for (name, value) in table {
        let name = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            Value::Table(below) => flatten(&name, below, names),
            _ => {
                names.insert(name);
            }
        }
    }
}

/// Looks at all that `serve --listen` would be told.
pub(super) fn look_at_server(
    listen: &str,
    installation: &Installation,
    cx: &Context,
    findings: &mut Findings,
) {
    let settings = installation.settings();
    if let Err(error) = parse(settings) {
        let advice = "`serve` does not start before that is right; docs/configuration.md has it";
        findings.add(Level::Error, "collector", format!("{error:#}"), advice);
    }
    match serve::resolve(listen) {
        Ok(addresses) => look_at_addresses(&addresses, settings, findings),
        Err(error) => {
            let advice = "--listen takes an address and a port, such as 127.0.0.1:8080";
            findings.add(Level::Error, "listen", format!("{error:#}"), advice);
        }
    }
    look_at_proxies(settings, findings);
    if let Some(files) = &settings.collector_tls {
        let (certificate, key) = (cx.root().join(&files.certificate), cx.root().join(&files.key));
        look_at_certificate(&certificate, &key, findings);
        super::place::look_at_secret(&key, findings);
    }
}

/// Reads all that only the server reads.
fn parse(settings: &Settings) -> anyhow::Result<()> {
    serve::tokens(settings)?;
    let nowhere = Tracker::open(Config::new(Catalog::new(Definitions::default())).disabled())?;
    serve::collector(nowhere, settings, serve::limits(settings.collector_rate_limit)).map(drop)
}

fn look_at_addresses(addresses: &[SocketAddr], settings: &Settings, findings: &mut Findings) {
    let app_ids = settings.collector_app_ids.as_deref();
    let refused =
        addresses.iter().find_map(|it| Collector::check_address(*it, app_ids.is_some()).err());
    if let Some(error) = refused {
        let advice = "`serve` does not start there before it is said whose events are taken";
        return findings.add(Level::Error, "listen", error.to_string(), advice);
    }
    let is_open = addresses.iter().any(|it| !it.ip().to_canonical().is_loopback());
    let names = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    findings.ok("listen", format!("the server may listen on {names}"));
    if app_ids.is_some_and(|it| it.iter().all(String::is_empty)) {
        let what = "`[collector] app_ids` lists no application".to_owned();
        let advice = "list those whose Snowplow events are to count: none is taken now";
        findings.add(Level::Warning, "app_ids", what, advice);
    }
    if !is_open {
        return;
    }
    if app_ids.is_some_and(|it| it.iter().any(|it| it == "*")) {
        let what = "other machines reach the server, and events of any app id count".to_owned();
        let advice = "list the applications in `[collector] app_ids`, unless anybody may count";
        findings.add(Level::Warning, "app_ids", what, advice);
    }
    if settings.collector_tokens.is_empty() {
        let what = "other machines reach the server, and REST lets none of them in".to_owned();
        let advice = "`internal-events token` makes a token, if they are to use it";
        findings.add(Level::Note, "tokens", what, advice);
    } else if settings.collector_tls.is_none() && settings.collector_trusted_proxies.is_empty() {
        let what = "tokens come over the network as plain text".to_owned();
        let advice = "serve over TLS (`[collector.tls]`), or behind a proxy that does, which \
                      `[collector] trusted_proxies` lists";
        findings.add(Level::Warning, "tls", what, advice);
    }
}

fn look_at_proxies(settings: &Settings, findings: &mut Findings) {
    let proxies = &settings.collector_trusted_proxies;
    if proxies.iter().any(|it| it.ends_with("/0")) {
        let what = "`[collector] trusted_proxies` has a network of all addresses".to_owned();
        let advice = "list your proxies only: everybody else can get round the rate limit";
        findings.add(Level::Warning, "trusted_proxies", what, advice);
    }
    if !proxies.is_empty() && settings.collector_tokens.is_empty() {
        let what = "there are trusted proxies and no tokens".to_owned();
        let advice = "`internal-events token` makes one: what comes through a proxy needs it";
        findings.add(Level::Note, "tokens", what, advice);
    }
}

fn look_at_certificate(certificate: &Path, key: &Path, findings: &mut Findings) {
    let tls = match Tls::load(certificate, key) {
        Ok(tls) => tls,
        Err(error) => {
            let cause = error.source().map(|it| format!(": {it}")).unwrap_or_default();
            let advice = "`[collector.tls]` names two PEM files from the root; `serve` does not \
                          start without them";
            return findings.add(Level::Error, "tls", format!("{error}{cause}"), advice);
        }
    };
    let Some(end) = tls.ends() else { return };
    let left = end.duration_since(Timestamp::now());
    let advice = "put a new one in its place; a running server takes it without a restart";
    if left.is_negative() {
        let what = format!("the certificate ended at {end}");
        findings.add(Level::Error, "tls", what, advice);
    } else if left < SOON {
        let what = format!("the certificate ends at {end}, in {} days", left.as_hours() / 24);
        findings.add(Level::Warning, "tls", what, advice);
    } else {
        findings.ok("tls", format!("the certificate is good until {end}"));
    }
}
