# frozen_string_literal: true

require "active_support/notifications"

module InternalEvents
  # Tells ActiveSupport of each event, as `track_event.internal_events` with the arguments of the call
  # as its payload. Where nobody listens, a call costs one look-up more.
  module Notifications
    NAME = "track_event.internal_events"

    def track_event(event_name, **arguments)
      return super unless ActiveSupport::Notifications.notifier.listening?(NAME)

      ActiveSupport::Notifications.instrument(NAME, arguments.merge(event_name: event_name)) { super }
    end
  end
end
