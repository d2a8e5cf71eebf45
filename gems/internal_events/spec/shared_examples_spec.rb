# frozen_string_literal: true

require "spec_helper"

RSpec.describe "shared examples" do
  # Runs a file of examples as a user would, and gives what each of them came to, by its description.
  def run(file, root: Checkout::SHOP)
    command = ["rspec", "--no-color", "--format", "json", "-I", __dir__, File.join(__dir__, "fixtures", file)]
    output, error, = Open3.capture3({ "SPEC_ROOT" => root }, *command, chdir: __dir__)
    json = output[/^\{.*\}$/m] or raise "rspec printed #{output} and #{error}"
    JSON.parse(json).fetch("examples").to_h do |it|
      [it["full_description"].delete_prefix("shared examples "), it.dig("exception", "message") || it["status"]]
    end
  end

  it "hold and fail as they should" do
    results = run("shared_examples_spec.rb")
    tracking = "behaves like internal event tracking triggers the event and moves all of its metrics"
    silent = "behaves like internal event not tracked triggers no such event"

    ["tracked #{tracking}", "tracked with properties and a category #{tracking}", "overridden #{tracking}",
     "silent #{silent}", "silent but for another event #{silent}"].each do |it|
      expect(results).to include(it => "passed")
    end
    expect(results["not tracked at all #{tracking}"]).to include("exactly once, but it did so never")
    expect(results["tracked for another user #{tracking}"]).to include("user is 6, not 5")
    expect(results["tracked with a filter #{tracking}"])
      .to include("use trigger_internal_events and increment_usage_metrics")
    expect(results["not silent #{silent}"]).to include("but triggered were: view_book")
    expect(results["not silent with the event #{silent}"]).to include("view_book not to be triggered")
    expect(results.size).to eq(10)
  end

  it "prove that a migrated event goes on with its counters" do
    results = run("migrated_spec.rb", root: File.join(__dir__, "fixtures/guide"))
    migrated = "behaves like migrated internal event"
    same_key = "with the counters from before counts the same values under the same key"
    same_reads = "with the counters from before moves the migrated metrics, which read no other keys"

    expect(results.select { |name, _| name.start_with?("migrated #{migrated}") }.values).to eq(%w[passed] * 3)
    expect(results["migrated without an override #{migrated} #{same_key}"])
      .to include("to be counted under {hll_counters}_git_read_action-2020-23", "{hll_counters}_project_read-user-2020-23")
    expect(results["migrated without an override #{migrated} #{same_reads}"]).to include("reads [\"{hll_counters}_project_read")
  end
end
