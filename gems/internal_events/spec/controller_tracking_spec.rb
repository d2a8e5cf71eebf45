# frozen_string_literal: true

require "spec_helper"
require "action_controller"
require "internal_events/controller_tracking"
require "rack/test"

RSpec.describe InternalEvents::ControllerTracking do
  include Rack::Test::Methods

  let(:controller) do
    Class.new(ActionController::Base) do
      include InternalEvents::ControllerTracking

      def self.name = "BooksController"

      track_internal_event :show, :other, name: "view_book", conditions: -> { params[:skip].nil? },
                                  additional_properties: ->(it) { { label: it.params[:kind] } if it.params[:kind] }

      def index = head(:ok)
      def other = head(:ok)

      def show
        raise "broken" if params[:broken]

        @project = Project.new(7, Record.new(9))
        head(:ok)
      end

      private

      def current_user = Record.new(5)
      def tracking_project_source = @project
    end
  end

  # One action as a Rack application.
  def app
    controller = self.controller
    ->(env) { controller.action(env["PATH_INFO"].delete("/")).call(env) }
  end

  def visit(path, headers = {})
    get(path, {}, { "HTTP_ACCEPT" => "text/html" }.merge(headers))
  end

  it "tracks after the action, with user, project and namespace" do
    expect { visit("/show?kind=paper") }.to trigger_internal_events("view_book")
      .with(user: 5, project: 7, namespace: 9, category: "InternalEventTracking", additional_properties: { label: "paper" })
  end

  it "takes no properties from what makes none" do
    expect { visit("/other") }.to trigger_internal_events("view_book").with(user: 5, additional_properties: {})
  end

  it "tracks the named actions alone" do
    expect { visit("/index") }.to not_trigger_internal_events("view_book")
  end

  it "keeps to the conditions" do
    expect { visit("/show?skip=1") }.to not_trigger_internal_events("view_book")
  end

  it "does not track an action that fails" do
    expect { expect { visit("/show?broken=1") }.to raise_error("broken") }.to not_trigger_internal_events("view_book")
  end

  it "tracks pages only" do
    expect { visit("/show", "HTTP_ACCEPT" => "application/json") }.to not_trigger_internal_events("view_book")
  end

  %w[1 true yes on ON].each do |value|
    it "does not track who sends DNT: #{value}" do
      expect { visit("/show", "HTTP_DNT" => value) }.to not_trigger_internal_events("view_book")
    end
  end

  ["0", "false", "", "null"].each do |value|
    it "tracks who sends DNT: #{value.inspect}" do
      expect { visit("/show", "HTTP_DNT" => value) }.to trigger_internal_events("view_book")
    end
  end

  context "with what is wrong" do
    def controller_with(**options, &body)
      Class.new(ActionController::Base) do
        include InternalEvents::ControllerTracking

        def self.name = "WrongController"

        track_internal_event :show, **options
        class_eval(&body) if body
        def show = head(:ok)
      end
    end

    it "refuses no action at all" do
      expect { controller.track_internal_event(name: "view_book") }.to raise_error(ArgumentError, /at least one action/)
    end

    it "says a wrong name and a broken source where it is strict" do
      unknown = controller_with(name: "view_bok")
      expect { unknown.action(:show).call(Rack::MockRequest.env_for("/", "HTTP_ACCEPT" => "text/html")) }
        .to raise_error(InternalEvents::UnknownEventError, /view_bok/)
    end

    it "spoils no page where it is lenient" do
      lenient = InternalEvents::Tracker.in_memory(installation: InternalEvents.installation, at: Time.now, strict: false)
      heard = []
      InternalEvents.configuration.on_error = ->(error, details) { heard << [error.message, details[:event_name]] }
      broken = controller_with(name: "view_book") { def tracking_project_source = raise("no database") }
      env = Rack::MockRequest.env_for("/", "HTTP_ACCEPT" => "text/html")
      InternalEvents.with_tracker(lenient) do
        expect(broken.action(:show).call(env).first).to eq(200)
        expect(controller_with(name: "view_bok").action(:show).call(env).first).to eq(200)
      end
      expect(heard).to include(["no database", "view_book"])
      expect(lenient.events).to be_empty
      expect(lenient.quarantined.size).to eq(1)
    ensure
      InternalEvents.configuration.on_error = nil
      lenient&.close
    end
  end
end
