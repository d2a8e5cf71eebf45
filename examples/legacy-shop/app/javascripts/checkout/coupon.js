import Api from '~/api';

export const redeemCoupon = (code) => {
  Api.trackRedisHllUserEvent('redeem_coupon');
  return code.trim();
};
