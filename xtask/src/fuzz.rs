//! Builds and runs the fuzz targets with nothing but the pinned, stable toolchain.
//!
//! `cargo fuzz` would take longer to install than all targets take to build. What it does for
//! us is one set of compiler flags: they make the compiler report every branch to libFuzzer.

use crate::project::Project;
use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const COVERAGE_FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
];

/// Lets libFuzzer choose where a search begins.
pub(crate) const ANY_SEED: u32 = 0;

/// Builds all targets, then runs the named ones (all, if none is named) side by side.
pub(crate) fn run(
    project: &Project,
    chosen: &[String],
    duration: Duration,
    seed: u32,
) -> Result<()> {
    let folder = project.root.join("fuzz");
    let mut targets = targets(&folder)?;
    for name in chosen {
        ensure!(targets.contains(name), "there is no target `{name}`: {}", targets.join(", "));
    }
    if !chosen.is_empty() {
        targets.retain(|it| chosen.contains(it));
    }
    let built = build(project, &folder)?;
    let built = &built;
    let results: Vec<Result<String>> = std::thread::scope(|scope| {
        let start = |name: &str| {
            let search =
                Search { program: built.join(name), name: name.to_owned(), duration, seed };
            scope.spawn(move || search.run(project))
        };
        let running: Vec<_> = targets.iter().map(|it| start(it)).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|it| it.expect("invariant: a run does not panic")).collect()
    });
    let mut crashed = Vec::new();
    for (name, result) in targets.iter().zip(results) {
        match result {
            Ok(summary) => println!("{name}: {summary}"),
            Err(error) => crashed.push(format!("{name}: {error:#}")),
        }
    }
    ensure!(crashed.is_empty(), "{}", crashed.join("\n"));
    Ok(())
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let sources = folder.join("fuzz_targets");
    let entries = fs::read_dir(&sources).context("could not list the fuzz targets")?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.context("could not list the fuzz targets")?.path();
        if path.extension().is_some_and(|it| it == "rs") {
            names.extend(path.file_stem().map(|it| it.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    if names.is_empty() {
        bail!("no fuzz target in {}", sources.display());
    }
    Ok(names)
}

/// Builds every target once and returns the folder they are in.
fn build(project: &Project, folder: &Path) -> Result<PathBuf> {
    let host = host(project)?;
    let target = project.target.join("fuzz");
    let mut command = project.cargo();
    command.args(["build", "--release", "--locked", "--bins", "--manifest-path"]);
    // Naming the target keeps the flags away from build scripts, which have no libFuzzer to
    // report to and would not link.
    command.arg(folder.join("Cargo.toml")).args(["--target", &host]);
    command.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", COVERAGE_FLAGS.join(" "));
    project.run(&mut command)?;
    Ok(target.join(host).join("release"))
}

fn host(project: &Project) -> Result<String> {
    let output = project.command("rustc").arg("-vV").output().context("could not run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|it| it.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// One target's search for input that breaks it.
struct Search {
    program: PathBuf,
    name: String,
    duration: Duration,
    seed: u32,
}

impl Search {
    /// Starts from what earlier runs found and from the seeds that are part of the project.
    fn run(&self, project: &Project) -> Result<String> {
        let Self { program, name, duration, seed } = self;
        let folder = project.root.join("fuzz");
        let corpus = folder.join("corpus").join(name);
        let artifacts = folder.join("artifacts").join(name);
        let seeds = folder.join("seeds").join(name);
        for made in [&corpus, &artifacts] {
            fs::create_dir_all(made)
                .with_context(|| format!("could not make {}", made.display()))?;
        }
        let mut command = project.command(program);
        command.arg(format!("-max_total_time={}", duration.as_secs()));
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        command.arg(format!("-seed={seed}"));
        command.args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=0"]);
        command.arg(&corpus).args(seeds.is_dir().then_some(&seeds));
        let output =
            command.stdout(Stdio::null()).output().context("could not start the target")?;
        let report = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("a crash, kept in fuzz/artifacts/{name}\n{report}");
        }
        let inputs = report
            .lines()
            .find_map(|it| it.strip_prefix("stat::number_of_executed_units:"))
            .context("the target reported nothing")?;
        Ok(format!("{} inputs in {} s, no crash", inputs.trim(), duration.as_secs()))
    }
}
