# frozen_string_literal: true

workers ENV.fetch("WEB_CONCURRENCY", 2)
threads_count = ENV.fetch("RAILS_MAX_THREADS", 5)
threads threads_count, threads_count
bind ENV.fetch("SHOP_BIND", "tcp://127.0.0.1:3000")
environment ENV.fetch("RAILS_ENV", "development")

# With it, workers are forked from an application that is loaded, which is fine; without it, they
# can be replaced one by one.
preload_app! ENV["SHOP_PRELOAD"] == "true"
