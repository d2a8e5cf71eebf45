# frozen_string_literal: true

require "spec_helper"

# The example shop, in processes of its own, as `bin/rails` starts it.
RSpec.describe "The Railtie", internal_events: false do
  around do |example|
    Dir.mktmpdir do |directory|
      @root = File.join(directory, "shop")
      FileUtils.cp_r(Checkout::SHOP, @root)
      FileUtils.rm_rf(File.join(@root, "tmp"))
      example.run
    end
  end

  # Runs a program of the shop.
  def run(*command, environment: "development", **variables)
    variables = variables.transform_keys(&:to_s)
    environment = { "RAILS_ENV" => environment, "RUBYLIB" => Checkout::LIB, "INTERNAL_EVENTS_BIN" => Checkout.program,
                    "DATABASE_URL" => "sqlite3:#{@root}/../shop.sqlite3" }
    Open3.capture2e(environment.merge(variables), *command, chdir: @root)
  end

  def ruby(code, **options)
    File.write(File.join(@root, "try.rb"), "require_relative 'shop'\nShop.prepare\n#{code}")
    output, status = run("ruby", "try.rb", **options)
    raise output unless status.success?

    output
  end

  def metrics = Checkout.metrics(@root, File.join(@root, "tmp/internal-events"))

  it "configures root, data and strictness, and flushes at the end" do
    printed = ruby("InternalEvents.track_event('view_book', user: 5)
                    puts InternalEvents.installation.root, InternalEvents.tracker.strict?")
    expect(printed.lines(chomp: true).last(2)).to eq([@root, "true"])
    expect(metrics).to include("counts.count_total_view_book" => 1)
  end

  it "is lenient in production, and a wrong call is written to the log" do
    printed = ruby("InternalEvents.track_event('view_bok'); puts InternalEvents.tracker.strict?", environment: "production")
    expect(printed.lines(chomp: true).last).to eq("false")
    expect { ruby("InternalEvents.track_event('view_bok')") }.to raise_error(/Unknown event: view_bok/)
  end

  it "makes the macro known, and leaves one alone that is there" do
    expect(ruby("puts ProductAnalyticsTracking")).to include("InternalEvents::ControllerTracking")

    File.write(File.join(@root, "before.rb"), "module ProductAnalyticsTracking; end\nrequire_relative 'shop'")
    output, = run("ruby", "-e", "begin; require './before'; rescue NoMethodError => e; puts e.message; end")
    expect(output).to include("track_internal_event")
  end

  it "tells subscribers, and writes a line to the log where it has them" do
    log = ruby(<<~RUBY, SHOP_LOG: "debug")
      ActiveSupport::Notifications.subscribe("track_event.internal_events") { |*, it| puts it.inspect }
      InternalEvents.track_event("view_book", user: Customer.first, additional_properties: { label: "paper" })
      Gitlab::InternalEvents.track_event("view_book", user: nil)
    RUBY
    expect(log).to match(/Internal event \([\d.]+ms\)  view_book, user: 1, label: "paper"/)
    expect(log).to include(':event_name=>"view_book"').twice
    expect(ruby("InternalEvents.track_event('view_book')")).not_to include("Internal event")
  end

  it "reads changed definitions again in development" do
    expect(ruby(<<~RUBY)).to include("before: UnknownEventError", "after: counted")
      tracked = -> do
        Rails.application.reloader.wrap { InternalEvents.track_event("burn_book", user: 5) }
        "counted"
      rescue InternalEvents::UnknownEventError => error
        error.class.name.split("::").last
      end
      puts "before: \#{tracked.call}"
      definition = File.read("config/events/view_book.yml").gsub("view_book", "burn_book")
      File.write("config/events/burn_book.yml", definition)
      puts "after: \#{tracked.call}"
    RUBY
  end

  it "flushes when Sidekiq or Passenger ends a process" do
    File.write(File.join(@root, "servers.rb"), <<~RUBY)
      module Sidekiq
        HOOKS = Hash.new { |hooks, name| hooks[name] = [] }
        def self.on(name, &hook) = HOOKS[name] << hook
        def self.configure_server = yield(self)
      end
      module PhusionPassenger
        HOOKS = {}
        def self.on_event(name, &hook) = HOOKS[name] = hook
      end
      require_relative "shop"
      [*Sidekiq::HOOKS[:shutdown], PhusionPassenger::HOOKS[:stopping_worker_process]].each do |hook|
        InternalEvents.track_event("view_book", user: 5)
        hook.call
      end
      Process.kill(:KILL, Process.pid)
    RUBY
    run("ruby", "servers.rb")
    expect(metrics).to include("counts.count_total_view_book" => 2)
  end

  context "with `bin/rails g`" do
    flags = %w[--time_frames=7d 28d --group=project_management --stage=plan --section=dev
               --event=ci_templates_unique --unique=user.id --mr=https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544]

    %w[internal_events gitlab:analytics:internal_events].each do |generator|
      it "writes definitions by #{generator}" do
        output, status = run("ruby", "bin/rails", "g", generator, *flags)
        expect(status).to be_success, output
        expect(File.read(File.join(@root, "config/events/ci_templates_unique.yml"))).to include("action: ci_templates_unique")
        expect(Dir.children(File.join(@root, "config/metrics/counts_28d")))
          .to eq(["count_distinct_user_id_from_ci_templates_unique_28d.yml"])
      end
    end

    it "ends as the program ends" do
      output, status = run("ruby", "bin/rails", "g", "internal_events", "--event=ci_templates_unique")
      expect(status).not_to be_success
      expect(output).to include("error: --")
    end

    it "says how to install the program where it is not" do
      output, status = run("ruby", "bin/rails", "g", "internal_events", *flags, INTERNAL_EVENTS_BIN: "no-such-program")
      expect(status).not_to be_success
      expect(output).to include("`no-such-program` is not installed", "cargo install", "INTERNAL_EVENTS_BIN")
    end
  end
end
