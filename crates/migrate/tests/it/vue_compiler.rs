//! Blocks of components, as Vue's own compiler cuts them.

use internal_events_migrate::vue::blocks;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The script, and the packages that it uses.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/npm");

/// Says that a test does not run; where all must run it fails.
fn skip(what: &str, reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what}: {reason}");
    eprintln!("SKIPPED: {what}: {reason}");
}

/// Installs what the lock file says, once; no package runs anything.
fn packages() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vue-oracle");
    let read = |folder: &Path| std::fs::read(folder.join("package-lock.json")).ok();
    if read(&folder) == read(Path::new(SCRIPTS)) {
        return Ok(folder);
    }
    // What is left half done by an npm that was killed must not look whole.
    let unfinished = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&unfinished).map_err(|it| it.to_string())?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(Path::new(SCRIPTS).join(name), unfinished.join(name))
            .map_err(|it| it.to_string())?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    let output = npm.current_dir(&unfinished).output();
    let output = output.map_err(|it| format!("npm cannot be run: {it}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let first = complaint.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
        return Err(format!("npm cannot install the packages: {first}"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    match std::fs::rename(&unfinished, &folder) {
        Err(error) if !folder.is_dir() => Err(format!("they cannot be kept: {error}")),
        _ => Ok(folder),
    }
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(texts).prop_map(str::to_owned)
}

/// A component of some blocks.
fn component() -> impl Strategy<Value = String> {
    let inner = one_of(&[
        "a",
        "é ü 😀",
        "\r\n",
        "<p>a</p>",
        "<br>",
        "<img :src=\"a\" />",
        "{{ a<b }}",
        "{{ a > '</template>' }}",
        "{ { </p >",
        "<template #a=\"{ b }\">c</template>",
        "<template v-if=\"a > b\" />",
        "<a b=\"</template>\" c='{{' @d.e=\"f()\" [g]>h</a>",
        "<!-- </template> {{ -->",
        "<textarea></template></textarea>",
        "<Textarea><b></b></Textarea>",
        "<my-script>a</my-script>",
        "<svg><title>a</title></svg>",
        "a < b && c",
        "&lt;template&gt;",
    ]);
    let template = proptest::collection::vec(inner, 0..6)
        .prop_map(|it| format!("<template>{}</template>", it.concat()));
    let other = one_of(&[
        "<style>a > b {}</style>",
        "<style lang=\"scss\" scoped>\n// </p>\n</style >",
        "<docs># <template>\n</docs>",
        "<i18n lang='json'>{ \"a\": \"<b>\" }</i18n>",
        "<custom />",
        "<!-- <script> -->",
        "\n\n",
        "text & more",
    ])
    .boxed();
    let script = one_of(&[
        "<script>\nlet a = '<b>';\n</script>",
        "<script lang=\"ts\">let a = <T>b;</script>",
        "<script setup>a < b</script\n>",
        "<script></script>",
    ]);
    (other.clone(), template, other.clone(), script, other)
        .prop_map(|(a, b, c, d, e)| [a, b, c, d, e].join("\n"))
}

#[test]
fn blocks_are_those_of_vue_s_compiler() {
    let folder = match packages() {
        Ok(folder) => folder,
        Err(reason) => return skip("blocks of Vue's compiler", &reason),
    };
    // The same components in every run.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = component();
    let texts: Vec<String> =
        (0..300).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let place = folder.join("texts");
    std::fs::create_dir_all(&place).unwrap();
    let mut node = Command::new("node");
    node.arg(Path::new(SCRIPTS).join("blocks.cjs")).arg(&folder);
    for (at, text) in texts.iter().enumerate() {
        let file = place.join(format!("{at}.vue"));
        std::fs::write(&file, text).unwrap();
        node.arg(file);
    }
    let output = node.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), texts.len());
    let mut compared = 0;
    for (line, text) in lines.into_iter().zip(&texts) {
        if line.starts_with("refused") {
            continue;
        }
        let ours = blocks(text).unwrap().into_iter();
        let ours = ours.map(|it| format!("{} {} {}", it.name, it.content.start, it.content.end));
        assert_eq!(ours.collect::<Vec<_>>().join(", "), line, "{text}");
        compared += 1;
    }
    assert!(compared > 200, "only {compared} were compared");
}
