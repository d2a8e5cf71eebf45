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
                                 "its definition declares #{declared.empty? ? "none" : declared}#{hint(call, name)}")
      end

      # What was meant, perhaps: a property of another spelling, or what a call is about, as in `user_id: 5`.
      def hint(call, name)
        return if BUILT_IN.key?(name.to_sym)

        keywords = Native::KEYWORDS.to_h { |it| [it.to_s, "the keyword #{it}:"] }
        meant = { "group" => "namespace", "group_id" => "namespace" }.fetch(name.to_s) { name.to_s.delete_suffix("_id") }
        properties = call.declared.properties.to_h { |it| [it.to_s, it.to_s] }
        found = keywords[meant] || similar(meant, keywords.merge(properties))
        found && "; did you mean #{found}?"
      end

      # An application may have switched the spell checker off.
      def similar(name, known)
        known[DidYouMean::SpellChecker.new(dictionary: known.keys).correct(name).first] if defined?(DidYouMean::SpellChecker)
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
        when String then expected.include?("String") ? ill_encoded(value) : "String"
        when Float then expected.include?("Float") && value.finite? ? nil : "Float #{value}"
        when Integer then expected.include?("Integer") ? nil : "Integer"
        else Identifier.class_name(value)
        end
      end

      def ill_encoded(text)
        return if utf8?(text)
        return "text that is no valid UTF-8" unless text.encoding == Encoding::BINARY && utf8?(text.dup.force_encoding(Encoding::UTF_8))

        "text in #{text.encoding}, which force_encoding(\"UTF-8\") makes valid"
      end

      def utf8?(text)
        text.encode(Encoding::UTF_8).valid_encoding?
      rescue EncodingError
        false
      end
    end
  end
end
