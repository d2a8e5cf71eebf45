# frozen_string_literal: true

require "internal_events/testing/count"
require "internal_events/testing/rendered"

module InternalEvents
  module Testing
    # Expects that a block triggers events, or that rendered HTML would.
    #
    # It is a matcher of RSpec without needing it: `matches?`, `failure_message` and chains.
    class TriggerInternalEvents
      include Count

      def initialize(*names)
        @names = names.flatten.map(&:to_s)
        @expected = {}
      end

      # Narrows down which events are meant: `user`, `project`, `namespace` (without it, that of the
      # project), `category`, `feature_enabled_by_namespace_ids`, `additional_properties` (all of them).
      def with(expected)
        unknown = expected.keys - TrackedEvent::KEYS
        unless unknown.empty?
          raise ArgumentError, "an event has no #{unknown.join(', ')}; there are #{TrackedEvent::KEYS.join(', ')}"
        end

        @expected = expected.dup
        @expected[:additional_properties] = @expected[:additional_properties].transform_keys(&:to_sym) if
          @expected[:additional_properties].is_a?(Hash)
        project = @expected[:project]
        @expected[:namespace] = project.namespace if !@expected.key?(:namespace) && project.respond_to?(:namespace)
        self
      end

      def on_click
        @on = :click
        self
      end

      def on_load
        @on = :load
        self
      end

      def matches?(actual)
        check_names
        return rendered_matches?(actual) if Rendered.rendered?(actual)

        refuse_chain("#{@on == :load ? 'on_load' : 'on_click'} is for rendered HTML, not for a block") if @on
        observe(actual)
        @names.all? { |it| counted?(meant(it).size) }
      end

      def does_not_match?(actual)
        return rendered_is_silent?(actual) if Rendered.rendered?(actual)

        check_names
        refuse_chain("`not_trigger_internal_events` takes no chains") if @comparison || @on || !@expected.empty?
        observe(actual)
        @seen.none? { |it| @names.include?(it.name) }
      end

      def supports_block_expectations? = true
      def supports_value_expectations? = true
      def expects_call_stack_jump? = false

      def description
        shown = @names.map { |it| Values.call(it, @expected) }.join(" and ")
        @on ? "trigger #{shown} on #{@on}" : "trigger #{shown} #{expected_count}"
      end

      def failure_message
        return "expected rendered HTML to #{description}, but #{found_elements}" if @elements

        missed = @names.reject { |it| counted?(meant(it).size) }
        missed.map { |it| missed_message(it) }.join("\n") + what_happened
      end

      def failure_message_when_negated
        return "expected rendered HTML to trigger no event, but #{found_elements}" if @elements

        "expected the block not to trigger #{@names.join(', ')}#{what_happened}"
      end

      private

      def check_names
        raise ArgumentError, "trigger_internal_events matcher requires events argument" if @names.empty?

        installation = Testing.recorder.installation
        @names.each do |name|
          next if installation.event(name)

          similar = installation.similar_event(name)
          hint = similar ? " Did you mean '#{similar}'?" : ""
          raise ArgumentError, "Unknown event '#{name}'!#{hint} An event needs a definition in config/events " \
                               "(`bin/rails g internal_events` writes one)."
        end
      end

      def refuse_chain(reason)
        raise ArgumentError, reason
      end

      def observe(block)
        @seen = Testing.recorder.during_expected(block)
      end

      # The events of this name that are as expected.
      def meant(name)
        @seen.select { |it| it.internal? && it.name == name && it.differences(@expected).empty? }
      end

      def missed_message(name)
        "expected the block to trigger #{Values.call(name, @expected)} #{expected_count}, " \
          "but it did so #{often(meant(name).size)}"
      end

      # What was triggered instead, each with what it moved.
      def what_happened
        return "\nno event was triggered" if @seen.empty?

        "\ntriggered were:\n" + @seen.map { |it| Values.indent(explained(it)) }.join("\n")
      end

      def explained(event)
        return "#{event} (a call from before internal events)" unless event.internal?

        lines = [event.to_s]
        lines.concat(event.differences(@expected).map { |it| "  #{it}" }) if @names.include?(event.name)
        text = Testing.recorder.tracker.explain_text(event.name, **event.arguments)
        lines.push(Values.indent(text.rstrip)).join("\n")
      end

      def rendered_matches?(html)
        refuse_chain("rendered HTML is checked for one event at a time") if @names.size > 1
        refuse_chain("how often rendered HTML triggers an event is not known, so it takes no counts") if @comparison
        unknown = @expected.keys - [:additional_properties]
        refuse_chain("rendered HTML says nothing of #{unknown.join(', ')}") unless unknown.empty?

        @elements = Rendered.new(html).elements
        @elements.any? { |it| differences(it).empty? }
      end

      def differences(element)
        return [] if @names.empty?

        element.differences(@names.first, @expected.fetch(:additional_properties, {}), on_load: @on == :load)
      end

      def rendered_is_silent?(html)
        unless @names.empty? && @expected.empty? && @comparison.nil? && @on.nil?
          refuse_chain("that rendered HTML triggers no event is said without arguments and chains")
        end

        @elements = Rendered.new(html).elements
        @elements.empty?
      end

      def found_elements
        return "no element of it triggers any event" if @elements.empty?

        "its elements are:\n" + @elements.flat_map { |it| ["  #{it.shown}", *differences(it).map { |why| "    #{why}" }] }.join("\n")
      end
    end
  end
end
