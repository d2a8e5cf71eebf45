//! Turns the distribution of register values into a count.
//!
//! Only *how many* registers hold each value matters, so every encoding is first reduced to a
//! histogram of 64 entries. From there this is the improved raw estimator of Otmar Ertl, "New
//! cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284, algorithm 6),
//! which Redis uses since version 4. It needs neither the small-range switch of Flajolet's paper
//! nor the measured bias tables of Heule's: two series, [`sigma`] for the registers still at zero
//! and [`tau`] for those at their maximum, correct the harmonic mean at both of its ends.
//!
//! The order of the floating-point operations below is part of the contract. Another order is as
//! right mathematically and answers one more or one less than Redis now and then.

use crate::{MAX_RANK, REGISTER_BITS};

/// How many registers hold each value. Indexed by value; entries beyond [`MAX_RANK`] stay zero.
pub(crate) type Histogram = [u32; 64];

/// 1 / (2 ln 2), the constant of the estimator for many registers.
const ALPHA_INFINITY: f64 = 0.7213475204444817;

/// 2⁶³, the first count that C's `long long` cannot hold.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// Estimates the number of distinct elements from `histogram`.
pub(crate) fn estimate(histogram: &Histogram) -> u64 {
    let m = f64::from(1_u32 << REGISTER_BITS);
    let share = |count: u32| f64::from(count) / m;

    let saturated = histogram[usize::from(MAX_RANK)];
    let mut z = m * tau((m - f64::from(saturated)) / m);
    for &count in histogram[1..usize::from(MAX_RANK)].iter().rev() {
        z = (z + f64::from(count)) * 0.5;
    }
    z += m * sigma(share(histogram[0]));

    round_as_redis(ALPHA_INFINITY * m * m / z)
}

/// Rounds half away from zero, as C's `llroundl` does.
///
/// A sketch of saturated registers has no finite estimate. The conversion then answers its error
/// value on the machines Redis runs on, and so do we.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is neither negative nor, after the comparison, beyond 63 bits"
)]
fn round_as_redis(estimate: f64) -> u64 {
    if estimate < LIMIT { estimate.round() as u64 } else { 1 << 63 }
}

/// Computes x + Σ x^(2^k) · 2^(k-1): what registers still at zero add to the mean.
///
/// `x` is the share of registers at zero. With all of them there (`x` = 1) the series diverges,
/// and the infinite mean makes the estimate 0.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let mut weight = 1.0;
    let mut sum = x;
    loop {
        x *= x;
        let previous = sum;
        sum += x * weight;
        weight += weight;
        if same(sum, previous) {
            return sum;
        }
    }
}

/// Computes (1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3: what registers at their maximum take away.
///
/// `x` is the share of registers below the maximum. It is 1 for any real number of elements.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let mut weight = 1.0;
    let mut sum = 1.0 - x;
    loop {
        x = x.sqrt();
        let previous = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if same(sum, previous) {
            return sum / 3.0;
        }
    }
}

/// Says whether a series has stopped moving, which is exactly when one more term changes no bit.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}
