//! Every way to get in, and what is said when there is none.

use std::fs;
use std::path::Path;

use internal_events_store::{RedisError, RedisOptions, RedisTls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::driver::{Driver, assert_counted};
use super::journal::{counted, random};
use super::server::{Plain, Server, free_port, report_skip};

/// Counts through these options, and looks at the result by plain commands.
fn check(options: RedisOptions, plain: &mut Plain) {
    let journal = random(31, 40);
    plain.say::<()>("FLUSHALL");
    let mut driver = Driver::with(options);
    driver.drive(&journal);
    assert_counted(plain, &counted(&journal));
    assert!(driver.errors.is_empty(), "{:?}", driver.errors);
}

fn parse(url: &str) -> RedisOptions {
    RedisOptions::parse(url).unwrap()
}

/// What is said when nothing can be counted, with all its causes.
fn refusal(options: RedisOptions) -> (RedisError, String) {
    let mut driver = Driver::with(options);
    let error = driver.resume(&[]).unwrap_err();
    let mut shown = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(it) = cause {
        shown.push_str(&format!(": {it}"));
        cause = it.source();
    }
    shown.push_str(&format!(" {error:?}"));
    (error, shown)
}

#[test]
fn a_user_with_few_rights_and_a_password_may_count() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    let manual = include_str!("../../../../../docs/redis.md");
    let (_, line) = manual.split_once("ACL SETUSER").expect("the manual says how");
    let (line, _) = line.split_once("```").expect("a block ends");
    let line = line.replace("PASSWORD", "hunter2").replace("~USAGE_*", "~ALL_SEARCHES_COUNT");
    let words: Vec<&str> = line.split_whitespace().collect();
    plain.say::<()>(&format!("ACL SETUSER {}", words.join(" ")));
    let url = server.url();
    let with_login = url.replace("//", "//counts:hunter2@");
    check(parse(&with_login), &mut plain);
    check(parse(&url).with_login(Some("counts"), "hunter2"), &mut plain);
    let guards = Driver::new(&with_login).counters.guards().unwrap();
    assert_eq!(guards, []);
    plain.say::<()>("ACL SETUSER default off");
    for options in [
        parse(&url),
        parse(&url.replace("//", "//counts:hunter3@")),
        parse(&url).with_login(Some("nobody"), "hunter4"),
    ] {
        let (error, shown) = refusal(options);
        assert!(matches!(error, RedisError::NotPermitted { .. }), "{shown}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}

#[test]
fn a_key_that_the_user_may_not_touch_changes_nothing() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    plain.say::<()>("ACL SETUSER u reset on >p ~internal-events:* ~{event_counters}_* +@all");
    let mut driver = Driver::new(&server.url().replace("//", "//u:p@"));
    let journal = random(32, 40);
    driver.resume(&journal).unwrap();
    let error = driver.step(&journal).unwrap_err();
    assert!(matches!(error, RedisError::NotPermitted { .. }), "{error:?}");
    plain.say::<()>("ACL SETUSER u ~*");
    driver.drive(&journal);
    assert_counted(&mut plain, &counted(&journal));
}

#[test]
fn a_socket_and_another_database_will_do() {
    let Some(server) = Server::with(&["--save", "", "--unixsocket", "redis.sock"]) else { return };
    let path = server.directory().join("redis.sock");
    check(parse(&format!("unix://{}", path.display())), &mut server.connect(0));
    check(parse(&format!("unix://{}?db=3", path.display())), &mut server.connect(3));
    check(parse(&format!("{}/5", server.url())), &mut server.connect(5));
    let (error, _) = refusal(parse("unix:///nowhere/redis.sock"));
    assert!(matches!(error, RedisError::Unreachable { .. }));
}

/// Makes an authority and a certificate of it for loopback, as files.
fn certificates(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    for name in ["server", "client"] {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

#[test]
fn tls_with_an_authority_of_our_own_and_a_certificate_of_the_client() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name);
    let port = free_port();
    let settings = format!(
        "CONFIG SET tls-ca-cert-file {0}/ca.pem tls-cert-file {0}/server.pem tls-key-file \
         {0}/server.key tls-auth-clients yes tls-port {port}",
        folder.path().display()
    );
    let words: Vec<&[u8]> = settings.split(' ').map(str::as_bytes).collect();
    if let Err(error) = server.connect(0).try_run::<()>(&words) {
        // Valkey may be built without.
        assert!(std::env::var_os("REDIS_SERVER").is_some(), "{error}");
        report_skip("the server of these tests was built without TLS");
        return;
    }
    let mut options = parse(&format!("rediss://127.0.0.1:{port}"));
    options.tls = RedisTls {
        ca: Some(file("ca.pem")),
        certificate: Some((file("client.pem"), file("client.key"))),
    };
    check(options.clone(), &mut server.connect(0));

    let mut no_certificate = options.clone();
    no_certificate.tls.certificate = None;
    let mut no_authority = options.clone();
    no_authority.tls.ca = None;
    for options in [no_certificate, no_authority] {
        let (error, shown) = refusal(options);
        assert!(matches!(error, RedisError::Unreachable { .. }), "{shown}");
    }
    options.tls.ca = Some(file("missing.pem"));
    let (error, shown) = refusal(options);
    assert!(matches!(error, RedisError::File { .. }) && !error.is_retryable(), "{shown}");
}

#[test]
fn nobody_there_and_nobody_who_answers_are_both_told_in_time() {
    let (error, shown) = refusal(parse(&format!("redis://127.0.0.1:{}", free_port())));
    assert!(matches!(error, RedisError::Unreachable { .. }) && error.is_retryable(), "{shown}");
    // Takes connections, for the system does, and never says a word.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    for scheme in ["redis", "rediss", "redis+cluster"] {
        let mut options = parse(&format!("{scheme}://{}", silent.local_addr().unwrap()));
        options.connect_timeout = std::time::Duration::from_millis(50);
        options.response_timeout = std::time::Duration::from_millis(50);
        let (error, shown) = refusal(options);
        assert!(matches!(error, RedisError::Unreachable { .. }), "{scheme}: {shown}");
    }
}
