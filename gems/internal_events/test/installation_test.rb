# frozen_string_literal: true

require "socket"
require_relative "helper"

# The same data directory and the same Redis, for Ruby, for the program and for whoever reads Redis.
class InstallationTest < Minitest::Test
  include Helper

  ORDERS = <<~RUBY
    project = Record.new(7, Record.new(9))
    [1, 2, 3, 2, 1].each do |id|
      Gitlab::InternalEvents.track_event("create_order", user: Record.new(id), project: project,
        additional_properties: { label: id.odd? ? "gift" : "card", value: id * 1.5, size: 3 })
    end
  RUBY
  COUNTS = { "total" => 5, "total_weekly" => 5, "users" => 3, "projects" => 1, "namespaces" => 1, "labels" => 2, "sizes" => 1,
             "sum" => 13.5, "gifts" => 3, "five" => 0 }.freeze

  def test_the_program_reads_what_ruby_counted_and_ruby_what_the_program_did
    root = install
    ruby!(root, ORDERS)
    report = JSON.parse(cli(root, "metrics", "--include-current-week", "--format", "json"))
    assert_equal COUNTS, report["metrics"].to_h { |it| [it["key_path"].delete_prefix("counts."), it["value"]] }
    assert_equal report["metrics"].map { |it| it.slice("key_path", "value", "keys") },
                 JSON.parse(ruby!(root, 'puts InternalEvents.tracker.metrics(include_current_week: true)["metrics"].map { |it| ' \
                                        'it.slice("key_path", "value", "keys") }.to_json'))
    cli(root, "track", "create_order", "--user", "4")
    assert_equal [6, 4], counted(root).values_at("total", "users")
  end

  def test_the_first_line_of_the_guide_works_as_it_stands
    root = install
    cli(root, "generate", "--time_frames=7d", "28d", "--group=project_management", "--stage=plan", "--section=dev",
        "--event=ci_templates_unique", "--unique=user.id", "--mr=https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544")
    ruby!(root, <<~RUBY)
      namespace = Record.new(9)
      project = Record.new(7, namespace)
      [1, 2, 3, 2, 1].each do |id|
        user = Record.new(id)
        Gitlab::InternalEvents.track_event('ci_templates_unique', namespace: namespace, project: project, user: user)
      end
    RUBY
    report = JSON.parse(cli(root, "metrics", "--include-current-week", "--format", "json", "count_distinct_user_id_from_ci_templates_unique_7d"))
    assert_equal 3, report["metrics"].first["value"]
  end

  def test_redis_holds_the_keys_and_counts_of_gitlab
    with_redis do |port|
      url = "redis://127.0.0.1:#{port}"
      root = install(settings: "[redis]\nurl = \"#{url}\"\n")
      ruby!(root, ORDERS)
      week = Time.now.utc.strftime("%G-%V")
      redis = ->(*command) { IO.popen(["redis-cli", "-p", port.to_s, *command.map(&:to_s)], &:read).chomp }
      assert_equal "5", redis.call("GET", "{event_counters}_create_order")
      assert_equal "5", redis.call("GET", "{event_counters}_create_order-#{week}")
      assert_equal "3", redis.call("PFCOUNT", "{hll_counters}_create_order-user-#{week}")
      assert_equal "1", redis.call("PFCOUNT", "{hll_counters}_create_order-namespace-#{week}")
      assert_equal "3", redis.call("GET", "{event_counters}_create_order-filter:[label:gift]")
      assert_equal "13.5", redis.call("GET", "{event_sums}_create_order-operator:sum(value)")
      # What plain commands add is one with what was counted here: the elements are the same bytes.
      redis.call("PFADD", "{hll_counters}_create_order-user-#{week}", "2", "77")
      redis.call("INCR", "{event_counters}_create_order")
      assert_equal [6, 4], counted(root).values_at("total", "users")
    end
  end

  def test_forks_share_one_redis
    with_redis do |port|
      root = install(settings: "[redis]\nurl = \"redis://127.0.0.1:#{port}\"\n")
      ruby!(root, <<~RUBY)
        InternalEvents.track_event("create_order", user: 0)
        4.times { |child| fork { 25.times { |n| InternalEvents.track_event("create_order", user: (child * 25) + n) } } }
        Process.waitall
        InternalEvents.track_event("create_order", user: 0)
      RUBY
      assert_equal 102, counted(root)["total"]
      code = "100.times { break if InternalEvents.tracker.health['destinations']['redis']['pending'].zero?; sleep 0.1 }"
      ruby!(root, "InternalEvents.tracker.flush; InternalEvents.tracker.metrics; #{code}")
      assert_equal "102", IO.popen(["redis-cli", "-p", port.to_s, "GET", "{event_counters}_create_order"], &:read).chomp
    end
  end

  def test_nothing_is_written_where_tracking_is_switched_off
    root = install(settings: "enabled = false\n")
    ruby!(root, 'InternalEvents.track_event("create_order", user: 1)')
    refute File.exist?(File.join(root, "data"))
  end

  def test_definitions_are_read_again
    root = install
    InternalEvents.configure { |it| it.root = root; it.data = File.join(root, "data"); it.strict = true }
    assert_raises(InternalEvents::UnknownEventError) { InternalEvents.track_event("delete_order") }
    Helper.write(root, "config/events/delete_order.yml", format(EVENT, action: "delete_order", trackers: ""))
    InternalEvents.reload
    assert_nil InternalEvents.track_event("delete_order")
    assert_equal %w[create_order delete_order], InternalEvents.installation.event_names
  end

  def test_strict_in_development_and_test_unless_somebody_decides
    [
      ["", "production", nil, false], ["", "test", nil, true], ["", "development", nil, true],
      ["strict = false\n", "test", nil, false], ["strict = true\n", "production", nil, true], ["strict = true\n", "test", false, false]
    ].each do |settings, environment, decided, expected|
      configuration = InternalEvents::Configuration.new
      configuration.environment = environment
      configuration.strict = decided
      installation = InternalEvents::Installation.open(root: install(settings: settings), configuration: configuration)
      assert_equal expected, installation.strict?, [settings, environment, decided].inspect
    end
  end

  def test_names_that_others_have_are_left_alone
    root = install
    out, err, status = Open3.capture3({ "INTERNAL_EVENTS_ROOT" => root }, RbConfig.ruby, "-I#{LIB}", "-e", <<~RUBY)
      module Gitlab; module InternalEvents; def self.track_event(*) = "theirs"; end; end
      require "internal_events"
      puts Gitlab::InternalEvents.track_event("x"), InternalEvents::GitlabNames.taken
    RUBY
    assert status.success?, err
    assert_equal "theirs\nGitlab::InternalEvents\n", out
    assert_match(/Gitlab::InternalEvents exists already/, err)
  end

  def test_a_broken_definition_is_said_and_stops_no_other
    root = install
    Helper.write(root, "config/events/broken.yml", "action: [\n")
    _, err, status = ruby(root, 'InternalEvents.track_event("create_order", user: 1)')
    assert status.success?, err
    assert_match(/1 definitions are wrong and do not count; `internal-events check` says which/, err)
    assert_equal 1, JSON.parse(cli(root, "metrics", "--format", "json", "counts.total"))["metrics"].first["value"]
  end

  private

  def with_redis
    skip_loudly("there is no redis-server") unless system("which redis-server redis-cli", out: File::NULL)
    Dir.mktmpdir do |dir|
      port = Socket.tcp_server_sockets("127.0.0.1", 0) { |it| break it.first.local_address.ip_port.tap { |_| it.each(&:close) } }
      pid = spawn("redis-server", "--port", port.to_s, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir, out: File::NULL)
      ready = -> { Socket.tcp("127.0.0.1", port, connect_timeout: 1, &:close) || true rescue false }
      Timeout.timeout(10) { sleep 0.05 until ready.call }
      yield port
    ensure
      Process.kill(:TERM, pid)
      Process.wait(pid)
    end
  end

  def skip_loudly(reason)
    warn "SKIPPED: #{reason}"
    skip reason
  end
end
