# frozen_string_literal: true

require_relative "helper"

# Several processes on one data directory, most of them forks.
class ForksTest < Minitest::Test
  include Helper

  # Every process tracks users of its own; what counts is how many there are in the end.
  def test_many_forks_count_every_event_once
    root = install
    ruby!(root, <<~RUBY)
      InternalEvents.track_event("create_order", user: 0, value: 1)
      pids = (1..12).map do |child|
        InternalEvents.track_event("create_order", user: child * 1000, value: 1)
        fork do
          20.times { |n| InternalEvents.track_event("create_order", user: child * 1000 + n, value: 1) }
        end
      end
      pids.each { |pid| Process.wait(pid); exit!(1) unless $?.success? }
      InternalEvents.track_event("create_order", user: 1, value: 1)
    RUBY
    counts = counted(root)
    # 1 before, 12 by the parent between the forks, 20 by each child, 1 after.
    assert_equal 1 + 12 + (12 * 20) + 1, counts["total"]
    assert_equal 254.0, counts["sum"]
    # The first user of each child is the one its parent saw before.
    assert_in_delta 1 + (12 * 20) + 1, counts["users"], 3
  end

  def test_forks_of_forks_and_threads_that_track_meanwhile
    root = install
    ruby!(root, <<~RUBY)
      tracked = 0
      over = false
      threads = 3.times.map do
        Thread.new do
          n = 0
          until over
            InternalEvents.track_event("create_order", user: 1)
            n += 1
            sleep 0.0005
          end
          n
        end
      end
      5.times do
        pid = fork do
          InternalEvents.track_event("create_order", user: 2)
          Process.wait(fork { InternalEvents.track_event("create_order", user: 3) })
          exit!(1) unless $?.success?
          InternalEvents.track_event("create_order", user: 4)
        end
        Process.wait(pid)
        exit!(1) unless $?.success?
      end
      over = true
      File.write(File.join(ENV["INTERNAL_EVENTS_ROOT"], "n"), threads.sum(&:value))
    RUBY
    n = Integer(File.read(File.join(root, "n")))
    assert_operator n, :>, 0
    assert_equal n + (5 * 3), counted(root)["total"]
  end

  def test_a_forked_process_holds_no_file_of_its_parents_tracker
    root = install
    out = ruby!(root, <<~RUBY)
      InternalEvents.track_event("create_order", user: 1)
      InternalEvents.tracker.flush
      open = -> { Dir["/proc/self/fd/*"].filter_map { |it| File.readlink(it) rescue nil }.grep(/data/) }
      parent = open.call.size
      read, write = IO.pipe
      Process.wait(fork { write.puts open.call.size; exit! })
      puts [parent, read.gets].join(" ")
    RUBY
    parent, child = out.split.map(&:to_i)
    assert_operator parent, :>, 0
    assert_equal 0, child
  end

  # What the writer has not taken yet is lost with `kill -9`: at most 20 ms and the time of a commit, see docs.
  def test_a_killed_fork_loses_only_what_was_not_durable_and_hurts_nobody
    root = install
    ruby!(root, <<~RUBY)
      InternalEvents.track_event("create_order", user: 1)
      3.times do
        read, write = IO.pipe
        pid = fork do
          100.times { |n| InternalEvents.track_event("create_order", user: n) }
          InternalEvents.tracker.flush
          write.puts "durable"
          loop { InternalEvents.track_event("create_order", user: 1) ; sleep 0.001 }
        end
        read.gets
        Process.kill(:KILL, pid)
        Process.wait(pid)
      end
      InternalEvents.track_event("create_order", user: 1)
    RUBY
    counts = counted(root)
    assert_operator counts["total"], :>=, 302
    assert_equal 0, (JSON.parse(cli(root, "doctor", "--format", "json"))["errors"] || 0) if ENV["INTERNAL_EVENTS_BIN"]
  end

  # Each fork opens the core anew, which then says once more what it has said.
  def test_what_is_wrong_is_said_once_however_often_a_process_forks
    _, err, status = ruby(install, <<~RUBY)
      4.times do
        InternalEvents.track_event("create_order")
        Process.wait(fork { exit! })
      end
    RUBY
    assert status.success?, err
    said = err.lines.map { |it| it[/internal_events: .*/] }
    assert_equal ["internal_events: `label` is missing, so the metrics that count it did not move, event: create_order, " \
                  "cause: missing_identifier"], said
  end

  def test_a_killed_parent_leaves_the_data_to_its_children
    root = install
    child = <<~RUBY
      InternalEvents.track_event("create_order", user: 1)
      InternalEvents.tracker.flush
      pid = fork do
        InternalEvents.track_event("create_order", user: 2)
        InternalEvents.tracker.flush
        Process.kill(:KILL, Process.ppid)
        sleep 0.2
        InternalEvents.track_event("create_order", user: 3)
        InternalEvents.tracker.flush(10)
        File.write(File.join(ENV["INTERNAL_EVENTS_ROOT"], "over"), "")
      end
      Process.wait(pid)
    RUBY
    ruby(root, child)
    Timeout.timeout(20) { sleep 0.05 until File.exist?(File.join(root, "over")) }
    assert_equal 3, counted(root)["total"]
  end

  def test_a_handler_of_a_signal_may_fork
    root = install
    ruby!(root, <<~RUBY)
      InternalEvents.track_event("create_order", user: 1)
      child = -> { InternalEvents.track_event("create_order", user: 2); InternalEvents.tracker.flush }
      trap(:USR1) { Process.wait(fork { Thread.new(&child).join; exit! }) }
      Process.kill(:USR1, $$)
      sleep 0.5
      InternalEvents.track_event("create_order", user: 3)
    RUBY
    assert_equal 3, counted(root)["total"]
  end

  def test_a_daemon_goes_on
    root = install
    ruby!(root, <<~RUBY)
      InternalEvents.track_event("create_order", user: 1)
      Process.daemon(true, true)
      InternalEvents.track_event("create_order", user: 2)
      InternalEvents.tracker.flush(10)
      File.write(File.join(ENV["INTERNAL_EVENTS_ROOT"], "over"), "")
    RUBY
    Timeout.timeout(20) { sleep 0.05 until File.exist?(File.join(root, "over")) }
    assert_equal 2, counted(root)["total"]
  end

  # Fiddle stands for C code that forks without Ruby's knowing.
  def test_a_fork_that_nobody_announced_tracks_nothing_and_says_so
    root = install(settings: "strict = false\n")
    out, err, status = ruby(root, <<~RUBY)
      require "fiddle"
      InternalEvents.track_event("create_order", user: 1)
      InternalEvents.tracker.flush
      libc = Fiddle.dlopen(nil)
      behind = Fiddle::Function.new(libc["fork"], [], Fiddle::TYPE_INT)
      if behind.call.zero?
        InternalEvents.track_event("create_order", user: 2)
        puts InternalEvents.tracker.health["refused"].to_json
        $stdout.flush
        exit!
      end
      Process.wait
    RUBY
    assert status.success?, err
    assert_equal({ "carried_by_fork" => 1 }, JSON.parse(out))
    assert_match(/forked while handles to its data were open/, err)
    assert_equal 1, counted(root)["total"]
  end

  def test_what_is_in_memory_stays_with_the_parent
    tracker = in_memory
    tracker.track_event("create_order", user: 1)
    read, write = IO.pipe
    pid = fork do
      tracker.track_event("create_order", user: 2)
      tracker.track_event("create_order", user: 3)
      write.puts values(tracker)["total"]
      exit!
    end
    Process.wait(pid)
    assert_equal [2, 1], [read.gets.to_i, values(tracker)["total"]]
  end

  def test_processes_that_end_in_any_usual_way_lose_nothing
    # A shell that runs the tests in the background has them ignore SIGINT.
    heeds = "trap(:INT, 'DEFAULT'); "
    {
      "exit" => 0, "exit 3" => 3, "raise 'x' rescue exit(4)" => 4, "Process.kill(:TERM, $$); sleep 5" => 15,
      "#{heeds}Process.kill(:INT, $$); sleep 5" => 2, "abort" => 1, "Thread.new { exit 5 }.join" => 5
    }.each do |ending, code|
      root = install
      _, err, status = ruby(root, "InternalEvents.track_event('create_order', user: 1)\n#{ending}")
      assert_equal code, status.exitstatus || status.termsig, err
      assert_equal 1, counted(root)["total"], ending
    end
  end
end
