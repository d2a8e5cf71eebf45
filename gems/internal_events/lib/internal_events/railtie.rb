# frozen_string_literal: true

require "rails/railtie"
require "internal_events"
require "internal_events/controller_tracking"
require "internal_events/service_tracking"

module InternalEvents
  # What a Rails application gets by having the gem: settings, the macro of controllers, a log, and
  # definitions that are read again when they change.
  class Railtie < Rails::Railtie
    # Where definitions are, below the root.
    DEFINITIONS = %w[config/events config/metrics ee/config/events ee/config/metrics].freeze

    # Settings of `InternalEvents.configure`. What stands here beats those of `internal-events.toml`.
    config.internal_events = ActiveSupport::OrderedOptions.new

    initializer "internal_events.configure", before: :load_config_initializers do |app|
      options = app.config.internal_events
      InternalEvents.configure do |settings|
        settings.root = (options.root || app.root).to_s
        settings.environment = Rails.env
        settings.logger = Rails.logger if Rails.logger
        %i[data enabled strict context on_error exit_timeout].each do |name|
          settings.public_send(:"#{name}=", options[name]) unless options[name].nil?
        end
      end
    end

    # GitLab has a module of this name of its own; it stays what it is.
    initializer "internal_events.controllers", after: :setup_main_autoloader do
      Object.const_set(:ProductAnalyticsTracking, ControllerTracking) unless Object.const_defined?(:ProductAnalyticsTracking)
    end

    initializer "internal_events.log", after: :initialize_logger do |app|
      require "internal_events/notifications"
      Entrance.prepend(Notifications)
      wanted = app.config.internal_events.log
      if wanted.nil? ? Rails.logger&.debug? : wanted
        require "internal_events/log_subscriber"
        LogSubscriber.attach_to(:internal_events)
      end
    end

    # Where code is reloaded, definitions are too; elsewhere they are those of the start.
    initializer "internal_events.reload" do |app|
      next if app.config.cache_classes

      folders = DEFINITIONS.to_h { |it| [app.root.join(it).to_s, %w[yml]] }
      watcher = app.config.file_watcher.new([], folders) { InternalEvents.reload }
      app.reloaders << watcher
      app.reloader.to_run { watcher.execute_if_updated }
    end

    # A process that ends flushes by itself. Servers that end their workers without running
    # `at_exit` have hooks of their own.
    config.after_initialize do
      if defined?(PhusionPassenger)
        PhusionPassenger.on_event(:stopping_worker_process) { InternalEvents.tracker.flush(5) }
      end
      if defined?(Sidekiq) && Sidekiq.respond_to?(:configure_server)
        Sidekiq.configure_server { |it| it.on(:shutdown) { InternalEvents.tracker.flush(5) } }
      end
    end
  end
end
