# frozen_string_literal: true

module Orders
  class RemindWorker
    # Only the id travels with the job: nobody here knows the customer.
    def perform(customer_id)
      Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:open_reminder, values: customer_id)
    end
  end
end
