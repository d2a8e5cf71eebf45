//! `[snowplow]`, `[product_usage]`, `[instance]` and `[identity]`: what they make of events, and
//! that the page about settings has all of them.

use crate::files;
use internal_events::snowplow::{Salt, SnowplowOptions};
use internal_events_installation::{Installation, SALT};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

const SECTIONS: [&str; 4] = ["snowplow", "product_usage", "instance", "identity"];

/// How events are sent by settings and variables; files of the installation are in `files`.
fn options(
    toml: &str,
    env: &[(&str, &str)],
    others: &[(&str, &str)],
) -> Result<Option<SnowplowOptions>, String> {
    let root = files(&[&[("internal-events.toml", toml)], others].concat());
    let lookup =
        |name: &str| env.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
    let installation = Installation::open(root.path(), lookup).map_err(|it| chain(&it))?;
    let data = root.path().join("data");
    let options = installation.snowplow(&data).map_err(|it| chain(&it));
    let is_made_up = matches!(&options, Ok(Some(_))) && !toml.contains("salt");
    assert_eq!(data.join(SALT).exists(), is_made_up, "a salt is made where one is needed: {toml}");
    options
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

/// The options with a collector and further lines in `[snowplow]`, and tables after them.
fn with(lines: &str) -> SnowplowOptions {
    let toml = format!("[snowplow]\ncollector = 'sp.example.com'\n{lines}");
    options(&toml, &[], &[]).expect("it is valid").expect("it is on")
}

#[test]
fn everything_has_the_default_of_gitlab() {
    assert!(options("", &[], &[]).expect("it is valid").is_none());
    let it = with("[identity]\nsalt = 'pepper'");
    let expected = SnowplowOptions::new("sp.example.com", Salt::new("pepper"));
    assert_eq!(format!("{it:?}"), format!("{expected:?}"));
    assert_eq!(it.salt, expected.salt);
}

#[test]
fn each_setting_does_what_the_page_says() {
    type Look = fn(&SnowplowOptions) -> String;
    let cases: [(&str, Look, &str); 27] = [
        ("app_id = 'shop'", |it| it.app_id.clone().unwrap_or_default(), "shop"),
        ("tracker_name = 'x'", |it| it.tracker_name.clone(), "x"),
        ("tracker_version = 'x-1'", |it| it.tracker_version.clone(), "x-1"),
        ("base64 = false", |it| it.base64.to_string(), "false"),
        ("pseudonymise = false", |it| it.pseudonymise.to_string(), "false"),
        ("schema_vendor = 'com.acme'", |it| it.schemas.vendor.clone(), "com.acme"),
        ("standard_version = '9-0-0'", |it| it.schemas.standard.clone(), "9-0-0"),
        ("service_ping_version = '9-0-0'", |it| it.schemas.service_ping.clone(), "9-0-0"),
        ("ai_version = '9-0-0'", |it| it.schemas.ai.clone(), "9-0-0"),
        ("batch_events = 7", |it| it.sending.batch_events.to_string(), "7"),
        ("batch_events = 0", |it| it.sending.batch_events.to_string(), "1"),
        ("batch_bytes = '1MiB'", |it| it.sending.batch_bytes.to_string(), "1048576"),
        ("concurrency = 3", |it| it.sending.concurrency.to_string(), "3"),
        ("concurrency = 99", |it| it.sending.concurrency.to_string(), "16"),
        ("connect_timeout = '1s'", |it| format!("{:?}", it.sending.connect_timeout), "1s"),
        ("timeout = '3s'", |it| format!("{:?}", it.sending.timeout), "3s"),
        ("timeout = '1h'", |it| format!("{:?}", it.sending.timeout), "20s"),
        ("ca = 'a.pem'", |it| format!("{:?}", it.sending.ca.clone()), "a.pem\")"),
        ("[instance]\nid = 'b0a7'", |it| it.instance.id.clone(), "b0a7"),
        (
            "[instance]\nhost = 'https://a.example:8443/x'",
            |it| it.instance.host_name.clone().unwrap_or_default(),
            "a.example",
        ),
        (
            "[instance]\nversion = '1.2.3'",
            |it| it.instance.version.clone().unwrap_or_default(),
            "1.2.3",
        ),
        ("[instance]\nenvironment = 'org'", |it| it.instance.environment.clone(), "org"),
        ("[instance]\nhost = 'gitlab.com'", |it| it.instance.environment.clone(), "production"),
        ("[instance]\nsource = 'shop'", |it| it.instance.source.clone(), "shop"),
        ("[instance]\nplan = 'gold'", |it| it.instance.plan.clone().unwrap_or_default(), "gold"),
        ("[instance]\nrealm = 'saas'", |it| it.instance.realm.clone(), "saas"),
        ("[instance]\ndeployment_type = '.com'", |it| it.instance.deployment_type.clone(), ".com"),
    ];
    for (lines, look, expected) in cases {
        let (before, after) = (look(&with("")), look(&with(lines)));
        assert!(after.ends_with(expected), "{lines}: {after}");
        assert_ne!(before, after, "{lines} changes something");
    }
}

#[test]
fn a_file_says_the_version_if_nothing_else_does() {
    let version = |settings: &str| {
        let toml = format!("[snowplow]\ncollector = 'sp.example.com'\n{settings}");
        let options = options(&toml, &[], &[("VERSION", "18.5.0-ee\n")]);
        options.expect("it is valid").expect("it is on").instance.version
    };
    assert_eq!(version("[instance]\nversion = '1.2.3'").as_deref(), Some("1.2.3"));
    assert!(version("").is_some_and(|it| it.starts_with("18.5")), "{:?}", version(""));
}

#[test]
fn variables_beat_the_file() {
    let toml = "[snowplow]\ncollector = 'a.example'\napp_id = 'a'\ntimeout = '1s'\n\
                [identity]\nsalt = 'a'\n";
    let env = [
        ("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", "b.example"),
        ("INTERNAL_EVENTS_SNOWPLOW_APP_ID", "b"),
        ("INTERNAL_EVENTS_SNOWPLOW_TIMEOUT", "2s"),
        ("INTERNAL_EVENTS_IDENTITY_SALT", "b"),
    ];
    let it = options(toml, &env, &[]).expect("it is valid").expect("it is on");
    assert_eq!((it.collector.as_str(), it.app_id.as_deref()), ("b.example", Some("b")));
    assert_eq!((it.sending.timeout, it.salt), (Duration::from_secs(2), Salt::new("b")));
    // An empty variable is none.
    let env = env.map(|(name, _)| (name, ""));
    let it = options(toml, &env, &[]).expect("it is valid").expect("it is on");
    assert_eq!((it.collector.as_str(), it.app_id.as_deref()), ("a.example", Some("a")));
    assert_eq!((it.sending.timeout, it.salt), (Duration::from_secs(1), Salt::new("a")));
}

#[test]
fn product_usage_goes_where_gitlab_collects_it() {
    for (settings, collector, app_id) in [
        ("", "https://events.gitlab.net", "gitlab_sm"),
        ("[instance]\ndedicated = true", "https://events.gitlab.net", "gitlab_dedicated"),
        (
            "[instance]\nhost = 'staging.gitlab.com'",
            "https://events-stg.gitlab.net",
            "gitlab_sm_staging",
        ),
        (
            "[instance]\nhost = 'gitlab-a.test'\ndedicated = true",
            "https://events-stg.gitlab.net",
            "gitlab_dedicated_staging",
        ),
        ("[instance]\nhost = 'a.test'", "https://events.gitlab.net", "gitlab_sm"),
        ("collector = 'c.example'", "c.example", "gitlab_sm"),
        (
            "[snowplow]\napp_id = 'shop'\nbatch_events = 50",
            "https://events.gitlab.net",
            "gitlab_sm",
        ),
    ] {
        let toml = format!("[product_usage]\nenabled = true\n{settings}");
        let it = options(&toml, &[], &[]).expect("it is valid").expect("it is on");
        assert_eq!((it.collector.as_str(), it.app_id.as_deref()), (collector, Some(app_id)));
        assert_eq!(it.sending.batch_events, 10, "{toml}");
        assert!(it.log.is_some_and(|it| it.ends_with("data/product_usage_data.log")), "{toml}");
        let quiet = [("GITLAB_DISABLE_PRODUCT_USAGE_EVENT_LOGGING", "true")];
        let it = options(&toml, &quiet, &[]).expect("it is valid").expect("it is on");
        assert_eq!(it.log, None);
    }
    let toml = "[product_usage]\nenabled = true\nlog = 'log/a.log'";
    let log = options(toml, &[], &[]).expect("it is valid").expect("it is on").log;
    assert!(log.is_some_and(|it| it.ends_with("log/a.log") && it.is_absolute()));
}

#[test]
fn whether_product_usage_is_on_is_said_by_the_first_who_says_it() {
    const OURS: &str = "INTERNAL_EVENTS_PRODUCT_USAGE_ENABLED";
    const GITLABS: &str = "GITLAB_PRODUCT_USAGE_DATA_ENABLED";
    for (file, env, expected, source) in [
        ("", &[][..], false, "configuration"),
        ("enabled = true", &[], true, "configuration"),
        ("enabled = true", &[(GITLABS, "false")], false, "environment"),
        ("enabled = false", &[(GITLABS, "true")], true, "environment"),
        ("enabled = true", &[(OURS, "off")], false, "environment"),
        ("", &[(OURS, "off"), (GITLABS, "true")], false, "environment"),
        ("enabled = true", &[(OURS, ""), (GITLABS, "")], true, "configuration"),
    ] {
        let root = files(&[("internal-events.toml", &format!("[product_usage]\n{file}\n"))]);
        let lookup = |name: &str| {
            env.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        let installation = Installation::open(root.path(), lookup).expect("it is valid");
        let it = &installation.settings().snowplow;
        assert_eq!((it.product_usage, it.product_usage_source), (expected, source), "{env:?}");
        assert_eq!(it.is_on(), expected);
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_says_what_to_do() {
    let both = "[snowplow]\ncollector = 'a.example'\n[product_usage]\nenabled = true";
    let redis = "[redis]\nurl = 'redis://a.example'\n[snowplow]\ncollector = 'a.example'";
    let gitlabs = ("GITLAB_PRODUCT_USAGE_DATA_ENABLED", "maybe");
    for (toml, env, complaint) in [
        (both, None, "switch one of them off"),
        (redis, None, "give all of them the same `[identity] salt`"),
        ("[snowplow]\nurl = 'x'", None, "unknown field `url`"),
        ("[snowplow]\nbatch_bytes = 'big'", None, "`big` is not a size"),
        ("[snowplow]\ntimeout = 5", None, "`5` is not a time such as"),
        ("[snowplow]\nforward = 'no'", None, "invalid type: string"),
        ("[product_usage]\nsend = true", None, "unknown field `send`"),
        ("[instance]\nuuid = 'x'", None, "unknown field `uuid`"),
        ("[identity]\npepper = 'x'", None, "unknown field `pepper`"),
        ("", Some(gitlabs), "GITLAB_PRODUCT_USAGE_DATA_ENABLED is `maybe`"),
        ("", Some(("INTERNAL_EVENTS_SNOWPLOW_FORWARD", "x")), "SNOWPLOW_FORWARD is `x`"),
        ("", Some(("INTERNAL_EVENTS_SNOWPLOW_TIMEOUT", "x")), "SNOWPLOW_TIMEOUT is `x`"),
    ] {
        let env: Vec<_> = env.into_iter().collect();
        let error = options(toml, &env, &[]).expect_err(toml);
        assert!(error.contains(complaint), "{toml}: {error}");
    }
    let redis = format!("{redis}\n[identity]\nsalt = 'pepper'");
    assert!(options(&redis, &[], &[]).is_ok());
}

#[test]
fn a_salt_is_never_printed() {
    let root = files(&[("internal-events.toml", "[identity]\nsalt = 'pepper'")]);
    let installation = Installation::open(root.path(), |_| None).expect("it is valid");
    assert!(!format!("{:?}", installation.settings()).contains("pepper"));
}

/// The settings of a section: those that the complaint about another one names.
fn names(section: &str) -> Vec<String> {
    let error = options(&format!("[{section}]\nzzz = 1"), &[], &[]).expect_err("there is none");
    let (_, expected) = error.split_once("expected ").expect("it names those there are");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_page_has_every_setting_with_a_sentence() {
    let (_, example) = PAGE.split_once("```toml\n").expect("the page has an example");
    let (example, _) = example.split_once("```").expect("which ends");
    options(example, &[], &[]).expect("the example is valid");
    for section in SECTIONS {
        let names = names(section);
        assert!(!names.is_empty(), "{section}");
        let (_, lines) = example.split_once(&format!("[{section}]\n")).expect(section);
        let lines: Vec<&str> = lines.lines().take_while(|it| !it.starts_with('[')).collect();
        let of = |line: &str| line.split_once(" = ").map(|(name, _)| name.to_owned());
        let on_page: BTreeSet<_> = lines.iter().filter_map(|it| of(it)).collect();
        assert_eq!(on_page, names.into_iter().collect(), "{section}");
        assert!(lines[0].starts_with("# "), "{section} begins with a sentence");
    }
}

#[test]
fn the_page_shows_the_defaults_it_says_it_shows() {
    let between = |first: &str, last: &str| {
        let (_, rest) = PAGE.split_once(&format!("\n{first} = ")).expect(first);
        let (lines, end) = rest.split_once(&format!("\n{last} = ")).expect(last);
        let end = end.lines().next().expect("a value");
        format!("{first} = {lines}\n{last} = {end}\n")
    };
    let (snowplow, instance) =
        (between("tracker_name", "timeout"), between("environment", "dedicated"));
    assert!(snowplow.contains("\nconnect_timeout") && instance.contains("\nrealm"));
    let shown = with(&format!("{snowplow}[instance]\n{instance}"));
    assert_eq!(format!("{shown:?}"), format!("{:?}", with("")));
}

#[test]
fn the_page_has_every_variable() {
    let asked = RefCell::new(BTreeSet::new());
    let root = files(&[]);
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        None
    };
    Installation::open(root.path(), lookup).expect("it is valid");
    let asked = asked.into_inner();
    let of_ours = |it: &&String| {
        let rest = it.strip_prefix("INTERNAL_EVENTS_").map(str::to_ascii_lowercase);
        rest.is_none_or(|rest| SECTIONS.iter().any(|section| rest.starts_with(section)))
    };
    let ours: Vec<_> = asked.iter().filter(of_ours).collect();
    assert_eq!(ours.len(), 16, "{ours:?}");
    for name in ours {
        let short = name.strip_prefix("INTERNAL_EVENTS_SNOWPLOW").map(|it| format!("`…{it}`"));
        let capital =
            if name.ends_with("_proxy") { name.to_ascii_uppercase() } else { name.clone() };
        let is_there = PAGE.contains(&format!("`{capital}`"));
        assert!(is_there || short.is_some_and(|it| PAGE.contains(&it)), "{name}");
    }
}
