# frozen_string_literal: true

require_relative "helper"

# Signals and ends of processes that come at the one moment when something is half done.
class MomentsTest < Minitest::Test
  include Helper

  # What is run in a process of its own, and how many events there must be afterwards.
  def check(expected, code, before: "")
    root = install
    out = ruby!(root, code, before: before)
    assert_equal expected, counted(root)["total"], code
    out
  end

  # What forks in the end, with a signal just before.
  SIGNALLED_FORK = <<~RUBY
    class << Process
      alias forked _fork
      def _fork = (Process.kill(:USR1, $$); forked)
    end
  RUBY

  # The new process would carry what a handler opens here.
  def test_a_handler_that_comes_just_before_a_fork_tracks_after_it
    check(3, <<~RUBY, before: SIGNALLED_FORK)
      trap(:USR1) { InternalEvents.track_event("create_order", user: 1); InternalEvents.tracker.flush }
      InternalEvents.track_event("create_order", user: 2)
      Process.wait(fork { InternalEvents.track_event("create_order", user: 3) })
      exit!(1) unless $?.success?
    RUBY
  end

  def test_a_handler_that_forks_just_before_a_fork_leaves_all_to_track
    check(4, <<~RUBY, before: SIGNALLED_FORK)
      child = ->(user) { InternalEvents.track_event("create_order", user: user); InternalEvents.tracker.flush; exit! }
      trap(:USR1) { trap(:USR1, "IGNORE"); Process.wait(fork { child.call(1) }) }
      InternalEvents.track_event("create_order", user: 2)
      Process.wait(fork { child.call(3) })
      Thread.new { InternalEvents.track_event("create_order", user: 4); InternalEvents.tracker.flush }.join
    RUBY
  end

  def test_a_handler_that_comes_while_definitions_are_read_reads_them_itself
    out = check(2, <<~RUBY)
      class << InternalEvents::Installation
        alias opened open
        def open(**it) = opened(**it).tap { Process.kill(:USR1, $$) }
      end
      trap(:USR1) do
        trap(:USR1, "IGNORE")
        InternalEvents.track_event("create_order", user: 1)
        InternalEvents.tracker.flush
        puts InternalEvents.tracker.health["accepted"]
      end
      InternalEvents.track_event("create_order", user: 2)
    RUBY
    assert_equal "1\n", out
  end

  # Whatever the first call makes once, it makes whole; a process that waits for itself would not end.
  def test_signals_and_threads_may_come_at_the_first_call
    root = install
    6.times do
      ruby!(root, <<~RUBY, timeout: 20)
        trap(:USR1) { InternalEvents.track_event("create_order", user: 1) }
        Thread.new { loop { sleep rand * 0.001; Process.kill(:USR1, $$) } }
        threads = 2.times.map { Thread.new { InternalEvents.track_event("create_order", user: 2) } }
        InternalEvents.track_event("create_order", user: 3)
        threads.each(&:join)
        trap(:USR1, "IGNORE")
      RUBY
    end
    assert_operator counted(root)["total"], :>=, 18
  end

  # Threads that have no lock stand for a handler that comes while the tracker is opened, and opens it first.
  def test_who_has_opened_it_first_keeps_it
    InternalEvents.configuration.logger = Logger.new(nil)
    root = install
    InternalEvents.configure { |it| it.root = root; it.data = File.join(root, "data") }
    tracker = InternalEvents.tracker
    native = tracker.instance_variable_get(:@native)
    8.times.map { |n| Thread.new { native.open; tracker.track_event("create_order", user: n) } }.each(&:join)
    assert_equal 8, tracker.health["received"]
  end

  def test_a_handler_that_comes_while_the_process_ends_is_heeded
    check(2, <<~RUBY)
      module Interrupted
        def shut_down(ms) = super.tap { Process.kill(:USR1, $$) }
      end
      InternalEvents::Native::Tracker.prepend(Interrupted)
      trap(:USR1) { trap(:USR1, "IGNORE"); InternalEvents.track_event("create_order", user: 1) }
      InternalEvents.track_event("create_order", user: 2)
    RUBY
  end

  # What was to be done at exit before the gem was there is done after the gem's own.
  def test_what_is_tracked_last_of_all_counts
    check(4, 'InternalEvents.track_event("create_order", user: 1)', before: <<~RUBY)
      at_exit { Process.wait(fork { InternalEvents.track_event("create_order", user: 4) }) }
      at_exit { Thread.new { InternalEvents.track_event("create_order", user: 3) }.join }
      at_exit { InternalEvents.track_event("create_order", user: 2) }
    RUBY
  end

  def test_whoever_tracks_for_ever_does_not_keep_a_process_from_ending
    root = install
    ruby!(root, "Thread.new { loop { InternalEvents.track_event('create_order', user: 1) } }; sleep 0.1", timeout: 30)
    assert_operator counted(root)["total"], :>, 0
  end

  RACTOR = <<~RUBY
    Warning[:experimental] = false
    tracking = Ractor.new { 2.times { InternalEvents.track_event("create_order", user: 1) }.to_s rescue [$!.class, $!.message].join(": ") }
    puts tracking.take
  RUBY

  def test_a_ractor_is_told_where_to_track
    wrong = "create_order was not tracked: only the main Ractor may track; send it what happened, and track it there"
    out, err, = ruby(install, RACTOR)
    assert_equal ["2\n", "internal_events: #{wrong}\n"], [out, err]
    assert_equal "InternalEvents::Error: #{wrong}\n", ruby!(install, RACTOR, env: { "RAILS_ENV" => "test" })
  end
end
