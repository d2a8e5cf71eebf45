//! A tree of source files that is the same in every run.

use crate::measure::Random;
use anyhow::Result;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

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

/// What was written.
pub(super) struct Tree {
    n_files: usize,
    bytes: usize,
    pub(super) n_calls: usize,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
impl Tree {
    /// Its size for people.
    pub(super) fn name(&self) -> String {
        format!("{} files, {} MB", self.n_files, self.bytes / 1_000_000)
    }

    /// MB a second, of so many milliseconds for all.
    pub(super) fn rate(&self, millis: f64) -> f64 {
        self.bytes as f64 / 1e3 / millis
    }

    /// The share of each file with a call.
    pub(super) fn each(&self, millis: f64) -> f64 {
        millis / self.n_calls as f64
    }
}

/// Writes a tree; without calls, all else is the same.
pub(super) fn write(root: &Path, n_files: usize, with_calls: bool) -> Result<Tree> {
    let mut random = Random::new(7);
    let mut tree = Tree { n_files, bytes: 0, n_calls: 0 };
    for n in 0..n_files {
        let folder = root.join(format!("app/part_{}", n / IN_FOLDER));
        if n % IN_FOLDER == 0 {
            fs::create_dir_all(&folder)?;
        }
        let kind = kind(random.below(100));
        let has_call = with_calls && n % RARE == 0;
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
