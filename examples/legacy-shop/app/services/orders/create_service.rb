# frozen_string_literal: true

module Orders
  class CreateService
    def initialize(current_user, basket)
      @current_user = current_user
      @basket = basket
    end

    def execute
      order = basket.to_order

      if order.save
        Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:place_order, values: current_user.id)
        Gitlab::UsageDataCounters::OrderCounter.count(:create) # since the first day
      else
        Gitlab::Tracking.event(self.class.name, 'fail_order', label: order.payment_method, user: current_user)
      end

      order
    end

    private

    attr_reader :current_user, :basket
  end
end
