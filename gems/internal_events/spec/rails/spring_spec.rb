# frozen_string_literal: true

require "spec_helper"

# Spring keeps an application that is loaded, and forks it for each command.
RSpec.describe "A Rails application under Spring", internal_events: false do
  skeleton = {
    "Gemfile" => %(gem "railties"\ngem "spring"\ngem "internal_events", path: "#{Checkout::GEM}"\n),
    "bin/rails" => <<~RUBY,
      APP_PATH = File.expand_path("../config/application", __dir__)
      require "rails/commands"
    RUBY
    "config/application.rb" => <<~RUBY,
      require "rails"
      require "internal_events"

      class SpringShop < Rails::Application
        config.load_defaults 6.1
        config.root = File.expand_path("..", __dir__)
        config.secret_key_base = "none"
        config.eager_load = false
        config.cache_classes = false
        config.logger = Logger.new(File::NULL)
      end
    RUBY
    "config/environment.rb" => <<~RUBY
      require_relative "application"
      SpringShop.initialize!
      InternalEvents.track_event("view_book", user: 1)
    RUBY
  }

  before do
    skip Checkout.skip_reason("spring (ruby-spring) is not installed") unless system("spring", "--version", out: File::NULL, err: File::NULL)
  end

  around do |example|
    Dir.mktmpdir do |directory|
      @root = directory
      example.run
    ensure
      spring("stop")
    end
  end

  def spring(*arguments)
    variables = { "SPRING_TMP_PATH" => File.join(@root, "tmp"), "RAILS_ENV" => "development",
                  "RUBYLIB" => nil, "INTERNAL_EVENTS_ROOT" => nil, "INTERNAL_EVENTS_DATA" => nil }
    Open3.capture3(variables, "spring", *arguments, chdir: @root)
  end

  def runner(code)
    output, error, status = spring("rails", "runner", code)
    raise "#{code}: #{status}\n#{output}\n#{error}" unless status.success?

    output.lines(chomp: true)
  end

  it "counts what each command tracks, and what the application tracked before the forks" do
    FileUtils.mkdir_p(File.join(@root, "tmp"))
    skeleton.each do |path, text|
      FileUtils.mkdir_p(File.dirname(File.join(@root, path)))
      File.write(File.join(@root, path), text)
    end
    FileUtils.cp_r(%w[events metrics].map { |it| File.join(Checkout::SHOP, "config", it) }, File.join(@root, "config"))

    commands = (2..4).map do |user|
      runner("#{user}.times { InternalEvents.track_event('view_book', user: #{user}) }; puts [Process.pid, Process.ppid]")
    end
    expect(commands.map(&:first).uniq.size).to eq(3)
    expect(commands.map(&:last).uniq.size).to eq(1)
    # 1 by the application, then 2, 3 and 4.
    expect(runner("puts InternalEvents.tracker.metric('counts.count_total_view_book')")).to eq(["10"])
    expect(Checkout.metrics(@root, File.join(@root, ".internal-events"))).to include(
      "counts.count_total_view_book" => 10, "redis_hll_counters.count_distinct_user_id_from_view_book_weekly" => 4
    )
  end
end
