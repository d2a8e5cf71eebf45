# frozen_string_literal: true

require "date"
require "internal_events"
require "internal_events/testing/clock"
require "internal_events/testing/recorder"
require "internal_events/testing/trigger_internal_events"
require "internal_events/testing/increment_usage_metrics"

module InternalEvents
  # Tools to test instrumentation with, whatever the framework: `internal_events/rspec` and
  # `internal_events/minitest` stand on them.
  #
  # A test has a tracker of its own, in memory and strict. Nothing is stubbed: the real call is
  # validated, routed and counted by the core, and then asked what happened.
  module Testing
    # No test has begun, so there is no tracker to ask.
    class NotStarted < Error
      def initialize
        super('no test of internal events has begun: require "internal_events/rspec" or ' \
              '"internal_events/minitest", or put the code into InternalEvents::Testing.isolate { … }')
      end
    end

    @recorders = []

    class << self
      # Gives whatever follows a tracker of its own, until `stop`. Calls may be nested.
      #
      # @param at [Time, nil] when it is; without it, now, by a clock that stands still
      def start(at: nil)
        recorder = Recorder.new(InternalEvents.installation, Clock.new(at))
        @recorders.push(recorder)
        InternalEvents.tracker = recorder.tracker
        recorder
      end

      # Goes back to the tracker from before.
      def stop
        ended = @recorders.pop or raise NotStarted
        InternalEvents.tracker = @recorders.last&.tracker
        ended.close
        nil
      end

      # Runs a block with a tracker of its own.
      def isolate(at: nil)
        start(at: at)
        yield recorder
      ensure
        stop
      end

      # What the running test has tracked.
      # @return [Recorder]
      def recorder
        @recorders.last or raise NotStarted
      end

      # Moves the clock of the running test; with a block, only for that block.
      #
      # `travel_to` of Rails and other changes of `Time.now` are followed by themselves.
      def travel_to(time)
        clock = recorder.clock
        before = clock.now
        clock.now = time
        return time unless block_given?

        begin
          yield
        ensure
          clock.now = before
        end
      end
    end
  end
end
