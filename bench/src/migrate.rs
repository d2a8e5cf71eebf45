//! Migrating a tree of 16,000 source files, one in a hundred of which has a legacy call, beside
//! walking, reading and scanning the same files.

use crate::Size;
use crate::measure::{Aim, Random, Report, Row, interleave, millis};
use crate::process::{self, Cost, Pinned};
use anyhow::{Context as _, Result, ensure};
use internal_events_migrate::{Language, has_legacy_words};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// One file in so many has a legacy call.
const RARE: usize = 100;

/// A language of the tree: the end of its files, their share in a hundred, a line that means
/// nothing, and a legacy call that can be rewritten in it.
struct Kind {
    end: &'static str,
    share: usize,
    lines: usize,
    head: &'static str,
    line: &'static str,
    call: &'static str,
    tail: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        end: "rb",
        share: 60,
        lines: 90,
        head: "# frozen_string_literal: true\n\nclass ServiceN\n  def execute(user, project)\n",
        line: "    value_N = project.items.where(state: :open).map { |it| it.id + N }\n",
        call: "    Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:event_N, values: user.id)\n",
        tail: "  end\nend\n",
    },
    Kind {
        end: "js",
        share: 20,
        lines: 80,
        head: "import Tracking from '~/tracking';\n\nexport const run = (items) => {\n",
        line: "  const valueN = items.filter((it) => it.id > N).map((it) => `${it.name} N`);\n",
        call: "  Tracking.event('shop', 'event_N', { label: 'some' });\n",
        tail: "};\n",
    },
    Kind {
        end: "vue",
        share: 12,
        lines: 60,
        head: "<template>\n  <div>\n",
        line: "    <span :class=\"{ 'is-open': isOpenN }\" class=\"gl-mr-3\">{{ textN }}</span>\n",
        call: "    <button data-track-action=\"event_N\" data-track-label=\"some\">b</button>\n",
        tail: "  </div>\n</template>\n\n<script>\nexport default { props: {} };\n</script>\n",
    },
    Kind {
        end: "haml",
        share: 8,
        lines: 40,
        head: "- title = _('Some')\n",
        line: ".row{ id: 'row-N' }= link_to _('Text N'), path_N, class: 'btn'\n",
        call: "%button{ data: { track_action: 'event_N', track_label: 'some' } } b\n",
        tail: "",
    },
];

/// Files below one folder.
const IN_FOLDER: usize = 100;

pub(crate) fn run(size: &Size) -> Result<Report> {
    let root = tempfile::tempdir()?;
    let n_files = size.pick(16_000, 400);
    let tree = write(root.path(), n_files)?;
    let (ours, theirs) = (process::program()?, process::ourselves()?);
    let migrate = || {
        let mut command = Command::new(&ours);
        command.args(["migrate", "--format", "json", "--root"]).arg(root.path());
        command
    };
    let floor = || {
        let mut command = Command::new(&theirs);
        command.args(["floor", "migrate"]).arg(root.path());
        command
    };
    expect_rewritten(&mut migrate(), tree.n_calls)?;
    let costs: RefCell<[Vec<f64>; 2]> = RefCell::default();
    let timed = |side: usize, command: &mut Command| -> Result<Cost> {
        let cost = process::run(command)?;
        costs.borrow_mut()[side].push(millis(cost.cpu));
        Ok(cost)
    };
    let one = [*process::processors()?.first().context("no processor to run on")?];
    let walls = interleave(
        size.rounds,
        [
            &mut || {
                let _pinned = Pinned::to(&one)?;
                Ok(millis(timed(0, &mut migrate())?.wall))
            },
            &mut || {
                let _pinned = Pinned::to(&one)?;
                Ok(millis(timed(1, &mut floor())?.wall))
            },
            &mut || Ok(millis(process::run(&mut migrate())?.wall)),
        ],
    )?;
    // The first round of each side only warmed the page cache.
    let cpu = costs.take().map(|it| it[1..].to_vec());
    let mut report = Report::default();
    let aim = Aim::Ratio(1.4);
    let megabytes = tree.bytes / 1_000_000;
    let name = |how: &str| format!("migrate {n_files} files, {megabytes} MB, {how}");
    report.rows.push(Row::beside(name("one core"), "ms", aim, &walls[0], &walls[1]));
    report.rows.push(Row::beside(name("all cores"), "ms", aim, &walls[2], &walls[1]));
    report.rows.push(Row::beside(name("CPU time"), "ms", aim, &cpu[0], &cpu[1]));
    report.peaks.push(("migrate".to_owned(), process::run_for_peak(&mut migrate())?));
    report.peaks.push(("floor".to_owned(), process::run_for_peak(&mut floor())?));
    Ok(report)
}

struct Tree {
    bytes: usize,
    n_calls: usize,
}

/// Writes a tree that is the same in every run.
fn write(root: &Path, n_files: usize) -> Result<Tree> {
    let mut random = Random::new(7);
    let mut tree = Tree { bytes: 0, n_calls: 0 };
    for n in 0..n_files {
        let folder = root.join(format!("app/part_{}", n / IN_FOLDER));
        if n % IN_FOLDER == 0 {
            fs::create_dir_all(&folder)?;
        }
        let kind = kind(random.below(100));
        let has_call = n % RARE == 0;
        tree.n_calls += usize::from(has_call);
        let text = source(kind, n, has_call, &mut random);
        tree.bytes += text.len();
        fs::write(folder.join(format!("file_{n}.{}", kind.end)), text)?;
    }
    Ok(tree)
}

fn kind(mut share: usize) -> &'static Kind {
    for kind in &KINDS {
        if share < kind.share {
            return kind;
        }
        share -= kind.share;
    }
    &KINDS[0]
}

fn source(kind: &Kind, n: usize, has_call: bool, random: &mut Random) -> String {
    let mut text = String::new();
    let is_import = |head: &str| head.starts_with("import");
    let head = match kind.head.split_once("\n\n") {
        // Nobody imports what is not used.
        Some((first, rest)) if is_import(first) && !has_call => rest,
        _ => kind.head,
    };
    text.push_str(&head.replace('N', &n.to_string()));
    let lines = kind.lines / 2 + random.below(kind.lines);
    for at in 0..lines {
        if has_call && at == lines / 2 {
            text.push_str(&kind.call.replace("_N", &format!("_{n}")));
        }
        let _ = write!(text, "{}", kind.line.replace('N', &at.to_string()));
    }
    text.push_str(kind.tail);
    text
}

/// The benchmark measures nothing if nothing is rewritten.
fn expect_rewritten(command: &mut Command, n_calls: usize) -> Result<()> {
    let output = command.output().context("the program does not start")?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let sites = report["sites"].as_array().context("a report has sites")?;
    let rewritten = sites.iter().filter(|it| it["outcome"] == "rewritten").count();
    ensure!(rewritten == n_calls, "{rewritten} of {n_calls} calls can be rewritten");
    Ok(())
}

/// Walks, reads and scans; what nobody can do without who looks for calls.
pub(crate) fn floor(root: &Path) -> Result<()> {
    let mut folders = vec![root.to_owned()];
    let mut n_hits = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(language) = Language::of(&path) {
                n_hits += usize::from(has_legacy_words(language, &fs::read(&path)?));
            }
        }
    }
    ensure!(n_hits > 0, "there was nothing to find");
    Ok(())
}
