//! What the steps need from the machine beside the Rust toolchain.

use crate::project::Project;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// A program of the machine that some step runs.
struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "c++", package: "g++", purpose: "builds the fuzzing engine" },
    Tool {
        program: "redis-server",
        package: "redis-server",
        purpose: "is what sketches are compared with, byte for byte",
    },
    Tool {
        program: "strace",
        package: "strace",
        purpose: "shows that an answer leaves after the journal's sync",
    },
];

/// Installs what is missing; changes nothing on a machine that has everything.
///
/// # Errors
///
/// Fails when something is missing and cannot be installed from here.
pub(crate) fn provide(project: &Project) -> Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|it| !is_installed(it.program)).collect();
    if missing.is_empty() {
        let programs: Vec<&str> = TOOLS.iter().map(|it| it.program).collect();
        println!("present: {}", programs.join(", "));
        return Ok(());
    }
    for tool in &missing {
        println!("missing: {} ({})", tool.program, tool.purpose);
    }
    let packages: Vec<&str> = missing.iter().map(|it| it.package).collect();
    if !is_installed("apt-get") || !is_root() {
        bail!("install these with the machine's package manager: {}", packages.join(" "));
    }
    project.run(project.command("apt-get").args(["update", "-qq"]))?;
    let mut install = project.command("apt-get");
    install.args(["install", "-qq", "--yes", "--no-install-recommends"]).args(&packages);
    // Run level 1 keeps Debian's packages from starting their services: the tests start a
    // Redis of their own, on a free port.
    install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    project.run(&mut install)
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: std::path::PathBuf| {
        let candidate: &Path = &folder.join(program);
        candidate.is_file()
    })
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|it| it.stdout.trim_ascii() == b"0")
}
