# frozen_string_literal: true

require "spec_helper"
require "internal_events/service_tracking"

# What services of GitLab return.
Response = Struct.new(:status, :payload) do
  def success? = status == :success
end

# What looks like a record.
Saved = Struct.new(:persisted, :project, :namespace) do
  def persisted? = persisted
end

Grouped = Struct.new(:group)

RSpec.describe InternalEvents::ServiceTracking do
  let(:project) { Project.new(7, Record.new(9)) }

  # A service that returns what it is made with.
  def service(*declarations, parent: Object, &body)
    Class.new(parent) do
      include InternalEvents::ServiceTracking unless include?(InternalEvents::ServiceTracking)

      def self.name = "Orders::Service"

      declarations.each { |name, options| track_internal_event(name, **(options || {})) }

      def initialize(result) = @result = result
      def execute = @result

      class_eval(&body) if body
    end
  end

  def execute(result, *declarations, &body)
    service(*declarations, &body).new(result).execute
  end

  it "gives what execute gives, and hands on its arguments" do
    echo = service(["view_book", {}]) { def execute(*args, **options, &block) = [args, options, block.call] }
    result = nil
    expect { result = echo.new(nil).execute(1, 2, a: 3) { 4 } }.to trigger_internal_events("view_book")
    expect(result).to eq([[1, 2], { a: 3 }, 4])
  end

  it "takes user, project and namespace from service and result" do
    expect { execute(Saved.new(true, project, Record.new(8)), ["view_book"]) { def current_user = Record.new(5) } }
      .to trigger_internal_events("view_book").with(user: 5, project: 7, namespace: 8, category: "Orders::Service")
  end

  it "takes them from the first payload that has them" do
    payload = { note: "text", group: Grouped.new(Record.new(3)), order: Saved.new(true, project, nil) }
    expect { execute(Response.new(:success, payload), ["view_book"]) }
      .to trigger_internal_events("view_book").with(project: 7, namespace: 3)
  end

  it "knows no source where the payload is no hash" do
    expect { execute(Response.new(:success, [project]), ["view_book"]) }
      .to trigger_internal_events("view_book").with(user: nil, project: nil, namespace: nil)
  end

  it "lets the service say otherwise" do
    expect do
      execute(Saved.new(true, project, nil), ["view_book"]) do
        private

        def tracking_user_source = Record.new(1)
        def tracking_project_source(_result) = Record.new(2)
        def tracking_namespace_source(result) = result.project.namespace
      end
    end.to trigger_internal_events("view_book").with(user: 1, project: 2, namespace: 9)
  end

  good = [Response.new(:success, {}), Saved.new(true), [1], "text", 5]
  bad = [Response.new(:error, {}), Saved.new(false), [], "", nil, false]
  {
    { on: :success } => [good, bad], {} => [good, bad], { on: :error } => [bad, good], { on: :always } => [good + bad, []],
    { on: ->(it) { it == 5 } } => [[5], [6]], { on: :wanted? } => [[5], [6]]
  }.each do |options, (tracked, silent)|
    it "tracks by #{options.inspect[0, 20]}" do
      wanted = proc { define_method(:wanted?) { @result == 5 }; private :wanted? }
      tracked.each do |it|
        expect { execute(it, ["view_book", options], &wanted) }.to trigger_internal_events("view_book"), it.inspect
      end
      silent.each do |it|
        expect { execute(it, ["view_book", options], &wanted) }.to not_trigger_internal_events("view_book"), it.inspect
      end
    end
  end

  it "keeps to all conditions" do
    five = ->(it) { it.instance_variable_get(:@result) == 5 }
    sane = proc { def sane? = true }
    expect { execute(5, ["view_book", { conditions: [:sane?, five] }], &sane) }.to trigger_internal_events("view_book")
    expect { execute(6, ["view_book", { conditions: [:sane?, five] }], &sane) }.to not_trigger_internal_events("view_book")
    expect { execute(5, ["view_book", { conditions: five }]) }.to trigger_internal_events("view_book")
  end

  it "computes properties" do
    computed = ->(result) { { label: result } if result != "none" }
    expect { execute("paper", ["view_book", { additional_properties: computed }]) }
      .to trigger_internal_events("view_book").with(additional_properties: { label: "paper" })
    expect { execute("none", ["view_book", { additional_properties: computed }]) }
      .to trigger_internal_events("view_book").with(additional_properties: {})
  end

  it "tracks declarations of ancestors first, and each once" do
    parent = service(["view_book"])
    child = service(["refuse_order"], parent: parent) { def execute = super }
    tracked = InternalEvents::Testing.recorder.during { child.new(5).execute }
    expect(tracked.map(&:name)).to eq(%w[view_book refuse_order])

    heir = Class.new(child)
    expect { heir.new(5).execute }.to trigger_internal_events("view_book", "refuse_order")
    expect { parent.new(5).execute }.to trigger_internal_events("view_book").and not_trigger_internal_events("refuse_order")
  end

  it "does not track what raises" do
    expect do
      expect { execute(5, ["view_book"]) { def execute = raise("broken") } }.to raise_error("broken")
    end.to not_trigger_internal_events("view_book")
  end

  it "refuses options of another kind where it is strict" do
    expect { execute(5, ["view_book", { on: "success" }]) }.to raise_error(ArgumentError, /`on:` is :success/)
    expect { execute(5, ["view_book", { conditions: 5 }]) }.to raise_error(ArgumentError, /a condition is/)
  end

  it "is there under GitLab's name" do
    expect(Gitlab::InternalEvents::ServiceTracking).to be(described_class)
  end
end
