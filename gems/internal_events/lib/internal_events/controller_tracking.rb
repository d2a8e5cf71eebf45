# frozen_string_literal: true

require_relative "guard"
require_relative "legacy_controller_tracking"

module InternalEvents
  # Tracks events from controllers, after the action, for pages that people look at.
  #
  #   class DashboardsController < ApplicationController
  #     include ProductAnalyticsTracking
  #
  #     track_internal_event :show, name: "visit_dashboard", conditions: -> { params[:embedded].nil? }
  #
  #     private
  #
  #     def tracking_project_source = @project
  #     def tracking_namespace_source = @project&.namespace
  #   end
  #
  # Only requests for HTML count, and only where the visitor does not send `DNT: 1`.
  module ControllerTracking
    include LegacyControllerTracking

    # What a browser may send for yes.
    TRUTHY = /\A(1|t|true|y|yes|on)\z/i

    def self.included(controller)
      controller.extend(ClassMethods, LegacyControllerTracking::ClassMethods)
    end

    # What a controller class can say.
    module ClassMethods
      # Tracks an event after each of the named actions.
      #
      # @param actions [Array<Symbol>] the actions
      # @param name [String] the event
      # @param conditions [Symbol, Proc, Array, nil] what has to hold besides, as for `after_action`
      # @param additional_properties [Hash, #call, nil] the properties, or what makes them of the controller
      # @param event_args further arguments of `InternalEvents.track_event`
      def track_internal_event(*actions, name:, conditions: nil, additional_properties: nil, **event_args)
        raise ArgumentError, "track_internal_event needs at least one action" if actions.empty?

        conditions = [:trackable_html_request?, *conditions]
        after_action(only: actions, if: conditions) do
          track_internal_event_of_request(name, additional_properties, event_args)
        end
      end
    end

    private

    # Whether this request is one for a page, from somebody who lets us count.
    def trackable_html_request?
      request.format.html? && !request.headers["DNT"].to_s.strip.match?(TRUTHY)
    end

    # The project the page is about; controllers that know one say so.
    def tracking_project_source
      nil
    end

    # The namespace the page is about; without one, that of the project.
    def tracking_namespace_source
      nil
    end

    def tracked_user
      current_user if respond_to?(:current_user, true)
    end

    # The answer is made by now: what is wrong with the tracking is reported and spoils no page,
    # except in development and tests.
    def track_internal_event_of_request(name, properties, event_args)
      InternalEvents.guard(event_name: name) do
        properties = properties.call(self) if properties.respond_to?(:call)
        InternalEvents.track_event(
          name,
          user: tracked_user,
          project: tracking_project_source,
          namespace: tracking_namespace_source,
          **event_args,
          additional_properties: properties.is_a?(Hash) ? properties : {}
        )
      end
    end
  end
end
