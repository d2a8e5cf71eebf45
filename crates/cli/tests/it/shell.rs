//! What shells and pipes see.

use crate::{program, run, run_with, shop};
use std::io::Read as _;
use std::process::Stdio;

#[test]
fn completions_are_scripts_of_their_shell() {
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c internal-events")]
    {
        let run = run(&["completions", shell]);
        assert!(run.out.contains(sign), "{shell}");
        assert_eq!(run.code, Some(0));
    }
}

#[test]
fn the_manual_page_names_every_command() {
    let page = run(&["man"]).out;
    assert!(page.starts_with(".ie"), "it is roff");
    for command in ["generate", "check", "schema", "serve", "track", "metrics", "explain"] {
        assert!(page.contains(command), "{command}");
    }
}

#[test]
fn schemas_are_json_schemas() {
    for kind in ["event", "metric"] {
        let schema: serde_json::Value =
            serde_json::from_str(&run(&["schema", kind]).out).expect("it is JSON");
        assert!(schema["$schema"].as_str().expect("text").contains("json-schema.org"));
        assert!(schema["properties"].is_object());
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let root = shop();
    let mut child = program()
        .args(["metrics", "--root"])
        .arg(root.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("readable");
    assert_eq!((child.wait().expect("it ends").code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_variable_that_is_empty_says_nothing() {
    let root = shop();
    let root = root.path().to_str().expect("it is UTF-8");
    for name in ["INTERNAL_EVENTS_DATA", "INTERNAL_EVENTS_LOG_FORMAT"] {
        let run = run_with(&["--root", root, "metrics"], &[(name, "")]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{name}");
    }
    let run = run_with(&["schema", "event"], &[("INTERNAL_EVENTS_ROOT", "")]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}
