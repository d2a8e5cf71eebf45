//! What the steps need from the machine beside the Rust toolchain.

use crate::project::Project;
use anyhow::Result;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something of the machine that some step needs.
struct Tool {
    sign: Sign,
    package: &'static str,
    purpose: &'static str,
}

/// By what a package is known to be installed.
#[derive(Clone, Copy)]
enum Sign {
    /// A program on the path.
    Program(&'static str),
    /// A file or folder; in its parts `*` stands for anything.
    File(&'static str),
}

use Sign::{File, Program};

const TOOLS: &[Tool] = &[
    Tool { sign: Program("c++"), package: "g++", purpose: "builds the fuzzing engine" },
    Tool {
        sign: Program("chromium"),
        package: "chromium",
        purpose: "opens pages that track with the official browser tracker",
    },
    Tool {
        sign: File("/usr/lib/llvm-*/lib/libclang.so"),
        package: "libclang-dev",
        purpose: "reads the headers of Ruby for the extension of the gem",
    },
    Tool {
        sign: File("/usr/include/ruby-*"),
        package: "ruby-dev",
        purpose: "is what the extension of the gem is built on",
    },
    Tool {
        sign: File("/usr/share/rubygems-integration/*/specifications/redis-*"),
        package: "ruby-redis",
        purpose: "writes to Redis as GitLab does, which the gem is compared with",
    },
    Tool {
        sign: Program("puma"),
        package: "puma",
        purpose: "serves the Rails application of the tests",
    },
    Tool {
        sign: Program("sidekiq"),
        package: "ruby-sidekiq",
        purpose: "runs jobs of the Rails application of the tests",
    },
    Tool {
        sign: Program("spring"),
        package: "ruby-spring",
        purpose: "forks a Rails application of the tests for each command",
    },
    Tool {
        sign: Program("passenger"),
        package: "passenger",
        purpose: "serves the Rails application of the tests from forks",
    },
    Tool {
        sign: File("/usr/share/rubygems-integration/*/specifications/activerecord-*"),
        package: "ruby-activerecord",
        purpose: "is what the Rails application of the tests keeps its customers with",
    },
    Tool {
        sign: File("/usr/share/rubygems-integration/*/specifications/capybara-*"),
        package: "ruby-capybara",
        purpose: "reads rendered pages, as the matchers of the gem do",
    },
    Tool {
        sign: File("/usr/share/rubygems-integration/*/specifications/railties-*"),
        package: "ruby-railties",
        purpose: "is what the Rails application of the tests is made with",
    },
    Tool {
        sign: File("/usr/share/rubygems-integration/*/specifications/sqlite3-*"),
        package: "ruby-sqlite3",
        purpose: "keeps the customers of the Rails application of the tests",
    },
    Tool { sign: Program("rspec"), package: "ruby-rspec", purpose: "runs the examples of the gem" },
    Tool {
        sign: Program("haml"),
        package: "ruby-haml",
        purpose: "reads the HAML that migrate writes, as HAML itself does",
    },
    Tool {
        sign: Program("node"),
        package: "nodejs",
        purpose: "reads the JavaScript that generate prints, and runs the official Node tracker",
    },
    Tool {
        sign: Program("npm"),
        package: "npm",
        purpose: "installs the official trackers that drive the server, and what it is measured by",
    },
    Tool {
        sign: Program("pip3"),
        package: "python3-pip",
        purpose: "installs the official tracker that drives the server, and what tries its interface",
    },
    Tool {
        sign: Program("redis-server"),
        package: "redis-server",
        purpose: "is what sketches are compared with, byte for byte, and what counters are kept in",
    },
    Tool {
        sign: Program("ruby"),
        package: "ruby",
        purpose: "reads the Ruby that generate prints, and YAML as GitLab does",
    },
    Tool {
        sign: Program("strace"),
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
        TOOLS.iter().partition(|it| it.sign.is_there());
    for tool in present {
        println!("present: {}", tool.sign);
    }
    for tool in &missing {
        println!("missing: {}, which {}", tool.sign, tool.purpose);
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !is_installed("apt-get") || !is_root() {
        let reason = |it: &&Tool| format!("{} is not installed; it {}", it.sign, it.purpose);
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

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Program(it) | File(it)) = self;
        f.write_str(it)
    }
}

impl Sign {
    fn is_there(self) -> bool {
        match self {
            Program(it) => is_installed(it),
            File(it) => matches_some(PathBuf::from("/"), Path::new(it)),
        }
    }
}

/// Whether there is a path below a folder whose parts are as in a pattern.
fn matches_some(folder: PathBuf, pattern: &Path) -> bool {
    let mut parts = pattern.iter().filter_map(|it| it.to_str()).filter(|it| *it != "/");
    let Some(part) = parts.next() else { return folder.exists() };
    let rest: PathBuf = parts.collect();
    let Some((start, end)) = part.split_once('*') else {
        return matches_some(folder.join(part), &rest);
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |name: &str| {
        name.strip_prefix(start).is_some_and(|it| it.len() >= end.len() && it.ends_with(end))
    };
    entries
        .filter(|it| it.file_name().to_str().is_some_and(fits))
        .any(|it| matches_some(it.path(), &rest))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether an extension of Ruby can be built, of whatever Ruby is first on the path.
pub(crate) fn has_ruby_headers(project: &Project) -> bool {
    let header = "exit File.file?(File.join(RbConfig::CONFIG['rubyhdrdir'], 'ruby.h'))";
    let mut ruby = project.command("ruby");
    ruby.args(["-rrbconfig", "-e", header]).status().is_ok_and(|it| it.success())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|it| it.stdout.trim_ascii() == b"0")
}
