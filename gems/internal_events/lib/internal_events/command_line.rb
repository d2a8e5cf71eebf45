# frozen_string_literal: true

module InternalEvents
  # The program `internal-events`, for what Ruby does not do again, such as writing definitions.
  module CommandLine
    # The variable that names the program where it is not on the path.
    VARIABLE = "INTERNAL_EVENTS_BIN"

    # There is no such program here.
    class NotInstalled < StandardError
      def initialize(tried)
        super("the program `#{tried}` is not installed: put `internal-events` on the PATH " \
              "(`cargo install --path crates/cli` in a checkout), or name it in #{VARIABLE}")
      end
    end

    # Runs the program with our standard streams, so that it may ask on a terminal.
    #
    # @param arguments [Array<String>] what would be typed behind `internal-events`
    # @param root [String] where `config/` is
    # @return [Integer] its exit code
    # @raise [NotInstalled]
    def self.run(*arguments, root:)
      program = ENV.fetch(VARIABLE, "internal-events")
      ended = system({ "INTERNAL_EVENTS_ROOT" => root.to_s }, program, *arguments)
      raise NotInstalled, program if ended.nil?

      $?.exitstatus || 128 + $?.termsig
    end
  end
end
