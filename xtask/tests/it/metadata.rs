//! What cargo knows about the workspace.

use crate::sources::root;
use serde_json::Value;
use std::process::Command;

/// Runs `cargo metadata` with these arguments.
pub(crate) fn read(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--locked", "--format-version=1"])
        .args(arguments)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// The packages in a report, never none.
pub(crate) fn packages(metadata: &Value) -> &[Value] {
    let packages = metadata["packages"].as_array().expect("a list of packages");
    assert!(!packages.is_empty(), "cargo metadata lists no package");
    packages
}

/// A text field of a package.
pub(crate) fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}
