# frozen_string_literal: true

module InternalEvents
  # Why strict mode refuses a call, as the error that is raised for it.
  module Refusal
    BUILT_IN = { label: "String", property: "String", value: "Integer or Float" }.freeze
    private_constant :BUILT_IN

    class << self
      # @param call [Call]
      # @param reason [String] what the core says
      # @return [TrackingError]
      def error(call, reason)
        return UnknownEventError.new(reason) if call.declared.nil?

        undeclared(call) || ill_typed(call) || TrackingError.new(reason)
      end

      private

      def undeclared(call)
        name, = call.public_properties.find { |name, value| !value.nil? && !call.declared.properties.include?(name.to_sym) }
        return unless name

        declared = call.declared.properties.join(", ")
        InvalidPropertyError.new("Unknown additional property: #{name} for event_name: #{call.name}; " \
                                 "its definition declares #{declared.empty? ? "none" : declared}")
      end

      def ill_typed(call)
        call.public_properties.each do |name, value|
          expected = BUILT_IN.fetch(name.to_sym, "String, Integer or Float")
          found = wrong(value, expected)
          next unless found

          return InvalidPropertyTypeError.new("#{name} should be an instance of #{expected}, got #{found}")
        end
        nil
      end

      # What a value is that it should not be.
      def wrong(value, expected)
        case value
        when nil then nil
        when String then expected.include?("String") ? ("text that is no valid UTF-8" unless utf8?(value)) : "String"
        when Float then expected.include?("Float") && value.finite? ? nil : "Float #{value}"
        when Integer then expected.include?("Integer") ? nil : "Integer"
        else Identifier.class_name(value)
        end
      end

      def utf8?(text)
        text.encode(Encoding::UTF_8).valid_encoding?
      rescue EncodingError
        false
      end
    end
  end
end
