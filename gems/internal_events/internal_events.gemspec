# frozen_string_literal: true

require_relative "lib/internal_events/version"

Gem::Specification.new do |gem|
  gem.name = "internal_events"
  gem.version = InternalEvents::VERSION
  gem.summary = "Product analytics from definitions: GitLab's Internal Events, in process, over a core in Rust"
  gem.authors = ["The Internal Events developers"]
  gem.homepage = "https://github.com/internal-events/internal-events"
  gem.licenses = ["MIT", "Apache-2.0"]
  gem.metadata = { "rubygems_mfa_required" => "true", "source_code_uri" => gem.homepage }

  # Below, forks cannot be seen in time.
  gem.required_ruby_version = ">= 3.1"

  # `ext/workspace` is what the extension is built from: `bin/package` copies it from the checkout.
  gem.files = Dir["lib/**/*.{rb,tt,erb}", "sig/**/*.rbs", "ext/**/*", "README.md", "LICENSE-*"].select { |it| File.file?(it) }
  gem.extensions = ["ext/internal_events/extconf.rb"]
end
