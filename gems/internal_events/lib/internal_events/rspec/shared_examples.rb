# frozen_string_literal: true

module InternalEvents
  module RSpec
    # What the shared examples read of the group that includes them.
    module Described
      KEYS = %i[user project namespace category feature_enabled_by_namespace_ids].freeze

      module_function

      # What the group says of the event, by its `let`s.
      def expected(example)
        given = KEYS.select { |it| example.respond_to?(it, true) }.to_h { |it| [it, example.send(it)] }.compact
        given[:category] ||= Testing::TrackedEvent::DEFAULT_CATEGORY
        given[:additional_properties] = properties(example)
        overrides = example.respond_to?(:event_attribute_overrides, true) ? example.send(:event_attribute_overrides) : {}
        given.merge(overrides)
      end

      def properties(example)
        return example.send(:additional_properties) || {} if example.respond_to?(:additional_properties, true)

        %i[label property value].select { |it| example.respond_to?(it, true) }
                                .to_h { |it| [it, example.send(it)] }.compact
      end

      # The metrics that go up by one with this event: those with a rule whose identifier is given.
      def metrics(event, expected)
        installation = Testing.recorder.installation
        installation.metrics_of(event).select do |key_path|
          rules = installation.metric(key_path).fetch("rules").select { |it| it["name"] == event }
          refuse_filter(key_path) if rules.any? { |it| !(it["filter"] || {}).empty? }
          rules.any? { |it| it["operator"].nil? && identifier?(it["unique"], expected) }
        end
      end

      def identifier?(unique, expected)
        return true if unique.nil?

        name = unique.split(".").first.to_sym
        !(expected[name] || expected[:additional_properties][name]).nil?
      end

      def refuse_filter(key_path)
        raise ArgumentError, "#{key_path} counts the event only with certain properties, which 'internal event " \
                             "tracking' cannot know: use trigger_internal_events and increment_usage_metrics"
      end
    end
  end
end

# Requires `subject` and `event`; takes `user`, `project`, `namespace`, `category`,
# `feature_enabled_by_namespace_ids`, `additional_properties` or `label`, `property`, `value`, and
# `event_attribute_overrides`.
RSpec.shared_examples "internal event tracking" do
  it "triggers the event and moves all of its metrics" do
    expected = InternalEvents::RSpec::Described.expected(self)
    metrics = InternalEvents::RSpec::Described.metrics(event, expected)
    triggers = trigger_internal_events(event).with(expected)

    expect { subject }.to metrics.empty? ? triggers : triggers.and(increment_usage_metrics(*metrics))
  end
end

# Requires `subject`; without `event`, no event at all may be triggered.
RSpec.shared_examples "internal event not tracked" do
  it "triggers no such event" do
    triggered = InternalEvents::Testing.recorder.during { subject }.select(&:internal?).map(&:name)
    meant = respond_to?(:event, true) ? triggered.select { |it| it == event.to_s } : triggered

    expect(meant).to be_empty, "expected #{respond_to?(:event, true) ? event : 'no event'} not to be triggered, " \
                               "but triggered were: #{triggered.join(', ')}"
  end
end

# Requires, besides what 'internal event tracking' does, `migrated_metrics`, `previous_event_name` and
# `previous_event_value`: that the counts go on under the key from before.
RSpec.shared_examples "migrated internal event" do
  include_examples "internal event tracking"

  context "with the counters from before", :aggregate_failures do
    # Some day in week 2020-23, so that keys are known.
    let(:some_day) { Time.utc(2020, 6, 1, 12) }
    let(:previous_key) { "{hll_counters}_#{previous_event_name}-2020-23" }

    it "counts the same values under the same key" do
      InternalEvents::Testing.travel_to(some_day)
      updates = InternalEvents::Testing.recorder.during { subject }.flat_map(&:updates)
      elements = updates.select { |it| it["key"] == previous_key }.map { |it| it["element"] }
      value = InternalEvents::Testing::Values.id(previous_event_value).to_s

      expect(elements).to include(value), "expected #{value} to be counted under #{previous_key}, but counted were " \
                                          "#{updates.map { |it| it.values_at('key', 'element').compact.join(': ') }}"
    end

    it "moves the migrated metrics, which read no other keys" do
      InternalEvents::Testing.travel_to(some_day)

      expect { subject }.to increment_usage_metrics(*migrated_metrics)
      recorder = InternalEvents::Testing.recorder
      migrated_metrics.each do |key_path|
        keys = recorder.keys(key_path)
        expect(keys).to all(start_with("{hll_counters}_#{previous_event_name}-")), "#{key_path} reads #{keys}"
      end
    end
  end
end
