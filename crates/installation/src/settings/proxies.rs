//! The proxies that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

use super::Secret;
use internal_events::snowplow::{Address, ProxyUrl};

/// What the environment says of proxies, in the names that most programs read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    http: Option<Secret>,
    https: Option<Secret>,
    all: Option<Secret>,
    /// Hosts that are reached without.
    none: Vec<String>,
}

impl Proxies {
    pub(super) fn read(env: &impl Fn(&str) -> Option<String>) -> Self {
        // Both ways of writing are in use; the one in small letters is the older.
        let text = |name: &str| {
            let given = env(&name.to_ascii_lowercase()).or_else(|| env(name));
            given.filter(|it| !it.is_empty())
        };
        let none = text("NO_PROXY").unwrap_or_default();
        let none = none.split([',', ' ']).filter(|it| !it.is_empty());
        Self {
            http: text("HTTP_PROXY").map(Secret::new),
            https: text("HTTPS_PROXY").map(Secret::new),
            all: text("ALL_PROXY").map(Secret::new),
            none: none.map(str::to_ascii_lowercase).collect(),
        }
    }

    /// The proxy for an address; none for this machine, wherever a proxy would look for it.
    pub(super) fn of(&self, address: &str) -> Option<ProxyUrl> {
        let address = Address::parse(address).ok()?;
        if address.is_here() || self.is_excepted(&address.host().to_ascii_lowercase()) {
            return None;
        }
        let own = if address.is_encrypted() { &self.https } else { &self.http };
        let proxy = own.as_ref().or(self.all.as_ref())?;
        Some(ProxyUrl::new(proxy.reveal()))
    }

    fn is_excepted(&self, host: &str) -> bool {
        self.none.iter().any(|it| {
            let name = it.trim_start_matches("*.").trim_start_matches('.');
            let is_below = || host.strip_suffix(name).is_some_and(|it| it.ends_with('.'));
            it == "*" || host == name || is_below()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(env: &[(&str, &str)], address: &str, expected: Option<&str>) {
        let proxies = Proxies::read(&|name: &str| {
            env.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(proxies.of(address), expected.map(ProxyUrl::new), "{env:?} {address}");
    }

    #[test]
    fn a_proxy_is_found_as_most_programs_find_it() {
        let (p, q) = ("http://p:3128", "http://q:3128");
        let far = "https://sp.example.com";
        check(&[], far, None);
        check(&[("HTTPS_PROXY", p)], far, Some(p));
        check(&[("https_proxy", p), ("HTTPS_PROXY", q)], far, Some(p));
        check(&[("HTTPS_PROXY", "")], far, None);
        check(&[("HTTP_PROXY", p)], far, None);
        check(&[("HTTP_PROXY", p)], "http://sp.example.com", Some(p));
        check(&[("ALL_PROXY", p)], far, Some(p));
        check(&[("ALL_PROXY", p), ("HTTPS_PROXY", q)], far, Some(q));
        check(&[("ALL_PROXY", p)], "http://127.0.0.1:9090", None);
        check(&[("ALL_PROXY", p)], "http://localhost", None);
        for (excepted, is_excepted) in [
            ("*", true),
            ("example.com", true),
            (".example.com", true),
            ("*.example.com", true),
            ("sp.example.com", true),
            ("a, SP.EXAMPLE.COM", true),
            ("ample.com", false),
            ("x.sp.example.com", false),
            ("com.example", false),
        ] {
            let expected = (!is_excepted).then_some(p);
            check(&[("ALL_PROXY", p), ("NO_PROXY", excepted)], far, expected);
        }
    }
}
