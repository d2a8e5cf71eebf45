# frozen_string_literal: true

require "json"
require "internal_events/testing/values"

module InternalEvents
  module Testing
    # An event that was accepted, as it stands in the journal.
    class TrackedEvent
      # The category that events without one have in analytics.
      DEFAULT_CATEGORY = "InternalEventTracking"

      # What an event can be expected to have.
      KEYS = %i[user project namespace category feature_enabled_by_namespace_ids additional_properties].freeze

      IDS = %i[user project namespace].freeze

      def initialize(entry, tracker)
        @entry = entry
        @event = entry.fetch("event")
        @tracker = tracker
      end

      def sequence = @entry.fetch("sequence")
      def name = @event["event"] || snowplow["se_ac"]
      def user = @event["user"]
      def project = @event["project"]
      def namespace = @event["namespace"]
      def category = @event["category"] || DEFAULT_CATEGORY
      def additional_properties = (@event["properties"] || {}).transform_keys(&:to_sym)
      def feature_enabled_by_namespace_ids = standard_context["feature_enabled_by_namespace_ids"]

      # The counters that it moved: `{"key", "kind", …}`.
      def updates = @entry.fetch("updates")

      # Whether `track_event` was called for it, and no call from before internal events.
      def internal? = @event.key?("event") && !@event.key?("call")

      # The parameters that are sent to Snowplow for it; none if nothing is sent.
      def snowplow = @snowplow ||= @tracker.snowplow(sequence) || {}

      # In what it is not as expected, in words.
      # @param expected [Hash] some of {KEYS}
      # @return [Array<String>]
      def differences(expected)
        expected.filter_map do |key, wanted|
          found = public_send(key)
          fits = IDS.include?(key) ? Values.match_id?(wanted, found) : Values.match?(wanted, found)
          "#{key} is #{Values.show(found)}, not #{Values.show(Values.id(wanted))}" unless fits
        end
      end

      # How it would be written as a call.
      def to_s
        Values.call(name, { user: user, project: project, namespace: namespace, category: @event["category"],
                            additional_properties: additional_properties })
      end

      # The arguments that make this event once more.
      def arguments
        { user: user, project: project, namespace: namespace, category: @event["category"] }.compact
          .merge(additional_properties: additional_properties)
      end

      private

      def standard_context
        contexts = JSON.parse(snowplow.fetch("cx", "").unpack1("m").then { |it| it.empty? ? '{"data":[]}' : it })
        found = contexts.fetch("data").find { |it| it["schema"].include?("/gitlab_standard/") }
        found ? found.fetch("data") : {}
      end
    end
  end
end
