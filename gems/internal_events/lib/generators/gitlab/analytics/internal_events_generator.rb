# frozen_string_literal: true

require "internal_events/generator"

module Gitlab
  module Analytics
    # `bin/rails g gitlab:analytics:internal_events …`, as GitLab's guide has it.
    class InternalEventsGenerator < Rails::Generators::Base
      extend ::InternalEvents::Generator
    end
  end
end
