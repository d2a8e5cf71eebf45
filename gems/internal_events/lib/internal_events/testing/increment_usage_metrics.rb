# frozen_string_literal: true

module InternalEvents
  module Testing
    # Expects that a block moves metrics, chained as RSpec's `change` is: `by`, `by_at_least`,
    # `by_at_most`, `from`, `to`; by one if nothing else is said.
    #
    # It is a matcher of RSpec without needing it.
    class IncrementUsageMetrics
      Moved = Struct.new(:key_path, :from, :to) do
        def by
          to - from if from.is_a?(Numeric) && to.is_a?(Numeric)
        end
      end

      def initialize(*key_paths)
        @key_paths = key_paths.flatten.map(&:to_s)
        @checks = {}
      end

      %i[by by_at_least by_at_most from to].each do |chain|
        define_method(chain) do |value|
          @checks[chain] = value
          self
        end
      end

      # Reads the metrics on a given day, and not as if the running week were complete.
      #
      #   expect { order }.to increment_usage_metrics("counts.orders_weekly").as_of(Date.today.next_week)
      def as_of(day)
        @day = day
        self
      end

      def matches?(block)
        check_key_paths
        observe(block)
        @moved.all? { |it| failures(it).empty? }
      end

      def does_not_match?(block)
        check_key_paths
        raise ArgumentError, "`not_increment_usage_metrics` takes no chains" unless @checks.empty?

        observe(block)
        @moved.all? { |it| it.from == it.to }
      end

      def supports_block_expectations? = true
      def supports_value_expectations? = false
      def expects_call_stack_jump? = false

      def description
        shown = @checks.map { |chain, value| " #{chain} #{Values.show(value)}" }.join
        "increment #{@key_paths.join(' and ')}#{shown.empty? ? ' by 1' : shown}"
      end

      def failure_message
        wrong = @moved.reject { |it| failures(it).empty? }
        wrong.map { |it| "expected #{it.key_path} to #{failures(it).join(' and to ')}, #{went(it)}\n#{why(it.key_path)}" }
             .join("\n")
      end

      def failure_message_when_negated
        wrong = @moved.reject { |it| it.from == it.to }
        wrong.map { |it| "expected #{it.key_path} not to change, #{went(it)}\n#{why(it.key_path)}" }.join("\n")
      end

      private

      def check_key_paths
        raise ArgumentError, "increment_usage_metrics matcher requires key_path argument" if @key_paths.empty?

        installation = Testing.recorder.installation
        @key_paths.each do |key_path|
          next if installation.metric(key_path)

          similar = installation.metric_key_paths.find { |it| it.include?(key_path) } ||
                    installation.similar_metric(key_path)
          hint = similar ? " Did you mean '#{similar}'?" : ""
          raise ArgumentError, "Cannot find metric definition for key path '#{key_path}'!#{hint}"
        end
      end

      def observe(block)
        before = values
        @seen = Testing.recorder.during_expected(block)
        after = values
        @moved = @key_paths.map { |it| Moved.new(it, before[it], after[it]) }
      end

      def values
        @key_paths.to_h { |it| [it, Testing.recorder.metric(it, at: @day)] }
      end

      # What is not as expected.
      def failures(moved)
        checks = @checks.empty? ? { by: 1 } : @checks
        checks.filter_map { |chain, value| wanted(chain, value) unless fits?(moved, chain, value) }
      end

      def fits?(moved, chain, value)
        case chain
        when :by then close?(moved.by, value)
        when :by_at_least then !moved.by.nil? && moved.by >= value
        when :by_at_most then !moved.by.nil? && moved.by <= value
        when :from then Values.match?(value, moved.from)
        when :to then Values.match?(value, moved.to)
        end
      end

      # Sums are sums of floating point numbers.
      def close?(change, value)
        return false if change.nil?

        Values.match?(value, change) || (value.is_a?(Numeric) && (change - value).abs < 1e-9)
      end

      def wanted(chain, value)
        words = { by: "change by", by_at_least: "change by at least", by_at_most: "change by at most",
                  from: "begin at", to: "end at" }
        "#{words.fetch(chain)} #{Values.show(value)}"
      end

      def went(moved)
        return "but it stayed at #{Values.show(moved.to)}" if moved.from == moved.to

        "but it went from #{Values.show(moved.from)} to #{Values.show(moved.to)}"
      end

      # What the events of the metric came to.
      def why(key_path)
        recorder = Testing.recorder
        names = recorder.installation.metric(key_path).fetch("rules").map { |it| it["name"] }.uniq
        counted, others = @seen.partition { |it| names.include?(it.name) }
        verdicts = counted.map { |it| verdicts(it, key_path) }
        lines = counted.zip(verdicts).map { |event, it| "#{event}\n#{Values.indent(it)}" }
        if counted.empty?
          lines << "it counts #{names.join(', ')}, of which none was triggered"
          lines << "triggered were: #{others.empty? ? 'no events' : others.map(&:to_s).join('; ')}"
        end
        lines.push(*today(key_path, is_repeated: verdicts.uniq.size < verdicts.size)).map { |it| Values.indent(it) }.join("\n")
      end

      # The verdicts of those rules that the metric has.
      def verdicts(event, key_path)
        return "a call from before internal events" unless event.internal?

        rules = Testing.recorder.tracker.explain(event.name, **event.arguments).fetch("rules")
        own = rules.select { |rule| rule["metrics"].any? { |it| it["key_path"] == key_path } }
        own.map { |it| "#{it['key']} #{it['moves'] ? 'moves' : 'does not move'}: #{reason(it)}" }.join("\n")
      end

      def reason(rule)
        reason = rule["reason"] || {}
        if rule["moves"] then reason["operand"] ? "takes in #{Values.show(reason['operand'])}" : "goes up by one"
        elsif reason.key?("filter")
          "its filter wants #{reason['filter']} = #{Values.show(reason['expected'])}, not #{Values.show(reason['found'])}"
        elsif reason.key?("missing") then "`#{reason['missing']}` is missing"
        else "only `#{reason['call']}` moves it"
        end
      end

      # A number of different users does not grow by one that is known, or if it was read at
      # a day on which this week is not complete.
      def today(key_path, is_repeated:)
        return "read on #{@day}, when only complete weeks show" if @day
        return unless Testing.recorder.installation.metric(key_path).fetch("rules").any? { |it| it["unique"] }

        "a value that was counted before in this example does not count again" if is_repeated || @moved.any? { |it| it.from.to_i.positive? }
      end
    end
  end
end
