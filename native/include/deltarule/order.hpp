// The order in which an epoch visits the rows: a pure function of (key, epoch, m), so that a run can stop anywhere and
// go on to the bit, and the reference engine can compute the same.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace deltarule {

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
inline std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Fisher-Yates: for i = m - 1 down to 1 swaps order[i] and order[j], j = floor(r_i (i + 1) / 2^64), with
// r_i = mix64(base + (i + 1) gamma), base = mix64(key + (epoch + 1) gamma). Without shuffle 0, 1, ..., m - 1. m < 2^32.
inline void epoch_order(bool shuffle, std::uint64_t key, std::uint64_t epoch, std::vector<std::uint32_t>& order) {
  constexpr std::uint64_t gamma = 0x9E3779B97F4A7C15u, low = 0xffffffffu;
  const std::uint64_t base = mix64(key + (epoch + 1) * gamma);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = std::uint32_t(i);
  for (std::uint64_t n = shuffle ? order.size() : 0; n > 1; --n) {
    const std::uint64_t r = mix64(base + n * gamma);
    std::swap(order[n - 1], order[((r >> 32) * n + ((r & low) * n >> 32)) >> 32]);  // floor(r n / 2^64) for n < 2^32
  }
}

}  // namespace deltarule
