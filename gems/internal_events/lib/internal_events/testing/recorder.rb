# frozen_string_literal: true

require "internal_events/testing/tracked_event"

module InternalEvents
  module Testing
    # A strict tracker in memory that is asked what happened.
    class Recorder
      # @return [InternalEvents::Tracker]
      attr_reader :tracker
      # @return [Clock]
      attr_reader :clock
      # @return [InternalEvents::Installation]
      attr_reader :installation

      def initialize(installation, clock)
        @installation = installation
        @clock = clock
        @tracker = Tracker.in_memory(installation: installation, at: clock.now, strict: true)
        @events = []
        @tracker.singleton_class.prepend(follow(clock))
      end

      # The events that a block triggers, in order.
      # @return [Array<TrackedEvent>]
      def during
        seen = events.size
        yield
        events.drop(seen)
      end

      # The same for what a matcher is given.
      # @raise [ArgumentError] if that is no block: a value was made before anybody could look
      def during_expected(block)
        return during(&block) if block.respond_to?(:call)

        raise ArgumentError, "expect a block, so that it can be seen what it triggers: `expect { … }`, not `expect(…)`"
      end

      # The events so far.
      # @return [Array<TrackedEvent>]
      def events
        more = tracker.events(after: @events.last&.sequence || 0)
        @events.concat(more.map { |it| TrackedEvent.new(it, tracker) })
        @events.dup
      end

      # What a metric shows: on a given day, or on the Monday that ends the running week.
      def metric(key_path, at: nil)
        report(key_path, at).fetch("value")
      end

      # The keys that a metric is read from, on the same day.
      def keys(key_path)
        report(key_path, nil).fetch("keys")
      end

      def close
        tracker.close
      end

      private

      def report(key_path, at)
        tracker.flush
        tracker.metrics(key_path, at: at || next_monday).fetch("metrics").first
      end

      def next_monday
        today = clock.now.getutc.to_date
        today + 8 - today.cwday
      end

      # Every call happens when the test says it is.
      def follow(clock)
        Module.new do
          %i[track track_unique hand_on explain explain_text].each do |name|
            define_method(name) do |*args, **options|
              self.now = clock.now
              super(*args, **options)
            end
          end
        end
      end
    end
  end
end
