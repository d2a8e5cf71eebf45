//! Looks the collector's host up now and then, and not for every request: a look-up costs a thread,
//! and a request over a connection that is kept has no use for its answer.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// For how long an answer holds. Names of services that move live for a minute or so.
const HOLDS: Duration = Duration::from_secs(30);

/// Remembers where the host of the last request was.
#[derive(Clone, Default)]
pub(super) struct LookUp {
    usual: Arc<DefaultResolver>,
    known: Arc<Mutex<Option<Known>>>,
}

struct Known {
    authority: Authority,
    since: Instant,
    addresses: ResolvedSocketAddrs,
}

impl LookUp {
    /// Forgets where the host was, for it could not be reached there.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver for LookUp {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let authority = uri.authority();
        if let Some(known) = &*self.lock()
            && Some(&known.authority) == authority
            && known.since.elapsed() < HOLDS
        {
            return Ok(known.addresses.clone());
        }
        let addresses = self.usual.resolve(uri, config, timeout)?;
        if let Some(authority) = authority.cloned() {
            let known = Known { authority, since: Instant::now(), addresses: addresses.clone() };
            *self.lock() = Some(known);
        }
        Ok(addresses)
    }
}

impl fmt::Debug for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookUp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_its_host_cannot_be_reached() {
        let look_up = LookUp::default();
        let ask = |uri: &'static str| {
            let never = NextTimeout::default();
            look_up.resolve(&Uri::from_static(uri), &Config::default(), never).unwrap()[0]
        };
        assert_eq!(ask("http://127.0.0.1:9090").port(), 9090);
        // What is remembered shows when it is another than it would be.
        look_up.lock().as_mut().unwrap().addresses[0].set_port(1);
        assert_eq!(ask("http://127.0.0.1:9090/path").port(), 1);
        assert_eq!(ask("http://127.0.0.1:9091").port(), 9091, "of another host");
        assert_eq!(ask("http://127.0.0.1:9090").port(), 9090);
        look_up.lock().as_mut().unwrap().addresses[0].set_port(1);
        look_up.forget();
        assert_eq!(ask("http://127.0.0.1:9090").port(), 9090);
    }
}
