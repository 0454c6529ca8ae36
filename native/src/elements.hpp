// The stored elements of a batch of compressed rows, sorted by blocks of columns for the second phase of a step.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "deltarule/engine.hpp"

namespace deltarule {

// Columns of a block, as a power of two: a block holds sparse_block numbers at most, or one column.
inline int shift_of(Index row_width) {
  int shift = 0;
  while ((row_width << (shift + 1)) <= sparse_block) ++shift;
  return shift;
}
inline Index n_blocks(Index inputs, int shift) { return (inputs + (Index(1) << shift) - 1) >> shift; }

// The most elements that `rows` rows can have: any rows of X, or consecutive ones from a multiple of `rows` on.
template <class T> Index most_elements(const Inputs<T>& X, Index m, Index rows, bool in_order) {
  Index most = 0;
  if (in_order) {
    for (Index t = 0; t < m; t += rows) most = std::max(most, X.start_of(std::min(t + rows, m)) - X.start_of(t));
    return most;
  }
  std::vector<Index> counts(static_cast<std::size_t>(m));
  for (Index t = 0; t < m; ++t) counts[std::size_t(t)] = X.elements_of(t);
  rows = std::min(rows, m);
  if (rows < m) std::nth_element(counts.begin(), counts.begin() + rows, counts.end(), std::greater<Index>());
  for (Index t = 0; t < rows; ++t) most += counts[std::size_t(t)];
  return most;
}

// Writes batch.elements: counts the elements of each block, then puts each behind those of earlier rows.
template <class T> void sort_elements(const Batch<T>& batch) {
  const Elements<T>& to = batch.elements;
  const auto row_of = [&](Index t) { return batch.order ? Index(batch.order[t]) : batch.first + t; };
  std::fill(to.first, to.first + to.n_blocks + 2, Index(0));
  batch.X.with_columns([&](const auto* columns) {
    for (Index t = 0; t < batch.rows; ++t)
      for (Index e = batch.X.start_of(row_of(t)), stop = batch.X.start_of(row_of(t) + 1); e < stop; ++e)
        ++to.first[(Index(columns[e]) >> to.shift) + 2];
    for (Index b = 0; b < to.n_blocks; ++b) to.first[b + 2] += to.first[b + 1];
    for (Index t = 0; t < batch.rows; ++t)
      for (Index e = batch.X.start_of(row_of(t)), stop = batch.X.start_of(row_of(t) + 1); e < stop; ++e)
        to.all[to.first[(Index(columns[e]) >> to.shift) + 1]++] = {std::uint32_t(t), std::uint32_t(columns[e]), batch.X.values[e]};
  });
}

// The memory of Elements.
template <class T> class ElementStore {
 public:
  ElementStore(Index inputs, Index row_width, Index most)
      : shift_(shift_of(row_width)), all_(new Element<T>[std::size_t(most)]), first_(std::size_t(n_blocks(inputs, shift_)) + 2),
        moved_(std::size_t(inputs)), block_moved_(first_.size()) {}
  Index blocks() const { return Index(first_.size()) - 2; }
  // If columns are left out, the first step updates all.
  Elements<T> begin(bool leaves_out) {
    std::fill(moved_.begin(), moved_.end(), 1), std::fill(block_moved_.begin(), block_moved_.end(), 1);
    return {all_.get(), first_.data(), blocks(), shift_, leaves_out ? moved_.data() : nullptr, block_moved_.data()};
  }

 private:
  int shift_;
  std::unique_ptr<Element<T>[]> all_;  // not set to zero, so that only what is used becomes memory
  std::vector<Index> first_;
  std::vector<unsigned char> moved_, block_moved_;
};

}  // namespace deltarule
