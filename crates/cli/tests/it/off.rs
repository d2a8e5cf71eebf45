//! Switched off means off: no file is made and nothing is sent, as the kernel sees it.

use crate::{program, shop};
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `track` under `strace`; returns the calls that make files or open connections.
fn calls(root: &Path, enabled: &str) -> Vec<String> {
    let file = root.join("trace");
    let plain = program();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=%network,openat,open,creat,mkdir,mkdirat", "-o"]);
    traced.arg(&file).arg(plain.get_program()).arg("--root").arg(root);
    traced.args(["track", "create_order", "--user", "5"]);
    traced.env("INTERNAL_EVENTS_ENABLED", enabled).stdout(Stdio::null()).stderr(Stdio::null());
    traced.status().expect("strace starts");
    let trace = std::fs::read_to_string(&file).expect("strace has written");
    std::fs::remove_file(file).expect("it is there");
    assert!(trace.contains("create_order.yml"), "the definitions were read: {trace}");
    let is_bad = |line: &&str| {
        let makes = ["O_CREAT", "creat(", "mkdir"].iter().any(|it| line.contains(it));
        makes || ["socket(", "connect(", "send"].iter().any(|it| line.contains(it))
    };
    trace.lines().filter(is_bad).map(str::to_owned).collect()
}

#[test]
fn what_is_switched_off_makes_no_file_and_no_connection() {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]).stderr(Stdio::null());
    if !strace.status().is_ok_and(|it| it.success()) {
        let is_ci = std::env::var_os("CI").is_some_and(|it| it == "true");
        assert!(!is_ci, "CI has to have strace");
        eprintln!("SKIPPED: there is no strace, so nobody looks at system calls");
        return;
    }
    let root = shop();
    assert_eq!(calls(root.path(), "false"), Vec::<String>::new());
    assert!(!root.path().join(".internal-events").exists());
    // Switched on it makes files, so that the look can fail; it opens no connection even then.
    let calls = calls(root.path(), "true");
    assert!(calls.iter().any(|it| it.contains("internal-events.db")), "{calls:?}");
    assert!(!calls.iter().any(|it| it.contains("socket(") || it.contains("connect(")), "{calls:?}");
}
