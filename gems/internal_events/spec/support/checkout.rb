# frozen_string_literal: true

require "fileutils"
require "json"
require "open3"
require "tmpdir"

# Where things are, and what the program says.
module Checkout
  GEM = File.expand_path("../..", __dir__)
  ROOT = File.expand_path("../..", GEM)
  SHOP = File.join(ROOT, "examples/rails-shop")
  LIB = File.join(GEM, "lib")

  module_function

  # The program, if it was built or named.
  def program
    named = ENV.fetch("INTERNAL_EVENTS_BIN", nil)
    [named, *%w[release debug].map { |it| File.join(ROOT, "target", it, "internal-events") }]
      .compact.find { |it| File.executable?(it) }
  end

  # Metrics as the program reads them, by key path, the running week included.
  def metrics(root, data, *arguments)
    command = [program, "--root", root, "--data", data, "metrics", "--include-current-week", "--format", "json"]
    output, error, status = Open3.capture3(*command, *arguments)
    raise "#{command.join(' ')}: #{error}" unless status.success?

    JSON.parse(output).fetch("metrics").to_h { |it| it.values_at("key_path", "value") }
  end

  # Says that something does not run; where all must run it fails.
  def skip_reason(reason)
    raise reason if ENV["CI"] == "true"

    warn "SKIPPED: #{reason}"
    reason
  end
end
