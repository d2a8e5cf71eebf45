//! `internal-events serve`: accepts events over HTTP.

use crate::context::Context;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {}

pub(crate) fn run(_args: ServeArgs, _cx: &Context) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
