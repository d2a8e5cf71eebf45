//! `internal-events monitor` as a person sees it, and as it is printed.

use crate::generate::in_shell;
use crate::serve::access::token;
use crate::serve::server::{Server, TRACK, order, signal};
use crate::{Run, program, run, run_with, shop, write};
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use std::path::Path;

/// How long the monitor may take to show what is expected; it is never waited out.
const PATIENCE_MS: u64 = 20_000;

/// Leaves the other screen of the terminal, on which the monitor draws.
const LEAVES_SCREEN: &str = "\u{1b}[?1049l";

/// A person who watches on a terminal.
struct Watcher(PtySession);

impl Watcher {
    /// Runs the monitor, with its process said before and the state of the terminal after.
    fn sits_down(args: &[&str]) -> Self {
        let script = "stty rows 40 cols 140; before=$(stty -g); \
                      sh -c 'echo process=$$; exec \"$@\"' sh \"$@\"; echo \"ended with $?\"; \
                      test \"$before\" = \"$(stty -g)\" && echo as before; echo done";
        let mut command = program();
        command.env("TERM", "xterm").arg("monitor").args(args);
        let options = Options::new().timeout_ms(Some(PATIENCE_MS));
        Self(spawn_with_options(in_shell(script, &command), options).expect("a terminal"))
    }

    /// Waits for what is new at a place of the screen: what stood there before is not drawn again.
    fn reads(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|err| panic!("waiting for {text:?}: {err}"))
    }

    /// The number of the monitor's process.
    fn process(&mut self) -> u32 {
        self.reads("process=");
        self.reads("\r\n").trim().parse().expect("a number")
    }

    fn types(&mut self, text: &str) {
        self.0.send(text).expect("the terminal takes it");
        self.0.flush().expect("the terminal takes it");
    }

    /// Sees the monitor end, and the terminal as it was before.
    fn sees_the_end(mut self) {
        self.reads(LEAVES_SCREEN);
        self.reads("ended with 0");
        let terminal = self.reads("done");
        assert!(terminal.contains("as before"), "{terminal}");
        self.0.exp_eof().expect("nothing follows");
    }
}

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

fn once(root: &Path, args: &[&str]) -> Run {
    let root = root.to_str().expect("UTF-8");
    run(&[&["--root", root, "monitor", "--once"], args].concat())
}

#[test]
fn on_a_terminal_values_of_a_server_change_and_keys_work() {
    let root = shop();
    let server = Server::start(root.path());
    let elsewhere = tempfile::tempdir().expect("a folder");
    let here = elsewhere.path().to_str().expect("UTF-8");
    let mut watcher =
        Watcher::sits_down(&["create_order", "--server", &url(&server), "--root", here]);
    watcher.reads("Watching create_order");
    watcher.reads("Events: none since the start");
    assert_eq!(server.connect().post(TRACK, &order("5", "gift")).expect("sent").status, 200);
    watcher.reads("+1");
    watcher.reads("label=gift");
    watcher.types("\r");
    watcher.reads("Entry 1");
    watcher.reads("{hll_counters}_create_order-user-");
    watcher.reads("saw 5");
    watcher.types("\u{1b}");
    watcher.reads("+1");
    watcher.types("p");
    watcher.reads("PAUSED");
    watcher.types("?");
    watcher.reads("difference.");
    watcher.types("?/xyz");
    watcher.reads("z_");
    // Within a filter it is a letter as any other.
    watcher.types("q");
    watcher.reads("q_");
    watcher.types("\u{3}");
    watcher.sees_the_end();
}

#[test]
fn a_reset_makes_what_is_now_initial_in_a_data_directory_too() {
    let root = shop();
    let path = root.path().to_str().expect("UTF-8");
    let mut watcher = Watcher::sits_down(&["--root", path]);
    watcher.reads("Watching everything");
    watcher.reads("0 changed");
    // One event: of two that show one after the other, the terminal is told only what differs.
    let run = run(&["track", "create_order", "--user", "1", "--root", path]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    watcher.reads("+1");
    watcher.types("r");
    watcher.reads("none");
    watcher.types("q");
    watcher.sees_the_end();
}

#[test]
fn a_data_directory_that_is_begun_anew_is_watched_from_then_on() {
    let root = shop();
    let path = root.path().to_str().expect("UTF-8");
    let [data, new] = [".internal-events", "new"].map(|it| root.path().join(it));
    let track = |user: &str, data: &Path| {
        let data = data.to_str().expect("UTF-8");
        let run = run(&["track", "create_order", "--user", user, "--root", path, "--data", data]);
        assert_eq!(run.code, Some(0), "{}", run.err);
    };
    track("1", &data);
    for user in ["2", "3", "4"] {
        track(user, &new);
    }
    let mut watcher = Watcher::sits_down(&["--root", path]);
    watcher.reads("0 changed");
    // At once, so that the terminal is told of the whole difference.
    std::fs::rename(&data, root.path().join("old")).expect("it is there");
    std::fs::rename(&new, &data).expect("it is there");
    watcher.reads("+2");
    watcher.types("q");
    watcher.sees_the_end();
}

#[test]
fn definitions_that_are_written_meanwhile_count_and_broken_ones_do_not() {
    let root = shop();
    let mut watcher = Watcher::sits_down(&["--root", root.path().to_str().expect("UTF-8")]);
    watcher.reads("Watching everything");
    let metric = crate::TOTAL.replace("counts.count_total_create_order", "zzzz_metric");
    write(root.path(), "config/metrics/counts_all/zzzz_metric.yml", &metric);
    watcher.reads("zzzz_metric");
    write(root.path(), "config/events/broken.yml", "action: [\n");
    watcher.reads("broken.yml");
    watcher.types("q");
    watcher.sees_the_end();
}

#[test]
fn whoever_ends_it_finds_the_terminal_as_it_was() {
    for name in ["TERM", "HUP", "INT"] {
        let root = shop();
        let mut watcher = Watcher::sits_down(&["--root", root.path().to_str().expect("UTF-8")]);
        let process = watcher.process();
        watcher.reads("Watching everything");
        watcher.reads("? help");
        signal(name, process);
        watcher.sees_the_end();
    }
}

#[test]
fn a_server_that_goes_away_is_said_and_found_again() {
    let root = shop();
    let mut server = Server::start(root.path());
    let address = server.address.to_string();
    let mut watcher = Watcher::sits_down(&["--server", &url(&server)]);
    watcher.reads("Watching everything");
    server.kill();
    watcher.reads("Cannot");
    let server = Server::start_at(root.path(), &address);
    assert_eq!(server.connect().post(TRACK, &order("5", "gift")).expect("sent").status, 200);
    watcher.reads("label=gift");
    watcher.types("q");
    watcher.sees_the_end();
}

/// The lines of a screen without those of the head, which have a place and a time.
fn body(run: &Run) -> String {
    assert_eq!(run.code, Some(0), "{}", run.err);
    let clock = |line: &str| line.as_bytes().get(5) == Some(&b':');
    let lines = run.out.lines().skip(2).map(|line| {
        if clock(line) { format!("{}hh:mm:ss{}", &line[..3], &line[11..]) } else { line.to_owned() }
    });
    let text: String =
        lines.map(|it| it.trim_end_matches('─').trim_end().to_owned() + "\n").collect();
    text.trim_start().to_owned()
}

const PRINTED: &str = "\
Metrics: 1 of 1, 0 changed
Key path                                                                 Frame  Initial    Now        Change
redis_hll_counters.count_distinct_user_id_from_create_order              7d     1          1
 Why not
create_order (entry 2) moved none of the metrics shown:
  redis_hll_counters.count_distinct_user_id_from_create_order: `user` is missing
 Events: 2, 1 of them (!) moved none of the metrics
   Time      Event                             User      Project   Namespace  Properties
!  hh:mm:ss  create_order
   hh:mm:ss  create_order                      5         7                    label=gift
 Delivery
To          Delivered  Pending  Oldest   Dropped                 Trouble
counters    2          0        -        0
";

#[test]
fn one_screen_is_printed_of_a_data_directory_and_the_same_of_its_server() {
    let root = shop();
    let path = root.path().to_str().expect("UTF-8");
    let all = ["--user", "5", "--project", "7", "-p", "label=gift"];
    for args in [&all[..], &[]] {
        let run = run(&[&["track", "create_order", "--root", path], args].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
    let args = ["redis_hll_counters.", "--recent", "5"];
    assert_eq!(body(&once(root.path(), &args)), PRINTED);
    let server = Server::start(root.path());
    let url = url(&server);
    let remote = [&args[..], &["--server", &url]].concat();
    assert_eq!(body(&once(root.path(), &remote)), PRINTED);
    // Without definitions at hand it is not known why, nor which events a metric counts.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let shown = body(&once(elsewhere.path(), &remote));
    assert!(shown.contains("Events: 1\n") && !shown.contains("Why not"), "{shown}");
    for both in [["create_order", "counts."], ["counts.", "redis_hll_counters.*"]] {
        let remote = [&both[..], &["--server", &url]].concat();
        assert!(body(&once(elsewhere.path(), &remote)).contains("Metrics: 2 of 2"), "{both:?}");
    }
    let remote = ["create_order", "--recent", "1", "--server", &url];
    let shown = body(&once(elsewhere.path(), &remote));
    assert!(shown.contains("Metrics: 2 of 2") && shown.contains("Events: 1\n"), "{shown}");
}

#[test]
fn events_of_the_past_are_as_many_as_are_asked_for() {
    let root = shop();
    let path = root.path().to_str().expect("UTF-8");
    let server = Server::start(root.path());
    for user in 1..=12 {
        let body = order(&user.to_string(), "x");
        assert_eq!(server.connect().post(TRACK, &body).expect("sent").status, 200);
    }
    let url = url(&server);
    for place in [["--root", path], ["--server", &url]] {
        for (recent, expected) in [("0", "none since"), ("1", "1\n"), ("3", "3\n"), ("99", "12\n")]
        {
            let args = [&["create_order", "--recent", recent][..], &place].concat();
            let run = run(&[&["monitor", "--once"][..], &args].concat());
            let shown = body(&run);
            assert!(shown.contains(&format!("Events: {expected}")), "{args:?}: {shown}");
        }
    }
}

#[test]
fn where_it_cannot_work_it_says_what_to_do() {
    let root = shop();
    let path = root.path().to_str().expect("UTF-8");
    let server = Server::start(root.path());
    let url = url(&server);
    let nowhere = "http://127.0.0.1:1";
    for (args, expected) in [
        (&["--root", path][..], "metrics --include-current-week --format json"),
        (&["--once", "--root", path, "creat_order"], "did you mean `create_order`?"),
        (&["--once", "--root", path, "nothing"], "neither an event nor the beginning"),
        (&["--once", "--server", &url, "creat_order"], "Did you mean `create_order`?"),
        (&["--once", "--server", nowhere], "cannot be asked"),
        (&["--once", "--server", "127.0.0.1:1"], "such as http://127.0.0.1:8080"),
        (&["--once", "--server", "ftp://x"], "such as http://127.0.0.1:8080"),
        (&["--once", "--server", "http://a:secret@x"], "such as http://127.0.0.1:8080"),
        (&["--once", "--server", &url, "--token-file", "/nowhere/x"], "cannot read the token"),
        (&["--once", "--token-file", "x"], "--server"),
        (&["--for", "1"], "--once"),
    ] {
        let run = run(&[&["monitor"], args].concat());
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{args:?}: {}", run.err);
        assert!(run.err.contains(expected), "{args:?}: {}", run.err);
        assert!(!run.err.contains("secret"), "{}", run.err);
    }
    assert!(once(root.path(), &[]).out.contains("Metrics: 2 of 2"));
}

#[test]
fn a_server_with_tokens_is_asked_with_one() {
    let root = shop();
    let scopes: [&[&str]; 3] = [&["read_metrics", "debug"], &["read_metrics"], &["debug"]];
    let [both, reads, debugs] = scopes.map(|it| token(&it.join("-"), it));
    let toml = [&both.1, &reads.1, &debugs.1].map(String::as_str).concat();
    write(root.path(), "internal-events.toml", &toml);
    let server = Server::start(root.path());
    write(root.path(), "token", &format!("{}\n", both.0));
    let file = root.path().join("token");
    let url = url(&server);
    let args = ["monitor", "--once", "--server", &url];
    for (token, code, expected) in [
        (both.0.as_str(), 0, "Events: none since the start"),
        (&reads.0, 0, "Events are not shown: This needs the scope `debug`."),
        (&debugs.0, 2, "This needs the scope `read_metrics`"),
        ("", 2, "give --token-file, or set INTERNAL_EVENTS_TOKEN"),
        ("iet_wrong", 2, "There is no such token"),
        ("two words", 2, "the token is not one line"),
    ] {
        let run = run_with(&args, &[("INTERNAL_EVENTS_TOKEN", token)]);
        let said = format!("{}{}", run.out, run.err);
        assert_eq!(run.code, Some(code), "{token}: {said}");
        assert!(said.contains(expected), "{token}: {said}");
        assert!(token.is_empty() || !said.contains(token), "{said}");
    }
    let with_file = [&args[..], &["--token-file", file.to_str().expect("UTF-8")]].concat();
    assert_eq!(run(&with_file).code, Some(0));
}

#[test]
fn a_server_over_tls_is_trusted_if_its_authority_is() {
    let root = shop();
    let names = ["127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    write(root.path(), "c.pem", &made.cert.pem());
    write(root.path(), "k.pem", &made.signing_key.serialize_pem());
    let settings = "[collector.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
    write(root.path(), "internal-events.toml", settings);
    let server = Server::start(root.path());
    let url = format!("https://{}", server.address);
    let args = ["monitor", "--once", "create_order", "--server", &url];
    let certificate = root.path().join("c.pem");
    let trusting = [("SSL_CERT_FILE", certificate.to_str().expect("UTF-8"))];
    let run = run_with(&args, &trusting);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("Metrics: 2 of 2"), "{}", run.out);
    let run = crate::run(&args);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(run.err.contains("certificate"), "{}", run.err);
}
