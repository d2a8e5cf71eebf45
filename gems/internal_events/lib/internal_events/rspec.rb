# frozen_string_literal: true

require "rspec/core"
require "rspec/expectations"
require "internal_events/testing"
require "internal_events/rspec/matchers"
require "internal_events/rspec/shared_examples"

# Each example has a tracker of its own; what happens outside of examples, as in `before(:all)`,
# goes to one in memory too. An example or group tagged `internal_events: false` uses the
# configured tracker.
RSpec.configure do |config|
  config.include InternalEvents::RSpec::Matchers

  config.before(:suite) { InternalEvents::Testing.start }
  config.after(:suite) { InternalEvents::Testing.stop }

  config.prepend_before do |example|
    if example.metadata[:internal_events] == false
      InternalEvents.tracker = nil
    else
      InternalEvents::Testing.start
    end
  end

  config.append_after do |example|
    if example.metadata[:internal_events] == false
      InternalEvents.tracker = InternalEvents::Testing.recorder.tracker
    else
      InternalEvents::Testing.stop
    end
  end
end
