# frozen_string_literal: true

$LOAD_PATH.unshift(__dir__, File.expand_path("../lib", __dir__))

require "internal_events"
require "internal_events/rspec"
require "support/checkout"
require "support/patience"
require "tmpdir"

# Whoever forgets to isolate a call writes into a directory that nobody reads.
data = Dir.mktmpdir("internal-events-spec")
at_exit { FileUtils.rm_rf(data) }

InternalEvents.configure do |settings|
  settings.root = ENV.fetch("SPEC_ROOT", Checkout::SHOP)
  settings.data = data
  settings.environment = "test"
  settings.logger = Logger.new(File::NULL)
end

# Users, projects and namespaces as far as tracking asks.
Record = Struct.new(:id)
Project = Struct.new(:id, :namespace)

# Says that a matcher fails, and with which text.
module FailingExpectations
  def fail_with(*texts)
    raise_error(RSpec::Expectations::ExpectationNotMetError) do |error|
      texts.each { |it| expect(error.message).to it.is_a?(Regexp) ? match(it) : include(it) }
    end
  end
end

RSpec.configure do |config|
  config.include FailingExpectations
  config.disable_monkey_patching!
  config.order = :random
  Kernel.srand config.seed
end
