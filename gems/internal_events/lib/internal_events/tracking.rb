# frozen_string_literal: true

# What applications call.
module InternalEvents
  # The calls that are there under two names.
  module Entrance
    # Tracks an event; see {Tracker#track_event}.
    #
    # @return [nil]
    # @raise [TrackingError] in strict mode, if the call is wrong; in production nothing is ever raised
    def track_event(event_name, category: nil, additional_properties: nil, **kwargs)
      InternalEvents.tracker.track(event_name, category, additional_properties, kwargs)
    rescue Error => error
      InternalEvents.not_tracked(error, event_name)
    rescue ThreadError => error
      raise unless InternalEvents.trap_context?(error)

      # A handler of a signal may wait for nothing, so another thread does it.
      Thread.new { InternalEvents.tracker.track(event_name, category, additional_properties, kwargs) }
      nil
    rescue Ractor::IsolationError
      InternalEvents.not_tracked_in_ractor(event_name)
    end

    # The core writes what many calls count at once anyway: this is here for code that says so.
    def with_batched_redis_writes
      yield
    end
  end

  extend Entrance

  class << self
    # @api private
    def trap_context?(error)
      error.is_a?(ThreadError) && error.message.include?("trap context")
    end

    # Whether this is a handler of a signal, which Ruby lets wait for no Mutex.
    #
    # @api private
    def handling_signal?
      Mutex.new.synchronize { false }
    rescue ThreadError
      true
    end

    # Raises in strict mode, and says else, that there is no tracker that could even count a loss.
    #
    # @api private
    def not_tracked(error, event_name)
      raise error if raises?

      complain(error, event_name)
    end

    # A Ractor sees neither the tracker nor the settings, so that it can but say so; the environment decides how.
    #
    # @api private
    def not_tracked_in_ractor(event_name)
      line = "#{event_name} was not tracked: only the main Ractor may track; send it what happened, and track it there"
      raise Error, line if Configuration.new.strict_by_default?

      Ractor.current[:internal_events_warned] ||= warn("internal_events: #{line}") || true
      nil
    end

    private

    def raises?
      strict = (@instead || @tracker || @installation)&.strict?
      strict.nil? ? configuration.strict || configuration.strict_by_default? : strict
    end

    def complain(error, event_name)
      configuration.on_error&.call(error, { event_name: event_name })
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      return if @complained_at && now - @complained_at < 10

      @complained_at = now
      configuration.logger.error("#{event_name} and maybe more was not tracked: #{error.message}")
      nil
    end
  end

  # For classes that track under their own name.
  module Tracking
    # Tracks an event whose category is the name of the class.
    #
    # @param event_name [String]
    # @param event_args [Hash] the keywords of {InternalEvents.track_event}
    # @return [nil]
    def track_internal_event(event_name, event_args = {})
      category = is_a?(Class) ? name : self.class.name
      InternalEvents.track_event(event_name, **{ category: category }.merge(event_args))
    end
  end
end
