# frozen_string_literal: true

module InternalEvents
  # One call of `track_event`, with its keywords sorted by what they are.
  #
  # Additional properties may be given as keywords too, if `additional_properties` has none.
  class Call
    # Keywords that are no properties.
    KEYWORDS = %i[user project namespace feature_enabled_by_namespace_ids send_snowplow_event].freeze
    BESIDE = "given beside additional_properties"
    private_constant :KEYWORDS, :BESIDE

    # @return [String] the name of the event
    attr_reader :name

    # @return [Hash] all additional properties, those for extra trackers included
    attr_reader :properties

    # @return [Hash] the keywords without properties, as extra trackers get them
    attr_reader :kwargs

    # @return [Installation::Declared, nil] what the definition declares
    attr_reader :declared

    def initialize(tracker, name, category, properties, kwargs)
      @tracker = tracker
      @name = String === name ? name : name_of(name)
      @category = category
      @declared = tracker.installation.declared(@name)
      @properties = properties_of(properties)
      @kwargs = kwargs
      sort_keywords if kwargs.any? { |key, _| !KEYWORDS.include?(key) }
    end

    # @return [Array] what the native part is given: category, user, project, namespace, properties, circumstances,
    #   and whether it is sent to Snowplow
    def given
      user = identify(:user)
      project = identify(:project)
      namespace = identify(:namespace)
      namespace = identify(:namespace, namespace_of_project) if namespace.nil? && project
      [category, user, project, namespace, public_properties, circumstances, sent?]
    end

    # @return [Boolean] whether analytics are to get the event
    def sent?
      @kwargs.fetch(:send_snowplow_event, true) ? true : false
    end

    # @return [Hash] the properties without those that extra trackers alone see
    def public_properties
      protected_properties = @declared&.protected_properties
      return @properties if protected_properties.nil? || protected_properties.empty?

      @properties.except(*protected_properties, *protected_properties.map(&:to_s))
    end

    private

    def name_of(name)
      raise UnknownEventError, "Unknown event: #{shown(name)}; the name of an event is a String" if @tracker.strict?

      Symbol === name ? name.to_s : "(no String: #{Identifier.class_name(name)})"
    end

    def shown(name)
      Symbol === name || NilClass === name ? name.inspect : "a #{Identifier.class_name(name)}"
    end

    def properties_of(properties)
      return properties if Hash === properties
      return {} if NilClass === properties

      message = "additional_properties should be a Hash, got #{Identifier.class_name(properties)}"
      @tracker.wrong(InvalidPropertyTypeError.new(message), event_name: @name)
      { "(no Hash)": nil }
    end

    # Declared properties move; what else is there becomes a property that nobody declares, which is counted.
    def sort_keywords
      lifts = @properties.empty?
      lifted, @kwargs = @kwargs.partition { |key, _| !KEYWORDS.include?(key) }.map(&:to_h)
      lifted = lifted.transform_keys { |key| declared?(key) ? :"#{key} (#{BESIDE})" : key } unless lifts
      @properties = @properties.merge(lifted)
    end

    def declared?(key)
      @declared && (@declared.properties.include?(key) || @declared.protected_properties.include?(key))
    end

    def category
      return @category if String === @category || NilClass === @category

      @category.to_s
    rescue StandardError => error
      @tracker.wrong(error, event_name: @name)
      nil
    end

    def identify(key, value = @kwargs[key])
      Identifier.of(value)
    rescue StandardError, SystemStackError => error
      error = InvalidPropertyTypeError.new("#{key} #{error.message}") if error.instance_of?(InvalidPropertyTypeError)
      @tracker.wrong(error, event_name: @name)
      nil
    end

    def namespace_of_project
      project = @kwargs[:project]
      project.namespace if project.respond_to?(:namespace)
    rescue StandardError, SystemStackError => error
      @tracker.wrong(error, event_name: @name)
      nil
    end

    def circumstances
      features = @kwargs[:feature_enabled_by_namespace_ids]
      return nil if features.nil? && !(sent? && @tracker.tells_circumstances?)

      { "feature_enabled_by_namespace_ids" => features && ids(features) }.compact.merge(more_circumstances)
    rescue StandardError, SystemStackError => error
      @tracker.wrong(error, event_name: @name)
      nil
    end

    def ids(features)
      features.is_a?(Array) ? "[#{features.join(",")}]" : features
    end

    def more_circumstances
      return {} unless sent? && @tracker.tells_circumstances?

      user, namespace = @kwargs.values_at(:user, :namespace)
      namespace ||= namespace_of_project
      more = InternalEvents.configuration.context&.call
      {
        "user_type" => (user.user_type if user.respond_to?(:user_type)),
        "ultimate_parent_namespace_id" => (namespace.root_ancestor&.id if namespace.respond_to?(:root_ancestor))
      }.compact.merge(more.to_h.transform_keys(&:to_s))
    end
  end
end
