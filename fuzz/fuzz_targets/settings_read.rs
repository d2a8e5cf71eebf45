//! Whatever stands in the settings, they are read or refused with a reason.

#![no_main]

use internal_events_installation::Installation;
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = std::env::temp_dir().join(format!("internal-events-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&root).expect("a directory");
    root
});

fuzz_target!(|bytes: &[u8]| {
    // The first line is what a variable of the environment says, the rest is the file.
    let end = bytes.iter().position(|it| *it == b'\n').unwrap_or(0);
    let (variable, file) = bytes.split_at(end);
    // Names of other files in it must not lead out of the directory to something endless.
    if file.windows(2).any(|it| it == b"..") || file.contains(&b'/') || file.contains(&b'\\') {
        return;
    }
    std::fs::write(ROOT.join("internal-events.toml"), file).expect("it is written");
    let variable = String::from_utf8_lossy(variable).into_owned();
    let env = |name: &str| name.starts_with("INTERNAL_EVENTS_C").then(|| variable.clone());
    if let Err(error) = Installation::open(&*ROOT, env) {
        assert!(!error.to_string().is_empty(), "an error has a reason");
    }
});
