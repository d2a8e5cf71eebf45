//! What an installation has on disk, for Ruby: everything but events and counters.

use crate::gvl::without_gvl;
use internal_events::{Catalog, scalar_json};
use internal_events_installation::Installation;
use magnus::{Error, ExceptionClass, Module as _, RModule, Ruby};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// What was read, and its catalog.
#[magnus::wrap(class = "InternalEvents::Native::Installation", free_immediately)]
#[derive(Debug)]
pub(crate) struct NativeInstallation(pub(crate) Arc<Read>);

/// An installation with all its definitions resolved.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) installation: Installation,
    pub(crate) catalog: Arc<Catalog>,
}

impl Read {
    fn new(installation: Installation) -> Self {
        let catalog = Arc::new(installation.catalog());
        Self { installation, catalog }
    }
}

impl NativeInstallation {
    /// Reads the installation at `root`; `env` is all that is known of the environment, and
    /// `is_strict` decides what the settings do not.
    pub(crate) fn open(
        ruby: &Ruby,
        root: String,
        env: HashMap<String, String>,
        is_strict: bool,
    ) -> Result<Self, Error> {
        let read = without_gvl(ruby, || {
            let installation =
                Installation::open(PathBuf::from(root), |name| env.get(name).cloned());
            installation.map(|mut installation| {
                installation.decide_strict(is_strict);
                Read::new(installation)
            })
        })?;
        read.map(|it| Self(Arc::new(it))).map_err(|it| error(ruby, &it))
    }

    /// What the settings say and how many definitions are wrong.
    pub(crate) fn facts(&self) -> String {
        let Read { installation, .. } = &*self.0;
        let settings = installation.settings();
        let problems: Vec<String> = installation.errors().collect();
        json!({
            "root": installation.root(),
            "data": installation.data(),
            "enabled": settings.enabled,
            "strict": settings.strict,
            "analytics": settings.snowplow.is_on(),
            "problems": problems,
        })
        .to_string()
    }

    /// The names of internal events and the key paths of metrics.
    pub(crate) fn names(&self) -> String {
        let catalog = &self.0.catalog;
        let events: Vec<&str> = catalog.events().map(|it| it.action.as_str()).collect();
        let metrics = catalog.metrics().iter();
        let metrics: Vec<&str> = metrics.map(|it| it.definition.key_path.as_str()).collect();
        json!({ "events": events, "metrics": metrics }).to_string()
    }

    /// The definition of an internal event.
    pub(crate) fn event(&self, name: String) -> Option<String> {
        let catalog = &self.0.catalog;
        let event = catalog.event(catalog.find_event(&name)?);
        let trackers = event.extra_trackers.iter().map(|it| {
            json!({ "tracking_class": it.class, "protected_properties": it.protected_properties })
        });
        let shape = json!({
            "action": event.action,
            "description": event.description,
            "path": event.path,
            "identifiers": event.identifiers,
            "properties": event.properties,
            "extra_trackers": trackers.collect::<Vec<_>>(),
            "duo": event.is_duo,
        });
        Some(shape.to_string())
    }

    /// The definition of a metric.
    pub(crate) fn metric(&self, key_path: String) -> Option<String> {
        let metric = &self.0.catalog.metric(&key_path)?.definition;
        let rules = metric.rules.iter().map(|it| {
            let filter = it.filter.iter().map(|(name, value)| (name.as_str(), scalar_json(value)));
            let filter: BTreeMap<&str, Value> = filter.collect();
            json!({
                "name": it.name,
                "unique": it.unique,
                "filter": filter,
                "operator": it.operator.as_ref().map(ToString::to_string),
            })
        });
        let shape = json!({
            "key_path": metric.key_path,
            "description": metric.description,
            "path": metric.path,
            "time_frame": metric.time_frame.as_str(),
            "status": metric.status.as_str(),
            "data_source": metric.data_source.as_str(),
            "rules": rules.collect::<Vec<_>>(),
        });
        Some(shape.to_string())
    }

    /// The key paths of the metrics that count an event.
    pub(crate) fn metrics_of(&self, event: String) -> Vec<String> {
        let metrics = self.0.catalog.metrics_counting(&event);
        metrics.map(|it| it.definition.key_path.clone()).collect()
    }

    /// The event whose name is most like another.
    pub(crate) fn similar_event(&self, name: String) -> Option<String> {
        self.0.catalog.similar_event(&name).map(str::to_owned)
    }

    /// The metric whose key path is most like another.
    pub(crate) fn similar_metric(&self, key_path: String) -> Option<String> {
        self.0.catalog.similar_metric(&key_path).map(str::to_owned)
    }
}

/// The error that Ruby programs rescue, with all that is behind it.
pub(crate) fn error(ruby: &Ruby, error: &dyn std::error::Error) -> Error {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    error_of(ruby, text)
}

/// The same for a text.
pub(crate) fn error_of(ruby: &Ruby, text: String) -> Error {
    Error::new(error_class(ruby, "Error"), text)
}

/// One of the classes of errors that Ruby programs rescue.
pub(crate) fn error_class(ruby: &Ruby, name: &str) -> ExceptionClass {
    let class = || ruby.class_object().const_get::<_, RModule>("InternalEvents")?.const_get(name);
    class().unwrap_or_else(|_: Error| ruby.exception_runtime_error())
}
