# frozen_string_literal: true

require "spec_helper"

# `docs/rails.md`, executed from its first file to its last command on a new application.
RSpec.describe "docs/rails.md", internal_events: false do
  page = File.read(File.join(Checkout::ROOT, "docs/rails.md"))
  blocks = page.scan(/^```(\w+)\n(.*?)^```$/m)

  # Files by their path, which each says at its top; gems are what the tests run on.
  files = blocks.select { |language, text| %w[ruby toml].include?(language) && !text.start_with?("# Gemfile") }
                .to_h { |_, text| [text[/\A# (\S+)/, 1], text] }
  # What is typed, and what is printed.
  consoles = blocks.filter_map { |language, text| text if language == "console" }

  # What every application has before the page begins.
  skeleton = {
    "bin/rails" => <<~RUBY,
      #!/usr/bin/env ruby
      APP_PATH = File.expand_path("../config/application", __dir__)
      require "rails/commands"
    RUBY
    "config/application.rb" => <<~RUBY,
      require "rails"
      require "action_controller/railtie"
      require "active_model/railtie"
      require "internal_events"

      class NewShop < Rails::Application
        config.load_defaults 6.1
        config.root = File.expand_path("..", __dir__)
        config.secret_key_base = "none"
        config.hosts.clear
        config.eager_load = false
        config.logger = Logger.new(File::NULL)
        routes.append { resource :order, only: :show }
      end
    RUBY
    "config/environment.rb" => "require_relative 'application'\nNewShop.initialize!\n",
    "app/models/user.rb" => "User = Struct.new(:id, keyword_init: true)\n",
    "app/models/project.rb" => "Project = Struct.new(:id, keyword_init: true)\n",
    "app/models/order.rb" => "Order = Struct.new(:payment, :project, :persisted, keyword_init: true) { def persisted? = persisted }\n",
    "spec/spec_helper.rb" => "require_relative '../config/environment'\nrequire 'internal_events/rspec'\n",
    "test/test_helper.rb" => <<~RUBY
      require "minitest/autorun"
      require_relative "../config/environment"
      require "rails/test_help"
      require "internal_events/minitest"
    RUBY
  }

  around do |example|
    Dir.mktmpdir do |directory|
      @root = directory
      skeleton.each { |path, text| write(path, text) }
      example.run
    end
  end

  def write(path, text)
    path = File.join(@root, path)
    FileUtils.mkdir_p(File.dirname(path))
    File.write(path, text)
  end

  def run(*command, environment: "development")
    variables = { "RAILS_ENV" => environment, "RUBYLIB" => Checkout::LIB, "INTERNAL_EVENTS_BIN" => Checkout.program,
                  "INTERNAL_EVENTS_ROOT" => @root, "INTERNAL_EVENTS_DATA" => nil }
    Open3.capture2e(variables, *command, chdir: @root)
  end

  # The commands of a block with what they print.
  def commands(text)
    text.split(/^\$ /).reject(&:empty?).map { |it| it.split("\n", 2) }
  end

  # What the page prints stands for itself, but for `…`, which is whatever there is.
  def printed(expected)
    lines = expected.lines(chomp: true).map { |it| Regexp.escape(it).gsub("…", ".*") }
    /\A#{lines.join("\n")}\n*\z/
  end

  def execute(command, expected)
    words = command.shellsplit
    words[0, 1] = { "bin/rails" => %w[ruby bin/rails], "internal-events" => [Checkout.program] }.fetch(words[0])
    output, status = run(*words)
    expect(status).to be_success, "#{command}: #{output}"
    expect(output).to match(printed(expected)), "#{command} printed:\n#{output}" unless expected.to_s.strip.empty?
  end

  def data = File.join(@root, "storage/internal-events")

  it "holds" do
    require "shellwords"
    files.each { |path, text| write(path, text) }
    consoles.flat_map { |text| commands(text) }
          .each { |command, expected| execute(command, expected) }

    rspec, = run("rspec", "--require", "./spec/spec_helper", "spec", environment: "test")
    expect(rspec).to match(/^6 examples, 0 failures/)
    minitest, = run("ruby", "-r./test/test_helper", "test/place_order_test.rb", environment: "test")
    expect(minitest).to match(/^2 runs, \d+ assertions, 0 failures, 0 errors, 0 skips/)
  end

  it "has a controller and a job that track" do
    files.each { |path, text| write(path, text) }
    execute(commands(consoles.first).first.first, "")
    write("try.rb", <<~RUBY)
      require_relative "config/environment"
      require "rack/mock"
      RenewJob.new.perform(User.new(id: 1), Project.new(id: 7))
      ["/order?placed=1&user=2&payment=card", "/order?user=3", "/order?placed=1&user=4"].each do |path|
        puts Rack::MockRequest.new(NewShop).get(path, "HTTP_ACCEPT" => "text/html").body
      end
    RUBY
    output, = run("ruby", "try.rb")
    expect(output).to eq("Thank you\n" * 3)
    expect(Checkout.metrics(@root, data)).to include("count_distinct_user_id_from_place_order_7d" => 3)
  end
end
