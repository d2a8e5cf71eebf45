//! `internal-events check`: all problems of the definitions.

use crate::context::Context;
use crate::output;
use crate::render;
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use internal_events_definitions::{Diagnostic, Fix, Severity, Source, Sources, apply_fixes};
use internal_events_installation::Installation;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// How to print what is found.
    #[arg(long, value_enum, default_value = "human")]
    format: CheckFormat,

    /// Apply the safe fixes; comments and formatting stay as they are.
    #[arg(long)]
    fix: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// With the lines concerned, for people.
    Human,
    /// For machines; the shape is stable.
    Json,
    /// For code scanning services.
    Sarif,
    /// As annotations of a workflow on GitHub.
    Github,
}

pub(crate) fn run(args: &CheckArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let mut installation = cx.installation()?;
    if installation.analysis().n_events + installation.analysis().n_metrics == 0 {
        bail!(
            "no definitions under {}: expected config/events/*.yml, config/metrics/*/*.yml, or \
             the same under ee/",
            cx.root().display()
        );
    }
    let mut n_fixed = 0;
    if args.fix {
        n_fixed = fix(&installation, &installation.analysis().diagnostics)?;
        installation = cx.installation()?;
    }
    let analysis = installation.analysis();
    let found = &analysis.diagnostics;
    match args.format {
        CheckFormat::Human => {
            let sources = by_path(installation.sources());
            let style = output::stdout_has_colour();
            let mut text = render::human(found, &sources, style);
            text.push_str(&summary(analysis, n_fixed));
            output::print(&text)?;
        }
        CheckFormat::Json => output::print_json(&render::json(analysis))?,
        CheckFormat::Sarif => output::print_json(&render::sarif(found))?,
        CheckFormat::Github => output::print(&render::github(found))?,
    }
    let failed = found.iter().any(|it| it.severity == Severity::Error);
    Ok(ExitCode::from(u8::from(failed)))
}

fn summary(analysis: &internal_events_definitions::Analysis, n_fixed: usize) -> String {
    let count = |severity| analysis.diagnostics.iter().filter(|it| it.severity == severity).count();
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let fixable = analysis.diagnostics.iter().filter(|it| it.fix.is_some()).count();
    let mut text = format!(
        "{} and {} checked: {}, {}, {}\n",
        plural(analysis.n_events, "event"),
        plural(analysis.n_metrics, "metric"),
        plural(count(Severity::Error), "error"),
        plural(count(Severity::Warning), "warning"),
        plural(count(Severity::Note), "note"),
    );
    if n_fixed > 0 {
        text.push_str(&format!("{} applied\n", plural(n_fixed, "fix").replace("fixs", "fixes")));
    }
    if fixable > 0 {
        text.push_str(&format!("{fixable} can be fixed with `internal-events check --fix`\n"));
    }
    text
}

/// Applies all safe fixes; gives their number.
fn fix(installation: &Installation, found: &[Diagnostic]) -> anyhow::Result<usize> {
    let mut fixes: BTreeMap<&str, Vec<&Fix>> = BTreeMap::new();
    for diagnostic in found {
        if let Some(fix) = &diagnostic.fix {
            fixes.entry(&diagnostic.path).or_default().push(fix);
        }
    }
    let sources = by_path(installation.sources());
    let mut n = 0;
    for (path, fixes) in fixes {
        let Some(source) = sources.get(path) else { continue };
        let Ok(text) = std::str::from_utf8(&source.bytes) else { continue };
        let fixed = apply_fixes(text, &fixes);
        if fixed != text {
            replace(&installation.root().join(path), &fixed)?;
            n += fixes.len();
        }
    }
    Ok(n)
}

/// Replaces a file at once: readers see the old text or the new, never half of it.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let directory = path.parent().unwrap_or(Path::new("."));
    let permissions = std::fs::metadata(path).with_context(failed)?.permissions();
    let mut file = tempfile::NamedTempFile::new_in(directory).with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)?;
    file.as_file().set_permissions(permissions).with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

fn by_path(sources: &Sources) -> BTreeMap<&str, &Source> {
    let lists = [
        &sources.unique_overrides,
        &sources.total_overrides,
        &sources.legacy_events,
        &sources.product_groups,
        &sources.feature_categories,
    ];
    let all = sources.events.iter().chain(&sources.metrics).chain(lists.into_iter().flatten());
    all.map(|it| (it.path.as_str(), it)).collect()
}
