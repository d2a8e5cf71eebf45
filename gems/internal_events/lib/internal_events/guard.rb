# frozen_string_literal: true

module InternalEvents
  class << self
    # Runs what belongs to tracking and is not the application's own work, such as a condition or what
    # makes properties: an error in it is raised where tracking is strict, and only reported elsewhere.
    #
    # @api private
    def guard(event_name:)
      yield
    rescue StandardError => error
      in_use(event_name)&.wrong(error, event_name: event_name)
    end

    private

    # The tracker, or nothing if there can be none, which is said.
    def in_use(event_name)
      tracker
    rescue Error => error
      not_tracked(error, event_name)
    end
  end
end
