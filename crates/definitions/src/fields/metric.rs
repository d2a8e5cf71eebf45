//! The fields of a metric definition.

use super::pattern::{CLASS, KEY_PATH, MILESTONE, URL};
use super::{Condition, Demand, Era, Field, Presence, Shape, Table, optional, past, required};
use crate::rules::{
    forbidden_field, legacy_options, missing_field, missing_removal_fields, missing_repair_url,
};

/// One entry of `events`: which events are counted, and how.
const SELECTION_RULE: Shape = Shape::Object(&[
    required("name", "The event's action.", Shape::Text),
    optional(
        "unique",
        "What to count distinctly: `user.id`, `project.id`, `namespace.id` or a property.",
        Shape::Text,
    ),
    optional(
        "filter",
        "Properties that must have exactly these values.",
        Shape::Filter(
            &[
                optional("label", "A built-in text.", Shape::Text),
                optional("property", "A built-in text.", Shape::Text),
                optional("value", "A built-in number.", Shape::Number),
            ],
            &Shape::TextOrNumber,
        ),
    ),
    optional("operator", "What to do instead of counting.", Shape::OneOf(&["total", "sum(value)"])),
]);

const LEGACY_UNIQUE_OPTIONS: Shape =
    Shape::Object(&[required("events", "The legacy events counted.", Shape::List(&Shape::Text))]);

const LEGACY_TOTAL_OPTIONS: Shape = Shape::Object(&[
    required("event", "The legacy event counted.", Shape::Text),
    required("prefix", "The prefix of its key.", Shape::OrNull(&Shape::Text)),
    optional("include_usage_prefix", "Whether its key starts with `USAGE_`.", Shape::Bool),
]);

/// Metric definitions.
pub(crate) static METRIC: Table = Table { noun: "metric", fields: FIELDS, conditions: CONDITIONS };

static FIELDS: &[Field] = &[
    required("key_path", "The unique name of the metric.", Shape::Matching(&KEY_PATH)),
    optional("name", "Unused.", Shape::Text),
    required("description", "What is counted.", Shape::Text),
    required("product_group", "The group that owns the metric.", Shape::Text),
    optional(
        "product_categories",
        "The feature categories it belongs to.",
        Shape::List(&Shape::Text),
    ),
    optional(
        "performance_indicator_type",
        "Which indicators it feeds.",
        Shape::List(&Shape::OneOf(&[
            "gmau",
            "smau",
            "paid_gmau",
            "umau",
            "customer_health_score",
            "devops_report",
            "lighthouse",
            "leading_indicator",
        ])),
    ),
    required(
        "value_type",
        "The type of its value.",
        Shape::OneOf(&["string", "number", "boolean", "object"]),
    ),
    optional("value_json_schema", "Where the schema of an object value is.", Shape::Text),
    required("status", "Whether it is reported.", Shape::OneOf(&["active", "removed", "broken"])),
    required(
        "milestone",
        "The version that introduced it, in quotes.",
        Shape::Matching(&MILESTONE),
    ),
    required("introduced_by_url", "The merge request that introduced it.", Shape::Matching(&URL)),
    optional("repair_issue_url", "The issue to repair a broken metric.", Shape::Matching(&URL)),
    optional(
        "milestone_removed",
        "The version that removed it, in quotes.",
        Shape::Matching(&MILESTONE),
    ),
    optional(
        "removed_by_url",
        "The merge request that removed it.",
        Shape::OrNull(&Shape::Matching(&URL)),
    ),
    required(
        "time_frame",
        "The period it looks at; a list makes one metric of each.",
        Shape::Either(
            &Shape::OneOf(&["7d", "28d", "all", "none"]),
            &Shape::Set(&Shape::OneOf(&["7d", "28d", "all"])),
        ),
    ),
    required(
        "data_source",
        "Where its value comes from.",
        Shape::OneOf(&[
            "database",
            "redis",
            "redis_hll",
            "prometheus",
            "system",
            "license",
            "internal_events",
        ]),
    ),
    required(
        "data_category",
        "How freely it may be reported.",
        Shape::OneOf(&["operational", "optional", "subscription", "standard"]),
    ),
    optional(
        "instrumentation_class",
        "The class that computes it, for older data sources.",
        Shape::Matching(&CLASS),
    ),
    optional("options", "Parameters of older data sources.", Shape::AnyMap),
    Field {
        name: "tiers",
        doc: "The tiers in which it exists.",
        presence: Presence::RequiredUnless("tier"),
        shape: Shape::Set(&Shape::OneOf(&["free", "premium", "ultimate"])),
        era: Era::Today,
    },
    optional("events", "Which events are counted, and how.", Shape::Any),
    past("tier", "`tiers`", Shape::Any),
    past("distribution", "`tiers`", Shape::Any),
    past("product_section", "`product_group`", Shape::Any),
    past("product_stage", "`product_group`", Shape::Any),
    past("product_category", "`product_categories`", Shape::Any),
    past("skip_validation", "nothing", Shape::Any),
];

static CONDITIONS: &[Condition] = &[
    Condition {
        when: &[("status", &["removed"])],
        then: Demand::Present("milestone_removed"),
        code: missing_removal_fields::CODE,
        help: "say in which version the metric was removed",
    },
    Condition {
        when: &[("status", &["removed"])],
        then: Demand::Present("removed_by_url"),
        code: missing_removal_fields::CODE,
        help: "say which merge request removed the metric",
    },
    Condition {
        when: &[("status", &["broken"])],
        then: Demand::Present("repair_issue_url"),
        code: missing_repair_url::CODE,
        help: "say where the repair is discussed, or set `status: active`",
    },
    Condition {
        when: &[("data_source", &["internal_events"])],
        then: Demand::Present("events"),
        code: missing_field::CODE,
        help: "list the events to count: `events: [{name: …}]`",
    },
    Condition {
        when: &[("data_source", &["internal_events"])],
        then: Demand::Shaped("events", Shape::List(&SELECTION_RULE)),
        code: missing_field::CODE,
        help: "",
    },
    Condition {
        when: &[("data_source", &["internal_events"])],
        then: Demand::Absent("instrumentation_class"),
        code: forbidden_field::CODE,
        help: "remove it: `events` says how an internal-events metric is computed",
    },
    Condition {
        when: &[("data_source", &["redis_hll"]), ("instrumentation_class", &["RedisHLLMetric"])],
        then: Demand::Shaped("options", LEGACY_UNIQUE_OPTIONS),
        code: legacy_options::CODE,
        help: "",
    },
    Condition {
        when: &[("data_source", &["redis"]), ("status", &["active", "broken"])],
        then: Demand::Present("options"),
        code: legacy_options::CODE,
        help: "say what is read: `options: {event: …, prefix: …}`",
    },
    Condition {
        when: &[("data_source", &["redis"]), ("status", &["active", "broken"])],
        then: Demand::Shaped("options", LEGACY_TOTAL_OPTIONS),
        code: legacy_options::CODE,
        help: "",
    },
    Condition {
        when: &[("data_source", &["redis"]), ("status", &["active", "broken"])],
        then: Demand::Shaped("instrumentation_class", Shape::OneOf(&["RedisMetric"])),
        code: legacy_options::CODE,
        help: "",
    },
    Condition {
        when: &[("data_source", &["redis"]), ("status", &["active", "broken"])],
        then: Demand::Present("instrumentation_class"),
        code: legacy_options::CODE,
        help: "add `instrumentation_class: RedisMetric`",
    },
];
