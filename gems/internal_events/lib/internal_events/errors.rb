# frozen_string_literal: true

module InternalEvents
  # Everything that goes wrong here.
  Error = Class.new(StandardError)

  # The native part cannot be found or built.
  BuildError = Class.new(Error)

  # Something took longer than it may.
  TimeoutError = Class.new(Error)

  # A call is wrong, and strict mode says so where it is made.
  TrackingError = Class.new(Error)

  # No definition knows the event.
  UnknownEventError = Class.new(TrackingError)

  # The event does not declare a property.
  InvalidPropertyError = Class.new(TrackingError)

  # A property or an identifier is of the wrong type.
  InvalidPropertyTypeError = Class.new(TrackingError)
end
