# frozen_string_literal: true

require_relative "tracker/callbacks"
require_relative "tracker/life"
require_relative "tracker/questions"

module InternalEvents
  # Takes events and answers for them. All threads of a process share one.
  class Tracker
    include Callbacks
    include Life
    include Questions

    # How many seconds after it could not be opened it is tried again.
    RETRY_AFTER = 1
    # How many seconds lie at least between two lines of the log about the same kind of error.
    SAY_AGAIN_AFTER = 10
    private_constant :RETRY_AFTER, :SAY_AGAIN_AFTER

    # @param installation [Installation]
    # @return [Tracker] one that keeps everything in the data directory of an installation
    def self.durable(installation)
      new(installation, Native::Tracker.durable(installation.native), installation.strict?)
    end

    # For tests: nothing is written anywhere, and time stands still.
    #
    # @param installation [Installation]
    # @param at [Time] what the clock shows
    # @param strict [Boolean] whether wrong calls raise
    # @return [Tracker]
    def self.in_memory(installation: nil, root: nil, at: Time.now, strict: true)
      installation ||= root ? Installation.open(root: root) : InternalEvents.installation
      native = Native::Tracker.in_memory(installation.native, milliseconds(at), strict)
      new(installation, native, strict, in_memory: true)
    end

    # @api private
    def self.milliseconds(time)
      (time.to_r * 1000).floor
    end

    # @return [Installation] by whose definitions events are routed
    attr_reader :installation

    # @api private
    def initialize(installation, native, strict, in_memory: false)
      @installation = installation
      @native = native
      @strict = strict
      @in_memory = in_memory
      @lock = Mutex.new
      @later = Queue.new
      @said = {}
      Life.remember(self) unless in_memory
    end

    # @return [Boolean] whether wrong calls raise
    def strict?
      @strict
    end

    # @return [Boolean] whether it keeps nothing
    def in_memory?
      @in_memory
    end

    # Tracks an event and returns at once; it is durable some milliseconds later.
    #
    # @param event_name [String]
    # @param category [String, nil] where it happened
    # @param additional_properties [Hash] what the definition declares
    # @param kwargs [Hash] `user`, `project` and `namespace` (records or ids), `feature_enabled_by_namespace_ids`,
    #   `send_snowplow_event`; declared properties too, if `additional_properties` is empty
    # @return [nil]
    # @raise [TrackingError] in strict mode, if the call is wrong
    def track_event(event_name, category: nil, additional_properties: nil, **kwargs)
      track(event_name, category, additional_properties, kwargs)
    end

    # @api private
    def track(event_name, category, properties, kwargs)
      answer = @native.track(self, event_name, category, properties, kwargs)
      answer.nil? ? nil : attend(answer, Call.new(self, event_name, category, properties, kwargs))
    rescue StandardError, SystemStackError => error
      raise if @strict || InternalEvents.trap_context?(error)

      report(error, event_name: event_name)
    end

    # Counts values for an event from before internal events.
    #
    # @api private
    def track_unique(event_name, values, property)
      values.each do |value|
        answer = ask { @native.track_unique(event_name, property, value) }
        raise TrackingError, answer if answer.is_a?(String)
      end
      nil
    end

    # Sends an event to analytics alone.
    #
    # @api private
    def hand_on(category, action, properties, contexts, **kwargs)
      call = Call.new(self, action, category, properties, kwargs)
      ask { @native.hand_on(contexts, self, *call.sorted) }
      nil
    end

    # Goes on with an installation that was read again.
    #
    # @api private
    def reload(installation)
      unforked { @native.reload(installation.native) }
      @installation = installation
    end

    # Raises what is wrong with a call in strict mode, and says it else.
    #
    # @api private
    def wrong(error, details)
      raise error if @strict

      report(error, **details)
    end

    # Says an error that must not reach the application.
    #
    # @api private
    # @return [nil]
    def report(error, **details)
      InternalEvents.configuration.on_error&.call(error, details)
      say(:warn, error.class, "#{error.message} (#{error.class}, #{details.map { |name, it| "#{name}: #{shown(it)}" }.join(", ")})")
      nil
    rescue StandardError => second
      warn "internal_events: #{error.class} could not be reported: #{second.class}"
      nil
    end

    private

    # What there is to do about a call, but for most.
    def attend(answer, call)
      answer = @native.track_sorted(self, *call.sorted) if answer == :unsorted
      answer = settle(answer) { @native.track_sorted(self, *call.sorted) }
      raise Refusal.error(call, answer) if String === answer

      declared = call.declared
      ExtraTrackers.tell(call, self) unless declared.nil? || declared.extra_trackers.empty?
      nil
    end

    def ask(&again)
      settle(yield, &again)
    end

    # Asks the native part again, once it is open, if it was not: more than once, if a fork in another thread comes in
    # between.
    def settle(answer, &again)
      while answer == :closed
        return after_the_fork(&again) if about_to_fork?
        return false unless open

        answer = again.call
      end
      say_notices if answer == :notices
      say_carried if answer == :carried
      answer
    end

    # Whether it is open now; if not, an event is counted as lost.
    def open
      if @failed_at && monotonic - @failed_at < RETRY_AFTER
        @native.refuse
        return false
      end
      unforked { @native.open }
      @failed_at = nil
      true
    rescue Error
      @failed_at = monotonic
      @native.refuse
      raise
    end

    def monotonic
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    # What the core says of a tracker in memory is what a test is about, and nothing for its log. A Logger waits for a
    # lock, so in a handler of a signal it is left for the next one who asks. The core says a thing at most every ten
    # seconds, but anew when it was opened anew, as after each fork.
    def say_notices
      return if InternalEvents.handling_signal?

      Native.notices.each { |level, line| say(@in_memory ? :debug : level, line, line) }
    end

    def say_carried
      say(:error, :carried, "this process was forked while handles to its data were open, so it tracks nothing; fork by " \
                            "Process.fork, or call InternalEvents.before_fork first")
    end

    def shown(value)
      String === value ? value : Identifier.class_name(value)
    end

    def say(level, kind, line)
      now = monotonic
      last = @said[kind]
      return if last && now - last < SAY_AGAIN_AFTER

      @said.delete_if { |_, at| now - at >= SAY_AGAIN_AFTER }
      @said[kind] = now
      InternalEvents.configuration.logger.public_send(level, line)
    end
  end
end
