//! What the steps need from the machine beside the Rust toolchain.

use crate::project::Project;
use anyhow::Result;
use std::collections::BTreeSet;
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
        program: "chromium",
        package: "chromium",
        purpose: "opens pages that track with the official browser tracker",
    },
    Tool {
        program: "haml",
        package: "ruby-haml",
        purpose: "reads the HAML that migrate writes, as HAML itself does",
    },
    Tool {
        program: "node",
        package: "nodejs",
        purpose: "reads the JavaScript that generate prints, and runs the official Node tracker",
    },
    Tool {
        program: "npm",
        package: "npm",
        purpose: "installs the official trackers that drive the server, and what it is measured by",
    },
    Tool {
        program: "pip3",
        package: "python3-pip",
        purpose: "installs the official tracker that drives the server, and what tries its interface",
    },
    Tool {
        program: "redis-server",
        package: "redis-server",
        purpose: "is what sketches are compared with, byte for byte, and what counters are kept in",
    },
    Tool {
        program: "ruby",
        package: "ruby",
        purpose: "reads the Ruby that generate prints, and YAML as GitLab does",
    },
    Tool {
        program: "strace",
        package: "strace",
        purpose: "shows that an answer leaves after the journal's sync",
    },
];

/// Installs what is missing; changes nothing on a machine that has everything.
///
/// Where nothing can be installed from here, what is missing goes among the `skipped`, and the
/// tests that need it say so as well.
///
/// # Errors
///
/// Fails when an installation was tried and failed.
pub(crate) fn provide(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    let (present, missing): (Vec<&Tool>, Vec<&Tool>) =
        TOOLS.iter().partition(|it| is_installed(it.program));
    for tool in present {
        println!("present: {}", tool.program);
    }
    for tool in &missing {
        println!("missing: {}, which {}", tool.program, tool.purpose);
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !is_installed("apt-get") || !is_root() {
        let reason = |it: &&Tool| format!("{} is not installed; it {}", it.program, it.purpose);
        skipped.extend(missing.iter().map(reason));
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|it| it.package).collect();
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
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|it| it.stdout.trim_ascii() == b"0")
}
