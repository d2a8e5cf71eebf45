//! The fields of an event definition.

use super::pattern::{ACTION, MILESTONE, URL};
use super::{Condition, Demand, Shape, Table, optional, past, required};
use crate::rules::{missing_removal_fields, unexpected_removal_fields};

const TIERS: Shape = Shape::Set(&Shape::OneOf(&["free", "premium", "ultimate"]));

const PROPERTY: Shape =
    Shape::Object(&[required("description", "What the property holds.", Shape::Text)]);

const EXTRA_TRACKER: Shape = Shape::Object(&[
    required("tracking_class", "The class that tracks it as well.", Shape::Text),
    optional(
        "protected_properties",
        "Properties that only this tracker may see.",
        Shape::OrNull(&Shape::MapOf(&PROPERTY)),
    ),
]);

/// Event definitions.
pub(crate) static EVENT: Table = Table {
    noun: "event",
    fields: &[
        required("description", "What happened, when and by whom.", Shape::Text),
        optional(
            "internal_events",
            "Makes the event known to tracking; a definition without it is a legacy one.",
            Shape::True,
        ),
        optional(
            "status",
            "Whether the event is still tracked.",
            Shape::OrNull(&Shape::OneOf(&["active", "removed"])),
        ),
        optional("category", "The category of a legacy event.", Shape::Text),
        required("action", "The unique name of the event.", Shape::Matching(&ACTION)),
        optional("value_type", "Unused.", Shape::OrNull(&Shape::Text)),
        optional("extra_properties", "Unused.", Shape::OrNull(&Shape::AnyMap)),
        optional(
            "identifiers",
            "Who and what a call passes, for people and checks.",
            Shape::OrNull(&Shape::List(&Shape::OneOf(&[
                "project",
                "user",
                "namespace",
                "feature_enabled_by_namespace_ids",
            ]))),
        ),
        optional(
            "additional_properties",
            "The properties a call may pass; all others are left out.",
            Shape::MapOf(&PROPERTY),
        ),
        optional(
            "extra_trackers",
            "Further trackers of this event.",
            Shape::OrNull(&Shape::List(&EXTRA_TRACKER)),
        ),
        optional(
            "classification",
            "`duo` for operational data that flows even when product usage data is off.",
            Shape::OrNull(&Shape::OneOf(&["duo"])),
        ),
        optional("iglu_schema_url", "Unused.", Shape::OrNull(&Shape::Text)),
        required("product_group", "The group that owns the event.", Shape::Text),
        optional(
            "product_categories",
            "The feature categories it belongs to.",
            Shape::OrNull(&Shape::List(&Shape::Text)),
        ),
        required(
            "milestone",
            "The version that introduced it, in quotes.",
            Shape::OrNull(&Shape::Matching(&MILESTONE)),
        ),
        required(
            "introduced_by_url",
            "The merge request that introduced it.",
            Shape::OrNull(&Shape::Matching(&URL)),
        ),
        optional(
            "milestone_removed",
            "The version that removed it, in quotes.",
            Shape::OrNull(&Shape::Matching(&MILESTONE)),
        ),
        optional(
            "removed_by_url",
            "The merge request that removed it.",
            Shape::OrNull(&Shape::Matching(&URL)),
        ),
        required("tiers", "The tiers in which it can happen.", TIERS),
        past("distributions", "`tiers`", Shape::Any),
        past("product_section", "`product_group`", Shape::Any),
        past("product_stage", "`product_group`", Shape::Any),
        past("product_category", "`product_categories`", Shape::Any),
        past("label_description", "`additional_properties`", Shape::Any),
        past("property_description", "`additional_properties`", Shape::Any),
        past("value_description", "`additional_properties`", Shape::Any),
    ],
    conditions: &[
        Condition {
            when: &[("status", &["removed"])],
            then: Demand::Present("milestone_removed"),
            code: missing_removal_fields::CODE,
            help: "say in which version the event was removed",
        },
        Condition {
            when: &[("status", &["removed"])],
            then: Demand::Present("removed_by_url"),
            code: missing_removal_fields::CODE,
            help: "say which merge request removed the event",
        },
        Condition {
            when: &[("status", &["active"])],
            then: Demand::Empty("milestone_removed"),
            code: unexpected_removal_fields::CODE,
            help: "remove the key, or set `status: removed`",
        },
        Condition {
            when: &[("status", &["active"])],
            then: Demand::Empty("removed_by_url"),
            code: unexpected_removal_fields::CODE,
            help: "remove the key, or set `status: removed`",
        },
    ],
};
