//! The official browser tracker, as it is, in pages of a real browser.

use super::npm;
use super::server::{Server, TOTAL, USERS};
use crate::{shop, write};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the tracker posts unless told otherwise, and a path that no blocker has heard of.
const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";
const OWN_PATH: &str = "/com.example/track";

/// Orders that each page tracks, besides that it is viewed.
const ORDERS: u64 = 3;

/// A page that is opened once.
struct Visit {
    name: &'static str,
    /// How the tracker is configured, and what else is special; see the script.
    how: Value,
    /// Which requests the browser makes, by method and path; none where they cannot be seen.
    requests: Vec<(&'static str, &'static str)>,
    has_user: bool,
}

/// A browser asks before it lets a page post, once for each page.
fn visits() -> Vec<Visit> {
    let visit = |name, how, requests: &[_]| {
        let has_user = !matches!(name, "anonymous" | "gpc");
        Visit { name, how, requests: requests.to_vec(), has_user }
    };
    let (asked, posted, got) = (("OPTIONS", TP2), ("POST", TP2), ("GET", "/i"));
    let at_once = json!({ "bufferSize": 4 });
    let anonymous = json!({ "withServerAnonymisation": true });
    vec![
        visit("post", json!({}), &[asked, posted]),
        visit(
            "without-credentials",
            json!({ "emitter": { "credentials": "omit", "bufferSize": 4 } }),
            &[asked, posted],
        ),
        visit("batch", json!({ "emitter": at_once }), &[asked, posted]),
        visit("get", json!({ "emitter": { "eventMethod": "get" } }), &[got]),
        visit(
            "own-path",
            json!({ "emitter": { "postPath": OWN_PATH, "bufferSize": 4 } }),
            &[("OPTIONS", OWN_PATH), ("POST", OWN_PATH)],
        ),
        visit(
            "anonymous",
            json!({ "emitter": at_once, "tracker": { "anonymousTracking": anonymous } }),
            &[asked, posted],
        ),
        visit(
            "gpc",
            json!({ "emitter": at_once, "headers": { "Sec-GPC": "1" } }),
            &[asked, posted],
        ),
        visit("beacon", json!({ "emitter": at_once, "beacon": true }), &[asked, posted]),
        visit("left", json!({ "emitter": { "keepalive": true }, "leaves": true }), &[]),
        visit(
            "left-before-it-sent",
            json!({ "emitter": { "keepalive": true, "bufferSize": 100 }, "leaves": true }),
            &[],
        ),
    ]
}

#[test]
fn each_event_of_the_official_browser_tracker_is_counted_once() {
    let Some(mut browser) = Browser::start() else { return };
    let root = shop();
    let [allowed, stranger] = browser.sites.clone();
    let settings = format!("[collector]\npaths = [\"{OWN_PATH}\"]\norigins = [\"{allowed}\"]\n");
    write(root.path(), "internal-events.toml", &settings);
    let server = Server::start(root.path());
    let (mut orders, mut users, mut views) = (0, 0, 0);
    for visit in visits() {
        let report = browser.visit(&allowed, server.address, &visit, orders);
        assert_eq!(report["complaints"], json!([]), "{}", visit.name);
        assert_requests(&report, &visit);
        orders += ORDERS;
        users += u64::from(visit.has_user);
        views += 1;
        // The answers of a page that was left are seen by nobody.
        let deadline = Instant::now() + Duration::from_secs(20);
        while server.metric(TOTAL) < orders && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let counted = (server.metric(TOTAL), server.metric(USERS));
        assert_eq!(counted, (orders, users), "{}: {report}", visit.name);
    }
    for method in ["post", "get"] {
        // After the first failure a tracker waits for the next event.
        let how = json!({ "emitter": { "eventMethod": method }, "awaited": 1 });
        let visit = Visit { name: "stranger", how, requests: Vec::new(), has_user: true };
        let report = browser.visit(&stranger, server.address, &visit, orders);
        let complaints = report["complaints"].to_string();
        assert!(complaints.contains("blocked by CORS policy"), "{method}: {report}");
    }
    // By now, whatever could be counted twice has been.
    assert_eq!((server.metric(TOTAL), server.metric(USERS)), (orders, users));
    let health = server.connect().get("/healthz").expect("the server answers").json();
    let snowplow = json!({ "tracked": orders, "ignored": views, "not_counted": 0, "forwarded": 0, "both_ways": 0, "bad": {} });
    assert_eq!(health["snowplow"], snowplow, "{health}");
}

/// How many events a request takes along depends on how fast they come.
fn assert_requests(report: &Value, visit: &Visit) {
    if visit.requests.is_empty() {
        return;
    }
    let line = |it: &Value| format!("{} {} {}", it["method"], it["path"], it["status"]);
    let seen = report["requests"].as_array().expect("a report has requests").iter();
    let seen: BTreeSet<_> = seen.map(|it| line(it).replace('"', "")).collect();
    let expected = visit.requests.iter().map(|(method, path)| format!("{method} {path} 200"));
    assert_eq!(seen, expected.collect(), "{}: {report}", visit.name);
}

/// A running browser; ends when dropped.
struct Browser {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// The origins of the shop and of somebody else.
    sites: [String; 2],
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without further visits it ends by itself, and takes its own children along.
        self.input = None;
        let deadline = Instant::now() + Duration::from_secs(10);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// Starts it, or says why this test does not run.
    fn start() -> Option<Self> {
        let what = "the official browser tracker";
        let Some(chromium) = find("chromium") else {
            npm::skip(what, "chromium is not installed");
            return None;
        };
        let packages = npm::packages(what)?;
        Some(Self::run(&chromium, packages))
    }

    fn run(chromium: &Path, packages: &Path) -> Self {
        let mut node = Command::new("node");
        node.arg(npm::script("browser.mjs")).arg(chromium).current_dir(packages);
        node.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().expect("node starts");
        let input = child.stdin.take();
        let output = child.stdout.take().expect("its output is piped");
        let sites = Default::default();
        let mut browser = Self { child, input, output: BufReader::new(output), sites };
        let sites = &browser.read()["sites"];
        browser.sites = [0, 1].map(|it| sites[it].as_str().expect("two sites").to_owned());
        browser
    }

    /// Opens a page, and reports what the browser saw of it.
    fn visit(&mut self, origin: &str, server: SocketAddr, visit: &Visit, user: u64) -> Value {
        let screenshot = std::env::var("SCREENSHOTS");
        let screenshot = screenshot.ok().map(|it| format!("{it}/{}.png", visit.name));
        let mut order = json!({
            "origin": origin,
            "endpoint": format!("http://{server}"),
            "name": visit.name,
            "user": user,
            "orders": ORDERS,
            "awaited": ORDERS + 1,
            "screenshot": screenshot,
        });
        let how = visit.how.as_object().expect("an object").clone();
        order.as_object_mut().expect("an object").extend(how);
        let input = self.input.as_mut().expect("it is open until the browser ends");
        writeln!(input, "{order}").expect("the browser listens");
        self.read()
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the browser reports");
        serde_json::from_str(&line).unwrap_or_else(|it| panic!("{it}, in {line:?}"))
    }
}

/// The path of a program.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|it| it.join(program)).find(|it| it.is_file())
}
