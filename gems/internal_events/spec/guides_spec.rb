# frozen_string_literal: true

require "spec_helper"

# Each Ruby example of GitLab's guides on migrating and on starting, as it stands there.
RSpec.describe "The guides" do
  let(:name) { "ci_templates" }
  let(:namespace) { Record.new(9) }
  let(:project) { Project.new(7, namespace) }
  let(:user) { Record.new(5) }
  let(:current_user) { user }
  let(:label) { "template_name" }
  let(:context) { { schema: "iglu:com.example/context/jsonschema/1-0-0", data: { stage: "build" } } }

  weekly = "count_distinct_user_id_from_ci_templates_unique_7d"
  monthly = "count_distinct_user_id_from_ci_templates_unique_28d"
  writes = "redis_hll_counters.source_code.git_write_action_weekly"
  monthly_writes = "redis_hll_counters.action_monthly_active_users_git_write"

  around do |example|
    configured = InternalEvents.configuration.root
    InternalEvents.configure { |it| it.root = File.join(__dir__, "fixtures/guide") }
    example.run
  ensure
    InternalEvents.configure { |it| it.root = configured }
  end

  describe "from Snowplow" do
    it "begins with an event for analytics alone" do
      tracked = InternalEvents::Testing.recorder.during do
        Gitlab::Tracking.event(name, 'ci_templates_unique', namespace: namespace,
                               project: project, context: [context], user: user, label: label)
      end

      expect(tracked.map { |it| it.snowplow.slice("se_ca", "se_ac", "se_la") })
        .to eq(["se_ca" => "ci_templates", "se_ac" => "ci_templates_unique", "se_la" => "template_name"])
      expect(tracked.flat_map(&:updates)).to be_empty
    end

    it "goes to an internal event" do
      expect do
        Gitlab::InternalEvents.track_event('ci_templates_unique', namespace: namespace, project: project, user: user)
      end.to trigger_internal_events("ci_templates_unique")
        .with(namespace: namespace, project: project, user: user, category: "InternalEventTracking")
        .and increment_usage_metrics(weekly, monthly)
    end

    it "goes to an internal event by the mixin, with its label" do
      service = Class.new do
        include Gitlab::InternalEventsTracking

        def self.name = "Ci::TemplateService"

        def execute(namespace, project, user, label)
          track_internal_event('ci_templates_unique', namespace: namespace, project: project, user: user,
                               additional_properties: { label: label })
        end
      end

      expect { service.new.execute(namespace, project, user, label) }
        .to trigger_internal_events("ci_templates_unique")
        .with(namespace: namespace, project: project, user: user, category: "Ci::TemplateService",
              additional_properties: { label: "template_name" })
        .and increment_usage_metrics(weekly)
    end

    it "takes the three built-in properties" do
      properties = { label: "push_event", property: "golang", value: 20 }
      expect do
        Gitlab::InternalEvents.track_event("i_code_review_user_apply_suggestion", user: user,
                                           additional_properties: properties)
      end.to trigger_internal_events("i_code_review_user_apply_suggestion").with(additional_properties: properties)
    end
  end

  describe "from RedisHLL" do
    it "begins with the values of a legacy event" do
      expect { Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id) }
        .to change {
              Gitlab::UsageDataCounters::HLLRedisCounter
                .unique_events(event_names: :git_write_action, start_date: Date.today, end_date: Date.today)
            }.by(1)
    end

    it "goes to an internal event" do
      expect { Gitlab::InternalEvents.track_event('project_created', user: current_user) }
        .to trigger_internal_events("project_created").with(user: current_user)
        .and increment_usage_metrics(writes, monthly_writes)
    end

    it "goes to an internal event with project and namespace" do
      expect { Gitlab::InternalEvents.track_event('project_created', user: current_user, project: project, namespace: namespace) }
        .to trigger_internal_events("project_created").with(user: current_user, project: project, namespace: namespace)
        .and increment_usage_metrics(writes)
    end

    it "counts the same users together while a code base is half migrated" do
      Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id)

      expect { Gitlab::InternalEvents.track_event('project_created', user: current_user) }
        .to not_increment_usage_metrics(writes)
      expect { Gitlab::InternalEvents.track_event('project_created', user: Record.new(6)) }
        .to increment_usage_metrics(writes).to(2)
    end
  end

  describe "on starting" do
    it "tracks from a class" do
      worker = Class.new do
        include Gitlab::InternalEventsTracking

        def self.name = "Ci::CreateBuildWorker"

        def perform(user, namespace, project)
          track_internal_event(
            "create_ci_build",
            user: user,
            namespace: namespace,
            project: project,
            additional_properties: { label: "merge_request_event" },
            feature_enabled_by_namespace_ids: [namespace.id]
          )
        end
      end

      expect { worker.new.perform(user, namespace, project) }.to trigger_internal_events("create_ci_build")
        .with(user: user, category: "Ci::CreateBuildWorker", feature_enabled_by_namespace_ids: [9])
    end

    it "batches" do
      expect do
        Gitlab::InternalEvents.with_batched_redis_writes do
          3.times { Gitlab::InternalEvents.track_event("web_ide_viewed", user: user) }
        end
      end.to trigger_internal_events("web_ide_viewed").thrice
        .and increment_usage_metrics("counts.count_total_web_ide_viewed").by(3)
        .and increment_usage_metrics("redis_hll_counters.count_distinct_user_id_from_web_ide_viewed_weekly").by(1)
    end

    it "tracks from a service" do
      label_service = Class.new do
        include Gitlab::InternalEvents::ServiceTracking

        def self.name = "Labels::CreateService"

        track_internal_event 'label_created', on: :success, additional_properties: { label: "project" }

        attr_reader :current_user

        def initialize(user) = @current_user = user
        def execute = Struct.new(:project).new(Project.new(7, Record.new(9)))
      end

      expect { label_service.new(user).execute }.to trigger_internal_events("label_created")
        .with(user: user, project: project, category: "Labels::CreateService", additional_properties: { label: "project" })
    end

    describe "testing" do
      subject(:view) { open_editor }

      def open_editor
        Gitlab::InternalEvents.track_event("web_ide_viewed", user: user, project: project, category: "WebIde",
                                           additional_properties: { label: "vscode", property: "menu", value: 2 },
                                           feature_enabled_by_namespace_ids: [1])
      end

      let(:event) { "web_ide_viewed" }
      let(:category) { "WebIde" }
      let(:additional_properties) { { label: "vscode", property: "menu", value: 2 } }
      let(:feature_enabled_by_namespace_ids) { [1] }

      it_behaves_like "internal event tracking"

      it "compares everything" do
        expect { view }.to trigger_internal_events('web_ide_viewed').with(
          user: user, project: project, namespace: namespace, category: category,
          additional_properties: additional_properties,
          feature_enabled_by_namespace_ids: feature_enabled_by_namespace_ids
        )
      end

      it "counts, negates and combines" do
        expect { 2.times { open_editor } }.to trigger_internal_events('web_ide_viewed').twice
        expect { nil }.to not_trigger_internal_events('web_ide_viewed')
        expect { view }
          .to trigger_internal_events('web_ide_viewed')
          .and increment_usage_metrics('counts.count_total_web_ide_viewed')
          .and not_increment_usage_metrics(writes)
      end

      it "reads rendered HTML" do
        button = '<button data-event-tracking="web_ide_viewed" data-event-label="vscode">Edit</button>'
        page = '<div data-event-tracking="web_ide_viewed" data-event-tracking-load="true"></div>'

        expect(button).to trigger_internal_events('web_ide_viewed').with(additional_properties: { label: 'vscode' }).on_click
        expect(page).to trigger_internal_events('web_ide_viewed').on_load
        expect('<p></p>').not_to trigger_internal_events
      end
    end
  end
end
