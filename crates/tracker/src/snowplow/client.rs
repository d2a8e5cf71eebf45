//! Requests to a Snowplow collector, and what its answers mean.

mod look_up;

use super::batch::Post;
use super::options::Sending;
use jiff::{Timestamp, fmt::rfc2822};
use look_up::LookUp;
use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{HeaderMap, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy};

/// Where trackers post, unless the address has a path of its own.
const PATH: &str = "/com.snowplowanalytics.snowplow/tp2";

/// Bytes of an answer that a reason repeats: enough for a sentence.
const ANSWER_BYTES: u64 = 300;

/// The longest pause that a collector may ask for: one that names a year is mistaken.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// A connection without use is closed by most servers after a minute.
const IDLE: Duration = Duration::from_secs(30);

/// Why a destination cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnowplowError {
    /// The address is none.
    #[error(
        "`{address}` is no address of a Snowplow collector: {why}; it is written \
         https://snowplow.example.com"
    )]
    Address {
        /// What was given, without a password.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificates to trust cannot be read.
    #[error("cannot read the certificates in {path}, which `[snowplow] ca` names")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The address of the proxy is none.
    #[error(
        "the proxy's address cannot be read; it is written http://proxy.example.com:3128, as \
         `[snowplow] proxy`, HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"
    )]
    Proxy,
    /// There are none in the file.
    #[error("there is no certificate in {path}, which `[snowplow] ca` names; it should be in PEM")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
}

/// Where a collector is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Uri);

impl Address {
    /// Reads an address; a bare name is that of a server with TLS, as in GitLab.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, SnowplowError> {
        let wrong = |why| {
            let address = text.rsplit('@').next().unwrap_or_default().to_owned();
            SnowplowError::Address { address, why }
        };
        let has_scheme = text.contains("://");
        let full = if has_scheme { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = full.parse().map_err(|_| wrong("it cannot be read"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("its scheme is neither http nor https"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if uri.host().is_none_or(str::is_empty) {
            return Err(wrong("it has no host"));
        }
        if authority.as_str().contains('@') {
            return Err(wrong("it has a user or a password, which trackers do not send"));
        }
        if uri.query().is_some() {
            return Err(wrong("it has a query"));
        }
        if !matches!(uri.path(), "" | "/") {
            return Ok(Self(uri));
        }
        let mut parts = uri.into_parts();
        parts.path_and_query = Some(ureq::http::uri::PathAndQuery::from_static(PATH));
        Uri::from_parts(parts).map(Self).map_err(|_| wrong("it cannot be read"))
    }

    /// Its host, without brackets.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Whether requests are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Whether it is on this machine.
    pub fn is_here(&self) -> bool {
        let is_loopback = |it: std::net::IpAddr| it.is_loopback();
        self.host() == "localhost" || self.host().parse().is_ok_and(is_loopback)
    }

    /// Whether whoever is on the way may read along.
    pub(super) fn is_open_to_others(&self) -> bool {
        !self.is_encrypted() && !self.is_here()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a collector made of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has taken all of it.
    Taken,
    /// It will not take this, whatever is tried: 400, 413 or 422.
    Refused(String),
    /// It says no, and not whether to all events or to one of these.
    Unwelcome(String),
    /// It fails, which may be for what was sent: 500 and others, without a `Retry-After`.
    Failed(String),
    /// It may take it later.
    Later {
        /// Why not now.
        why: String,
        /// How long it wants to be left in peace.
        pause: Option<Duration>,
    },
}

/// Sends requests over connections that are kept.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    address: Address,
    look_up: LookUp,
}

impl Client {
    pub(super) fn new(address: Address, sending: &Sending) -> Result<Self, SnowplowError> {
        let tls = TlsConfig::builder()
            .root_certs(roots(sending)?)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // A redirected POST becomes a GET without a body in most clients.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(sending.connect_timeout))
            .timeout_global(Some(sending.timeout))
            .max_idle_connections(sending.concurrency)
            .max_idle_connections_per_host(sending.concurrency)
            .max_idle_age(IDLE)
            .proxy(proxy(sending)?)
            .user_agent(concat!("internal-events/", env!("CARGO_PKG_VERSION")))
            .accept("*/*")
            .build();
        let look_up = LookUp::default();
        let agent = Agent::with_parts(config, DefaultConnector::default(), look_up.clone());
        Ok(Self { agent, address, look_up })
    }
}

impl Post for Client {
    fn post(&self, body: &str) -> Verdict {
        let later = |why: String| Verdict::Later { why, pause: None };
        let request = self
            .agent
            .post(&self.address.0)
            .header("content-type", "application/json; charset=utf-8");
        let mut answer = match request.send(body) {
            Ok(answer) => answer,
            Err(error) => {
                self.look_up.forget();
                return later(format!("{}: {}", self.address, words(&error)));
            }
        };
        let status = answer.status().as_u16();
        let pause = pause(answer.headers());
        let mut text = Vec::new();
        // What an answer says beyond its status is for people; a body that breaks off is no news.
        let _ = answer.body_mut().as_reader().take(ANSWER_BYTES).read_to_end(&mut text);
        let why = format!("{} answered {status}{}", self.address, excerpt(&text));
        match status {
            200..=299 => Verdict::Taken,
            300..=399 => Verdict::Unwelcome(format!(
                "{why}: it sends elsewhere, to {}; configure that address",
                answer.headers().get("location").map_or("?", |it| it.to_str().unwrap_or("?"))
            )),
            400 | 413 | 422 => Verdict::Refused(why),
            408 | 421 | 425 | 429 => Verdict::Later { why, pause },
            401..=499 => Verdict::Unwelcome(why),
            500.. if status != 503 && pause.is_none() => Verdict::Failed(why),
            _ => Verdict::Later { why, pause },
        }
    }
}

impl Client {
    /// Asks what a browser asks before it sends.
    pub(super) fn reach(&self) -> Result<u16, String> {
        match self.agent.options(&self.address.0).call() {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) => Err(format!("{}: {}", self.address, words(&error))),
        }
    }
}

/// The proxy to go through; what the environment says is for whoever makes the options.
fn proxy(sending: &Sending) -> Result<Option<Proxy>, SnowplowError> {
    let Some(url) = &sending.proxy else { return Ok(None) };
    // The error of the library would repeat a password.
    Proxy::new(&url.0).map(Some).map_err(|_| SnowplowError::Proxy)
}

/// The certificates to trust: those configured, else those of the system.
fn roots(sending: &Sending) -> Result<RootCerts, SnowplowError> {
    let Some(path) = &sending.ca else { return Ok(RootCerts::PlatformVerifier) };
    let pem = std::fs::read(path)
        .map_err(|source| SnowplowError::Certificates { path: path.clone(), source })?;
    let certificates: Vec<_> = ureq::tls::parse_pem(&pem)
        .filter_map(|it| match it {
            Ok(PemItem::Certificate(it)) => Some(it),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(SnowplowError::NoCertificate { path: path.clone() });
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Says what went wrong with a connection, as far down as anybody knows.
fn words(error: &ureq::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(it) = source {
        let more = it.to_string();
        if !text.contains(&more) {
            text.push_str(&format!(": {more}"));
        }
        source = it.source();
    }
    text
}

/// The beginning of an answer, on one line.
fn excerpt(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(" ")) }
}

/// How long a collector wants to be left in peace: seconds, or until a date.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            let ms = until.as_millisecond().checked_sub(Timestamp::now().as_millisecond())?;
            Duration::from_millis(u64::try_from(ms).unwrap_or_default())
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_in_gitlab() {
        for (given, expected) in [
            ("http://127.0.0.1:9090", "http://127.0.0.1:9090/com.snowplowanalytics.snowplow/tp2"),
            (
                "https://sp.example.com/",
                "https://sp.example.com/com.snowplowanalytics.snowplow/tp2",
            ),
            ("sp.example.com", "https://sp.example.com/com.snowplowanalytics.snowplow/tp2"),
            ("localhost:9091", "https://localhost:9091/com.snowplowanalytics.snowplow/tp2"),
            ("http://[::1]:9091", "http://[::1]:9091/com.snowplowanalytics.snowplow/tp2"),
            ("https://sp.example.com/a/track", "https://sp.example.com/a/track"),
        ] {
            assert_eq!(Address::parse(given).unwrap().to_string(), expected, "{given}");
        }
        for wrong in
            ["", "ftp://a", "https://", "https://user:pw@a.example", "https://a/b?c=d", "a b"]
        {
            let error = Address::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn only_what_leaves_the_machine_unencrypted_is_open_to_others() {
        for (address, expected) in [
            ("http://127.0.0.1:9090", false),
            ("http://[::1]:9090", false),
            ("http://localhost", false),
            ("https://sp.example.com", false),
            ("http://sp.example.com", true),
            ("http://10.0.0.1", true),
        ] {
            assert_eq!(Address::parse(address).unwrap().is_open_to_others(), expected, "{address}");
        }
    }

    #[test]
    fn a_pause_is_in_seconds_or_until_a_date_and_bounded() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            pause(&headers)
        };
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("99999999999", Some(600)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(0)),
            ("Wed, 21 Oct 2099 07:28:00 GMT", Some(600)),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(of(text), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(pause(&HeaderMap::new()), None);
    }
}
