# frozen_string_literal: true

require "rails/generators"
require "internal_events/command_line"

module InternalEvents
  # Hands what was typed behind the name of a Rails generator to `internal-events generate`, which
  # alone knows the flags, asks for what is missing and writes the definitions.
  module Generator
    def start(arguments = ARGV, config = {})
      code = CommandLine.run("generate", *arguments, root: Rails.root || config.fetch(:destination_root, Dir.pwd))
      exit(code) unless code.zero?
    rescue CommandLine::NotInstalled => e
      abort("error: #{e.message}")
    end

    # What `bin/rails g` lists.
    def desc(description = nil)
      description ? super : "Writes event and metric definitions; flags are those of `internal-events generate --help`."
    end
  end
end
