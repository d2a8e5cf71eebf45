# frozen_string_literal: true

module InternalEvents
  # GitLab's names, as far as nobody else has them.
  module GitlabNames
    @taken = []

    class << self
      # @return [Array<String>] names that were there before, and are left alone
      attr_reader :taken

      # Gives something a name below `Gitlab`, unless the name is taken.
      def define(path, value)
        *parents, name = path.split("::")
        parent = parents.inject(Object) { |it, child| child_of(it, child) }
        return take(path) unless parent && !parent.const_defined?(name, false)

        parent.const_set(name, value)
      end

      private

      def child_of(parent, name)
        return unless parent
        return parent.const_set(name, Module.new) unless parent.const_defined?(name, false)

        child = parent.const_get(name, false)
        child if child.is_a?(Module)
      end

      def take(path)
        @taken << path
        InternalEvents.configuration.logger.warn("#{path} exists already, and internal_events leaves it alone")
      end
    end
  end

  # @api private
  # `Gitlab::InternalEvents`
  module GitlabInternalEvents
    extend Entrance

    UnknownEventError = ::InternalEvents::UnknownEventError
    InvalidPropertyError = ::InternalEvents::InvalidPropertyError
    InvalidPropertyTypeError = ::InternalEvents::InvalidPropertyTypeError
  end

  GitlabNames.define("Gitlab::InternalEvents", GitlabInternalEvents)
  GitlabNames.define("Gitlab::InternalEventsTracking", Tracking)
  GitlabNames.define("Gitlab::Tracking", Legacy::Snowplow)
  GitlabNames.define("Gitlab::UsageDataCounters::HLLRedisCounter", Legacy::HLLRedisCounter)
end
