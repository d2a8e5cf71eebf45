//! What a server is made of.

use crate::definitions::Reload;
use crate::door::Door;
use crate::endpoint::{CountRule, Endpoint, Forwarding, Origins};
use crate::limits::Limits;
use crate::micro::Micro;
use crate::proxies::Proxies;
use crate::refusals::Refusals;
use crate::request_id::RequestIds;
use crate::tokens::Tokens;
use crate::{Listing, ServeError, Tls, Token, script};
use internal_events::Tracker;
use std::sync::Arc;

/// Answers requests; cheap to clone.
#[derive(Clone, Debug)]
pub struct Collector {
    pub(crate) tracker: Tracker,
    pub(crate) limits: Limits,
    pub(crate) endpoint: Endpoint,
    pub(crate) reload: Reload,
    pub(crate) door: Door,
    pub(crate) tls: Option<Tls>,
    pub(crate) refusals: Arc<Refusals>,
    /// Shows what trackers sent, where that was asked for.
    pub(crate) micro: Option<Micro>,
    /// Has a page to try out how events are sent.
    has_demo: bool,
    pub(crate) request_ids: Arc<RequestIds>,
}

impl Collector {
    /// Makes a collector that gives its events to a tracker.
    pub fn new(tracker: Tracker, limits: Limits) -> Self {
        let reload = Reload::new(tracker.clone());
        let endpoint = Endpoint::new(&tracker);
        Self {
            tracker,
            limits,
            endpoint,
            reload,
            door: Door::new(&limits),
            tls: None,
            refusals: Arc::default(),
            micro: None,
            has_demo: false,
            request_ids: Arc::default(),
        }
    }

    /// Answers those who ask for definitions with this.
    #[must_use]
    pub fn listing(self, listing: Listing) -> Self {
        self.reload.list(listing);
        self
    }

    /// Gives the handle by which definitions are replaced while it serves.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Takes what Snowplow trackers send at these paths too, each of the form `/vendor/version`.
    ///
    /// # Errors
    ///
    /// When one of them has another form.
    pub fn paths(mut self, paths: &[String]) -> Result<Self, ServeError> {
        self.endpoint.add_paths(paths)?;
        Ok(self)
    }

    /// Lets pages of these origins ask; without a list, pages on loopback.
    ///
    /// # Errors
    ///
    /// When one of them is no origin, which is written `scheme://host` or `scheme://host:port`.
    pub fn origins(mut self, origins: &[String]) -> Result<Self, ServeError> {
        self.endpoint.origins = Origins::listed(origins)?;
        Ok(self)
    }

    /// Lets in only callers who show one of these tokens, but from anywhere.
    #[must_use]
    pub fn tokens(mut self, tokens: Vec<Token>) -> Self {
        self.door.tokens = Arc::new(Tokens::new(tokens));
        self
    }

    /// Serves over TLS, and over nothing else.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Takes Snowplow events of these applications only, but from anywhere; `*` is any.
    #[must_use]
    pub fn app_ids(mut self, app_ids: &[String]) -> Self {
        self.door.app_ids = Some(app_ids.into());
        self
    }

    /// Believes the proxies in these networks, such as `10.0.0.0/8`, for whom they speak.
    ///
    /// # Errors
    ///
    /// When one of them is neither an address nor a network.
    pub fn trusted_proxies(mut self, networks: &[String]) -> Result<Self, ServeError> {
        self.door.proxies = Arc::new(Proxies::listed(networks)?);
        Ok(self)
    }

    /// Counts Snowplow events as these rules say, of which the first that fits decides; what fits
    /// none is counted.
    #[must_use]
    pub fn count_snowplow(mut self, rules: Vec<CountRule>) -> Self {
        self.endpoint.count_rules = rules.into();
        self
    }

    /// Hands events of Snowplow trackers on to another collector, through the tracker's journal.
    #[must_use]
    pub fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.endpoint.forwarding = Some(forwarding);
        self
    }

    /// Keeps in memory what Snowplow trackers send, and shows it as Snowplow Micro does.
    #[must_use]
    pub fn with_micro(mut self) -> Self {
        self.micro = Some(Micro::new(self.tracker.clone(), self.limits));
        self
    }

    /// Gives what shows events, if there is something.
    pub fn micro(&self) -> Option<Micro> {
        self.micro.clone()
    }

    /// Serves a page to try out every way in which pages send events.
    #[must_use]
    pub fn with_demo(self) -> Self {
        Self { has_demo: true, ..self }
    }

    /// Tells whether there is such a page.
    pub fn has_demo(&self) -> bool {
        self.has_demo
    }

    /// The element by which pages load the browser package from this server, whose address is
    /// given as `scheme://host:port`.
    pub fn script_element(server: &str) -> String {
        script::element(server)
    }
}
