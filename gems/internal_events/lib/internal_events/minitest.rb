# frozen_string_literal: true

require "minitest"
require "internal_events/testing"

module InternalEvents
  # Assertions for Minitest, and thus for `ActiveSupport::TestCase`. Each test has a tracker of its
  # own; a class that says `self.internal_events = false` uses the configured tracker.
  #
  # The tracker is one for the whole process: tests in parallel processes are apart from each other,
  # tests in parallel threads are not.
  module Minitest
    module Lifecycle
      def before_setup
        Testing.start if isolates_internal_events?
        super
      end

      def after_teardown
        super
      ensure
        Testing.stop if isolates_internal_events?
      end

      private

      def isolates_internal_events?
        self.class.internal_events != false
      end
    end

    # Whether the tests of a class have a tracker of their own; subclasses are as their parent.
    module ClassMethods
      attr_writer :internal_events

      def internal_events
        return @internal_events if defined?(@internal_events)

        superclass.respond_to?(:internal_events) ? superclass.internal_events : true
      end
    end

    # Expects that a block triggers an event, `times: 1` unless said otherwise.
    #
    #   assert_triggers_internal_event("create_order", user: user) { order }
    #
    # @param name [String] the event
    # @param times [Integer, Range] how often: `2`, `(1..)`, `(..3)`
    # @param expected what it has: see {Testing::TriggerInternalEvents#with}
    def assert_triggers_internal_event(name, times: 1, **expected, &block)
      matcher = Testing::TriggerInternalEvents.new(name)
      matcher.with(expected) unless expected.empty?
      count_internal_events(matcher, times)
      internal_events_hold(matcher, &block)
    end

    # Expects that a block triggers several events, each once.
    def assert_triggers_internal_events(*names, &block)
      internal_events_hold(Testing::TriggerInternalEvents.new(*names), &block)
    end

    # Expects that a block does not trigger some events.
    def refute_triggers_internal_events(*names, &block)
      internal_events_fail(Testing::TriggerInternalEvents.new(*names), &block)
    end
    alias refute_triggers_internal_event refute_triggers_internal_events

    # Expects that a click on an element of rendered HTML triggers an event.
    def assert_triggers_internal_event_on_click(html, name, **additional_properties)
      matcher = Testing::TriggerInternalEvents.new(name).with(additional_properties: additional_properties).on_click
      assert matcher.matches?(html), -> { matcher.failure_message }
    end

    # Expects that rendered HTML triggers an event as soon as it is there.
    def assert_triggers_internal_event_on_load(html, name, **additional_properties)
      matcher = Testing::TriggerInternalEvents.new(name).with(additional_properties: additional_properties).on_load
      assert matcher.matches?(html), -> { matcher.failure_message }
    end

    # Expects that no element of rendered HTML triggers an event.
    def refute_rendered_internal_events(html)
      matcher = Testing::TriggerInternalEvents.new
      assert matcher.does_not_match?(html), -> { matcher.failure_message_when_negated }
    end

    # Expects that a block moves metrics, each by one unless said otherwise.
    #
    # @param checks any of `by:`, `by_at_least:`, `by_at_most:`, `from:`, `to:`, `as_of:`
    def assert_increments_usage_metrics(*key_paths, **checks, &block)
      matcher = Testing::IncrementUsageMetrics.new(*key_paths)
      checks.each { |chain, value| matcher.public_send(chain, value) }
      internal_events_hold(matcher, &block)
    end

    # Expects that a block leaves metrics as they are.
    def refute_increments_usage_metrics(*key_paths, &block)
      internal_events_fail(Testing::IncrementUsageMetrics.new(*key_paths), &block)
    end

    # The value of a metric, as if the running week were complete, or on a given day.
    def usage_metric(key_path, at: nil)
      Testing.recorder.metric(key_path, at: at)
    end

    private

    def count_internal_events(matcher, times)
      return matcher.exactly(times) if times.is_a?(Integer)

      raise ArgumentError, "`times:` is 2, (1..) or (..3), not #{times.inspect}" unless times.is_a?(Range)
      raise ArgumentError, "`times:` has one end: (1..) or (..3)" if times.begin && times.end

      times.end ? matcher.at_most(times.end) : matcher.at_least(times.begin)
    end

    def internal_events_hold(matcher, &block)
      raise ArgumentError, "this assertion wants a block" unless block

      assert matcher.matches?(block), -> { matcher.failure_message }
    end

    def internal_events_fail(matcher, &block)
      raise ArgumentError, "this assertion wants a block" unless block

      assert matcher.does_not_match?(block), -> { matcher.failure_message_when_negated }
    end
  end
end

Minitest::Test.prepend InternalEvents::Minitest::Lifecycle
Minitest::Test.include InternalEvents::Minitest
Minitest::Test.extend InternalEvents::Minitest::ClassMethods
