# frozen_string_literal: true

module InternalEvents
  class << self
    # Runs what belongs to tracking and is not the application's own work, such as a condition or what
    # makes properties: an error in it is raised where tracking is strict, and only reported elsewhere.
    #
    # @api private
    def guard(event_name:)
      yield
    rescue StandardError => e
      raise if raises?

      tracker.report(e, event_name: event_name)
    end
  end
end
