# frozen_string_literal: true

module InternalEvents
  module Testing
    # The time of a test: it stands still, so that no test runs into another week, until somebody
    # travels, here or by changing what `Time.now` says.
    class Clock
      # Seconds that the clock on the wall may be corrected by while a test runs.
      CORRECTION = 2

      def initialize(at = nil)
        @now = at && to_time(at)
        @started = @now || Time.now
        @monotonic = monotonic
      end

      # The time at which what happens now happens.
      def now
        return @now if @now

        wall = Time.now
        passed = monotonic - @monotonic
        (wall - @started - passed).abs > CORRECTION ? wall : @started
      end

      def now=(time)
        @now = to_time(time)
      end

      private

      # A date stands for its noon in UTC, so that no zone makes another day of it.
      def to_time(time)
        return time if time.is_a?(Time)
        return Time.utc(time.year, time.month, time.day, 12) if time.is_a?(Date) && !time.is_a?(DateTime)

        time.to_time
      end

      def monotonic
        Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end
