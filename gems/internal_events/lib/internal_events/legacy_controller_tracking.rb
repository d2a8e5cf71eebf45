# frozen_string_literal: true

require "securerandom"
require_relative "legacy"

module InternalEvents
  # The macro of controllers from before internal events, so that a code base may be migrated
  # controller by controller.
  module LegacyControllerTracking
    # What a browser is known by that has not signed in.
    COOKIE = :visitor_id
    MONTHS = 24

    # What a controller class can say.
    module ClassMethods
      # Counts who saw a page, or sends an event to analytics, after each of the named actions.
      #
      # @param actions [Array<Symbol>] the actions
      # @param name [String] the legacy event
      # @param destinations [Array<Symbol>] `:redis_hll`, `:snowplow`
      # @param action [String] the action of the Snowplow event
      # @param label [String] the label of the Snowplow event
      # @yield [controller] gives what is counted, in place of the visitor
      def track_event(*actions, name:, action: nil, label: nil, conditions: nil, destinations: [:redis_hll], &counted)
        if destinations.include?(:snowplow)
          raise ArgumentError, "action is required when destination is snowplow" if action.nil?
          raise ArgumentError, "label is required when destination is snowplow" if label.nil?
        end
        after_action(only: actions, if: [:trackable_html_request?, *conditions]) do
          InternalEvents.guard(event_name: name) do
            count_visitor(name, &counted) if destinations.include?(:redis_hll)
            send_legacy_event(name, action, label) if destinations.include?(:snowplow)
          end
        end
      end
    end

    private

    def count_visitor(name)
      visitor = block_given? ? yield(self) : cookies[COOKIE] || new_visitor
      Legacy::HLLRedisCounter.track_event(name, values: visitor) if visitor
    end

    # Only who has signed in is given the cookie.
    def new_visitor
      return unless tracked_user

      SecureRandom.uuid.tap { |it| cookies[COOKIE] = { value: it, expires: Time.now + (MONTHS * 30 * 86_400) } }
    end

    def send_legacy_event(name, action, label)
      context = { schema: "iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1",
                  data: { data_source: "redis_hll", event_name: name } }
      given = { namespace: tracking_namespace_source, project: tracking_project_source, user: tracked_user }.compact
      Legacy::Snowplow.event(self.class.to_s, action, property: name, label: label, context: [context], **given)
    end
  end
end
