# frozen_string_literal: true

module InternalEvents
  class Tracker
    # What a tracker can be asked.
    module Questions
      # @param key_paths [Array<String>] which metrics; all without any
      # @param include_current_week [Boolean] whether the running week counts too
      # @param at [Date, Time, nil] the day to look from, in UTC
      # @return [Hash] `{"version", "at", "metrics" => [{"key_path", "time_frame", "value", …}]}`
      def metrics(*key_paths, include_current_week: false, at: nil)
        key_paths.each { |it| known_metric(it) }
        flush
        JSON.parse(asked { @native.metrics(key_paths.map(&:to_s), include_current_week, day(at)) })
      end

      # @param key_path [String]
      # @return [Integer, Float, Hash, nil] the value of one metric
      # @raise [ArgumentError] if there is no such metric
      def metric(key_path, **options)
        metrics(key_path, **options).fetch("metrics").first.fetch("value")
      end

      # @return [Hash] why a call would, or would not, move which counter
      def explain(event_name, at: nil, category: nil, additional_properties: nil, **kwargs)
        JSON.parse(explanation(event_name, at, category, additional_properties, kwargs).first)
      end

      # @return [String] the same in words
      def explain_text(event_name, at: nil, category: nil, additional_properties: nil, **kwargs)
        explanation(event_name, at, category, additional_properties, kwargs).last
      end

      # @return [Hash] what became of the events of this process, and how the destinations are doing
      def health
        JSON.parse(unforked { @native.health })
      end

      # @param after [Integer] the sequence of an entry
      # @return [Array<Hash>] the entries of the journal after it
      def events(after: 0)
        flush
        JSON.parse(asked { @native.entries(after) })
      end

      # @return [Array<Hash>] what no definition knows
      def quarantined
        flush
        JSON.parse(asked { @native.quarantined })
      end

      # @param sequence [Integer] of an entry
      # @return [Hash{String => String}, nil] the parameters that are sent to Snowplow for it, if any are
      def snowplow(sequence)
        flush
        json = asked { @native.snowplow(sequence) }
        json && JSON.parse(json)
      end

      # How many values the sets of events from before internal events have seen together.
      #
      # @api private
      # @return [Integer, nil] nil if there are no such sets
      def distinct(event_names, property, days)
        flush
        asked { @native.distinct([event_names, property, days.map { |it| day(it) }]) }
      end

      # @return [Time] what the clock of the tracker shows
      def now
        Time.at(0, @native.now, :millisecond).utc
      end

      # Sets the clock of a tracker in memory.
      #
      # @param time [Time]
      def now=(time)
        @native.now = Tracker.milliseconds(time)
      end

      private

      # Asks the native part, which is opened first, while no fork can come in between.
      def asked
        raise Error, "the process is about to fork; ask outside of the handler of a signal" if about_to_fork?

        unforked do
          @native.open
          yield
        end
      end

      def explanation(event_name, at, category, properties, kwargs)
        call = Call.new(self, event_name, category, properties, kwargs)
        @native.explain(day(at), self, *call.sorted)
      end

      def known_metric(key_path)
        return if @installation.metric(key_path)

        similar = @installation.similar_metric(key_path)
        raise ArgumentError, "no metric has the key path `#{key_path}`#{"; did you mean `#{similar}`?" if similar}"
      end

      def day(time)
        return if time.nil?

        time = time.getutc if time.respond_to?(:getutc)
        raise ArgumentError, "a day is a Date or a Time, not a #{time.class}" unless time.respond_to?(:strftime)

        time.strftime("%Y-%m-%d")
      end
    end
  end
end
