use super::Origins;

#[test]
fn pages_on_loopback_may_send_unless_there_is_a_list() {
    let origins = Origins::default();
    for (origin, may) in [
        ("http://localhost", true),
        ("http://127.0.0.1:19090", true),
        ("https://[::1]:8443", true),
        ("null", false),
        ("", false),
        ("https://example.com", false),
        ("http://localhost.example.com", false),
        ("http://localhost@example.com", false),
        ("http://localhost/", false),
        ("://localhost", false),
    ] {
        assert_eq!(origins.allow(origin), may, "{origin}");
    }
}

#[test]
fn a_list_allows_what_it_names_and_nothing_else() {
    let listed = ["https://shop.example".to_owned(), "http://127.0.0.1:3000".to_owned()];
    let origins = Origins::listed(&listed).expect("both are origins");
    for (origin, may) in [
        ("https://shop.example", true),
        ("https://SHOP.example", true),
        ("http://127.0.0.1:3000", true),
        ("http://shop.example", false),
        ("https://shop.example:8443", false),
        ("https://evil.shop.example", false),
        ("http://127.0.0.1", false),
    ] {
        assert_eq!(origins.allow(origin), may, "{origin}");
    }
}

#[test]
fn what_no_browser_would_send_is_refused_in_a_list() {
    for origin in ["*", "null", "shop.example", "https://shop.example/", "https://", "https://a b"]
    {
        assert!(Origins::listed(&[origin.to_owned()]).is_err(), "{origin}");
    }
}
