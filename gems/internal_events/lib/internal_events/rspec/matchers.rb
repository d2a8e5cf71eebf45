# frozen_string_literal: true

require "rspec/matchers"

module InternalEvents
  # What RSpec sees.
  module RSpec
    # `trigger_internal_events`, `increment_usage_metrics` and their negations, all of which can be
    # combined by `and`.
    module Matchers
      extend ::RSpec::Matchers::DSL

      # Makes a matcher of ours one of RSpec's.
      module Combined
        include ::RSpec::Matchers::Composable
      end

      # Expects that a block triggers events, each exactly once unless chained otherwise; or that
      # rendered HTML triggers one event, `on_click` or `on_load`.
      def trigger_internal_events(*names)
        Testing::TriggerInternalEvents.new(*names).extend(Combined)
      end

      # Expects that a block moves metrics, each by one unless chained otherwise.
      def increment_usage_metrics(*key_paths)
        Testing::IncrementUsageMetrics.new(*key_paths).extend(Combined)
      end

      define_negated_matcher :not_trigger_internal_events, :trigger_internal_events
      define_negated_matcher :not_increment_usage_metrics, :increment_usage_metrics

      # The value of a metric, as if the running week were complete, or on a given day.
      def usage_metric(key_path, at: nil)
        Testing.recorder.metric(key_path, at: at)
      end
    end
  end
end
