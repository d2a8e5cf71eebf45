# frozen_string_literal: true

require "minitest/autorun"
require "fileutils"
require "open3"
require "rbconfig"
require "tmpdir"
require "timeout"
require "internal_events"

# Installations of a few definitions, and other processes.
module Helper
  LIB = File.expand_path("../lib", __dir__)
  WEDNESDAY = Time.utc(2026, 11, 18, 12)

  EVENT = <<~YAML
    description: A customer sends an order, whatever the way of payment is
    internal_events: true
    action: %<action>s
    identifiers: [project, user, namespace]
    additional_properties:
      label:
        description: The way of payment
      property:
        description: The shop
      value:
        description: How much it cost
      size:
        description: How large it is
    %<trackers>s
    product_group: shop
    milestone: "19.3"
    introduced_by_url: https://example.com/1
    tiers: [free]
  YAML

  TRACKERS = <<~YAML
    extra_trackers:
    - tracking_class: %<tracker>s
      protected_properties:
        secret:
          description: What only that class may see
  YAML

  METRIC = <<~YAML
    key_path: %<key_path>s
    description: How often, or by how many, orders are sent
    product_group: shop
    value_type: number
    status: active
    milestone: "19.3"
    introduced_by_url: https://example.com/1
    time_frame: %<time_frame>s
    data_source: internal_events
    data_category: optional
    tiers: [free]
    events:
    - name: create_order
    %<rule>s
  YAML

  METRICS = [
    ["counts.total", "all", ""],
    ["counts.total_weekly", "7d", ""],
    ["counts.users", "7d", "  unique: user.id"],
    ["counts.projects", "7d", "  unique: project.id"],
    ["counts.namespaces", "7d", "  unique: namespace.id"],
    ["counts.labels", "7d", "  unique: label"],
    ["counts.sizes", "7d", "  unique: size"],
    ["counts.sum", "all", "  operator: sum(value)"],
    ["counts.gifts", "all", "  filter:\n      label: gift"],
    ["counts.five", "all", "  filter:\n      value: 5"]
  ].freeze

  Record = Struct.new(:id, :namespace)

  def self.install(root, tracker: nil, settings: "")
    write(root, "internal-events.toml", settings)
    trackers = tracker ? format(TRACKERS, tracker: tracker) : ""
    write(root, "config/events/create_order.yml", format(EVENT, action: "create_order", trackers: trackers))
    METRICS.each do |key_path, time_frame, rule|
      metric = format(METRIC, key_path: key_path, time_frame: time_frame, rule: rule)
      write(root, "config/metrics/counts_#{time_frame}/#{key_path.tr(".", "_")}.yml", metric)
    end
  end

  def self.write(root, path, text)
    path = File.join(root, path)
    FileUtils.mkdir_p(File.dirname(path))
    File.write(path, text)
  end

  # A new installation, which goes with the test.
  def install(**options)
    root = Dir.mktmpdir("internal-events-test")
    (@roots ||= []) << root
    Helper.install(root, **options)
    root
  end

  def teardown
    super
    InternalEvents.tracker = nil
    InternalEvents.forget
    InternalEvents.instance_variable_set(:@configuration, nil)
    @roots&.each { |it| FileUtils.rm_rf(it) }
  end

  # A tracker in memory with the definitions of a new installation.
  def in_memory(strict: true, **options)
    installation = InternalEvents::Installation.open(root: install(**options))
    InternalEvents::Tracker.in_memory(installation: installation, at: WEDNESDAY, strict: strict)
  end

  def values(tracker)
    report = tracker.metrics(include_current_week: true).fetch("metrics")
    report.to_h { |it| [it["key_path"].delete_prefix("counts."), it["value"]] }
  end

  # Runs Ruby in a process of its own on an installation; `before` is what it does before it has the gem.
  def ruby(root, code, env: {}, timeout: 60, before: "")
    env = { "INTERNAL_EVENTS_ROOT" => root, "INTERNAL_EVENTS_DATA" => File.join(root, "data") }.merge(env)
    env = { "RAILS_ENV" => nil, "RACK_ENV" => nil, "APP_ENV" => nil }.merge(env)
    program = "#{before}\nrequire \"internal_events\"\nRecord = Struct.new(:id, :namespace)\n#{code}"
    Open3.popen3(env, RbConfig.ruby, "-I#{LIB}", "-e", program) do |input, out, err, process|
      input.close
      said = [out, err].map { |it| Thread.new { it.read } }
      # Whoever waits for itself heeds nothing else.
      Process.kill(:KILL, process.pid) unless process.join(timeout)
      [*said.map(&:value), process.value]
    end
  end

  def ruby!(root, code, **options)
    out, err, status = ruby(root, code, **options)
    assert status.success?, "#{status}\n#{out}\n#{err}"
    assert_empty said(err)
    out
  end

  # What was said, but for what is no fault: most calls here lack something that some metric counts.
  def said(err)
    err.lines.grep_v(/so the metrics that count it did not move/).join
  end

  # What another process, which knows only the data directory, reads.
  def counted(root)
    code = 'puts InternalEvents.tracker.metrics(include_current_week: true)["metrics"].to_h { |it| ' \
           '[it["key_path"].delete_prefix("counts."), it["value"]] }.to_json'
    JSON.parse(ruby!(root, code))
  end

  # The program, as it was built for the tests.
  def program
    ENV.fetch("INTERNAL_EVENTS_BIN") { skip "INTERNAL_EVENTS_BIN names no program" }
  end

  def cli(root, *arguments)
    command = [program, *arguments, "--root", root, "--data", File.join(root, "data")]
    out, err, status = Open3.capture3(*command)
    assert status.success?, err
    out
  end
end
