//! Looks on while the endpoint takes a request of a tracker.

use super::Micro;
use super::entry::Origin;
use super::run::Run;
use crate::problem::Problem;
use crate::{Collector, endpoint};
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName};
use hyper::http::request::Parts;

/// Shows the events of one request, if anybody looks.
pub(crate) struct Witness<'c> {
    collector: &'c Collector,
    head: &'c Parts,
    shown: Option<(&'c Micro, Option<Run>)>,
}

impl<'c> Witness<'c> {
    /// Finds out to which run a request belongs, before anything is done with it.
    pub(crate) fn of(collector: &'c Collector, head: &'c Parts) -> Result<Self, Problem> {
        let shown = match &collector.micro {
            Some(micro) => Some((micro, Run::of(&head.headers)?)),
            None => None,
        };
        Ok(Self { collector, head, shown })
    }

    /// Shows the events; whoever sent them is answered only after that.
    pub(crate) fn see(self, body: &[u8]) {
        let Some((micro, run)) = &self.shown else { return };
        let uri = &self.head.uri;
        let is_post = self.head.method == Method::POST;
        let origin = Origin {
            is_query: !is_post || body.trim_ascii().is_empty(),
            version: if uri.path() == "/i" { "tp1" } else { "tp2" },
            hostname: self.text(&HOST).map(without_port),
            content_type: self.text(&CONTENT_TYPE),
            read_as: endpoint::declared_type(self.head),
            ..Origin::new(self.collector.tracker.now_ms(), run.clone())
        };
        let door = &self.collector.door;
        let request = (uri.query().unwrap_or_default(), body);
        micro.see_request(&origin, request, &|app_id| door.takes(app_id));
    }

    fn text(&self, name: &HeaderName) -> Option<&'c str> {
        self.head.headers.get(name).and_then(|it| it.to_str().ok())
    }
}

/// Takes the port off a `host:port`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    }
}
