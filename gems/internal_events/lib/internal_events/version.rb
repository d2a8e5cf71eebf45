# frozen_string_literal: true

module InternalEvents
  # The version of the gem, which is that of the whole project.
  VERSION = "0.1.0"
end
