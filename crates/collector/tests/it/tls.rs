//! HTTPS, with a client that checks the certificate.

use crate::server::{METRICS, Server, TRACK, config, post, read};
use internal_events_collector::{Collector, Limits, Tls};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

const ORDER: &str = r#"{"event":"create_order"}"#;

/// Writes a certificate of this machine, and its key, below a directory; gives the certificate.
fn write_certificate(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("it is made");
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    let pem = made.cert.pem();
    std::fs::write(directory.join("certificate.pem"), &pem).expect("written");
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

fn load(directory: &Path) -> Tls {
    Tls::load(directory.join("certificate.pem"), directory.join("key.pem")).expect("they are good")
}

fn start(directory: &Path, limits: Limits) -> Server {
    let tls = load(directory);
    Server::start_as(config(), |tracker| Collector::new(tracker, limits).tls(tls))
}

/// A client of a server that should have this certificate.
fn client(trusted: &CertificateDer<'static>) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let mut client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    ClientConnection::new(Arc::new(client), name).expect("a client")
}

/// Sends a request over TLS to a server that should have this certificate; gives all it answers.
fn ask(
    server: &Server,
    trusted: &CertificateDer<'static>,
    request: &[u8],
) -> std::io::Result<String> {
    let mut connection = client(trusted);
    let mut socket = server.connect();
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while !answer.ends_with(b"}") {
        let n = stream.read(&mut chunk)?;
        assert!(n > 0, "it hung up after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&chunk[..n]);
    }
    assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]), "not the newer one");
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn events_are_tracked_over_tls_and_not_without() {
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = write_certificate(directory.path());
    let server = start(directory.path(), Limits::default());
    let answer = ask(&server, &certificate, &post(TRACK, ORDER)).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let get = format!("GET {METRICS} HTTP/1.1\r\nHost: localhost\r\nVia: 1.1 x\r\n\r\n");
    let answer = ask(&server, &certificate, get.as_bytes()).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 403 "), "the same rules hold: {answer}");
    let plain = server.post(TRACK, ORDER);
    assert_eq!((plain.status, plain.body.contains("HTTPS")), (400, true));
    let stranger = write_certificate(tempfile::tempdir().expect("a directory").path());
    assert!(ask(&server, &stranger, &post(TRACK, ORDER)).is_err(), "the client does check");
    assert_eq!(server.counts(), (1, 1));
}

#[test]
fn whoever_shakes_hands_slowly_is_let_go_and_keeps_nobody_else_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = write_certificate(directory.path());
    let handshake_time = Duration::from_millis(300);
    let limits = Limits { handshake_time, connections: 3, ..Limits::default() };
    let server = start(directory.path(), limits);
    let begin = |bytes: &[u8]| {
        let mut stream = server.connect();
        stream.write_all(bytes).expect("it reads");
        stream
    };
    // Nothing, the beginning of a greeting, and what is none at all.
    let slow: Vec<TcpStream> = [&b""[..], b"\x16\x03\x01", b"\x00\xff\x00\xff"].map(begin).into();
    let answer = ask(&server, &certificate, &post(TRACK, ORDER)).expect("its turn comes");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        let mut rest = Vec::new();
        // It may say why; in any case it hangs up.
        assert!(stream.read_to_end(&mut rest).is_ok_and(|n| n < 100) || rest.is_empty());
    }
}

#[test]
fn whoever_does_not_shake_hands_makes_room_for_who_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = write_certificate(directory.path());
    let never = Duration::from_hours(1);
    let limits = Limits {
        connections: 4,
        silence: Duration::from_millis(50),
        handshake_time: never,
        first_head_time: never,
        ..Limits::default()
    };
    let server = start(directory.path(), limits);
    let silent: Vec<TcpStream> = (0..6).map(|_| server.connect()).collect();
    let answer = ask(&server, &certificate, &post(TRACK, ORDER)).expect("its turn comes");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(silent);
}

#[test]
fn a_new_certificate_is_taken_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = write_certificate(directory.path());
    let certificate_look = Duration::from_millis(20);
    let server = start(directory.path(), Limits { certificate_look, ..Limits::default() });
    ask(&server, &first, &post(TRACK, ORDER)).expect("it answers");
    std::fs::write(directory.path().join("key.pem"), "junk").expect("written");
    std::thread::sleep(Duration::from_millis(100));
    ask(&server, &first, &post(TRACK, ORDER)).expect("the old one is kept");
    let second = write_certificate(directory.path());
    let began = Instant::now();
    while ask(&server, &second, &post(TRACK, ORDER)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(30), "it is taken");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(ask(&server, &first, &post(TRACK, ORDER)).is_err());
}

#[test]
fn what_is_no_certificate_is_refused_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    write_certificate(directory.path());
    std::fs::rename(path("key.pem"), path("other.pem")).expect("renamed");
    write_certificate(directory.path());
    std::fs::write(path("junk.pem"), "junk").expect("written");
    for (certificate, key, complaint) in [
        ("missing.pem", "key.pem", "cannot read"),
        ("certificate.pem", "missing.pem", "cannot read"),
        ("certificate.pem", "junk.pem", "no PEM file of a private key"),
        ("certificate.pem", "certificate.pem", "no PEM file of a private key"),
        ("junk.pem", "key.pem", "cannot be used together"),
        ("certificate.pem", "other.pem", "cannot be used together"),
    ] {
        let error = Tls::load(path(certificate), path(key)).expect_err("it is refused");
        assert!(error.to_string().contains(complaint), "{error}");
    }
}

#[test]
fn a_server_without_tls_takes_no_greeting_for_a_request() {
    let server = Server::start();
    let mut stream = server.connect();
    stream.write_all(b"\x16\x03\x01\x00\x05hello\r\n\r\n").expect("it reads");
    assert_eq!(read(&stream).status, 400);
}
