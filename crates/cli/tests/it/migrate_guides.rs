//! The pairs of GitLab's guides on migrating, by their headings: what is there before becomes what
//! is there afterwards, to the byte, and the known errors of the guides are not repeated.

use crate::{files, run};
use std::path::Path;

/// Which guide, and with it which options give its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guide {
    /// Of 2023: properties go, and Ruby calls the module.
    First,
    /// Of today: properties stay, and Ruby includes the mixin.
    Today,
}

impl Guide {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::First => &["--style", "2023", "--drop-properties"],
            Self::Today => &[],
        }
    }
}

/// A file before and afterwards; none if it is made, or removed.
type File<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// One pair: the heading under which it stands, options besides those of the guide, and files.
struct Pair<'a> {
    guide: Guide,
    heading: &'a str,
    options: &'a [&'a str],
    files: &'a [File<'a>],
}

/// Migrates the files of a pair, looks at each afterwards, and migrates once more.
fn check(pair: &Pair<'_>) {
    let title = format!("{:?}: {}", pair.guide, pair.heading);
    let before: Vec<(&str, &str)> =
        pair.files.iter().filter_map(|it| Some((it.0, it.1?))).collect();
    let root = files(&before);
    let migrate = || {
        let root = root.path().to_str().expect("UTF-8");
        let args = ["migrate", "--root", root, "--write", "--allow-dirty"];
        let run = run(&[&args, pair.guide.options(), pair.options].concat());
        assert_eq!(run.code, Some(0), "{title}:\n{}{}", run.out, run.err);
        run.out
    };
    let first = migrate();
    assert_written(&title, root.path(), pair.files);
    let again = migrate();
    assert!(again.contains(" 0 changed; 0 places "), "{title}:\n{first}\n{again}");
    assert_written(&title, root.path(), pair.files);
}

fn assert_written(title: &str, root: &Path, files: &[File<'_>]) {
    for (path, _, after) in files {
        let written = std::fs::read_to_string(root.join(path)).ok();
        assert_eq!(written.as_deref(), *after, "{title}: {path}");
    }
}

const OVERRIDES: &str = "lib/gitlab/usage_data_counters/hll_redis_key_overrides.yml";
const LEGACY: &str = "lib/gitlab/usage_data_counters/hll_redis_legacy_events.yml";
const MONTHLY: &str =
    "config/metrics/counts_28d/20210216182041_action_monthly_active_users_git_write.yml";
const WEEKLY: &str = "config/metrics/counts_7d/20210216184045_git_write_action_weekly.yml";

/// The metric that the steps for `RedisHLL` are about, of one time frame.
macro_rules! metric {
    ($frame:literal, $counted:literal) => {
        concat!(
            "---\nkey_path: redis_hll_counters.source_code.git_write_action_",
            $frame,
            "\ndescription: Users who wrote to a repository, a wiki or a design\n",
            "product_group: source_code\nvalue_type: number\nstatus: active\nmilestone: '13.9'\n",
            "introduced_by_url: https://example.com/changes/1\ntime_frame: ",
            $frame,
            "\n",
            $counted,
            "data_category: optional\ntiers:\n- free\n- premium\n- ultimate\n"
        )
    };
}

/// What the steps for `RedisHLL` say of a metric.
macro_rules! steps {
    ($frame:literal) => {
        (
            metric!(
                $frame,
                "data_source: redis_hll\ninstrumentation_class: RedisHLLMetric\noptions:\n  events:\n    - git_write_action\n"
            ),
            metric!(
                $frame,
                "data_source: internal_events\nevents:\n  - name: git_write_action\n    unique: user.id\n"
            ),
        )
    };
}

const MONTHLY_STEPS: (&str, &str) = steps!("28d");
const WEEKLY_STEPS: (&str, &str) = steps!("7d");

const FIRST: &[Pair<'_>] = &[
    Pair {
        guide: Guide::First,
        heading: "Migrating from tracking with Snowplow, backend",
        options: &[],
        files: &[(
            "app/a.rb",
            Some(
                "Gitlab::Tracking.event(name, 'ci_templates_unique', namespace: namespace,\n                               project: project, context: [context], user: user, label: label)\n",
            ),
            Some(
                "Gitlab::InternalEvents.track_event('ci_templates_unique', namespace: namespace, project: project, user: user)\n",
            ),
        )],
    },
    Pair {
        guide: Guide::First,
        heading: "Migrating from tracking with Snowplow, frontend: the mixin",
        options: &[],
        files: &[(
            "app/a.vue",
            Some(
                "<script>\nimport Tracking from '~/tracking';\nexport default {\n  mixins: [Tracking.mixin()],\n  methods: {\n    save(options) {\n      this.track('some_label', options)\n    },\n  },\n};\n</script>\n",
            ),
            Some(
                "<script>\nimport { InternalEvents } from '~/tracking';\nexport default {\n  mixins: [InternalEvents.mixin()],\n  methods: {\n    save(options) {\n      this.track_event('some_label')\n    },\n  },\n};\n</script>\n",
            ),
        )],
    },
    Pair {
        guide: Guide::First,
        heading: "Migrating from tracking with Snowplow, frontend: data-track-action",
        options: &[],
        files: &[(
            "app/a.vue",
            Some(
                "<template>\n <gl-button\n  :href=\"diffFile.external_url\"\n  :title=\"externalUrlLabel\"\n  :aria-label=\"externalUrlLabel\"\n  target=\"_blank\"\n  data-track-action=\"click_toggle_external_button\"\n  data-track-label=\"diff_toggle_external_button\"\n  data-track-property=\"diff_toggle_external\"\n  icon=\"external-link\"\n/>\n</template>\n",
            ),
            Some(
                "<template>\n <gl-button\n  :href=\"diffFile.external_url\"\n  :title=\"externalUrlLabel\"\n  :aria-label=\"externalUrlLabel\"\n  target=\"_blank\"\n  data-event-tracking=\"click_toggle_external_button\"\n  icon=\"external-link\"\n/>\n</template>\n",
            ),
        )],
    },
    Pair {
        guide: Guide::First,
        heading: "Migrating from tracking with RedisHLL, backend: steps 1 to 6",
        options: &[],
        files: &[
            (
                "app/a.rb",
                Some(
                    "  Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id)\n",
                ),
                // The guide's name is another, and project and namespace are optional there: whoever
                // has them at hand adds them.
                Some(
                    "  Gitlab::InternalEvents.track_event('git_write_action', user: current_user)\n",
                ),
            ),
            (MONTHLY, Some(MONTHLY_STEPS.0), Some(MONTHLY_STEPS.1)),
            (WEEKLY, Some(WEEKLY_STEPS.0), Some(WEEKLY_STEPS.1)),
            ("config/events/git_write_action.yml", None, Some(GIT_WRITE_ACTION)),
            // The guide forgets both tables.
            (OVERRIDES, None, Some("---\ngit_write_action-user: git_write_action\n")),
            (LEGACY, Some("- git_write_action\n- other\n"), Some("- other\n")),
        ],
    },
    Pair {
        guide: Guide::First,
        heading: "Migrating from tracking with RedisHLL, backend: step 7, the shared example",
        options: &[],
        files: &[("spec/a_spec.rb", Some(EXAMPLE), Some(EXAMPLE_WITHOUT_LABEL))],
    },
    Pair {
        guide: Guide::First,
        heading: "Migrating from tracking with RedisHLL, frontend",
        options: &[],
        files: &[(
            "app/a.js",
            Some("import api from '~/api';\napi.trackRedisHllUserEvent('open_editor');\n"),
            Some(
                "import { InternalEvents } from '~/tracking';\nInternalEvents.track_event('open_editor');\n",
            ),
        )],
    },
];

const GIT_WRITE_ACTION: &str = r#"---
description: "Counted before as: Users who wrote to a repository, a wiki or a design"
internal_events: true
status: active
action: git_write_action
identifiers:
- user
product_group: source_code
milestone: '13.9'
introduced_by_url: https://example.com/changes/1
tiers:
- free
- premium
- ultimate
"#;

const EXAMPLE: &str = "\
it_behaves_like 'Snowplow event tracking' do
  let(:category) { 'projects' }
  let(:action) { 'git_write_action' }
  let(:label) { 'push' }
  subject(:service_action) { service.execute }
end
";

const EXAMPLE_WITHOUT_LABEL: &str = "\
it_behaves_like 'internal event tracking' do
  let(:event) { 'git_write_action' }
  subject(:service_action) { service.execute }
end
";

const TODAY: &[Pair<'_>] = &[
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, backend",
        // The guide drops the context without a word.
        options: &["--drop-context"],
        files: &[(
            "app/a.rb",
            Some(
                "class A\n  def x\n    Gitlab::Tracking.event(name, 'ci_templates_unique', namespace: namespace,\n                               project: project, context: [context], user: user, label: label)\n  end\nend\n",
            ),
            // The guide has one line, which has more than 120 characters.
            Some(
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('ci_templates_unique', namespace: namespace, project: project, user: user,\n                         additional_properties: { label: label })\n  end\nend\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, backend: no property, no argument for them",
        options: &[],
        files: &[(
            "app/a.rb",
            Some(
                "class A\n  def x\n    Gitlab::Tracking.event(name, 'ci_templates_unique', namespace: namespace, user: user)\n  end\nend\n",
            ),
            Some(
                "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('ci_templates_unique', namespace: namespace, user: user)\n  end\nend\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, frontend: the mixin and its category",
        // `options` come from somewhere else; what they say cannot be kept.
        options: &["--drop-properties", "--keep-category"],
        files: &[(
            "app/a.vue",
            Some(
                "<script>\nimport Tracking from '~/tracking';\nexport default {\n  mixins: [Tracking.mixin({ category: 'category' })],\n  methods: {\n    save(options) {\n      this.track('some_label', options)\n    },\n  },\n};\n</script>\n",
            ),
            Some(
                "<script>\nimport { InternalEvents } from '~/tracking';\nexport default {\n  mixins: [InternalEvents.mixin()],\n  methods: {\n    save(options) {\n      this.trackEvent('some_label', {}, 'category')\n    },\n  },\n};\n</script>\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, frontend: properties of the mixin",
        options: &[],
        files: &[(
            "app/a.js",
            Some(
                "import Tracking from '~/tracking';\nexport default {\n  mixins: [Tracking.mixin()],\n  created() {\n    this.track('i_code_review_user_apply_suggestion', { label: 'push_event', property: 'golang', value: 20 });\n  },\n};\n",
            ),
            Some(
                "import { InternalEvents } from '~/tracking';\nexport default {\n  mixins: [InternalEvents.mixin()],\n  created() {\n    this.trackEvent('i_code_review_user_apply_suggestion', { label: 'push_event', property: 'golang', value: 20 });\n  },\n};\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, frontend: raw JavaScript",
        options: &[],
        files: &[(
            "app/a.js",
            Some(
                "import Tracking from '~/tracking';\nTracking.event(undefined, 'i_code_review_user_apply_suggestion', { label: 'push_event', property: 'golang', value: 20 });\n",
            ),
            Some(
                "import { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('i_code_review_user_apply_suggestion', { label: 'push_event', property: 'golang', value: 20 });\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, frontend: data-track-action and its siblings",
        options: &[],
        files: &[(
            "app/a.vue",
            Some(
                "<template>\n <gl-button\n  :href=\"diffFile.external_url\"\n  target=\"_blank\"\n  data-track-action=\"click_toggle_external_button\"\n  data-track-label=\"diff_toggle_external_button\"\n  data-track-property=\"diff_toggle_external\"\n  data-track-value=\"3\"\n  icon=\"external-link\"\n/>\n</template>\n",
            ),
            Some(
                "<template>\n <gl-button\n  :href=\"diffFile.external_url\"\n  target=\"_blank\"\n  data-event-tracking=\"click_toggle_external_button\"\n  data-event-label=\"diff_toggle_external_button\"\n  data-event-property=\"diff_toggle_external\"\n  data-event-value=\"3\"\n  icon=\"external-link\"\n/>\n</template>\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from Snowplow, frontend: custom properties of an element",
        options: &[],
        files: &[(
            "app/a.html",
            Some(
                "<a data-track-action=\"open_page\" data-track-extra='{\"key1\": \"value1\"}'>a</a>\n",
            ),
            Some(
                "<a data-event-tracking=\"open_page\" data-event-additional='{\"key1\": \"value1\"}'>a</a>\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from RedisHLL, backend: steps 1 to 6, 8 and 9",
        options: &[],
        files: &[
            (
                "app/a.rb",
                Some(
                    "class A\n  def x\n    Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id)\n  end\nend\n",
                ),
                Some(
                    "class A\n  include Gitlab::InternalEventsTracking\n\n  def x\n    track_internal_event('git_write_action', user: current_user)\n  end\nend\n",
                ),
            ),
            (MONTHLY, Some(MONTHLY_STEPS.0), Some(MONTHLY_STEPS.1)),
            (WEEKLY, Some(WEEKLY_STEPS.0), Some(WEEKLY_STEPS.1)),
            ("config/events/git_write_action.yml", None, Some(GIT_WRITE_ACTION)),
            // The guide writes quotes around the old key, which are not needed.
            (OVERRIDES, None, Some("---\ngit_write_action-user: git_write_action\n")),
            (LEGACY, Some("- git_write_action\n- other\n"), Some("- other\n")),
        ],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from RedisHLL, backend: a name by the convention, before all steps",
        options: &["--rename", "git_write_action=write_to_repository"],
        files: &[
            (
                "app/a.rb",
                Some(
                    "Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id)\n",
                ),
                Some(
                    "Gitlab::InternalEvents.track_event('write_to_repository', user: current_user)\n",
                ),
            ),
            (
                MONTHLY,
                Some(MONTHLY_STEPS.0),
                Some(metric!(
                    "28d",
                    "data_source: internal_events\nevents:\n  - name: write_to_repository\n    unique: user.id\n"
                )),
            ),
            (OVERRIDES, None, Some("---\nwrite_to_repository-user: git_write_action\n")),
        ],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from RedisHLL, backend: step 7, the shared example",
        options: &[],
        files: &[(
            "spec/a_spec.rb",
            Some(EXAMPLE),
            Some(
                "it_behaves_like 'internal event tracking' do\n  let(:event) { 'git_write_action' }\n  let(:additional_properties) { { label: 'push' } }\n  subject(:service_action) { service.execute }\nend\n",
            ),
        )],
    },
    Pair {
        guide: Guide::Today,
        heading: "Migrating from RedisHLL, frontend",
        options: &[],
        files: &[(
            "app/a.js",
            Some("import api from '~/api';\napi.trackRedisHllUserEvent('open_editor');\n"),
            Some(
                "import { InternalEvents } from '~/tracking';\nInternalEvents.trackEvent('open_editor');\n",
            ),
        )],
    },
];

#[test]
fn the_pairs_of_the_first_guide_hold() {
    FIRST.iter().for_each(check);
}

#[test]
fn the_pairs_of_today_s_guide_hold() {
    TODAY.iter().for_each(check);
}

/// What the guides write where it is wrong, of which guide, and the words of the page about it.
const ERRORS: &[(Guide, &str, &str)] = &[
    (Guide::First, "'action'", "by an event called `action`"),
    (Guide::First, "tract_event", "`InternalEvents.tract_event`"),
    (Guide::First, "project_created", "tracks `project_created`"),
    (Guide::Today, "project_created", "tracks `project_created`"),
    (Guide::Today, "{}, { label", "third argument of `trackEvent`"),
    (Guide::Today, "'action'", "by an event called `action`"),
];

#[test]
fn a_context_is_not_dropped_without_a_word_as_the_guides_do() {
    let context = TODAY.iter().find(|it| it.options == ["--drop-context"]).expect("a pair");
    let (path, before, _) = context.files[0];
    let root = files(&[(path, before.expect("a text"))]);
    let run = run(&["migrate", "--root", root.path().to_str().expect("UTF-8")]);
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(run.out.contains("custom-context"), "{}", run.out);
    assert!(run.out.contains("`--drop-context` does"), "{}", run.out);
}

#[test]
fn known_errors_of_the_guides_are_not_repeated_and_the_page_says_so() {
    const PAGE: &str = include_str!("../../../../docs/migrate.md");
    let (_, section) = PAGE.split_once("## Known errors of the guides\n").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    for (guide, error, words) in ERRORS {
        assert!(section.contains(words), "the page does not say: {words}");
        let of_guide = FIRST.iter().chain(TODAY).filter(|it| it.guide == *guide);
        let texts: Vec<&str> =
            of_guide.flat_map(|it| it.files).filter_map(|(_, _, after)| *after).collect();
        assert!(!texts.is_empty());
        // What the pairs hold is what the program writes.
        assert!(texts.iter().all(|it| !it.contains(error)), "{guide:?}: {error}");
    }
    // Both tables, without which counts would begin anew, are among what the pairs hold.
    for table in [OVERRIDES, LEGACY] {
        let of_first = FIRST.iter().flat_map(|it| it.files);
        assert!(of_first.clone().any(|it| it.0 == table && it.1 != it.2), "{table}");
    }
    assert!(section.contains("so counts begin anew; both are changed here"));
}
