# frozen_string_literal: true

# Waits for what takes a while, and not for ever.
module Patience
  module_function

  def wait(what, seconds = 40)
    deadline = now + seconds
    until (found = yield)
      raise "in vain: #{what}" if now > deadline

      sleep 0.01
    end
    found
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
