# frozen_string_literal: true

module InternalEvents
  module Testing
    # How often something is expected to happen, chained as RSpec chains it: `once`, `at_least(2).times`.
    module Count
      WORDS = { once: 1, twice: 2, thrice: 3 }.freeze

      WORDS.each_key { |word| define_method(word) { exactly(word) } }

      def never = exactly(0)
      def exactly(n) = count(:==, n)
      def at_most(n) = count(:<=, n)
      def at_least(n) = count(:>=, n)

      # `exactly(2).times` reads better; `times(2)` says the same.
      def times(n = nil) = n.nil? ? self : exactly(n)
      def time = self

      private

      def count(comparison, n)
        n = WORDS.fetch(n, n)
        raise ArgumentError, "a count is a whole number, :once, :twice or :thrice, not #{n.inspect}" unless n.is_a?(Integer)

        @comparison = [comparison, n]
        self
      end

      def counted?(n)
        comparison, expected = @comparison || [:==, 1]
        n.public_send(comparison, expected)
      end

      def expected_count
        comparison, n = @comparison || [:==, 1]
        { :== => "exactly ", :<= => "at most ", :>= => "at least " }.fetch(comparison) + often(n)
      end

      def often(n)
        { 0 => "never", 1 => "once", 2 => "twice" }.fetch(n) { "#{n} times" }
      end
    end
  end
end
