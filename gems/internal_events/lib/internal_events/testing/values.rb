# frozen_string_literal: true

module InternalEvents
  module Testing
    # Values as tests expect and messages show them.
    module Values
      module_function

      # What is counted for a user, project or namespace: its id.
      def id(value)
        matcher?(value) || !value.respond_to?(:id) ? value : value.id
      end

      # Whether an identifier is as expected: 5 and "5" are counted as the same.
      def match_id?(expected, actual)
        expected = id(expected)
        match?(expected, actual) || (!expected.nil? && !matcher?(expected) && expected.to_s == actual.to_s)
      end

      # Whether a value is as expected; matchers of RSpec, classes, ranges and patterns may stand
      # for values, also within a hash or a list.
      def match?(expected, actual)
        case expected
        when Hash
          actual.is_a?(Hash) && expected.size == actual.size &&
            expected.all? { |key, it| actual.key?(key) && match?(it, actual[key]) }
        when Array
          actual.is_a?(Array) && expected.size == actual.size && expected.zip(actual).all? { |a, b| match?(a, b) }
        else
          expected == actual || expected === actual
        end
      end

      def matcher?(value)
        value.respond_to?(:matches?) && value.respond_to?(:description)
      end

      def show(value)
        return value.description if matcher?(value)

        case value
        when Hash then "{#{value.map { |key, it| "#{key}: #{show(it)}" }.join(', ')}}"
        when nil then "nothing"
        else value.inspect
        end
      end

      # An event as the call that makes it.
      def call(name, arguments)
        shown = arguments.reject { |_, it| it.nil? || it == {} }
        [name, *shown.map { |key, it| "#{key}: #{show(id(it))}" }].join(", ")
      end

      # Text indented by some columns, line by line.
      def indent(text, by = 2)
        text.gsub(/^(?=.)/, " " * by)
      end
    end
  end
end
