//! What every command knows.

use anyhow::Context as _;
use internal_events_definitions::Severity;
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
        self.installation_by(|name| std::env::var(name).ok())
    }

    /// Does the same with other eyes on the environment.
    pub(crate) fn installation_by(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Installation> {
        Installation::open(&self.root, env)
            .with_context(|| format!("cannot read the installation at {}", self.root.display()))
    }

    /// Reads what the installation has on disk, and says if not all of its definitions count.
    ///
    /// One broken definition stops nothing else, so this is no error; but whoever tracks or reads
    /// numbers must not learn of it from a number that does not move.
    pub(crate) fn installation_in_use(&self) -> anyhow::Result<Installation> {
        let installation = self.installation()?;
        let found = &installation.analysis().diagnostics;
        let errors = found.iter().filter(|it| it.severity == Severity::Error).count();
        if errors > 0 {
            tracing::warn!(
                errors,
                "some definitions are wrong; `internal-events check` says which"
            );
        }
        Ok(installation)
    }

    /// Where journal and counters are: the flag, else what the installation says.
    pub(crate) fn data(&self, installation: &Installation) -> PathBuf {
        self.data.clone().unwrap_or_else(|| installation.data())
    }
}
