//! Tests of what an installation gives, on real definitions and on small ones of our own.

mod corpus;
mod listing;
mod settings;
mod snowplow;
mod tree;
mod watch;

use internal_events_installation::Installation;
use std::path::{Path, PathBuf};

/// Opens an installation with no environment.
fn open(root: &Path) -> Installation {
    Installation::open(root, |_| None).expect("the installation is readable")
}

/// Writes files below a new directory; the last part of each path is the file's name.
fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = root.path().join(path);
        let directory = path.parent().expect("a file has a directory");
        std::fs::create_dir_all(directory).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    root
}

/// The folder of real definitions beside the checkout, if it is there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("SKIPPED: the corpus of real definitions is not beside the checkout");
        return None;
    }
    Some(corpus)
}
