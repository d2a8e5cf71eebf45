# frozen_string_literal: true

class CatalogueController < ApplicationController
  include RedisTracking

  track_redis_hll_event :show, name: 'visit_catalogue'

  def show
    @shelf = Shelf.find(params[:id])
  end
end
