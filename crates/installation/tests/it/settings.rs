//! `internal-events.toml` and the environment.

use crate::files;
use internal_events::store::Limits;
use internal_events_installation::{Installation, RateLimit, Settings};
use proptest::prelude::*;
use std::time::Duration;

fn settings(toml: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    let root = files(&[("internal-events.toml", toml)]);
    let lookup =
        |name: &str| env.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
    match Installation::open(root.path(), lookup) {
        Ok(installation) => Ok(installation.settings().clone()),
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(it) = source {
                text.push_str(&format!(": {it}"));
                source = it.source();
            }
            Err(text)
        }
    }
}

#[test]
fn everything_has_a_default() {
    let settings = settings("", &[]).expect("an empty file is fine");
    assert!(settings.enabled);
    assert!(!settings.strict);
    assert_eq!(settings.data, None);
}

#[test]
fn the_environment_beats_the_file() {
    let toml = "enabled = true\nstrict = true\ndata = 'a'\n[legacy]\noverrides = 'x'\n";
    let env = [("INTERNAL_EVENTS_ENABLED", "off"), ("INTERNAL_EVENTS_DATA", "b")];
    let settings = settings(toml, &env).expect("it is valid");
    assert!(!settings.enabled);
    assert_eq!(settings.enabled_by, "the variable INTERNAL_EVENTS_ENABLED");
    assert!(settings.strict);
    assert_eq!(settings.data.as_deref(), Some("b".as_ref()));
    assert_eq!(settings.overrides.as_deref(), Some("x".as_ref()));
}

#[test]
fn the_collector_is_told_who_may_send_and_where() {
    let toml = "[collector]\npaths = ['/com.acme/track']\norigins = ['https://shop.example']\n";
    let from_file = settings(toml, &[]).expect("it is valid");
    assert_eq!(from_file.collector_paths, ["/com.acme/track"]);
    assert_eq!(from_file.collector_origins, Some(vec!["https://shop.example".to_owned()]));
    let env = [
        ("INTERNAL_EVENTS_COLLECTOR_PATHS", "/a/b, /c/d"),
        ("INTERNAL_EVENTS_COLLECTOR_ORIGINS", ""),
    ];
    let from_env = settings(toml, &env).expect("it is valid");
    assert_eq!(from_env.collector_paths, ["/a/b", "/c/d"]);
    assert_eq!(from_env.collector_origins, from_file.collector_origins);
    assert_eq!(settings("", &[]).expect("it is valid").collector_origins, None);
}

#[test]
fn which_snowplow_events_count_is_a_word_or_a_list_of_rules() {
    let count = |toml: &str, env: &[(&str, &str)]| {
        let settings = settings(&format!("[collector]\n{toml}"), env).expect("it is valid");
        let rules = settings.count_snowplow.into_iter();
        rules.map(|it| (it.app_id, it.tracker, it.source, it.count)).collect::<Vec<_>>()
    };
    assert_eq!(count("", &[]), []);
    assert_eq!(count("count_snowplow = false", &[]), [(None, None, None, false)]);
    let rules = "count_snowplow = [{ app_id = 'shop', tracker = 'js-*', count = true },\n\
                 { source = 'gitlab-javascript', count = false }]";
    let text = |it: &str| Some(it.to_owned());
    let shop = (text("shop"), text("js-*"), None, true);
    let pages = (None, None, text("gitlab-javascript"), false);
    assert_eq!(count(rules, &[]), [shop, pages]);
    let env = ("INTERNAL_EVENTS_COLLECTOR_COUNT_SNOWPLOW", "no");
    assert_eq!(count(rules, &[env]), [(None, None, None, false)]);
    for (toml, complaint) in [
        ("count_snowplow = 'none'", "true, false or a list of rules"),
        ("count_snowplow = [{ app_id = 'shop' }]", "missing field `count`"),
        ("count_snowplow = [{ aid = 'shop', count = true }]", "unknown field `aid`"),
    ] {
        let error = settings(&format!("[collector]\n{toml}"), &[]).expect_err(toml);
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn what_the_data_directory_may_hold_is_said_as_people_say_it() {
    let toml = "[journal]\nkeep = '3d'\nkeep_bytes = '2 GiB'\nmax_pending = '36h'\n\
                max_pending_bytes = 1_000_000\nreserve = '0'\ncheckpoint = '250ms'\n\
                [quarantine]\nevents = 500\nbytes = '1MB'\nkeep = '1w'\n\
                [duplicates]\nwindow = '90m'\nids = '1_000'\n";
    let from_file = settings(toml, &[]).expect("it is valid");
    let (limits, minute) = (from_file.limits, Duration::from_mins(1));
    assert_eq!((limits.journal_keep, limits.journal_keep_bytes), (3 * 1440 * minute, 2 << 30));
    assert_eq!((limits.max_pending, limits.max_pending_bytes), (36 * 60 * minute, 1_000_000));
    assert_eq!((limits.reserve_bytes, from_file.checkpoint), (0, Duration::from_millis(250)));
    assert_eq!((limits.quarantine_events, limits.quarantine_bytes), (500, 1_000_000));
    assert_eq!((limits.quarantine_keep, limits.window), (7 * 1440 * minute, 90 * minute));
    assert_eq!(limits.window_ids, 1_000);
    let env = [
        ("INTERNAL_EVENTS_JOURNAL_RESERVE", "1GiB"),
        ("INTERNAL_EVENTS_JOURNAL_KEEP", "1h"),
        ("INTERNAL_EVENTS_QUARANTINE_EVENTS", "7"),
        ("INTERNAL_EVENTS_DUPLICATES_IDS", ""),
    ];
    let from_env = settings(toml, &env).expect("it is valid").limits;
    assert_eq!((from_env.reserve_bytes, from_env.journal_keep), (1 << 30, 60 * minute));
    assert_eq!((from_env.quarantine_events, from_env.window_ids), (7, 1_000));
    assert_eq!(settings("", &[]).expect("it is valid").limits, Limits::default());
}

#[test]
fn what_cannot_be_understood_is_refused_and_says_where() {
    for (toml, env, complaint) in [
        ("enabeld = true", None, "unknown field `enabeld`"),
        ("enabled = 'yes'", None, "invalid type: string"),
        ("enabled", None, "is not a valid configuration"),
        ("[legacy]\noverride = 'x'", None, "unknown field `override`"),
        ("data = ''", None, "it is empty; leave it out"),
        ("[identity]\nsalt = ''", None, "it is empty; leave it out"),
        ("[journal]\nkeep = 7", None, "`7` is not a time such as \"7d\""),
        ("[journal]\nkeep = 'a week'", None, "line 2, column 8"),
        ("[journal]\nreserve = true", None, "expected a size such as \"256MiB\""),
        ("[journal]\nreserve = '-1'", None, "`-1` is not a size"),
        ("[journal]\nreserve = '9999999TiB'", None, "is not a size"),
        ("[journal]\nkept = '7d'", None, "unknown field `kept`"),
        ("[quarantine]\nevents = '10kB'", None, "`10kB` is not a whole number"),
        ("", Some(("INTERNAL_EVENTS_JOURNAL_KEEP", "7")), "INTERNAL_EVENTS_JOURNAL_KEEP is `7`"),
        ("", Some(("INTERNAL_EVENTS_STRICT", "maybe")), "INTERNAL_EVENTS_STRICT is `maybe`"),
    ] {
        let env: Vec<_> = env.into_iter().collect();
        let error = settings(toml, &env).expect_err("it is refused");
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn the_collector_is_told_whom_to_let_in() {
    let toml = "
        [collector]
        app_ids = ['shop']
        trusted_proxies = ['10.0.0.0/8']
        rate_limit = { events_per_second = 5, loopback = true }
        tls = { certificate = 'tls/cert.pem', key = 'tls/key.pem' }
        [[collector.tokens]]
        name = 'web'
        sha256 = '00'
        scopes = ['track', 'read_metrics']
    ";
    let it = settings(toml, &[]).expect("it is valid");
    assert_eq!(it.collector_app_ids, Some(vec!["shop".to_owned()]));
    assert_eq!(it.collector_trusted_proxies, ["10.0.0.0/8"]);
    let RateLimit { events_per_second, burst, loopback } = it.collector_rate_limit;
    assert_eq!((events_per_second.map(Into::into), burst, loopback), (Some(5_u32), None, true));
    let tls = it.collector_tls.expect("it is configured");
    assert_eq!((tls.certificate, tls.key), ("tls/cert.pem".into(), "tls/key.pem".into()));
    assert_eq!(it.collector_tokens.len(), 1);
    assert_eq!(it.collector_tokens[0].scopes, ["track", "read_metrics"]);
    let env = [
        ("INTERNAL_EVENTS_COLLECTOR_APP_IDS", "a, b"),
        ("INTERNAL_EVENTS_COLLECTOR_TRUSTED_PROXIES", "::1"),
    ];
    let it = settings(toml, &env).expect("it is valid");
    assert_eq!(it.collector_app_ids, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(it.collector_trusted_proxies, ["::1"]);
    for wrong in [
        "[collector]\nrate_limit = { events_per_second = 0 }",
        "[collector]\nrate_limit = false",
        "[collector]\ntls = { certificate = 'tls/cert.pem' }",
        "[collector]\ntokens = ['iet_x']",
        "[[collector.tokens]]\nname = 'web'\nscopes = []",
        "[[collector.tokens]]\nname = 'web'\ntoken = 'iet_x'\nsha256 = ''\nscopes = []",
    ] {
        assert!(settings(wrong, &[]).is_err(), "{wrong}");
    }
}

/// Pieces that settings are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "enabled = ",
        "strict = ",
        "data = ",
        "[collector]\n",
        "[legacy]\n",
        "[lists]\n",
        "[collector.rate]\n",
        "[[collector.tokens]]\n",
        "paths = ",
        "origins = ",
        "overrides = ",
        "tokens = ",
        "name = ",
        "sha256 = ",
        "scopes = ",
        "true",
        "false",
        "\"\"",
        "\"x\"",
        "'",
        "\"",
        "\"\"\"",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "=",
        ".",
        "\n",
        "#",
        "-1",
        "1e999",
        "nan",
        "inf",
        "9223372036854775808",
        "0x",
        "1979-05-27T07:32:00Z",
        "\\u0000",
        "\\",
        "\0",
        "\u{feff}",
        "\u{202e}",
        "é",
        "a.b.c.d = 1\n",
        "[[[[[[[[",
        "[a.a]\n",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|it| it.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_settings_are_read_or_refused_with_a_reason(file in pieces(), value in ".{0,20}") {
        let names = ["ENABLED", "STRICT", "COLLECTOR_PATHS", "COLLECTOR_ORIGINS", "COLLECTOR_APP_IDS"];
        let names = names.map(|it| format!("INTERNAL_EVENTS_{it}"));
        for env in [vec![], names.iter().map(|it| (it.as_str(), value.as_str())).collect()] {
            if let Err(reason) = settings(&file, &env) {
                prop_assert!(!reason.is_empty());
            }
        }
    }
}

#[test]
fn settings_as_deep_as_a_mine_are_refused() {
    for deep in [
        "[".repeat(100_000),
        "a = ".to_owned() + &"[".repeat(100_000),
        "{a=".repeat(100_000),
        "a.".repeat(100_000),
        format!("[{}a]", "a.".repeat(100_000)),
    ] {
        settings(&deep, &[]).expect_err("no setting is like that");
        settings(&format!("data = {deep}"), &[]).expect_err("no setting is like that");
    }
}
