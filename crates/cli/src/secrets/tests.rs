use super::*;

#[test]
fn what_looks_like_a_secret_is_left_out_and_nothing_else() {
    let token = format!("iet_{}", "0123456789abcdef".repeat(4));
    let t = token.as_str();
    for (text, expected) in [
        (t, "iet_…"),
        (&format!("path=/{t}/x code=y"), "path=/iet_…/x code=y"),
        (&format!("\"{t}\" and {t}"), "\"iet_…\" and iet_…"),
        (&t.to_uppercase().replace("IET_", "iet_"), "iet_…"),
        (&format!("Bearer {t}"), "Bearer …"),
        ("bearer eyJhbGciOi.J9-_x", "bearer …"),
        ("authorization=Basic YWRtaW46aHVudGVy==, x", "authorization=Basic …, x"),
        ("/Basic%20YWRtaW46aHVudGVy", "/Basic%20…"),
        ("Bearer:YWRtaW46aHVudGVy", "Bearer:…"),
        ("redis://:hunter2@db:6379/0", "redis://…@db:6379/0"),
        ("https://a:b@c/d?e and http://f@g", "https://…@c/d?e and http://…@g"),
        ("https%3A%2F%2Fadmin%3Ahunter2%40db%2Fx", "https%3A%2F%2F…%40db%2Fx"),
        ("ä://ö:ü@ß", "ä://…@ß"),
    ] {
        assert_eq!(masked(text), expected, "{text}");
        assert_eq!(masked(&masked(text)), expected, "{text}: once is enough");
    }
    for text in [
        "",
        "diet_0123456789abcdef0123",
        "iet_short",
        "iet_",
        "Send a token as `Authorization: Bearer …` or as `PRIVATE-TOKEN: …`.",
        "Bearer and a token",
        "a basic understanding",
        "Basic",
        "Bearer ",
        "https://example.com/a@b",
        "https://example.com/?q=a@b",
        "http://127.0.0.1:8080",
        "https://%",
        "://@",
        "100%3a%2f",
        "…Bearer…",
    ] {
        assert_eq!(masked(text), text);
    }
}
