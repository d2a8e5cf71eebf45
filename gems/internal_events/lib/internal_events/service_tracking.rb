# frozen_string_literal: true

require_relative "guard"

module InternalEvents
  # Tracks events from service objects once `execute` has returned.
  #
  #   class Labels::CreateService
  #     include InternalEvents::ServiceTracking
  #
  #     track_internal_event "label_created", additional_properties: ->(label) { { label: label.color } }
  #     track_internal_event "label_refused", on: :error
  #
  #     def execute = Label.create(…)
  #   end
  #
  # User, project and namespace are found by themselves: `current_user` of the service, and the
  # first value of the result's payload, or the result itself, that has a project or a namespace (or
  # group). The private methods `tracking_user_source`, `tracking_project_source(result)` and
  # `tracking_namespace_source(result)` say otherwise.
  module ServiceTracking
    # One declaration.
    Declaration = Struct.new(:name, :on, :conditions, :additional_properties, keyword_init: true)

    def self.included(service)
      service.extend(ClassMethods)
      wrap(service)
    end

    # What a service class can say.
    module ClassMethods
      # Tracks an event after `execute`.
      #
      # @param name [String] the event
      # @param on [Symbol, Proc] `:success`, `:error`, `:always`, the name of a method of the
      #   service, or a Proc that gets the result
      # @param conditions [Symbol, Proc, Array, nil] what has to hold besides: names of methods, or
      #   Procs that get the service
      # @param additional_properties [Hash, Proc] the properties, or a Proc that gets the result
      def track_internal_event(name, on: :success, conditions: nil, additional_properties: {})
        own_tracking_declarations << Declaration.new(
          name: name, on: on, conditions: [*conditions], additional_properties: additional_properties
        )
      end

      # The declarations of ancestors, then those of this class.
      def tracking_declarations
        inherited = superclass.respond_to?(:tracking_declarations) ? superclass.tracking_declarations : []
        inherited + own_tracking_declarations
      end

      def inherited(subclass)
        super
        ServiceTracking.wrap(subclass)
      end

      private

      attr_reader :own_tracking_declarations
    end

    # Wraps `execute` of a class, for instances of this very class: a subclass has a wrapper of its
    # own, so that an `execute` that calls `super` tracks once.
    def self.wrap(service)
      return if service.instance_variable_defined?(:@own_tracking_declarations)

      service.instance_variable_set(:@own_tracking_declarations, [])
      service.prepend(Module.new do
        define_method(:execute) do |*args, **options, &block|
          result = super(*args, **options, &block)
          track_declared_events(result) if instance_of?(service)
          result
        end
      end)
    end

    private

    def track_declared_events(result)
      self.class.tracking_declarations.each { |it| track_declared_event(it, result) }
    end

    # The service has done its work: what is wrong with the tracking is reported and spoils nothing,
    # except in development and tests.
    def track_declared_event(declaration, result)
      InternalEvents.guard(event_name: declaration.name) do
        next unless tracking_wanted?(declaration.on, result)
        next unless declaration.conditions.all? { |it| tracking_condition?(it) }

        properties = declaration.additional_properties
        properties = properties.call(result) if properties.is_a?(Proc)
        InternalEvents.track_event(
          declaration.name,
          category: self.class.name,
          additional_properties: properties || {},
          user: tracking_user_source,
          project: tracking_project_source(result),
          namespace: tracking_namespace_source(result)
        )
      end
    end

    def tracking_wanted?(on, result)
      case on
      when :always then true
      when :success then tracking_success?(result)
      when :error then !tracking_success?(result)
      when Symbol then send(on)
      when Proc then on.call(result)
      else raise ArgumentError, "`on:` is :success, :error, :always, the name of a method or a Proc, not #{on.inspect}"
      end
    end

    def tracking_condition?(condition)
      case condition
      when Symbol then send(condition)
      when Proc then condition.call(self)
      else raise ArgumentError, "a condition is the name of a method or a Proc, not #{condition.inspect}"
      end
    end

    # A response says so itself, a record is good when it was saved, anything else when it is there.
    def tracking_success?(result)
      return result.success? if result.respond_to?(:success?)
      return result.persisted? if result.respond_to?(:persisted?)
      return result.present? if result.respond_to?(:present?)

      !(result.respond_to?(:empty?) ? result.empty? : result.nil? || result == false)
    end

    def tracking_user_source
      current_user if respond_to?(:current_user, true)
    end

    def tracking_project_source(result)
      tracking_source(result, :project)
    end

    def tracking_namespace_source(result)
      tracking_source(result, :namespace, :group)
    end

    def tracking_source(result, *readers)
      tracking_payload(result).each do |value|
        readers.each do |reader|
          found = value.public_send(reader) if value.respond_to?(reader)
          return found unless found.nil?
        end
      end
      nil
    end

    def tracking_payload(result)
      return [result] unless result.respond_to?(:payload)

      result.payload.is_a?(Hash) ? result.payload.values : []
    end
  end

  GitlabNames.define("Gitlab::InternalEvents::ServiceTracking", ServiceTracking)
end
