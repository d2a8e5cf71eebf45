//! Where the project is, and how its commands are run.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A checkout of the project.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
}

impl Project {
    /// Finds the checkout this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("invariant: xtask is a folder of the workspace")
            .to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(configured) => root.join(configured),
            None => root.join("target"),
        };
        if !root.join("Cargo.toml").is_file() {
            bail!("the checkout that xtask was built from is gone: {}", root.display());
        }
        Ok(Self { root, target })
    }

    /// The release build of the program.
    pub(crate) fn program(&self) -> PathBuf {
        self.target.join("release").join("internal-events")
    }

    /// Builds the release program, the only one that end-to-end tests and the demo use.
    pub(crate) fn build_program(&self) -> Result<()> {
        self.run(self.cargo().args(["build", "--release", "--locked"]))
    }

    /// Prepares the cargo that runs us, which builds what a person's would build.
    ///
    /// It has told us of our own package, and some packages are built anew when they are told of
    /// another; whoever was built with them is then missing for a moment.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        without(self.command(cargo), &["CARGO_PKG_", "CARGO_MANIFEST_"])
    }

    /// Prepares the release program, whatever the surroundings configure for it.
    pub(crate) fn internal_events(&self) -> Command {
        without(self.command(self.program()), &["INTERNAL_EVENTS_"])
    }

    /// Prepares a command at the root, without a terminal to wait on.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// Shows and runs a command; its output goes where ours goes.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let line = self.show(command);
        println!("$ {line}");
        let status = command.status().with_context(|| format!("could not start `{line}`"))?;
        if !status.success() {
            bail!("`{line}` failed ({status})");
        }
        Ok(())
    }

    /// Writes a command as a person would type it at the root.
    pub(crate) fn show(&self, command: &Command) -> String {
        let program = Path::new(command.get_program());
        let name = program.file_name().unwrap_or(program.as_os_str());
        let mut words = vec![name.to_string_lossy().into_owned()];
        for argument in command.get_args() {
            let path = Path::new(argument).strip_prefix(&self.root);
            words.push(path.unwrap_or(Path::new(argument)).display().to_string());
        }
        words.join(" ")
    }
}

/// Keeps variables from a command whose names begin so.
fn without(mut command: Command, prefixes: &[&str]) -> Command {
    for (name, _) in std::env::vars_os() {
        if prefixes.iter().any(|it| name.to_string_lossy().starts_with(it)) {
            command.env_remove(name);
        }
    }
    command
}
