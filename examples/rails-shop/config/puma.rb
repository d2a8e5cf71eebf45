# frozen_string_literal: true

workers Integer(ENV.fetch("SHOP_WORKERS", 2))
threads 1, Integer(ENV.fetch("SHOP_THREADS", 5))
bind ENV.fetch("SHOP_BIND", "tcp://127.0.0.1:3000")
environment ENV.fetch("RAILS_ENV", "development")
