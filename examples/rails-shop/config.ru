# frozen_string_literal: true

require_relative "shop"

Shop.prepare
run Shop
