# frozen_string_literal: true

module InternalEvents
  # What an installation has on disk: settings and definitions, as they were when it was opened.
  class Installation
    # What a call of an event needs to know of its definition.
    Declared = Struct.new(:properties, :protected_properties, :extra_trackers)

    # @param root [String] where `config/` and `ee/config/` are
    # @param configuration [Configuration] what was decided in Ruby
    # @return [Installation]
    # @raise [Error] if it cannot be read
    def self.open(root: nil, configuration: InternalEvents.configuration)
      root ||= configuration.root_in_use
      new(Native::Installation.open(root.to_s, configuration.environment_variables, configuration.strict_by_default?))
    end

    # @api private
    attr_reader :native

    # @return [String] where it is
    attr_reader :root

    # @return [String] where journal and counters are kept
    attr_reader :data

    # @return [Array<String>] what is wrong with definitions, a line each; those do not count
    attr_reader :problems

    def initialize(native)
      @native = native
      facts = JSON.parse(native.facts)
      @root, @data, @problems = facts.values_at("root", "data", "problems")
      @enabled, @strict, @analytics = facts.values_at("enabled", "strict", "analytics")
      @declared = {}
    end

    # @return [Boolean] whether anything is tracked
    def enabled?
      @enabled
    end

    # @return [Boolean] whether wrong calls raise
    def strict?
      @strict
    end

    # @return [Boolean] whether events are sent to Snowplow
    def analytics?
      @analytics
    end

    # @return [Array<String>] the names of internal events
    def event_names
      names.fetch("events")
    end

    # @return [Array<String>] the key paths of metrics, sorted
    def metric_key_paths
      names.fetch("metrics")
    end

    # @param name [String]
    # @return [Hash, nil] the definition of an internal event
    def event(name)
      json = native.event(name.to_s)
      json && JSON.parse(json)
    end

    # @param key_path [String]
    # @return [Hash, nil] the definition of a metric
    def metric(key_path)
      json = native.metric(key_path.to_s)
      json && JSON.parse(json)
    end

    # @param event [String]
    # @return [Array<String>] the key paths of the metrics that count an event
    def metrics_of(event)
      native.metrics_of(event.to_s)
    end

    # @param name [String]
    # @return [String, nil] the event that was meant, perhaps
    def similar_event(name)
      native.similar_event(name.to_s)
    end

    # @param key_path [String]
    # @return [String, nil] the metric that was meant, perhaps
    def similar_metric(key_path)
      native.similar_metric(key_path.to_s)
    end

    # @api private
    # @return [Declared, nil] what an event declares, as symbols; kept, for every call asks
    def declared(name)
      @declared.fetch(name) { @declared[-name] = declare(name) if native.event(name) }
    end

    private

    def names
      @names ||= JSON.parse(native.names).tap { |it| it.each_value(&:sort!) }
    end

    def declare(name)
      event = event(name)
      trackers = event["extra_trackers"].map do |it|
        [it["tracking_class"], it["protected_properties"].map(&:to_sym)]
      end
      Declared.new(event["properties"].map(&:to_sym), trackers.flat_map(&:last), trackers)
    end
  end
end
