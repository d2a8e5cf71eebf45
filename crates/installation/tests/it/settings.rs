//! `internal-events.toml` and the environment.

use crate::files;
use internal_events_installation::{Installation, Settings};

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
fn what_cannot_be_understood_is_refused_and_says_where() {
    for (toml, env, complaint) in [
        ("enabeld = true", None, "unknown field `enabeld`"),
        ("enabled = 'yes'", None, "invalid type: string"),
        ("enabled", None, "is not a valid configuration"),
        ("[legacy]\noverride = 'x'", None, "unknown field `override`"),
        ("", Some(("INTERNAL_EVENTS_STRICT", "maybe")), "INTERNAL_EVENTS_STRICT is `maybe`"),
    ] {
        let env: Vec<_> = env.into_iter().collect();
        let error = settings(toml, &env).expect_err("it is refused");
        assert!(error.contains(complaint), "{error}");
    }
}
