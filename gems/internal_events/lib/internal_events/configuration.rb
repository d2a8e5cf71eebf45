# frozen_string_literal: true

module InternalEvents
  # What an application decides in Ruby. All else is in `internal-events.toml` and the environment.
  class Configuration
    # @return [String] where `config/` is; by default `INTERNAL_EVENTS_ROOT`, else the current directory
    attr_accessor :root

    # @return [String, nil] where journal and counters are kept; wins over the settings
    attr_accessor :data

    # @return [Boolean, nil] whether anything is tracked; wins over the settings
    attr_accessor :enabled

    # @return [Boolean, nil] whether wrong calls raise; wins over the settings. Where nobody decides it, they do in
    #   development and test
    attr_accessor :strict

    # @return [#call, nil] gives more of the circumstances for analytics, a Hash such as `{ plan: "gold" }`
    attr_accessor :context

    # @return [#call, nil] is told of every error that must not reach the application: `call(error, details)`
    attr_accessor :on_error

    # @return [Numeric] how many seconds the end of the process may wait for the journal, and again for destinations
    attr_accessor :exit_timeout

    attr_writer :logger, :environment

    def initialize
      @exit_timeout = 5
    end

    # @return [Logger] where problems are said
    def logger
      @logger ||= Logger.new($stderr, progname: "internal_events", level: Logger::WARN)
    end

    # @return [String] `development`, `test` or `production`
    def environment
      @environment || ENV["RAILS_ENV"] || ENV["RACK_ENV"] || ENV["APP_ENV"] || "production"
    end

    # @return [Boolean] whether wrong calls raise where nobody decides it
    def strict_by_default?
      %w[development test].include?(environment.to_s)
    end

    # @return [String] the root in use
    def root_in_use
      given = root || ENV["INTERNAL_EVENTS_ROOT"].to_s
      given.to_s.empty? ? Dir.pwd : File.expand_path(given.to_s)
    end

    # @return [Hash{String => String}] the environment with what was decided here
    def environment_variables
      decided = { "DATA" => data_in_use, "ENABLED" => enabled, "STRICT" => strict }
      decided = decided.compact.to_h { |name, value| ["INTERNAL_EVENTS_#{name}", value.to_s] }
      ENV.to_h.merge(decided).select { |name, value| text?(name) && text?(value) }
    end

    private

    # From the current directory, as for the program; what the settings name is seen from the root.
    def data_in_use
      given = (data || ENV.fetch("INTERNAL_EVENTS_DATA", nil)).to_s
      given.empty? ? nil : File.expand_path(given)
    end

    def text?(value)
      value.dup.force_encoding(Encoding::UTF_8).valid_encoding?
    end
  end
end
