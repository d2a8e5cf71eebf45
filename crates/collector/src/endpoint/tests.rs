use super::has_two_segments;

#[test]
fn a_path_has_two_segments() {
    for (path, is_one) in [
        ("/com.acme/track", true),
        ("/a/b", true),
        ("/a_b/v1-2~3", true),
        ("/a", false),
        ("/a/", false),
        ("//a", false),
        ("/a/b/c", false),
        ("/a/b?c", false),
        ("/a/ü", false),
        ("/../a", false),
        ("/a/.", false),
        ("a/b", false),
        ("", false),
    ] {
        assert_eq!(has_two_segments(path), is_one, "{path}");
    }
}
