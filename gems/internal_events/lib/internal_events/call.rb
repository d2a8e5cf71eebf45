# frozen_string_literal: true

module InternalEvents
  # One call of `track_event`, with its keywords sorted by what they are.
  #
  # Additional properties may be given as keywords too, if `additional_properties` has none.
  class Call
    # Keywords that are no properties.
    KEYWORDS = %i[user project namespace feature_enabled_by_namespace_ids send_snowplow_event].to_h { |it| [it, true] }.freeze
    NO_PROPERTIES = {}.freeze
    BESIDE = "given beside additional_properties"
    private_constant :KEYWORDS, :NO_PROPERTIES, :BESIDE

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
      @name = text(String === name ? name : name_of(name))
      @category = category
      @declared = tracker.installation.declared(@name)
      @properties = properties_of(properties)
      @kwargs = kwargs
      kwargs.each_key { |key| break sort_keywords unless KEYWORDS[key] }
    end

    # @return [Array] what the native part is given: category, user, project, namespace, properties, circumstances,
    #   and whether it is sent to Snowplow
    def given
      user = identify(:user, @kwargs[:user])
      project = identify(:project, @kwargs[:project])
      namespace = identify(:namespace, @kwargs[:namespace])
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

    # Names are shown and kept aside, so what is no text in them is replaced.
    def text(name)
      return name if name.valid_encoding? && name.encoding == Encoding::UTF_8

      name.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    end

    def shown(name)
      Symbol === name || NilClass === name ? name.inspect : "a #{Identifier.class_name(name)}"
    end

    def properties_of(properties)
      return properties if Hash === properties
      return NO_PROPERTIES if NilClass === properties

      message = "additional_properties should be a Hash, got #{Identifier.class_name(properties)}"
      @tracker.wrong(InvalidPropertyTypeError.new(message), event_name: @name)
      { "(no Hash)": true }
    end

    # Declared properties move; what else is there becomes a property that nobody declares, which is counted.
    def sort_keywords
      lifts = @properties.empty?
      lifted, @kwargs = @kwargs.partition { |key, _| !KEYWORDS[key] }.map(&:to_h)
      lifted = lifted.transform_keys { |key| declared?(key) ? :"#{key} (#{BESIDE})" : key } unless lifts
      @properties = @properties.merge(lifted)
    end

    def declared?(key)
      @declared && (@declared.properties.include?(key) || @declared.protected_properties.include?(key))
    end

    def category
      NilClass === @category ? nil : text(@category.to_s)
    rescue StandardError => error
      @tracker.wrong(error, event_name: @name)
      nil
    end

    def identify(key, value)
      case value
      when nil, Integer then value
      else Identifier.of(value)
      end
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
      tells = @tracker.tells_circumstances? && sent?
      return if features.nil? && !tells

      circumstances = tells ? more_circumstances : {}
      circumstances["feature_enabled_by_namespace_ids"] = ids(features) if features
      circumstances
    rescue StandardError, SystemStackError => error
      @tracker.wrong(error, event_name: @name)
      nil
    end

    def ids(features)
      features.is_a?(Array) ? "[#{features.join(",")}]" : features
    end

    def more_circumstances
      more = InternalEvents.configuration.context&.call.to_h.transform_keys(&:to_s)
      user = @kwargs[:user]
      namespace = @kwargs[:namespace] || namespace_of_project
      more["user_type"] = user.user_type if user.respond_to?(:user_type)
      more["ultimate_parent_namespace_id"] = namespace.root_ancestor&.id if namespace.respond_to?(:root_ancestor)
      more
    end
  end
end
