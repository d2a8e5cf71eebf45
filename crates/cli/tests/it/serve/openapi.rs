//! The OpenAPI document and the running server say the same.

use super::pip;
use super::server::Server;
use crate::shop;
use std::process::Command;

/// The one thing that no schema can say: that what stands in the head and what stands in the body
/// must agree. `a_key_in_the_head_is_the_id_in_the_body_or_refused` tests it.
const HOOKS: &str = r#"
import schemathesis

@schemathesis.hook
def before_call(context, case, kwargs):
    body = case.body
    if isinstance(body, dict) and body.get("event_id") is not None and case.headers:
        case.headers.pop("Idempotency-Key", None)
"#;

#[test]
fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let Some(library) = pip::folder_or_skip("schemathesis", "4.32.5") else { return };
    let root = shop();
    let server = Server::start_whole(root.path());
    let work = tempfile::tempdir().expect("a folder");
    std::fs::write(work.path().join("hooks.py"), HOOKS).expect("it is written");
    let mut python = Command::new("python3");
    python.arg(library.join("bin/schemathesis")).arg("run");
    python.arg(format!("http://{}/api/openapi.json", server.address));
    // All of its checks, with the same requests each time.
    python.args(["--phases", "coverage,fuzzing", "--mode", "all", "--checks", "all"]);
    python.args(["--generation-deterministic", "--max-examples", "10", "--no-color"]);
    // Whoever waits there for what never comes is told so after up to a minute, each time.
    python.args(["--exclude-path", "/micro/wait"]);
    python.current_dir(work.path()).env("SCHEMATHESIS_HOOKS", "hooks");
    let paths = std::env::join_paths([library.as_path(), work.path()]).expect("no colons");
    let output = python.env("PYTHONPATH", paths).output().expect("python3 starts");
    let report = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}\n{complaints}");
    assert!(
        report.contains("52 selected / 54 total"),
        "it asks every page but those two: {report}"
    );
    assert!(report.contains("No issues found"), "{report}");
}
