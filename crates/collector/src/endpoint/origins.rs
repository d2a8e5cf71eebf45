//! Which web pages may send events.

use crate::{ServeError, door};
use std::sync::Arc;

/// The origins that may; those on loopback unless there is a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins(Option<Arc<[String]>>);

impl Origins {
    /// Allows these and no others.
    pub(crate) fn listed(origins: &[String]) -> Result<Self, ServeError> {
        if let Some(origin) = origins.iter().find(|it| authority(it).is_none()) {
            return Err(ServeError::Origin { origin: origin.clone() });
        }
        Ok(Self(Some(origins.into())))
    }

    pub(crate) fn allow(&self, origin: &str) -> bool {
        match &self.0 {
            Some(listed) => listed.iter().any(|it| it.eq_ignore_ascii_case(origin)),
            None => authority(origin).is_some_and(door::names_loopback),
        }
    }
}

/// The `host[:port]` of an origin; nothing if it is none.
fn authority(origin: &str) -> Option<&str> {
    let (scheme, authority) = origin.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|it| it.is_ascii_alphanumeric());
    let is_authority = !authority.is_empty()
        && authority.bytes().all(|it| it.is_ascii_alphanumeric() || b"-.:[]_".contains(&it));
    (is_scheme && is_authority).then_some(authority)
}

#[cfg(test)]
mod tests;
