//! Whose word about the address of a client is taken.

use crate::ServeError;
use hyper::HeaderMap;
use hyper::header::{FORWARDED, HeaderName, VIA};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The header that almost every proxy writes.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// What proxies of one kind or another add to say for whom they speak.
const CLIENT_HEADERS: [&str; 12] = [
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "forwarded-for",
    "proxy-connection",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-remote-ip",
];

/// Tells whether only one who speaks for others sends this header.
pub(crate) fn speaks_for_others(name: &HeaderName) -> bool {
    if name == FORWARDED || name == VIA {
        return true;
    }
    let name = name.as_str();
    name.starts_with("x-forwarded-") || CLIENT_HEADERS.binary_search(&name).is_ok()
}

/// The networks of our proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<(IpAddr, u32)>);

impl Proxies {
    /// Trusts the proxies at these addresses or in these networks, such as `10.0.0.0/8`.
    pub(crate) fn listed(networks: &[String]) -> Result<Self, ServeError> {
        let parse = |text: &String| {
            network(text).ok_or_else(|| ServeError::Proxy { network: text.clone() })
        };
        networks.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, bits)| match (network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(it)) => {
                (network.to_bits() ^ it.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(it)) => {
                (network.to_bits() ^ it.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        })
    }

    /// The address of whoever a peer speaks for; its own, unless it is one of our proxies.
    ///
    /// Each proxy adds the address it sees on the right. So the client is the first from the
    /// right that is no proxy of ours, and what stands left of it is only what the client says.
    /// A proxy writes one of the two headers and may hand through the other as it came; where
    /// both are there and differ, one is a forgery, and the proxy's own address counts.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.0.is_empty() || !self.trust(peer) {
            return peer;
        }
        let by_common = self.walk(peer, headers, X_FORWARDED_FOR, node);
        let by_standard = self.walk(peer, headers, FORWARDED.as_str(), forwarded_for);
        match (by_common, by_standard) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) => peer,
        }
    }

    fn walk(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &str,
        read: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut address = None;
        for line in headers.get_all(name).iter().rev() {
            for hop in line.as_bytes().rsplit(|it| *it == b',') {
                let nearest = address.unwrap_or(peer);
                let hop = std::str::from_utf8(hop).ok().and_then(read);
                match hop {
                    Some(it) if self.trust(nearest) => address = Some(it.to_canonical()),
                    _ => return Some(nearest),
                }
            }
        }
        address
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse::<IpAddr>().ok()?, bits.parse().ok()?),
        None => {
            let address: IpAddr = text.parse().ok()?;
            (address, if address.is_ipv4() { 32 } else { 128 })
        }
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

/// Reads an address as proxies write it, with a port or without.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if let Some(address) = bare.and_then(|it| it.parse::<Ipv6Addr>().ok()) {
        return Some(address.into());
    }
    text.parse::<SocketAddr>().ok().map(|it| it.ip())
}

/// Reads the `for` of one hop of a `Forwarded`.
fn forwarded_for(hop: &str) -> Option<IpAddr> {
    let value = hop.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    let quoted = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    node(quoted.unwrap_or(value))
}

#[cfg(test)]
mod tests;
