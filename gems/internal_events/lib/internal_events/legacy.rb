# frozen_string_literal: true

module InternalEvents
  # The calls from before internal events, over the same core: a code base may be migrated call by call.
  module Legacy
    # `Gitlab::UsageDataCounters::HLLRedisCounter`: sets of values by week.
    module HLLRedisCounter
      class << self
        # Shows values to the set of an event.
        #
        # @param event_name [String, Symbol]
        # @param values [Object, Array] ids, or what has one
        # @param property_name [String, Symbol, nil] what the values are, of an event that is migrated: `user.id`
        # @return [nil]
        def track_event(event_name, values:, property_name: nil, **)
          tracker = InternalEvents.tracker
          ids = Array(values).map { |it| Identifier.of(it) }.compact
          tracker.track_unique(event_name.to_s, ids, property_name&.to_s)
        rescue StandardError => error
          raise if tracker.nil? || tracker.strict?

          tracker.report(error, event_name: event_name)
        end

        # How many values the sets of events have seen together, from the week of one day to that of another.
        #
        # @return [Integer] -1 if there are no such sets
        def unique_events(event_names:, start_date:, end_date:, property_name: nil, **)
          days = weeks(start_date.to_date, end_date.to_date)
          names = Array(event_names).map(&:to_s)
          InternalEvents.tracker.distinct(names, property_name&.to_s, days) || -1
        end

        private

        # A day of each week.
        def weeks(first, last)
          (first..last).select { |it| it == first || it.cwday == 1 }
        end
      end
    end

    # `Gitlab::Tracking`: events for analytics alone, which count nowhere.
    module Snowplow
      class << self
        # Sends an event with the standard context and others, if a destination for them is configured.
        #
        # @param category [String]
        # @param action [String]
        # @param context [Array<#to_json>, nil] further contexts, with `schema` and `data`
        # @return [nil]
        def event(category, action, label: nil, property: nil, value: nil, context: nil, project: nil, user: nil,
          namespace: nil, **extra)
          tracker = InternalEvents.tracker
          properties = { label: label, property: property, value: value, **extra }.compact
          contexts = Array(context).map { |it| JSON.generate(it.respond_to?(:to_json) ? JSON.parse(it.to_json) : it) }
          tracker.hand_on(category.to_s, action.to_s, properties, contexts, project:, user:, namespace:)
        rescue StandardError => error
          raise if tracker.nil? || tracker.strict?

          tracker.report(error, event_name: action)
        end
      end
    end
  end
end
