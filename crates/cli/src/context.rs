//! What every command knows.

use anyhow::Context as _;
use internal_events_installation::Installation;
use std::path::{Path, PathBuf};

/// What every command knows: where to look.
#[derive(Debug)]
pub(crate) struct Context {
    root: PathBuf,
    data: Option<PathBuf>,
}

impl Context {
    pub(crate) fn new(root: PathBuf, data: Option<PathBuf>) -> Self {
        Self { root, data }
    }

    /// The root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads what the installation has on disk.
    pub(crate) fn installation(&self) -> anyhow::Result<Installation> {
        let env = |name: &str| std::env::var(name).ok();
        Installation::open(&self.root, env)
            .with_context(|| format!("cannot read the installation at {}", self.root.display()))
    }

    /// Where journal and counters are: the flag, else what the installation says.
    pub(crate) fn data(&self, installation: &Installation) -> PathBuf {
        self.data.clone().unwrap_or_else(|| installation.data())
    }
}
