//! The flag `--dev`, the script for pages, and the page on which a person tries out both.

use super::browser_tracker::find;
use super::npm;
use super::server::{Server, TOTAL, USERS};
use crate::shop;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

#[test]
fn the_server_says_how_pages_load_the_package() {
    let root = shop();
    let mut server = Server::start_dev(root.path());
    let element = server.log_up_to("pages load the browser package");
    let get = |path: &str| server.connect().get(path).expect("it answers");
    let integrity = get("/internal-events.js.sha384").body;
    assert!(element.contains(&format!("integrity=\"{}\"", integrity.trim())), "{element}");
    let (_, rest) = element.split_once(r#"<script src="http://"#).expect("an element");
    let (source, _) = rest.split_once('"').expect("it ends");
    let path = source.strip_prefix(&server.address.to_string()).expect("it is this server's");
    assert_eq!(get(path).body, get("/internal-events.js").body);
    let page = server.log_up_to("tried out");
    assert!(page.contains(&format!("http://{}/demo", server.address)), "{page}");
    assert_eq!(server.connect().get("/demo").expect("it answers").status, 200);
    drop(server);
    let server = Server::start(root.path());
    let answer = server.connect().get("/demo").expect("it answers");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("--dev"), "{}", answer.body);
    assert_eq!(server.connect().get("/internal-events.js").expect("it answers").status, 200);
}

/// The line about a metric.
fn line<'r>(lines: &'r Value, key_path: &str) -> &'r Value {
    let all = lines.as_array().expect("lines");
    let found = all.iter().find(|it| it["name"] == key_path);
    found.unwrap_or_else(|| panic!("no `{key_path}` in {lines}"))
}

#[test]
fn a_person_sees_what_each_way_to_send_an_event_moves_and_why_not_more() {
    let what = "the page to try out events in a browser";
    let Some(chromium) = find("chromium") else { return npm::skip(what, "chromium is not there") };
    let Some(packages) = npm::packages(what) else { return };
    let root = shop();
    let server = Server::start_dev(root.path());
    let report = visit(&chromium, packages, &server);
    assert_eq!(report["complaints"], serde_json::json!([]), "{report}");
    for key_path in [TOTAL, USERS] {
        assert_eq!(line(&report["forecast"], key_path)["kind"], "moves", "{report}");
    }
    // One user, however often and by whatever way.
    let seen = report["seen"].as_array().expect("what was seen");
    assert_eq!(seen.len(), 5, "{report}");
    for (n, lines) in seen.iter().enumerate() {
        let total = line(lines, TOTAL);
        assert_eq!(total["kind"], "moved", "{total}");
        assert_eq!(total["numbers"], format!("{n} → {}", n + 1), "{total}");
        let users = line(lines, USERS);
        match n {
            0 => assert_eq!(users["numbers"], "0 → 1", "{users}"),
            _ => assert_eq!(
                (&users["numbers"], &users["why"]),
                (&"1".into(), &"takes in `5`, which it had counted".into())
            ),
        }
    }
    let anonymous = &report["anonymous"];
    assert_eq!(line(anonymous, TOTAL)["numbers"], "5 → 6", "{anonymous}");
    assert_eq!(line(anonymous, USERS)["why"], "`user` is missing", "{anonymous}");
    let unknown = report["unknown"].to_string();
    assert!(unknown.contains("did you mean `create_order`?"), "{unknown}");
    assert_eq!(report["pageState"], "in this page: 0 waiting, 0 dropped");
    assert_looks(&report);
    assert_eq!(server.metric(TOTAL), 6);
}

/// Nothing is cut off, and all text can be read, by day and by night, on small screens too.
fn assert_looks(report: &Value) {
    let looks = report["looks"].as_array().expect("looks");
    assert_eq!(looks.len(), 6, "{report}");
    for look in looks {
        assert_eq!(look["isCutOff"], false, "{look}");
        assert!(look["worst"]["contrast"].as_f64().is_some_and(|it| it >= 4.5), "{look}");
    }
}

fn visit(chromium: &Path, packages: &Path, server: &Server) -> Value {
    let mut node = Command::new("node");
    node.arg(npm::script("demo.mjs")).arg(chromium).arg(format!("http://{}", server.address));
    node.arg("create_order").args(std::env::var("SCREENSHOTS")).current_dir(packages);
    let output = node.output().expect("node starts");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    serde_json::from_str(&out).expect("it reports")
}
