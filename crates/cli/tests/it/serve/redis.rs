//! Servers that count in Redis too, while they and Redis are killed, stopped and cut off.

use super::load::{Told, say, under_load};
use super::server::{Connection, Server, TOTAL, TRACK, USERS, order, value_of};
use super::stopped::{go_on, stop};
use crate::redis::{Cluster, Redis};
use crate::{program, shop, write};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take that waits for something to be over.
const PATIENCE: Duration = Duration::from_mins(1);

const COUNTER: &str = "{event_counters}_create_order";

fn serve(root: &Path, url: &str) -> Server {
    let mut command = program();
    command.env("INTERNAL_EVENTS_REDIS_URL", url);
    Server::start_as(command, root)
}

/// What the server says of Redis; the ledger balances at every look.
fn redis_of(server: &Server) -> Value {
    let answer = server.connect().get("/healthz").expect("the server answers");
    let health = answer.json();
    let events = &health["events"];
    let redis = &events["destinations"]["redis"];
    let n = |it: &Value| it.as_u64().unwrap_or_else(|| panic!("a number, in {health}"));
    let counters = &events["destinations"]["counters"];
    let accepted = n(&counters["delivered"]) + n(&counters["pending"]);
    let dropped: u64 = redis["dropped"].as_object().into_iter().flatten().map(|it| n(it.1)).sum();
    assert_eq!(n(&redis["delivered"]) + n(&redis["pending"]) + dropped, accepted, "{health}");
    redis.clone()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_for_delivery(server: &Server) {
    wait_until("everything is delivered", || redis_of(server)["pending"] == 0);
}

/// Tracks orders of users one after the other.
fn track(server: &Server, users: std::ops::Range<u32>) {
    let mut connection = server.connect();
    for user in users {
        let answer = connection.post(TRACK, &order(&format!("u{user}"), "x")).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// Holds Redis against what all data directories say together: each of them counts exactly, which
/// other tests show.
fn assert_counted(redis: &Redis, shops: &[TempDir]) -> u64 {
    let all = shop();
    let merged = all.path().join("merged");
    for shop in shops {
        let from = shop.path().join(".internal-events");
        let mut copy = program();
        copy.arg("--root").arg(all.path()).args(["counters", "copy", "--from"]).arg(&from);
        let copied = copy.arg("--to").arg(&merged).output().expect("it starts");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    }
    let metrics = |data: &Path, redis: &[&str]| -> Value {
        let mut metrics = program();
        metrics.arg("--root").arg(all.path()).arg("--data").arg(data);
        metrics.args(["metrics", "--include-current-week", "--format", "json"]).args(redis);
        let output = metrics.output().expect("it starts");
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    };
    let here = metrics(&merged, &[]);
    let there = metrics(&all.path().join("none"), &["--redis", &redis.url]);
    for key_path in [TOTAL, USERS] {
        assert_eq!(value_of(&there, key_path), value_of(&here, key_path), "{key_path}");
    }
    let total = value_of(&there, TOTAL);
    assert_eq!(redis.say(&format!("GET {COUNTER}")), total.to_string());
    total
}

/// Holds a total against what callers were told.
fn assert_told(total: u64, told: &Told) {
    let (accepted, in_doubt) = (told.accepted.len() as u64, told.in_doubt.len() as u64);
    assert!((accepted..=accepted + in_doubt).contains(&total), "{accepted} {total} {in_doubt}");
}

/// How often servers are killed here: by four at a time, a quarter of what is asked for.
fn rounds() -> u64 {
    std::env::var("KILLS").map_or(6, |it| it.parse::<u64>().expect("KILLS is a number") / 8)
}

#[test]
fn four_servers_that_are_killed_and_stopped_count_in_one_redis_exactly() {
    let Some(redis) = Redis::start() else { return };
    let shops = std::array::from_fn(|_| shop());
    let told = kill_and_stop(&shops, &redis.url);
    assert_told(assert_counted(&redis, &shops), &told);
}

/// The same in a Cluster, where a total with a name from before is in a slot of its own.
#[test]
fn four_servers_that_are_killed_and_stopped_count_in_a_cluster_with_overridden_keys_exactly() {
    let Some(cluster) = Cluster::start() else { return };
    let shops = std::array::from_fn(|_| {
        let shop = shop();
        let overrides = "lib/gitlab/usage_data_counters/total_counter_redis_key_overrides.yml";
        write(shop.path(), overrides, &format!("'{COUNTER}': ALL_ORDERS\n"));
        shop
    });
    let told = kill_and_stop(&shops, &cluster.url);
    let total: u64 = cluster.say("GET ALL_ORDERS").parse().expect("a number");
    assert_told(total, &told);
    let of_shops = shops.iter().map(|it| total_of(it.path()));
    assert_eq!(total, of_shops.sum::<u64>());
    assert_eq!(cluster.say(&format!("EXISTS {COUNTER}")), "0");
}

/// What a data directory has of the total.
fn total_of(root: &Path) -> u64 {
    let mut metrics = program();
    metrics.arg("--root").arg(root).args(["metrics", TOTAL, "--format", "json"]);
    let output = metrics.output().expect("it starts");
    value_of(&serde_json::from_slice(&output.stdout).expect("it is JSON"), TOTAL)
}

/// Kills, stops and resumes servers under load until all is delivered; returns what callers were
/// told.
fn kill_and_stop(shops: &[TempDir; 4], url: &str) -> Told {
    let start = |shop: &TempDir| serve(shop.path(), url);
    let mut servers: Vec<Server> = shops.iter().map(start).collect();
    let mut told = Told::default();
    for round in 0..rounds() {
        let addresses: Vec<_> = servers.iter().map(|it| it.address).collect();
        let nth = |it: u64| usize::try_from((round + it) % 4).expect("below four");
        let (of_round, ()) = under_load(&addresses, 2, &format!("r{round}"), || {
            let pause = Duration::from_millis(50 + 37 * (round % 7));
            std::thread::sleep(pause);
            stop(servers[nth(0)].id());
            servers[nth(1)].kill();
            std::thread::sleep(pause);
            go_on(servers[nth(0)].id());
            redis_of(&servers[nth(2)]);
            servers[nth(3)].kill();
        });
        told.add(of_round);
        for killed in [nth(1), nth(3)] {
            servers[killed] = start(&shops[killed]);
        }
    }
    servers.iter().for_each(wait_for_delivery);
    say(&format!("{} kills, {} orders answered 200", 2 * rounds(), told.accepted.len()));
    told
}

#[test]
fn two_servers_on_one_directory_count_each_entry_once_though_one_is_stopped_past_its_lease() {
    let Some(redis) = Redis::start() else { return };
    let shops = [shop()];
    let [first, second] = [(); 2].map(|()| serve(shops[0].path(), &redis.url));
    track(&first, 0..20);
    track(&second, 10..30);
    wait_for_delivery(&first);
    // Whoever came first has the lease. It is stopped where it holds nobody else up.
    stop(first.id());
    let (mut told, ()) = under_load(&[second.address], 1, "stopped", || {
        let done = || redis_of(&second)["delivered"].as_u64().is_some_and(|it| it > 40);
        wait_until("the second stands in", done);
        go_on(first.id());
        std::thread::sleep(Duration::from_millis(300));
    });
    let addresses = [first.address, second.address];
    let (of_both, ()) = under_load(&addresses, 1, "both", || {
        std::thread::sleep(Duration::from_millis(1_500));
    });
    told.add(of_both);
    wait_for_delivery(&second);
    drop((first, second));
    assert_told(assert_counted(&redis, &shops) - 40, &told);
}

#[test]
fn a_connection_that_is_cut_all_the_time_counts_nothing_twice() {
    let Some(redis) = Redis::start() else { return };
    let shops = [shop()];
    let cutter = Cutter::start(redis.port());
    let server = serve(shops[0].path(), &format!("redis://127.0.0.1:{}", cutter.port));
    let (told, n_cuts) = under_load(&[server.address], 3, "cut", || {
        let mut n_cuts = 0;
        wait_until("it is connected and cut again", || {
            std::thread::sleep(Duration::from_millis(20 + n_cuts * 31 % 90));
            n_cuts += cutter.cut();
            n_cuts >= 8
        });
        n_cuts
    });
    say(&format!("{n_cuts} connections cut, {} orders answered 200", told.accepted.len()));
    wait_for_delivery(&server);
    drop(server);
    assert_told(assert_counted(&redis, &shops), &told);
}

#[test]
fn a_redis_that_comes_back_with_nothing_is_said_and_filled_again() {
    let Some(mut redis) = Redis::start() else { return };
    let shops = [shop()];
    let server = serve(shops[0].path(), &redis.url);
    track(&server, 0..200);
    wait_for_delivery(&server);
    redis.kill();
    track(&server, 100..300);
    wait_until("it is said", || redis_of(&server)["last_error"].is_string());
    assert_eq!(redis_of(&server)["pending"], 200);
    redis.start_again();
    wait_until("what was lost is said", || redis_of(&server)["noted"]["counters_lost"].is_u64());
    wait_for_delivery(&server);
    let prometheus = server.connect().get("/metrics").expect("an answer").body;
    let sample =
        "internal_events_destination_noted_total{destination=\"redis\",what=\"counters_lost\"}";
    assert!(prometheus.contains(sample), "{prometheus}");
    assert_eq!(assert_counted(&redis, &shops), 400);
}

#[test]
fn a_key_of_another_type_is_counted_and_all_else_goes_on() {
    let Some(redis) = Redis::start() else { return };
    let shops = [shop()];
    redis.say(&format!("LPUSH {COUNTER} x"));
    let server = serve(shops[0].path(), &redis.url);
    track(&server, 0..50);
    wait_for_delivery(&server);
    let there = redis_of(&server);
    assert_eq!(there["noted"]["failed:wrong_type"], 50, "{there}");
    assert_eq!(there["delivered"], 50, "{there}");
    redis.say(&format!("DEL {COUNTER}"));
    track(&server, 50..60);
    wait_for_delivery(&server);
    assert_eq!(redis.say(&format!("GET {COUNTER}")), "10");
    drop(server);
    let keys = redis.say("KEYS {hll_counters}_*user*");
    let users = redis.say(&format!("PFCOUNT {}", keys.lines().next().expect("there is one")));
    assert_eq!(users, "60");
}

#[test]
fn what_endangers_counters_is_said_at_the_start_and_by_readyz_and_no_password_is() {
    let Some(redis) = Redis::start() else { return };
    let shop = shop();
    redis.say("ACL SETUSER counts on >hunter2 ~* +@all");
    redis.say("CONFIG SET maxmemory 100mb");
    redis.say("CONFIG SET maxmemory-policy allkeys-lru");
    let start = |url: &str| {
        let settings = format!("[redis]\nurl = \"{url}\"\n");
        write(shop.path(), "internal-events.toml", &settings);
        Server::start_tracing(shop.path(), "text")
    };
    let danger = "throws keys away when its memory is short";
    let mut server = start(&redis.url.replace("//", "//counts:hunter2@"));
    let log = server.drain_log();
    track(&server, 0..5);
    wait_for_delivery(&server);
    let ready = server.connect().get("/readyz").expect("an answer");
    assert_eq!(ready.status, 200);
    let warnings = &ready.json()["events"]["destinations"]["redis"]["warnings"];
    assert!(warnings[0].as_str().is_some_and(|it| it.contains(danger)), "{warnings}");
    redis.say("REPLICAOF 127.0.0.1 1");
    track(&server, 5..6);
    wait_until("it is said", || redis_of(&server)["last_error"].is_string());
    let error = redis_of(&server)["last_error"].to_string();
    assert!(error.contains("takes no writes now"), "{error}");
    redis.say("REPLICAOF NO ONE");
    wait_for_delivery(&server);
    server.kill();
    let mut log = log.join().expect("it is read");
    assert!(log.contains(danger), "{log}");
    let mut server = start(&redis.url.replace("//", "//counts:hunter22@"));
    let more = server.drain_log();
    track(&server, 6..7);
    wait_until("it is refused", || redis_of(&server)["last_error"].is_string());
    log.push_str(&redis_of(&server).to_string());
    server.kill();
    log.push_str(&more.join().expect("it is read"));
    assert!(!log.contains("hunter2"), "{log}");
}

/// How far the data directory runs ahead of Redis.
fn ahead() -> u64 {
    if std::env::var("KILLS").is_ok() { 1_000_000 } else { 20_000 }
}

#[test]
fn events_are_taken_while_redis_is_away_and_counted_when_it_is_back() {
    let Some(mut redis) = Redis::start() else { return };
    let shops = [shop()];
    let server = serve(shops[0].path(), &redis.url);
    track(&server, 0..10);
    wait_for_delivery(&server);
    redis.kill();
    let before = resident_mib(server.id());
    let mut connection = server.connect();
    for batch in 0..ahead() / 50 {
        post_fifty(&mut connection, batch);
    }
    let after = resident_mib(server.id());
    say(&format!("{} events ahead: {before} MiB before, {after} MiB after", ahead()));
    // Ids of the last million events are remembered, and whatever else there is has its bound.
    assert!(after < before + 120, "{before} MiB before, {after} MiB after");
    assert_eq!(redis_of(&server)["pending"], ahead());
    redis.start_again();
    wait_until("it is back", || redis_of(&server)["last_error"].is_null());
    wait_for_delivery(&server);
    drop(server);
    assert_eq!(assert_counted(&redis, &shops), ahead() + 10);
}

fn post_fifty(connection: &mut Connection, batch: u64) {
    let event = |nth: u64| {
        let user = (batch * 50 + nth) % 30_000;
        format!(
            r#"{{"event":"create_order","user_id":"u{user}","additional_properties":{{"label":"x"}}}}"#
        )
    };
    let events: Vec<String> = (0..50).map(event).collect();
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    let answer = connection.post("/api/v4/usage_data/track_events", &body).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The memory a process has, in MiB.
fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// Passes bytes on, until it is told to cut all connections there are.
struct Cutter {
    port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Cutter {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let of_thread = Arc::clone(&streams);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let clone = |it: &TcpStream| it.try_clone().expect("it can be cloned");
                let mut streams = of_thread.lock().expect("nobody panics with it");
                streams.extend([clone(&client), clone(&server)]);
                pass_on(clone(&client), clone(&server));
                pass_on(server, client);
            }
        });
        Self { port, streams }
    }

    /// Cuts all connections, whatever is on its way; returns how many.
    fn cut(&self) -> u64 {
        let streams = std::mem::take(&mut *self.streams.lock().expect("nobody panics with it"));
        // Some have ended by themselves.
        let n = streams.iter().filter(|it| it.shutdown(Shutdown::Both).is_ok()).count();
        n as u64 / 2
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(n) = from.read(&mut bytes) {
            if n == 0 || to.write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
