# frozen_string_literal: true

module InternalEvents
  # One call of `track_event`, put in order: its keywords sorted by what they are, its texts in UTF-8.
  #
  # Most calls are in order, and the native part takes them without one of these. Additional properties may be given as
  # keywords too, if `additional_properties` has none.
  class Call
    # Keywords that are no properties.
    KEYWORDS = Native::KEYWORDS.to_h { |it| [it, true] }.freeze
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

    # @return [Array] the arguments of the same call, in order: name, category, properties, keywords
    def sorted
      @sorted ||= [name, category, public_properties, kwargs]
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
  end
end
