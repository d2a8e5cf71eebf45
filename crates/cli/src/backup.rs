//! `internal-events backup`: a copy of a data directory that is in use.

use crate::context::Context;
use crate::output::{self, counted};
use anyhow::{Context as _, bail};
use internal_events::store::Sqlite;
use internal_events_installation::SALT;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The directory to copy to; it is made, and may have no data yet.
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

pub(crate) fn run(args: &BackupArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let data = cx.data(&cx.installation()?);
    let progress = output::progress(0);
    let copied = Sqlite::backup_with(&data, &args.to, |it| {
        progress.set_length(it.total);
        progress.set_position(it.done);
    });
    progress.finish_and_clear();
    copied.with_context(|| {
        format!("cannot copy the data in {} to {}", data.display(), args.to.display())
    })?;
    copy_salt(&data, &args.to).context("cannot copy the salt for ids")?;
    // A copy nobody has read is a hope.
    let verified = Sqlite::verify(&args.to).context("cannot verify the copy")?;
    if let Some(finding) = verified.findings.into_iter().next() {
        let error = anyhow::Error::from(finding);
        bail!(error.context(format!(
            "the copy in {} is not sound, most likely because the original is not; \
             `internal-events journal verify` says so",
            args.to.display()
        )));
    }
    let entries = counted(verified.entries, "entry", "entries");
    output::print(&format!("copied to {}: {entries}, verified\n", args.to.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Copies what ids are hashed with: with another salt the same user would be another.
fn copy_salt(data: &Path, to: &Path) -> std::io::Result<()> {
    match std::fs::copy(data.join(SALT), to.join(SALT)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
