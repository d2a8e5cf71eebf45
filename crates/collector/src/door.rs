//! Who may ask: programs on this machine, and nobody who speaks through them.
//!
//! A browser on this machine runs pages of strangers, and a proxy on it speaks for the whole
//! world; both would reach a listener on loopback. A page shows itself by its `Origin`, or, once
//! its name has been made to resolve to this machine, by its `Host`; a proxy by the headers it
//! adds. Trackers of Snowplow are made for pages, so these may come from one, if it is allowed.

use crate::access::{Caller, Scopes};
use crate::endpoint::Origins;
use crate::problem::Problem;
use hyper::header::{FORWARDED, HOST, HeaderName, HeaderValue, ORIGIN, VIA};
use hyper::http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Lets a request of a program in, or says why not.
pub(crate) fn admit(peer: IpAddr, head: &Parts) -> Result<Caller, Problem> {
    admit_local(peer, head)?;
    if head.headers.contains_key(ORIGIN) {
        return Err(Problem::NotLocal("The request has an Origin: a page sent it."));
    }
    Ok(Caller::new(Scopes::all()))
}

/// Lets a request of a Snowplow tracker in, or says why not; gives its origin if it is a page's.
pub(crate) fn admit_tracker(
    peer: IpAddr,
    head: &Parts,
    origins: &Origins,
) -> Result<Option<HeaderValue>, Problem> {
    admit_local(peer, head)?;
    let mut given = head.headers.get_all(ORIGIN).iter();
    let Some(origin) = given.next() else {
        // A page of a stranger can load an image from anywhere, which says no origin.
        let site = head.headers.get("sec-fetch-site");
        if site.is_some_and(|it| it.as_bytes() == b"cross-site") {
            return Err(Problem::NotLocal("A page of another site sent it, without an Origin."));
        }
        return Ok(None);
    };
    let is_allowed = origin.to_str().is_ok_and(|it| origins.allow(it));
    if !is_allowed || given.next().is_some() {
        return Err(Problem::NotLocal("The request's Origin is not among those allowed."));
    }
    Ok(Some(origin.clone()))
}

/// Lets a request in that comes straight from this machine and is meant for it.
fn admit_local(peer: IpAddr, head: &Parts) -> Result<(), Problem> {
    if !is_loopback(peer) {
        return Err(Problem::NotLocal("The connection comes from another machine."));
    }
    let mut host = None;
    for (name, value) in &head.headers {
        if name == HOST {
            if host.replace(value).is_some() {
                return Err(Problem::UnclearHost);
            }
        } else if speaks_for_others(name) {
            return Err(Problem::NotLocal("The request came through a proxy."));
        }
    }
    let host = host.and_then(|it| it.to_str().ok()).ok_or(Problem::UnclearHost)?;
    // The request's own target may name a host too, and then that one counts.
    let authority = head.uri.authority().map(hyper::http::uri::Authority::as_str);
    if !names_loopback(host) || !authority.is_none_or(names_loopback) {
        return Err(Problem::NotLocal("The Host is no name of this machine's loopback."));
    }
    Ok(())
}

/// Also true of an IPv4 loopback address that an IPv6 socket reports.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn speaks_for_others(name: &HeaderName) -> bool {
    name == FORWARDED || name == VIA || name.as_str().starts_with("x-forwarded-")
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
