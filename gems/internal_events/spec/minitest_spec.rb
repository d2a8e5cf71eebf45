# frozen_string_literal: true

require "spec_helper"

RSpec.describe "internal_events/minitest" do
  before(:context) do
    @output, @status = Open3.capture2e("ruby", File.join(__dir__, "fixtures/minitest_test.rb"), "--verbose")
  end

  it "passes and fails as it should" do
    expect(@output).to match(/^15 runs, \d+ assertions, 7 failures, 0 errors, 0 skips/)
    expect(@status).not_to be_success
  end

  {
    "fails_not_triggered" => ["view_book exactly once, but it did so never", "triggered were:\n  place_order, user: 5"],
    "fails_other_user" => ["user is 5, not 6"],
    "fails_triggered" => ["expected the block not to trigger place_order"],
    "fails_not_moved" => ["does not move: its filter wants label = \"gift\", not \"card\""],
    "fails_moved" => ["not to change, but it went from 0 to 1"],
    "fails_rendered" => ["its elements are:", "data-event-label=\"gift\""],
    "fails_silent" => ["to trigger no event"]
  }.each do |test, texts|
    it "says why #{test.tr('_', ' ')}" do
      expect(@output[/ShopTest#test_#{test} \[.*?\n\n/m]).to include(*texts)
    end
  end
end
