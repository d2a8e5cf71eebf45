//! Who may ask.
//!
//! Without a token, programs on this machine, and nobody who speaks through them. A browser here
//! runs pages of strangers, and a proxy here speaks for the whole world; both would reach a
//! listener on loopback. A page shows itself by its `Origin`, or, once its name has been made to
//! resolve to this machine, by its `Host`; a proxy by the headers it adds.
//!
//! With tokens, whoever has one, from anywhere. Trackers of Snowplow have none: they are let in
//! from this machine, and from elsewhere as soon as it is said whose events are taken.

use crate::access::{Caller, Scope, Scopes};
use crate::endpoint::Origins;
use crate::problem::Problem;
use crate::proxies::{self, Proxies};
use crate::rate::{Buckets, Client};
use crate::tokens::Tokens;
use crate::{Collector, Limits};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Where GitLab's clients put a token.
const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");

/// Where a browser says from what kind of page a request comes.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What decides who is let in; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) proxies: Arc<Proxies>,
    /// Whose Snowplow events are taken: anybody's, but then nobody elsewhere can send.
    pub(crate) app_ids: Option<Arc<[String]>>,
    buckets: Arc<Buckets>,
    /// Wrong tokens, so that whoever tries many fills no log.
    failures: Arc<Buckets>,
    rate_on_loopback: bool,
}

impl Door {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            tokens: Arc::default(),
            proxies: Arc::default(),
            app_ids: None,
            buckets: Arc::new(Buckets::new(limits.rate)),
            failures: Arc::new(Buckets::new(limits.wrong_tokens)),
            rate_on_loopback: limits.rate_on_loopback,
        }
    }

    /// Tells whether events of an application are taken.
    pub(crate) fn takes(&self, app_id: Option<&str>) -> bool {
        let is_listed =
            |listed: &Arc<[String]>| listed.iter().any(|it| Some(it.as_str()) == app_id);
        self.takes_all() || self.app_ids.as_ref().is_some_and(is_listed)
    }

    /// Tells whether events of all applications are taken, those that name none too.
    pub(crate) fn takes_all(&self) -> bool {
        self.app_ids.as_ref().is_none_or(|listed| listed.iter().any(|it| it == "*"))
    }

    /// Counts further events of a caller against its limit.
    pub(crate) fn charge(&self, caller: Caller, n: usize) -> Result<(), Problem> {
        let Some(client) = caller.limited_as else { return Ok(()) };
        if n == 0 {
            return Ok(());
        }
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        self.buckets.take(client, n).map_err(Problem::RateLimited)
    }

    fn caller(&self, peer: IpAddr, headers: &HeaderMap, is_local: bool) -> Result<Caller, Problem> {
        let limited_as = (!is_local || self.rate_on_loopback)
            .then(|| Client::from(self.proxies.client(peer, headers)));
        let caller = Caller { scopes: Scopes::default(), limited_as };
        self.charge(caller, 1)?;
        Ok(caller)
    }

    /// What the token that a request shows is good for.
    fn authenticate(&self, client: IpAddr, shown: &Shown<'_>) -> Result<Scopes, Problem> {
        let wrong = match shown {
            Shown::Nothing => return Err(Problem::NoToken),
            Shown::Text(text) => match self.tokens.find(text) {
                Some(scopes) => return Ok(scopes),
                None => "There is no such token.",
            },
            Shown::Unclear(why) => why,
        };
        // Whoever has a right token is let in all the same: a neighbour behind the same address
        // must not be able to keep others out.
        self.failures.take(Client::from(client), 1).map_err(Problem::RateLimited)?;
        Err(Problem::UnknownToken(wrong))
    }
}

impl Collector {
    /// Lets a request in, or says why not; the caller may do what its pages ask of it.
    pub(crate) fn admit(&self, peer: IpAddr, head: &Parts) -> Result<Caller, Problem> {
        let look = Look::at(&head.headers);
        look.length()?;
        let local = local(peer, head, &look).and_then(|()| look.page(&self.endpoint.origins));
        let caller = self.door.caller(peer, &head.headers, local.is_ok())?;
        if self.door.tokens.is_empty() {
            return local.map(|_| Caller { scopes: Scopes::all(), ..caller });
        }
        look.host()?;
        look.page(&self.endpoint.origins)?;
        let client = self.door.proxies.client(peer, &head.headers);
        let scopes = self.door.authenticate(client, &look.shown)?;
        Ok(Caller { scopes, ..caller })
    }

    /// Lets anybody in, within the limit of each client: to what holds nothing of anybody.
    pub(crate) fn admit_anybody(&self, peer: IpAddr, head: &Parts) -> Result<(), Problem> {
        let look = Look::at(&head.headers);
        look.length()?;
        let is_local = local(peer, head, &look).is_ok();
        self.door.caller(peer, &head.headers, is_local).map(drop)
    }

    /// Lets a preflight in, which never has a token.
    pub(crate) fn admit_preflight(&self, peer: IpAddr, head: &Parts) -> Result<(), Problem> {
        let look = Look::at(&head.headers);
        look.length()?;
        let is_local = local(peer, head, &look);
        self.door.caller(peer, &head.headers, is_local.is_ok())?;
        if self.door.tokens.is_empty() {
            is_local?;
        }
        look.page(&self.endpoint.origins).map(drop)
    }

    /// Lets in whoever may read counts; programs on this machine need no token for that.
    pub(crate) fn admit_reader(&self, peer: IpAddr, head: &Parts) -> Result<(), Problem> {
        if self.is_direct(peer, head) {
            return Ok(());
        }
        self.admit(peer, head)?.require(Scope::ReadMetrics)
    }

    /// Tells whether a request gets to see more of the health than whether it is good.
    pub(crate) fn sees_details(&self, peer: IpAddr, head: &Parts) -> Result<bool, Problem> {
        if self.is_direct(peer, head) {
            return Ok(true);
        }
        let look = Look::at(&head.headers);
        look.length()?;
        if self.door.tokens.is_empty() || matches!(look.shown, Shown::Nothing) {
            return Ok(false);
        }
        let caller = self.admit(peer, head)?;
        Ok(caller.require(Scope::ReadMetrics).is_ok())
    }

    /// Tells whether a program on this machine asks, and nobody through it.
    pub(crate) fn is_direct(&self, peer: IpAddr, head: &Parts) -> bool {
        let look = Look::at(&head.headers);
        look.length().is_ok()
            && local(peer, head, &look).is_ok()
            && look.page(&self.endpoint.origins).is_ok()
    }

    /// Lets a request of a Snowplow tracker in, or says why not.
    pub(crate) fn admit_tracker(&self, peer: IpAddr, head: &Parts) -> Result<Caller, Problem> {
        let look = Look::at(&head.headers);
        look.length()?;
        let local = local(peer, head, &look);
        let caller = self.door.caller(peer, &head.headers, local.is_ok())?;
        if self.door.app_ids.is_none() {
            local?;
        }
        look.page(&self.endpoint.origins)?;
        Ok(caller)
    }

    /// The origin of a request, if it is one whose pages may read the answer.
    pub(crate) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut given = headers.get_all(ORIGIN).iter();
        let origin = given.next()?;
        let is_allowed = origin.to_str().is_ok_and(|it| self.endpoint.origins.allow(it));
        (is_allowed && given.next().is_none()).then(|| origin.clone())
    }
}

/// What the headers of a request say about who sent it.
struct Look<'a> {
    host: Once<&'a HeaderValue>,
    origin: Once<&'a HeaderValue>,
    is_proxied: bool,
    /// A browser says that it is neither a page's of ours nor a person's at the keyboard.
    is_foreign: bool,
    shown: Shown<'a>,
    /// How the body is written, if not as it is.
    codings: Once<&'a HeaderValue>,
}

/// A header that should come once.
enum Once<T> {
    Never,
    One(T),
    Several,
}

impl<T> Once<T> {
    fn add(&mut self, value: T) {
        *self = if matches!(self, Self::Never) { Self::One(value) } else { Self::Several };
    }
}

/// What a request shows as its token.
enum Shown<'a> {
    Nothing,
    Text(&'a [u8]),
    Unclear(&'static str),
}

impl<'a> Look<'a> {
    fn at(headers: &'a HeaderMap) -> Self {
        let mut look = Self {
            host: Once::Never,
            origin: Once::Never,
            is_proxied: false,
            is_foreign: false,
            shown: Shown::Nothing,
            codings: Once::Never,
        };
        for (name, value) in headers {
            if name == HOST {
                look.host.add(value);
            } else if name == ORIGIN {
                look.origin.add(value);
            } else if name == AUTHORIZATION {
                look.show(bearer(value.as_bytes()));
            } else if name == PRIVATE_TOKEN {
                look.show(Shown::Text(value.as_bytes()));
            } else if name == TRANSFER_ENCODING {
                look.codings.add(value);
            } else if name == SEC_FETCH_SITE {
                let known: [&[u8]; 3] = [b"same-origin", b"same-site", b"none"];
                look.is_foreign |= !known.contains(&value.as_bytes());
            } else if proxies::speaks_for_others(name) {
                look.is_proxied = true;
            }
        }
        look
    }

    fn show(&mut self, shown: Shown<'a>) {
        self.shown = match self.shown {
            Shown::Nothing => shown,
            _ => Shown::Unclear("There is more than one token."),
        };
    }

    /// Refuses a body in a coding that another reader may take for none, or twice in one.
    fn length(&self) -> Result<(), Problem> {
        match self.codings {
            Once::Never => Ok(()),
            Once::One(it) if it.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => Ok(()),
            Once::One(_) | Once::Several => Err(Problem::UnclearLength),
        }
    }

    fn host(&self) -> Result<&'a str, Problem> {
        match self.host {
            Once::One(host) => host.to_str().map_err(|_| Problem::UnclearHost),
            Once::Never | Once::Several => Err(Problem::UnclearHost),
        }
    }

    /// The origin, if a page of an allowed one sends this; nothing if no page does.
    fn page(&self, origins: &Origins) -> Result<Option<&'a HeaderValue>, Problem> {
        match self.origin {
            // A page of a stranger can load an image from anywhere, which says no origin.
            Once::Never if self.is_foreign => {
                Err(Problem::ForeignOrigin("A page of another site sent it, without an Origin."))
            }
            Once::Never => Ok(None),
            Once::One(it) if it.to_str().is_ok_and(|it| origins.allow(it)) => Ok(Some(it)),
            Once::One(_) | Once::Several => {
                Err(Problem::ForeignOrigin("The request's Origin is not among those allowed."))
            }
        }
    }
}

/// The token in `Bearer token`; the scheme may be written in any case.
fn bearer(value: &[u8]) -> Shown<'_> {
    const SCHEME: &[u8] = b"bearer ";
    match value.split_at_checked(SCHEME.len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            Shown::Text(token.trim_ascii_start())
        }
        _ => Shown::Unclear("Authorization should be `Bearer` and a token."),
    }
}

/// Lets a request in that comes straight from this machine and is meant for it.
fn local(peer: IpAddr, head: &Parts, look: &Look<'_>) -> Result<(), Problem> {
    if !is_loopback(peer) {
        return Err(Problem::NotLocal("The connection comes from another machine."));
    }
    if look.is_proxied {
        return Err(Problem::NotLocal("The request came through a proxy."));
    }
    // The request's own target may name a host too, and then that one counts.
    let authority = head.uri.authority().map(hyper::http::uri::Authority::as_str);
    if !names_loopback(look.host()?) || !authority.is_none_or(names_loopback) {
        return Err(Problem::NotLocal("The Host is no name of this machine's loopback."));
    }
    Ok(())
}

/// Also true of an IPv4 loopback address that an IPv6 socket reports.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Tells whether `host[:port]` is `localhost`, in 127.0.0.0/8, or `[::1]`.
pub(crate) fn names_loopback(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, port),
        _ => (text, "0"),
    };
    if !port.bytes().all(|it| it.is_ascii_digit()) {
        return false;
    }
    if let Some(v6) = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return v6.parse::<Ipv6Addr>().is_ok_and(|it| it.is_loopback());
    }
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests;
