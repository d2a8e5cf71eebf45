# frozen_string_literal: true

require "date"
require "json"
require "logger"

require_relative "internal_events/version"
require_relative "internal_events/errors"
require_relative "internal_events/native"
require_relative "internal_events/configuration"
require_relative "internal_events/installation"
require_relative "internal_events/identifier"
require_relative "internal_events/call"
require_relative "internal_events/refusal"
require_relative "internal_events/extra_trackers"
require_relative "internal_events/tracker"
require_relative "internal_events/forking"
require_relative "internal_events/current"
require_relative "internal_events/tracking"
require_relative "internal_events/legacy"
require_relative "internal_events/gitlab"
require_relative "internal_events/guard"
require_relative "internal_events/service_tracking"

# Tracks what happens in an application, in process.
#
# @example
#   InternalEvents.track_event("create_order", user: user, project: project)
module InternalEvents
end

require_relative "internal_events/railtie" if defined?(Rails::Railtie)
