# frozen_string_literal: true

require "json"

module InternalEvents
  module Testing
    # Rendered HTML: which of its elements would trigger which event in a browser.
    class Rendered
      # The attributes that say what is tracked, by what they say.
      ATTRIBUTES = {
        event: "data-event-tracking",
        label: "data-event-label",
        property: "data-event-property",
        value: "data-event-value",
        additional: "data-event-additional",
        on_load: "data-event-tracking-load"
      }.freeze

      # What the attributes of one element say.
      Element = Struct.new(*ATTRIBUTES.keys, :shown, keyword_init: true) do
        # What keeps it from triggering just this: what is not expected must not be there.
        def differences(event, properties, on_load:)
          builtin, custom = properties.partition { |name, _| %i[label property value].include?(name) }
          wanted = { event: event, label: nil, property: nil, value: nil, **builtin.to_h.transform_values(&:to_s) }
          wanted[:on_load] = on_load ? "true" : nil
          found = wanted.filter_map { |name, it| difference(ATTRIBUTES.fetch(name), self[name], it) }
          custom = custom.to_h.transform_keys(&:to_s)
          found << difference(ATTRIBUTES.fetch(:additional), additional, JSON.generate(custom)) unless custom.empty? || custom_properties == custom
          found
        end

        private

        def difference(attribute, found, wanted)
          return if found == wanted
          return "there is no #{attribute}, which should be #{wanted.inspect}" if found.nil?

          "#{attribute} is #{found.inspect}, #{wanted.nil? ? "and should not be there" : "not #{wanted.inspect}"}"
        end

        def custom_properties
          JSON.parse(additional.to_s)
        rescue JSON::ParserError
          nil
        end
      end

      # Whether something is HTML that has been rendered, and no code to run.
      def self.rendered?(actual)
        actual.is_a?(String) || (!actual.is_a?(Proc) && (actual.respond_to?(:native) || actual.respond_to?(:xpath)))
      end

      # @param html [String, Capybara::Node::Simple, Nokogiri::XML::Node]
      def initialize(html)
        @node = parse(html)
      end

      # The elements that have any of the attributes.
      def elements
        having = ATTRIBUTES.values.map { |it| "@#{it}" }.join(" or ")
        @node.xpath("descendant-or-self::*[#{having}] | .//*[#{having}]").map { |it| element(it) }
      end

      private

      def parse(html)
        html = html.native if html.respond_to?(:native)
        return html unless html.is_a?(String)

        begin
          require "nokogiri"
        rescue LoadError
          raise LoadError, "rendered HTML is read with nokogiri: add `gem \"nokogiri\"` to the Gemfile"
        end
        Nokogiri::HTML::DocumentFragment.parse(html)
      end

      def element(node)
        tag = node.attributes.map { |name, attribute| %(#{name}="#{attribute.value}") }
        values = ATTRIBUTES.transform_values { |it| node[it] }
        Element.new(**values, shown: "<#{[node.name, *tag].join(' ')}>")
      end
    end
  end
end
