use super::*;

#[test]
fn every_form_of_address_is_read() {
    for (url, address, mode) in [
        ("redis://127.0.0.1", "127.0.0.1:6379", Mode::Standalone),
        ("rediss://u:p@h:1/2", "h:1", Mode::Standalone),
        ("unix:///run/redis.sock", "/run/redis.sock", Mode::Standalone),
        ("redis+unix:///run/redis.sock", "/run/redis.sock", Mode::Standalone),
        ("valkey://h", "h:6379", Mode::Standalone),
        ("redis+cluster://a:1,b:2", "a:1,b:2", Mode::Cluster),
        ("rediss+cluster://u:p@a:1,b/", "a:1,b:6379", Mode::Cluster),
        ("redis+sentinel://a:1,b:2/m", "a:1,b:2", Mode::Sentinel { master: "m".into() }),
        ("redis+sentinel://u:p@a:1/m/3", "a:1", Mode::Sentinel { master: "m".into() }),
    ] {
        let options = RedisOptions::parse(url).unwrap();
        assert_eq!((&*options.address(), &options.mode), (address, &mode), "{url}");
    }
}

#[test]
fn a_secret_is_neither_in_errors_nor_in_what_is_printed() {
    for url in [
        "redis://user:hunter2@h:1/2",
        "redis+sentinel://user:hunter2@a:1/m",
        "redis+sentinel://user:hunter2@a:1",
        "redis+cluster://user:hunter2@a:x",
        "redis://user:hunter2@h:99999",
        "http://user:hunter2@h",
        "hunter2",
        "",
    ] {
        let shown = match RedisOptions::parse(url) {
            Ok(options) => format!("{options:?} {}", options.address()),
            Err(error) => format!("{error:?} {error}"),
        };
        assert!(!shown.contains("hunter2"), "{url}: {shown}");
    }
}
