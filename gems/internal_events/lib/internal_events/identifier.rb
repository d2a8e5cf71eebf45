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
        Native.identifier(value)
      end

      # @api private
      # @return [String] the class of anything, even of a BasicObject
      def class_name(value)
        CLASS_OF.bind_call(value).to_s
      end
    end
  end
end
