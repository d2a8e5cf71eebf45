//! What callers may do.

use crate::problem::Problem;
use crate::rate::Client;
use hyper::Method;
use std::fmt;

/// One thing that a caller may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Track events.
    Track,
    /// Say in an event who did it.
    TrackAnyUser,
    /// Read metrics and their definitions.
    ReadMetrics,
    /// See single events.
    Debug,
}

impl Scope {
    /// All of them, as they are listed.
    pub const ALL: [Self; 4] = [Self::Track, Self::TrackAnyUser, Self::ReadMetrics, Self::Debug];

    /// The word that configurations and answers have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::TrackAnyUser => "track_any_user",
            Self::ReadMetrics => "read_metrics",
            Self::Debug => "debug",
        }
    }

    /// Finds the scope that a word stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(u8);

impl Scopes {
    pub(crate) fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    pub(crate) fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |set, it| set | 1 << it as u8))
    }
}

/// Who asks, as far as it matters: by what it may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) scopes: Scopes,
    /// The client whose limit its events count against, if there is one.
    pub(crate) limited_as: Option<Client>,
}

impl Caller {
    /// Refuses what the caller may not do; every page asks for what it needs.
    pub(crate) fn require(self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.has(scope) { Ok(()) } else { Err(Problem::MissingScope(scope)) }
    }
}

/// Refuses every method but that of what is sent here.
pub(crate) fn expect_post(method: &Method) -> Result<(), Problem> {
    if method == Method::POST { Ok(()) } else { Err(Problem::WrongMethod { allowed: "POST" }) }
}

/// Refuses every method but those of what is only read.
pub(crate) fn expect_get(method: &Method) -> Result<(), Problem> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    Err(Problem::WrongMethod { allowed: "GET, HEAD" })
}
