# frozen_string_literal: true

require_relative "helper"

# Nothing that an application passes crashes it.
class HostileTest < Minitest::Test
  include Helper

  def setup
    InternalEvents.configuration.logger = Logger.new(nil)
  end

  Thing = Struct.new(:body) do
    def id = instance_exec(&body)
  end

  def hostile
    cycle = []
    cycle << cycle
    bare = BasicObject.new
    {
      raises: Thing.new(-> { raise "no" }), overflows: Thing.new(-> { id }), nothing: Thing.new(-> {}),
      itself: Thing.new(-> { self }), float: Thing.new(-> { 1.5 }), cycle: cycle, bare: bare, bare_id: Thing.new(-> { bare }),
      empty: "", nul: "\0", binary: "\xFF\x00".b, invalid: "\xE2\x82", utf16: "ü".encode("UTF-16LE"), latin: "ü".encode("ISO-8859-1"),
      frozen: "f".freeze, large: "x" * 1_000_000, huge: 2**4096, negative: -(2**200), nan: Float::NAN, infinite: Float::INFINITY,
      rational: 1r, complex: 1i, symbol: :s, set: { a: 1 }, proc: -> {}, class: Class, method: method(:puts), true: true, false: false,
      subclass: Class.new(String).new("s"), tampered: Class.new(String) { def to_s = raise("no") }.new("t")
    }
  end

  def test_whatever_is_passed_counts_as_far_as_it_can
    tracker = in_memory(strict: false)
    n = 0
    hostile.each do |name, thing|
      %i[user project namespace].each { |key| assert_nil tracker.track_event("create_order", key => thing), name; n += 1 }
      %i[label property value size].each do |key|
        assert_nil tracker.track_event("create_order", additional_properties: { key => thing }), name
        n += 1
      end
      assert_nil tracker.track_event("create_order", category: name == :bare ? nil : thing)
      assert_nil tracker.track_event("create_order", feature_enabled_by_namespace_ids: thing)
      assert_nil tracker.track_event("create_order", send_snowplow_event: thing)
      assert_nil tracker.track_event("create_order", additional_properties: thing)
      n += 4
      assert_nil tracker.track_event(thing)
    end
    tracker.flush(20)
    health = tracker.health
    assert_equal 0, health["pending"]
    assert_equal health["received"], health["accepted"] + health["quarantined"] + health["refused"].values.sum
    assert_operator values(tracker)["total"], :>=, n - hostile.size
  end

  def test_strict_mode_raises_errors_and_nothing_else
    tracker = in_memory
    hostile.each do |name, thing|
      calls = [{ user: thing }, { additional_properties: { label: thing } }, { size: thing }, { additional_properties: thing }]
      calls.each do |call|
        tracker.track_event("create_order", **call)
      rescue StandardError, SystemStackError => error
        assert error.message, name
      end
    end
    tracker.flush(20)
    assert_equal 0, tracker.health["pending"]
  end

  def test_the_collector_of_garbage_may_come_at_any_time
    tracker = in_memory(strict: false)
    GC.stress = true
    3.times do |n|
      tracker.track_event("create_order", user: Record.new(n), project: Record.new(n, Record.new(n)), label: "l#{n}", value: 2**70)
      tracker.track_event("unknown#{n}")
      tracker.track_event("create_order", user: Object.new)
    end
    assert_kind_of String, tracker.instance_variable_get(:@native).entries(0)
    tracker.instance_variable_get(:@native).health
    GC.stress = false
    assert_equal [6, 3], [tracker.events.size, tracker.metric("counts.users", include_current_week: true)]
  ensure
    GC.stress = false
  end

  def test_trackers_that_nobody_holds_go
    installation = InternalEvents::Installation.open(root: install)
    200.times { InternalEvents::Tracker.in_memory(installation: installation).track_event("create_order", user: 1) }
    GC.start
    assert_operator Dir["/proc/self/task/*"].size, :<, 150
  end

  def test_threads_lose_nothing
    root = install
    InternalEvents.configure { |it| it.root = root; it.data = File.join(root, "data") }
    threads = 8.times.map { |t| Thread.new { 500.times { |n| InternalEvents.track_event("create_order", user: (t * 500) + n) } } }
    threads.each(&:join)
    InternalEvents.tracker.flush(20)
    assert_equal 4000, InternalEvents.tracker.metric("counts.total")
    assert_in_delta 4000, InternalEvents.tracker.metric("counts.users", include_current_week: true), 100
  end

  def test_others_run_while_one_waits
    root = install
    InternalEvents.configure { |it| it.root = root; it.data = File.join(root, "data") }
    ran = 0
    over = false
    other = Thread.new { ran += 1 until over }
    10.times { InternalEvents.track_event("create_order", user: 1); InternalEvents.tracker.flush }
    over = true
    other.join
    assert_operator ran, :>, 1000
  end

  # A stranger holds the database, so nothing can be written.
  def test_whoever_waits_can_be_interrupted
    root = install
    out = ruby!(root, <<~RUBY, timeout: 30)
      InternalEvents.track_event("create_order", user: 1)
      InternalEvents.tracker.flush
      writers = File.open(File.join(ENV["INTERNAL_EVENTS_DATA"], "writers"), "r+")
      writers.flock(File::LOCK_EX)
      InternalEvents.track_event("create_order", user: 2)
      main = Thread.current
      Thread.new { sleep 0.3; main.raise(Interrupt) }
      start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      begin
        InternalEvents.tracker.flush(20)
      rescue Interrupt
        puts Process.clock_gettime(Process::CLOCK_MONOTONIC) - start
      end
      begin
        InternalEvents.tracker.flush(0.2)
      rescue InternalEvents::TimeoutError => error
        puts error.message
      end
      writers.flock(File::LOCK_UN)
    RUBY
    waited, message = out.lines
    assert_operator waited.to_f, :<, 2
    assert_equal "what was tracked is not durable after 0.2 s\n", message
    assert_equal 2, counted(root)["total"]
  end

  def test_handlers_of_signals_may_track
    root = install
    ruby!(root, <<~RUBY)
      trap(:USR1) { InternalEvents.track_event("create_order", user: 1) }
      Process.kill(:USR1, $$)
      sleep 0.5
      Process.kill(:USR1, $$)
      sleep 0.5
    RUBY
    assert_equal 2, counted(root)["total"]
  end

  def test_handlers_of_signals_may_wait_and_ask
    root = install
    out = ruby!(root, <<~RUBY)
      trap(:USR1) do
        InternalEvents.tracker.flush
        InternalEvents.track_event("create_order", user: 2)
        InternalEvents.tracker.flush
        puts [InternalEvents.tracker.metric("counts.total"), InternalEvents.tracker.health["accepted"]].join(" ")
      end
      Process.kill(:USR1, $$)
      sleep 0.5
      InternalEvents.track_event("create_order", user: 1)
      Process.kill(:USR1, $$)
      sleep 0.5
      trap(:TERM) { InternalEvents.tracker.close; $stdout.flush; exit!(0) }
      InternalEvents.track_event("create_order", user: 3)
      Process.kill(:TERM, $$)
      sleep 5
    RUBY
    assert_equal ["1 1\n", "3 3\n"], out.lines
    assert_equal 4, counted(root)["total"]
  end

  # Nothing was tracked before, so the handler is the one that opens the tracker.
  def test_what_a_handler_has_tracked_it_sees_at_once
    root = install
    out = ruby!(root, <<~RUBY)
      trap(:USR1) do
        InternalEvents.track_event("create_order", user: 2)
        puts InternalEvents.tracker.health["received"]
      end
      Process.kill(:USR1, $$)
      sleep 0.5
    RUBY
    assert_equal "1\n", out
  end

  # Somebody else holds the journal, so that whoever is interrupted and the handler wait for the same.
  def test_a_handler_that_interrupts_one_who_waits_does_not_wait_for_it
    root = install
    out = ruby!(root, <<~RUBY, timeout: 30)
      InternalEvents.track_event("create_order", user: 1)
      InternalEvents.tracker.flush
      writers = File.open(File.join(ENV["INTERNAL_EVENTS_DATA"], "writers"), "r+")
      writers.flock(File::LOCK_EX)
      InternalEvents.track_event("create_order", user: 2)
      trap(:USR1) do
        InternalEvents.tracker.flush(0.2)
      rescue InternalEvents::TimeoutError => error
        puts error.message
        writers.flock(File::LOCK_UN)
      end
      main = Thread.current
      Thread.new { sleep 0.01 until main.status == "sleep"; Process.kill(:USR1, $$) }
      InternalEvents.tracker.flush(20)
      puts InternalEvents.tracker.health["accepted"]
    RUBY
    assert_equal ["what was tracked is not durable after 0.2 s\n", "2\n"], out.lines
  end

  # Nobody has to flush before asking.
  def test_whoever_asks_sees_what_was_tracked_before
    root = install
    out = ruby!(root, <<~RUBY)
      seen = (1..3).map do |n|
        InternalEvents.track_event("create_order", user: n)
        tracker = InternalEvents.tracker
        [tracker.metric("counts.total"), tracker.metric("counts.users", include_current_week: true), tracker.events.size]
      end
      p seen
    RUBY
    assert_equal "[[1, 1, 1], [2, 2, 2], [3, 3, 3]]\n", out
  end

  def test_what_cannot_be_opened_is_said_and_stops_nobody
    root = install
    File.write(File.join(root, "file"), "")
    code = <<~RUBY
      3.times { p InternalEvents.track_event("create_order", user: 1) }
      puts InternalEvents.tracker.health["refused"].to_json
    RUBY
    out, err, status = ruby(root, code, env: { "INTERNAL_EVENTS_DATA" => File.join(root, "file/data") })
    assert status.success?, err
    assert_equal ["nil\n", "nil\n", "nil\n", "{\"not_open\":3}\n"], out.lines
    assert_match(/cannot open the data directory/, err)
    _, err, status = ruby(root, code, env: { "INTERNAL_EVENTS_DATA" => File.join(root, "file/data"), "RAILS_ENV" => "test" })
    refute status.success?
    assert_match(/cannot open the data directory/, err)
  end

  def test_an_installation_that_is_none_is_said_and_stops_nobody
    code = '2.times { p InternalEvents.track_event("create_order", user: 1) }'
    out, err, status = ruby("/nowhere", code)
    assert status.success?, err
    assert_equal "nil\nnil\n", out
    assert_equal 1, err.scan("there is no directory /nowhere").size
    _, err, status = ruby("/nowhere", code, env: { "RACK_ENV" => "development" })
    refute status.success?
    assert_match(%r{there is no directory /nowhere \(InternalEvents::Error\)}, err)
  end
end
