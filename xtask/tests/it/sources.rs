//! The files of the project.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what was built, fetched or found, not what was written.
const NOT_OURS: &[&str] = &[
    ".git",
    ".internal-events",
    ".venv",
    "fuzz/artifacts",
    "fuzz/corpus",
    "fuzz/target",
    "node_modules",
    "target",
];

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    parent.expect("xtask is a folder of the workspace")
}

/// A file's path relative to the root, with forward slashes.
pub(crate) fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("the file is below the root");
    path.to_str().expect("our file names are UTF-8").replace('\\', "/")
}

/// All files of the project, sorted, never none.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(root(), &mut files);
    assert!(!files.is_empty(), "the project has no files");
    files.sort();
    files
}

/// All files with this extension, sorted, never none.
pub(crate) fn with_extension(extension: &str) -> Vec<PathBuf> {
    let has_it = |path: &PathBuf| path.extension().is_some_and(|it| it == extension);
    let files: Vec<PathBuf> = all().into_iter().filter(has_it).collect();
    assert!(!files.is_empty(), "the project has no .{extension} file");
    files
}

/// The text of a file; nothing for what is no text.
pub(crate) fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of ours can be listed") {
        let entry = entry.expect("a folder of ours can be listed");
        let path = entry.path();
        if NOT_OURS.iter().any(|it| relative(&path) == *it || path.file_name() == Some(it.as_ref()))
        {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
