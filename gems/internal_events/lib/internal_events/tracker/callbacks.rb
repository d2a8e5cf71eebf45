# frozen_string_literal: true

module InternalEvents
  class Tracker
    # What the native part calls while it makes an event of a call.
    #
    # @api private
    module Callbacks
      # Something that is to be a user, a project or a namespace is none.
      def misidentified(keyword, why, event_name)
        wrong(InvalidPropertyTypeError.new("#{keyword} #{why}"), event_name: event_name)
      end

      # The application raised something when it was asked for an id or a namespace.
      def wrong_in_call(error, event_name)
        wrong(error, event_name: event_name)
      end

      # What analytics are told of a call besides: all there is to tell, or the features only.
      #
      # @return [Hash, nil]
      def circumstances(event_name, kwargs, tells)
        features = kwargs[:feature_enabled_by_namespace_ids]
        circumstances = tells ? more_circumstances(kwargs) : {}
        circumstances["feature_enabled_by_namespace_ids"] = ids(features) unless features.nil?
        circumstances
      rescue StandardError, SystemStackError => error
        wrong(error, event_name: event_name)
        nil
      end

      private

      def ids(features)
        features.is_a?(Array) ? "[#{features.join(",")}]" : features
      end

      def more_circumstances(kwargs)
        more = InternalEvents.configuration.context&.call.to_h.transform_keys(&:to_s)
        user = kwargs[:user]
        more["user_type"] = user.user_type if user.respond_to?(:user_type)
        namespace = kwargs[:namespace] || namespace_of(kwargs[:project])
        more["ultimate_parent_namespace_id"] = namespace.root_ancestor&.id if namespace.respond_to?(:root_ancestor)
        more
      end

      # What a project raises here it has raised before, and that was said.
      def namespace_of(project)
        project.namespace if project.respond_to?(:namespace)
      rescue StandardError, SystemStackError
        nil
      end
    end
  end
end
