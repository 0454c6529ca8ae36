// A small network in a workspace (small.hpp): which networks are small, and the memory of their columns and parameters.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "deltarule/engine.hpp"
#include "deltarule/small.hpp"

namespace deltarule {

constexpr Index most_read_past = 16;  // columns of a block of Delta, of which some may lie past the last record
constexpr Index most_small_parameters = 256, most_without_padding = 192;

// Whether steps and sums of a network take place in columns. Where panels have hardly any padding, columns win for fewer parameters only:
// the gradient of 24-8-2 with 200 rows of float64 took 4.15 us instead of 3.95, with eight lanes.
inline bool is_small(const Network& network, Index lanes) {
  for (const HiddenUnit& unit : network.hidden)
    if (unit.learnt) return false;
  const Index n = network.n_parameters();
  if (!network.floor.empty() || network.sizes.back() > lanes || n > most_small_parameters) return false;
  Index numbers = 0, padded = 0;
  for (std::size_t l = 0, L = network.sizes.size(); l + 1 < L; ++l) {
    const Index inputs = network.sizes[l], outputs = network.sizes[l + 1];
    const bool narrow = l > 0 && l + 2 == L && outputs <= most_narrow;
    numbers += inputs * outputs, padded += inputs * (narrow ? outputs : (outputs + lanes - 1) / lanes * lanes);
  }
  return n <= (10 * padded > 11 * numbers ? most_small_parameters : most_without_padding);
}

template <class T> class SmallSpace {
 public:
  Small<T> view{};

  SmallSpace(const Network& network, const Kernels<T>& kernels, Index records)
      : network_(network), lanes_(kernels.lanes), panel_(kernels.panel), records_(records), block_shape_(kernels.block_shape) {
    view.vectors = (network.n_parameters() + lanes_ - 1) / lanes_;
  }

  // Hands out memory by take(n), for layers that have none yet; a layer's `kept` is that of a step with dropout if `slopes`.
  template <class Take>
  void lay_out(const Take& take, std::vector<Layer<T>>& layers, Batch<T>& batch, bool slopes, bool Delta, int n_moments) {
    const std::size_t L = layers.size();
    std::vector<std::uint16_t> a(L), out(L), slope(L), delta(L);
    std::uint16_t used = 0;
    const auto columns = [&](Index n) { return std::exchange(used, std::uint16_t(used + n)); };
    ones_.clear(), groups_.clear(), pairs_.clear();
    const auto after_ones = [&](Index n) { return ones_.push_back(columns(1)), columns(n); };
    a[0] = after_ones(network_.sizes[0]);
    for (std::size_t l = 0; l + 1 < L; ++l) {
      const Index n = network_.sizes[l + 1];
      out[l] = a[l + 1] = after_ones(n);
      slope[l] = slopes || layers[l].keeps_slope ? columns(n) : out[l];
      delta[l] = columns(n);
    }
    const std::uint16_t none = columns(1);
    const Index K = network_.sizes[L];
    out[L - 1] = slope[L - 1] = delta[L - 1] = columns(K);
    const std::uint16_t y = columns(K);
    // An odd number of columns: records of 4 KB would fall into the same sets of the cache.
    batch.stride = (used | 1) * panel_;
    view.records = take(records_ * batch.stride + most_read_past * panel_);
    const auto place = [&](std::uint16_t column) { return view.records ? view.records + column * panel_ : nullptr; };
    batch.x = place(a[0]), batch.y = place(y);
    const auto flat = [&] { return take(view.vectors * lanes_); };
    view.theta = flat(), view.matrix = flat(), view.sums = flat();
    for (int i = 0; i < n_moments; ++i) view.moments[i] = flat();
    view.Delta = Delta_ = Delta ? flat() : nullptr;
    T* theta = view.theta;
    for (std::size_t l = 0; l < L; ++l) {
      Layer<T>& layer = layers[l];
      layer.theta.matrix = theta;
      if (theta) theta += layer.outputs * (layer.inputs + 1);
      layer.a = place(out[l]), layer.kept = place(slope[l]), layer.delta = place(delta[l]);
      layer.block = block_shape_(layer.outputs, layer.inputs + 1);
      for (Index i = 0; i < layer.outputs; ++i)
        for (Index j = 0; j <= layer.inputs; ++j) add(int(2 * l) + (j > 0), a[l] - 1 + j, delta[l] + i);
    }
    while (Index(pairs_.size()) < view.vectors * lanes_) add(0, none, none);
    view.pairs = pairs_.data(), view.groups = groups_.data();
    stride_ = batch.stride;
  }
  void keep_Delta(bool keeps) { view.Delta = keeps ? Delta_ : nullptr; }
  // Sets what no kernel writes to.
  void set_constants() {
    for (Index s = 0; s < records_; ++s)
      for (const std::uint16_t column : ones_) std::fill_n(view.records + s * stride_ + column * panel_, panel_, T(1));
    for (std::size_t i = 0; i < groups_.size(); ++i) view.matrix[i] = T(groups_[i] % 2);
  }

 private:
  void add(int group, Index a, Index delta) {
    const auto bytes = [&](Index column) { return Pair(column * panel_ * Index(sizeof(T))); };
    pairs_.push_back(bytes(a) | bytes(delta) << 32), groups_.push_back(static_cast<unsigned char>(group));
  }
  const Network& network_;
  const Index lanes_, panel_, records_;
  int (*const block_shape_)(Index, Index);
  Index stride_ = 0;
  T* Delta_ = nullptr;
  std::vector<std::uint16_t> ones_{};
  std::vector<Pair> pairs_{};
  std::vector<unsigned char> groups_{};
};

}  // namespace deltarule
