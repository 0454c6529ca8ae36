// Random numbers that are functions of counters, as in src/deltarule/engines/splitmix.py: the order in which an epoch visits the rows,
// and the units that dropout leaves out. So a run can stop anywhere and continue with bit-identical results, and the reference
// engine draws the same numbers. `static`, because the kernels use them: each instruction set needs a copy of its own.
#pragma once
#include <cstdint>
#include <utility>

namespace deltarule {

// mix(base + n gamma): SplitMix64 (Steele, Lea and Flood 2014). One n, or several in a vector.
template <class Words> static inline Words counted(std::uint64_t base, Words n) {
  Words x = base + n * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}
static inline std::uint64_t base_of_epoch(std::uint64_t key, std::uint64_t epoch) { return counted(key, epoch + 1); }
// floor(r n / 2^64) for n < 2^32.
template <class Words> static inline Words place_in_order(Words r, Words n) {
  return ((r >> 32) * n + ((r & 0xffffffffu) * n >> 32)) >> 32;
}

// Fisher-Yates: for i = m - 1 down to 1 swaps order[i] and order[j], j = floor(r_i (i + 1) / 2^64), with r_i number i + 1 of the
// epoch's base. Without shuffle 0, 1, ..., m - 1. m < 2^32.
static inline void epoch_order(bool shuffle, std::uint64_t key, std::uint64_t epoch, std::uint32_t* order, std::uint64_t m) {
  const std::uint64_t base = base_of_epoch(key, epoch);
  for (std::uint64_t i = 0; i < m; ++i) order[i] = std::uint32_t(i);
  for (std::uint64_t n = shuffle ? m : 0; n > 1; --n) std::swap(order[n - 1], order[place_in_order(counted(base, n), n)]);
}

// Dropout, as in src/deltarule/engines/dropout.py. Each layer has a random number in each epoch; a row's number is derived from
// its layer's, and a unit's from its row's. A unit whose number is below floor(p 2^32) is left out. Layers are counted from 1,
// rows and units from 0.
static inline std::uint64_t dropout_of_layer(std::uint64_t key, std::uint64_t epoch, std::uint64_t layer) {
  return counted(base_of_epoch(key, epoch) ^ layer, std::uint64_t(0));
}
static inline std::uint32_t dropout_of_row(std::uint64_t of_layer, std::uint64_t row) {
  return std::uint32_t(counted(of_layer, row + 1));
}
// One unit of one row; of one, several in a vector.
template <class Row, class Unit> static inline auto dropout_of_unit(Row of_row, Unit unit) {
  auto x = of_row + (unit + 1) * 0x9E3779B9u;
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

}  // namespace deltarule
