# frozen_string_literal: true

module InternalEvents
  # Who or what an event is about: a record with an id, or the id itself.
  module Identifier
    CLASS_OF = Kernel.instance_method(:class)
    private_constant :CLASS_OF

    class << self
      # @param value [#id, Integer, String, nil]
      # @return [Integer, String, nil] the id; nil for what has none yet
      # @raise [InvalidPropertyTypeError] for what can have none
      def of(value)
        case value
        when nil, Integer then return value
        when String then return text(value)
        end
        case id = value.id
        when nil, Integer then return id
        when String then return text(id)
        end

        raise InvalidPropertyTypeError, "should have an id that is an Integer or a String, got #{class_name(id)} " \
                                        "of a #{class_name(value)}"
      rescue NoMethodError => error
        raise unless error.name == :id

        raise InvalidPropertyTypeError, "should be an id, or have one, got #{class_name(value)}"
      end

      # @api private
      # @return [String] the class of anything, even of a BasicObject
      def class_name(value)
        CLASS_OF.bind_call(value).to_s
      end

      private

      def text(id)
        return id if id.valid_encoding?

        raise InvalidPropertyTypeError, "should be an id, got text that is no valid #{id.encoding}"
      end
    end
  end
end
