# frozen_string_literal: true

module InternalEvents
  # Code of the application that is told of an event too: the `extra_trackers` of its definition, in order.
  #
  # Each gets the keywords of the call, the declared properties, and those that it alone may see.
  module ExtraTrackers
    class << self
      # @param call [Call]
      # @param tracker [Tracker] is told what goes wrong; then the others are told of the event all the same
      def tell(call, tracker)
        first = nil
        call.declared.extra_trackers.each do |class_name, protected_properties|
          tell_one(class_name, call, protected_properties)
        rescue StandardError => error
          first ||= error
          tracker.report(error, event_name: call.name, tracking_class: class_name)
        end
        raise first if first && tracker.strict?
      end

      private

      def tell_one(class_name, call, protected_properties)
        tracking_class = Object.const_get(class_name)
        seen = call.declared.properties + protected_properties
        properties = call.properties.transform_keys(&:to_sym).slice(*seen)
        tracking_class.track_event(call.name, **properties, **call.kwargs.except(:send_snowplow_event))
      end
    end
  end
end
