# frozen_string_literal: true

require "spec_helper"
require "action_controller"
require "internal_events/controller_tracking"
require "rack/test"

RSpec.describe InternalEvents::LegacyControllerTracking do
  include Rack::Test::Methods

  around do |example|
    configured = InternalEvents.configuration.root
    InternalEvents.configure { |it| it.root = File.join(__dir__, "fixtures/guide") }
    example.run
  ensure
    InternalEvents.configure { |it| it.root = configured }
  end

  let(:user) { Record.new(5) }

  def controller(**options, &counted)
    user = self.user
    Class.new(ActionController::Base) do
      include InternalEvents::ControllerTracking

      def self.name = "WritesController"
      def self.to_s = name

      track_event(:show, name: "git_write_action", **options, &counted)
      define_method(:current_user) { user }
      def show = head(:ok)
    end
  end

  # One visit by a browser that keeps its cookies.
  def visit(controller, headers = {})
    @app = ActionDispatch::Cookies.new(->(env) { controller.action(:show).call(env) })
    get("/", {}, { "HTTP_ACCEPT" => "text/html" }.merge(headers))
  end

  attr_reader :app

  def tracked
    InternalEvents::Testing.recorder.events
  end

  def elements
    tracked.flat_map { |it| it.updates.map { |update| update["element"] } }.compact
  end

  it "counts a visitor who has signed in once, by a cookie that lasts" do
    2.times { visit(controller) }
    expect(elements.size).to eq(2)
    expect(elements.uniq.size).to eq(1)
    expect(rack_mock_session.cookie_jar["visitor_id"]).to eq(elements.first)
    expect(rack_mock_session.cookie_jar.get_cookie("visitor_id").expires).to be > Time.now + (700 * 86_400)
  end

  context "without a user" do
    let(:user) { nil }

    it "counts nobody, and sets no cookie" do
      visit(controller)
      expect([tracked, rack_mock_session.cookie_jar["visitor_id"]]).to eq([[], nil])
    end

    it "counts a visitor who has the cookie" do
      visit(controller, "HTTP_COOKIE" => "visitor_id=abc")
      expect(elements).to eq(["abc"])
    end
  end

  it "counts what the block gives" do
    visit(controller { |it| it.current_user.id })
    expect(elements).to eq(["5"])
  end

  it "keeps to conditions and DNT" do
    visit(controller(conditions: -> { false }))
    visit(controller, "HTTP_DNT" => "1")
    expect(tracked).to be_empty
  end

  it "sends a legacy event to analytics" do
    visit(controller(destinations: %i[redis_hll snowplow], action: "write", label: "git"))
    sent = tracked.find { |it| it.updates.empty? }.snowplow
    expect(sent).to include("se_ca" => "WritesController", "se_ac" => "write", "se_la" => "git", "se_pr" => "git_write_action")
    expect(sent["cx"].unpack1("m")).to include("gitlab_service_ping", "git_write_action")
    expect(elements.size).to eq(1)
  end

  it "wants an action and a label for analytics" do
    expect { controller(destinations: [:snowplow], label: "git") }
      .to raise_error(ArgumentError, "action is required when destination is snowplow")
    expect { controller(destinations: [:snowplow], action: "write") }
      .to raise_error(ArgumentError, "label is required when destination is snowplow")
  end
end
