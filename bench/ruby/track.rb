# frozen_string_literal: true

# Tracks events in bursts and prints, as JSON, what each call took on its thread, and a call of a method that does
# nothing with the same arguments, what an event took until it was durable and counted, and the memory of the process.
#
#   ruby track.rb gem|redis|nothing ROOT REDIS_URL BURST BURSTS

require "json"

side, root, url, burst, bursts = ARGV
burst = Integer(burst)
bursts = Integer(bursts)

Record = Struct.new(:id)
Project = Struct.new(:id, :namespace)

NAMES = Dir["#{root}/config/events/*.yml"].map { |it| File.basename(it, ".yml") }.sort
random = Random.new(4)
users = Array.new(20_000) { |it| Record.new(it) }
projects = Array.new(5_000) { |it| Project.new(it, Record.new(it % 100)) }
CALLS = Array.new(burst) { [NAMES.sample(random: random), users.sample(random: random), projects.sample(random: random)] }

def memory
  File.read("/proc/self/status")[/^VmRSS:\s+(\d+) kB/, 1].to_i / 1024.0
end

def now(clock = Process::CLOCK_MONOTONIC)
  Process.clock_gettime(clock, :float_second)
end

tracked = settled = nil
case side
when "gem"
  require "internal_events"
  InternalEvents.tracker.health
  tracked = InternalEvents
  settled = -> { InternalEvents.tracker.flush(60) }
when "redis"
  require_relative "straightforward"
  tracked = Straightforward.new(root, Redis.new(url: url))
  settled = -> {}
when "nothing"
  puts JSON.generate(memory: memory)
  exit
end

# The least that a call with these arguments takes in Ruby.
class Nothing
  def track_event(name, category: nil, additional_properties: nil, **kwargs) = nil
end

# Seconds of the processor's time on this thread that all calls took.
def on_thread(tracked)
  start = now(Process::CLOCK_THREAD_CPUTIME_ID)
  CALLS.each do |name, user, project|
    tracked.track_event(name, user: user, project: project, additional_properties: { label: "gift" })
  end
  now(Process::CLOCK_THREAD_CPUTIME_ID) - start
end

nothing = Nothing.new
calls = 0.0
processor = 0.0
floor = 0.0
in_all = 0.0
(0..bursts).each do |round|
  settled.call
  GC.start
  floor_of_round = on_thread(nothing)
  GC.start
  start = now
  processor_of_round = on_thread(tracked)
  called = now - start
  settled.call
  # The first burst warms up.
  next if round.zero?

  calls += called
  processor += processor_of_round
  floor += floor_of_round
  in_all += now - start
end

each = ->(seconds) { seconds * 1e6 / (burst * bursts) }
health = side == "gem" ? InternalEvents.tracker.health : nil
puts JSON.generate(call: each[calls], processor: each[processor], floor: each[floor], in_all: each[in_all], memory: memory,
                   health: health)
