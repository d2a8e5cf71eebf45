//! On which ways events leave: encrypted, trusting whom they are told to, and through a proxy.

use super::second_collector::SecondCollector;
use super::server::{Server, TRACK};
use crate::{program, shop, write};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn track_one(server: &Server) {
    let body = r#"{"event":"create_order","user_id":1,"send_to_snowplow":true}"#;
    let answer = server.connect().post(TRACK, body).expect("it answers");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Waits until the health of the destination says what is wanted.
fn until(server: &Server, what: &str, is_so: impl Fn(&serde_json::Value) -> bool) {
    for _ in 0..1_500 {
        let health = server.connect().get("/healthz").expect("it answers").json();
        let of = &health["events"]["destinations"]["snowplow"];
        if is_so(of) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{what} does not come");
}

/// A collector over TLS: this program, with a certificate of its own.
fn collector_over_tls(root: &Path) -> Server {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    write(root, "c.pem", &made.cert.pem());
    write(root, "k.pem", &made.signing_key.serialize_pem());
    let settings = "[collector.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
    write(root, "internal-events.toml", settings);
    Server::start(root)
}

#[test]
fn a_collector_is_trusted_if_its_authority_is_named() {
    let (root, other) = (shop(), shop());
    let collector = collector_over_tls(other.path());
    let section = format!("[snowplow]\ncollector = \"https://{}\"\n", collector.address);
    write(root.path(), "internal-events.toml", &section);
    let mut server = Server::start(root.path());
    track_one(&server);
    until(&server, "a complaint about the certificate", |it| {
        it["last_error"].as_str().is_some_and(|it| it.contains("certificate"))
    });
    server.terminate();
    server.wait();
    let ca = other.path().join("c.pem");
    write(root.path(), "internal-events.toml", &format!("{section}ca = {ca:?}\n"));
    let server = Server::start(root.path());
    until(&server, "delivery", |it| it["delivered"] == 1 && it["last_error"].is_null());
}

/// Connects whoever asks to where they ask, and counts how often.
struct Proxy {
    address: SocketAddr,
    n: Arc<AtomicUsize>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let n = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&n);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                shared.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || connect(stream));
            }
        });
        Self { address, n }
    }
}

fn connect(client: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok()?;
    }
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let server = TcpStream::connect(&target).ok()?;
    let mut client = client;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let (mut to_server, mut from_server) = (server.try_clone().ok()?, server);
    std::thread::spawn(move || std::io::copy(&mut reader, &mut to_server));
    std::io::copy(&mut from_server, &mut client).ok()?;
    Some(())
}

#[test]
fn a_proxy_is_gone_through_where_one_is_named() {
    let root = shop();
    let (collector, proxy) = (SecondCollector::start(), Proxy::start());
    let section = format!("[snowplow]\ncollector = {:?}\n", collector.url());
    write(root.path(), "internal-events.toml", &section);
    // The environment's is not for a collector on this machine.
    let mut command = program();
    command.env("ALL_PROXY", "http://127.0.0.1:1");
    let mut server = Server::start_as(command, root.path());
    track_one(&server);
    until(&server, "delivery without a proxy", |it| it["delivered"] == 1);
    server.terminate();
    server.wait();
    assert_eq!(proxy.n.load(Ordering::SeqCst), 0);

    let named = format!("{section}proxy = \"http://{}\"\n", proxy.address);
    write(root.path(), "internal-events.toml", &named);
    let mut server = Server::start(root.path());
    track_one(&server);
    until(&server, "delivery through the proxy", |it| it["delivered"] == 2);
    assert_eq!(proxy.n.load(Ordering::SeqCst), 1, "one connection, which is kept");
    assert_eq!(collector.bodies(2).len(), 2);
    server.terminate();
    server.wait();

    let secret = format!("{section}proxy = \"http://user:hunter2@\"\n");
    write(root.path(), "internal-events.toml", &secret);
    let run = crate::operations::run_at(root.path(), &["track", "create_order"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("[snowplow] proxy") && !run.err.contains("hunter2"), "{}", run.err);
}
