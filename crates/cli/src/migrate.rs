//! `internal-events migrate`: rewrites legacy tracking to internal events, or says why not.
//!
//! ```text
//!  files ─► looked at, in parallel ─► calls ─┐
//!             ▲                              ├─► definitions and tables, together
//!             └── events whose calls must stay ◄─┘        │
//!                                                         ▼
//!                              a diff, or the files; what was refused, and why
//! ```

mod args;
mod files;
mod git;
mod human;
mod machine;
mod markdown;
mod outcome;
mod work;
mod write;

pub(crate) use args::MigrateArgs;

use crate::context::Context;
use crate::output;
use anyhow::Context as _;
use args::MigrateFormat;
use internal_events_migrate::Surroundings;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

/// Where tables are unless the settings say something else.
const TABLES: &str = "lib/gitlab/usage_data_counters";

pub(crate) fn run(args: &MigrateArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let options = args.options()?;
    let installation = cx.installation()?;
    if args.write && !args.allow_dirty {
        git::refuse_dirty(cx.root())?;
    }
    let files = files::find(cx.root(), &args.paths)?;
    let tables = installation.settings().overrides.as_ref();
    let surroundings = Surroundings {
        milestone: installation.milestone().map(str::to_owned),
        tables: tables.map_or_else(|| TABLES.to_owned(), |it| it.display().to_string()),
        group: args.group.clone(),
        is_whole: args.paths.is_empty() || files.is_whole,
    };
    let outcome = work::work(files, cx.root(), &installation, &options, &surroundings);
    let cannot_write = |path: &Path| format!("cannot write {}", path.display());
    if let Some(path) = &args.report {
        // Whether that can be done is known before files are changed, and done when they are.
        let mut options = File::options();
        options.create(true).append(true).open(path).with_context(|| cannot_write(path))?;
    }
    if args.write {
        write::write(cx.root(), &outcome)?;
    }
    if let Some(path) = &args.report {
        let text = markdown::report(&outcome, args);
        std::fs::write(path, text).with_context(|| cannot_write(path))?;
    }
    match args.format {
        MigrateFormat::Human => output::print(&human::text(&outcome, args))?,
        MigrateFormat::Json => output::print_json(&machine::json(&outcome, args.write))?,
        MigrateFormat::Sarif => output::print_json(&machine::sarif(&outcome))?,
    }
    let remain = if args.check { outcome.n_legacy() } else { outcome.n_refused() };
    Ok(ExitCode::from(u8::from(remain > 0)))
}
