# frozen_string_literal: true

require "active_support/log_subscriber"

module InternalEvents
  # Writes a line for each event to the log, for development.
  class LogSubscriber < ActiveSupport::LogSubscriber
    def track_event(event)
      debug { "  Internal event (#{event.duration.round(3)}ms)  #{shown(event.payload)}" }
    end

    private

    # Records are shown by their ids, as they are counted.
    def shown(payload)
      arguments = payload.except(:event_name, :exception, :exception_object)
      properties = arguments.delete(:additional_properties) || {}
      given = arguments.merge(properties).compact.map { |key, it| "#{key}: #{it.respond_to?(:id) ? it.id : it.inspect}" }
      [payload[:event_name], *given].join(", ")
    end
  end
end
