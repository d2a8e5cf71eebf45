use super::*;

#[test]
fn only_loopback_names_are_ours() {
    for ours in [
        "localhost",
        "LocalHost:80",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.255.255.254:1",
        "[::1]",
        "[::1]:8080",
        "localhost:",
    ] {
        assert!(names_loopback(ours), "{ours}");
    }
    for theirs in [
        "",
        ":80",
        "example.com",
        "localhost.example.com",
        "localhost:80@example.com",
        "user@localhost",
        "127.0.0.1.example.com",
        "128.0.0.1",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "::1",
        "[::2]",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "127.0.0.1:80:80",
        "10.0.0.1:80",
        "[::ffff:10.0.0.1]",
    ] {
        assert!(!names_loopback(theirs), "{theirs}");
    }
}
