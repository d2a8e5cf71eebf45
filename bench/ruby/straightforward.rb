# frozen_string_literal: true

# What one would write in Ruby: the same definitions, checks and keys, and for each counter the
# commands that GitLab sends, each of which is waited for.

require "date"
require "redis"
require "yaml"

class Straightforward
  EXPIRY = 6 * 7 * 86_400

  Rule = Struct.new(:name, :weekly, :filter, :unique, keyword_init: true) do
    def path
      @path ||= begin
        shown = filter.sort.map { |key, it| "#{key}:#{it}" }.join(",")
        [name, ("-filter:[#{shown}]" unless filter.empty?), ("-#{unique}" if unique)].join
      end
    end

    def key
      slot = unique ? "hll_counters" : "event_counters"
      "{#{slot}}_#{path}#{Date.today.strftime('-%G-%V') if weekly}"
    end

    def matches?(properties)
      filter.all? { |key, it| properties[key] == it }
    end
  end

  def initialize(root, redis)
    @redis = redis
    @events = Dir["#{root}/config/events/*.yml"].to_h do |path|
      event = YAML.safe_load_file(path)
      [event["action"], (event["additional_properties"] || {}).keys.map(&:to_sym)]
    end
    @rules = rules(Dir["#{root}/config/metrics/*/*.yml"].sort.map { |it| YAML.safe_load_file(it) })
  end

  def track_event(name, additional_properties: {}, **kwargs)
    declared = @events[name] or raise ArgumentError, "Unknown event: #{name}"
    check(name, declared, additional_properties)
    kwargs[:namespace] ||= kwargs[:project]&.namespace
    given = kwargs.merge(additional_properties)
    @rules[name].each { |it| count(it, given) if it.matches?(additional_properties) }
    nil
  end

  private

  def check(name, declared, properties)
    properties.each do |key, value|
      raise ArgumentError, "Unknown additional property: #{key} for event_name: #{name}" unless declared.include?(key)
      next if value.is_a?(String) || value.is_a?(Integer) || value.is_a?(Float)

      raise ArgumentError, "#{key} should be a String, an Integer or a Float, got #{value.class}"
    end
  end

  def count(rule, given)
    key = rule.key
    return increment(key, rule.weekly) unless rule.unique

    value = given[rule.unique.to_sym] or return
    element = value.respond_to?(:id) ? value.id : value
    @redis.multi do |it|
      it.pfadd(key, element)
      it.expire(key, EXPIRY)
    end
  end

  def increment(key, weekly)
    @redis.incr(key)
    @redis.expire(key, EXPIRY) if weekly && @redis.ttl(key) <= 0
  end

  def rules(metrics)
    all = @events.keys.to_h do |name|
      [name, [false, true].map { |it| Rule.new(name: name, weekly: it, filter: {}) }]
    end
    metrics.each do |metric|
      frames = [*metric["time_frame"]]
      metric["events"].each do |it|
        filter = (it["filter"] || {}).transform_keys(&:to_sym)
        unique = it["unique"]&.split(".")&.first
        frames.each do |frame|
          all[it["name"]] << Rule.new(name: it["name"], weekly: frame != "all", filter: filter, unique: unique)
        end
      end
    end
    all.transform_values(&:uniq)
  end
end
