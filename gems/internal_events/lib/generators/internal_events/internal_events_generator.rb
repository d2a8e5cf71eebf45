# frozen_string_literal: true

require "internal_events/generator"

# `bin/rails g internal_events …`, the same as `internal-events generate …`.
class InternalEventsGenerator < Rails::Generators::Base
  extend ::InternalEvents::Generator
end
