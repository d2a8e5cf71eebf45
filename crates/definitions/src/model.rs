//! What a file says, as far as it could be understood, with the nodes that say it.
//!
//! Rules read these instead of the bare tree; [`Definitions`](internal_events_catalog::Definitions)
//! are made from them.

use crate::file::{File, Place};
use crate::yaml::{Data, Entry, Node, Text};
use internal_events_catalog::{
    Aggregate, DataSource, EventDefinition, ExtraTracker, LegacyOptions, MetricDefinition,
    MetricStatus, Operator, RESERVED_PROPERTIES, Scalar, SelectionRule, SetOperator, TimeFrame,
};

/// An event file.
#[derive(Debug)]
pub(crate) struct Event<'n> {
    pub(crate) file: &'n File<'n>,
    pub(crate) node: &'n Node<'n>,
    pub(crate) action: Option<&'n str>,
    pub(crate) is_internal: bool,
    /// Whether it is kept for the record only.
    pub(crate) is_removed: bool,
}

impl<'n> Event<'n> {
    /// Understands a file of `config/events`, if it is a mapping.
    pub(crate) fn new(file: &'n File<'n>) -> Option<Self> {
        let node = file.mapping()?;
        let is_internal = node
            .get("internal_events")
            .and_then(Node::scalar)
            .is_some_and(|it| it.value() == Scalar::Bool(true));
        let is_removed = file.place == Place::RemovedEvent;
        Some(Self { file, node, action: text(node, "action"), is_internal, is_removed })
    }

    pub(crate) fn category(&self) -> Option<&'n str> {
        text(self.node, "category")
    }

    /// The identifiers it is documented to carry.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = &'n str> + use<'n> {
        items(self.node, "identifiers").iter().filter_map(Node::as_str)
    }

    /// The declared additional properties, those with reserved names included.
    pub(crate) fn properties(&self) -> &'n [Entry<'n>] {
        self.node.get("additional_properties").map_or(&[], Node::entries)
    }

    /// The properties only extra trackers may see.
    pub(crate) fn protected_properties(&self) -> impl Iterator<Item = &'n Entry<'n>> + use<'n> {
        items(self.node, "extra_trackers").iter().flat_map(protected)
    }

    /// The extra trackers that name a class.
    fn extra_trackers(&self) -> impl Iterator<Item = ExtraTracker> + use<'n> {
        items(self.node, "extra_trackers").iter().filter_map(|it| {
            let class = text(it, "tracking_class")?.to_owned();
            let names = protected(it).iter().map(|it| it.key.clone().into_owned());
            Some(ExtraTracker { class, protected_properties: names.collect() })
        })
    }

    /// Whether a selection rule may look at a property.
    pub(crate) fn declares(&self, property: &str) -> bool {
        self.properties().iter().any(|it| it.key == property)
            && !RESERVED_PROPERTIES.contains(&property)
    }

    /// The definition for the catalog; `None` without an action.
    pub(crate) fn definition(&self) -> Option<EventDefinition> {
        let names = |it: &Entry<'_>| it.key.clone().into_owned();
        let not_reserved = |it: &&Entry<'_>| !RESERVED_PROPERTIES.contains(&it.key.as_ref());
        Some(EventDefinition {
            action: self.action?.to_owned(),
            description: description(self.node),
            internal: self.is_internal,
            category: self.category().map(str::to_owned),
            identifiers: self.identifiers().map(str::to_owned).collect(),
            properties: self.properties().iter().filter(not_reserved).map(names).collect(),
            protected_properties: self.protected_properties().map(names).collect(),
            extra_trackers: self.extra_trackers().collect(),
            is_duo: text(self.node, "classification") == Some("duo"),
            path: self.file.path.to_owned(),
        })
    }
}

/// The properties that one extra tracker alone may see.
fn protected<'n>(tracker: &'n Node<'n>) -> &'n [Entry<'n>] {
    tracker.get("protected_properties").map_or(&[], Node::entries)
}

/// A metric file.
#[derive(Debug)]
pub(crate) struct Metric<'n> {
    pub(crate) file: &'n File<'n>,
    pub(crate) node: &'n Node<'n>,
    pub(crate) key_path: Option<&'n str>,
    pub(crate) data_source: Option<DataSource>,
    pub(crate) status: Option<MetricStatus>,
    pub(crate) rules: Vec<Rule<'n>>,
}

impl<'n> Metric<'n> {
    /// Understands a file of `config/metrics`, if it is a mapping and no aggregate.
    pub(crate) fn new(file: &'n File<'n>) -> Option<Self> {
        let node = file.mapping().filter(|_| file.place == Place::Metric)?;
        Some(Self {
            file,
            node,
            key_path: text(node, "key_path"),
            data_source: text(node, "data_source").and_then(DataSource::parse),
            status: text(node, "status").and_then(MetricStatus::parse),
            rules: items(node, "events").iter().map(Rule::new).collect(),
        })
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.status == Some(MetricStatus::Removed)
    }

    pub(crate) fn is_internal(&self) -> bool {
        self.data_source == Some(DataSource::InternalEvents)
    }

    /// Its time frames with their nodes, in the order of the file.
    pub(crate) fn time_frames(&self) -> Vec<(TimeFrame, &'n Node<'n>)> {
        let Some(node) = self.node.get("time_frame") else { return Vec::new() };
        let read = |it: &'n Node<'n>| Some((TimeFrame::parse(it.as_str()?)?, it));
        match &node.data {
            Data::List(items) => items.iter().filter_map(read).collect(),
            _ => read(node).into_iter().collect(),
        }
    }

    /// The key path of each time frame: with a suffix where the file has a list of them.
    pub(crate) fn key_paths(&self) -> Vec<(String, TimeFrame)> {
        let Some(stem) = self.key_path else { return Vec::new() };
        let is_list = matches!(self.node.get("time_frame").map(|it| &it.data), Some(Data::List(_)));
        let suffix = |it: TimeFrame| if is_list { it.key_path_suffix() } else { "" };
        let frames = self.time_frames();
        frames.into_iter().map(|(it, _)| (format!("{stem}{}", suffix(it)), it)).collect()
    }

    /// The definitions for the catalog, one per time frame.
    ///
    /// A metric without a key path or data source, or with a selection rule that cannot be read,
    /// has none: half of its rules would give a wrong number.
    pub(crate) fn definitions(&self) -> Vec<MetricDefinition> {
        let Some(data_source) = self.data_source else { return Vec::new() };
        let rules: Option<Vec<_>> = self.rules.iter().map(|it| it.selection.clone()).collect();
        let Some(rules) = rules else { return Vec::new() };
        let metric = |(key_path, time_frame)| MetricDefinition {
            key_path,
            time_frame,
            description: description(self.node),
            data_source,
            status: self.status.unwrap_or(MetricStatus::Active),
            rules: rules.clone(),
            legacy: self.legacy_options(),
            instrumentation_class: text(self.node, "instrumentation_class").map(str::to_owned),
            path: self.file.path.to_owned(),
        };
        self.key_paths().into_iter().map(metric).collect()
    }

    fn legacy_options(&self) -> LegacyOptions {
        let Some(options) = self.node.get("options") else { return LegacyOptions::default() };
        let listed = items(options, "events").iter().filter_map(Node::as_str);
        let flag = options.get("include_usage_prefix").and_then(Node::scalar);
        LegacyOptions {
            events: listed.chain(text(options, "event")).map(str::to_owned).collect(),
            prefix: text(options, "prefix").map(str::to_owned),
            include_usage_prefix: match flag.map(Text::value) {
                Some(Scalar::Bool(it)) => Some(it),
                _ => None,
            },
            aggregate: options.get("aggregate").map(|it| Aggregate {
                operator: text(it, "operator").map_or(SetOperator::Or, SetOperator::parse),
                attribute: text(it, "attribute").map(str::to_owned),
            }),
        }
    }
}

/// One entry of a metric's `events`.
#[derive(Debug)]
pub(crate) struct Rule<'n> {
    pub(crate) node: &'n Node<'n>,
    pub(crate) name: Option<&'n str>,
    pub(crate) unique: Option<&'n str>,
    pub(crate) operator: Option<Operator>,
    /// The rule for the catalog, if every part of it can be read.
    selection: Option<SelectionRule>,
}

impl<'n> Rule<'n> {
    fn new(node: &'n Node<'n>) -> Self {
        let mut rule = Self {
            node,
            name: text(node, "name"),
            unique: text(node, "unique"),
            operator: text(node, "operator").map(Operator::parse),
            selection: None,
        };
        rule.selection = rule.read_selection();
        rule
    }

    /// The pairs of its filter.
    pub(crate) fn filter(&self) -> &'n [Entry<'n>] {
        self.node.get("filter").map_or(&[], Node::entries)
    }

    /// The identifier or property that is counted.
    pub(crate) fn unique_name(&self) -> Option<&'n str> {
        self.unique.map(|it| it.split('.').next().unwrap_or(it))
    }

    /// The node to point at for a key, or the rule itself.
    pub(crate) fn at(&self, key: &str) -> &'n Node<'n> {
        self.node.get(key).unwrap_or(self.node)
    }

    /// The rule for the catalog; `None` if a part of it cannot be read.
    pub(crate) fn selection(&self) -> Option<&SelectionRule> {
        self.selection.as_ref()
    }

    fn read_selection(&self) -> Option<SelectionRule> {
        let is_readable =
            |key: &str| self.node.get(key).is_none_or(|it| it.is_null() || it.as_str().is_some());
        let filter_node = self.node.get("filter");
        let filter_ok =
            filter_node.is_none_or(|it| it.is_null() || matches!(it.data, Data::Map(_)));
        if !is_readable("unique") || !is_readable("operator") || !filter_ok {
            return None;
        }
        let pair = |it: &Entry<'_>| Some((it.key.clone().into_owned(), it.value.scalar()?.value()));
        let mut filter: Vec<_> = self.filter().iter().map(pair).collect::<Option<_>>()?;
        filter.sort_by(|a, b| a.0.cmp(&b.0));
        Some(SelectionRule {
            name: self.name?.to_owned(),
            unique: self.unique.map(str::to_owned),
            filter,
            operator: self.operator.clone(),
        })
    }
}

/// The text of a key.
pub(crate) fn text<'n>(node: &'n Node<'n>, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

/// The items of a list under a key.
pub(crate) fn items<'n>(node: &'n Node<'n>, key: &str) -> &'n [Node<'n>] {
    node.get(key).map_or(&[], Node::items)
}

fn description(node: &Node<'_>) -> String {
    node.get("description").and_then(Node::as_str).unwrap_or_default().to_owned()
}
