// The memory of a call, and the way between a flat theta and panels. One allocation; filling is zero and stays zero.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "deltarule/engine.hpp"

namespace deltarule {

// n zeros that start on a cache line.
template <class T> class Buffer {
 public:
  explicit Buffer(Index n) : data_(static_cast<T*>(::operator new(std::size_t(n) * sizeof(T) + 64, std::align_val_t{64}))) {
    std::memset(static_cast<void*>(data_), 0, std::size_t(n) * sizeof(T));
  }
  ~Buffer() { ::operator delete(data_, std::align_val_t{64}); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  T* data() { return data_; }

 private:
  T* data_;
};

enum class Use { training, summing, predicting };

template <class T> struct Engine<T>::Workspace {
  const Index rows, panel;
  const int n_moments;
  std::vector<Layer<T>> layers;
  std::vector<Task> tasks;
  std::vector<double> squares;
  Batch<T> batch{};

  Workspace(const Network& network, const Kernels<T>& kernels, Use use, Index n_rows, int moments)
      : rows(n_rows), panel(kernels.panel), n_moments(moments), layers(network.sizes.size() - 1), kernels_(kernels) {
    double columns = 0;
    for (Index s : network.sizes) columns += double(s + panel);
    if (columns * double(rows) > 1e16) throw std::bad_alloc();  // far beyond any memory, and near the end of an Index
    const Index size = lay_out(network, use, nullptr);  // once to count, once to hand out
    buffer_ = std::make_unique<Buffer<T>>(size);
    lay_out(network, use, buffer_->data());
    for (int l = 0; l < int(layers.size()); ++l)
      for (int p = -1; p < int(panels(network.sizes[std::size_t(l)])); ++p) tasks.push_back({l, p});
    squares.resize(tasks.size());
    batch.layers = layers.data(), batch.n_layers = Index(layers.size());
    batch.output = network.output, batch.tasks = tasks.data();
  }

  // From flat vectors to panels and back.
  void read(const T* theta, const T* const* moments) {
    copy(theta, [](const Layer<T>& l) { return l.theta; }, to_panels);
    for (int i = 0; i < n_moments; ++i) copy(moments[i], [i](const Layer<T>& l) { return l.moments[i]; }, to_panels);
    for (const Layer<T>& layer : layers) kernels_.transpose(layer);
  }
  void write(T* theta, T* const* moments) {
    copy(theta, [](const Layer<T>& l) { return l.theta; }, from_panels<T>);
    for (int i = 0; i < n_moments; ++i) copy(moments[i], [i](const Layer<T>& l) { return l.moments[i]; }, from_panels<T>);
  }
  void write_Delta(double* flat) { copy(flat, [](const Layer<T>& l) { return l.Delta; }, from_panels<double>); }

 private:
  static void to_panels(T* panels, const T* flat, Index n) { std::copy(flat, flat + n, panels); }
  template <class F> static void from_panels(T* panels, F* flat, Index n) { std::copy(panels, panels + n, flat); }
  Index panels(Index columns) const { return (columns + panel - 1) / panel; }

  template <class F, class Which, class Copy> void copy(F* flat, Which which, Copy piece) {
    for (const Layer<T>& l : layers)
      for (Index i = 0; i < l.outputs; ++i) {
        piece(which(l).bias + i, flat++, 1);
        for (Index j = 0, n; j < l.inputs; j += n, flat += n)
          piece(which(l).matrix + j / panel * l.theta_stride + i * panel, flat, n = std::min(panel, l.inputs - j));
      }
  }

  Index lay_out(const Network& network, Use use, T* memory) {
    Index used = 0;
    const auto take = [&](Index n) {  // whole panels, so that the next begins on a vector's boundary
      T* start = memory ? memory + used : nullptr;
      used += panels(n) * panel;
      return start;
    };
    const Index lanes = kernels_.lanes, padded = (rows + lanes - 1) / lanes * lanes;
    // 4 rows more: with a power of two, all panels of a row would meet in the same sets of the cache.
    batch.stride = (padded + 4) * panel;
    const auto matrix = [&](Index columns) { return take(panels(columns) * batch.stride); };
    batch.x = matrix(network.sizes.front());
    if (use != Use::predicting) batch.y = matrix(network.sizes.back()), batch.costs = take(padded);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Index inputs = network.sizes[l], outputs = network.sizes[l + 1];
      const bool last = l + 1 == layers.size();
      Layer<T>& layer = layers[l] = {};
      layer.inputs = inputs, layer.outputs = outputs;
      layer.unit = last ? Hidden::identity : network.hidden[l];
      layer.theta_stride = panels(outputs) * panel * panel, layer.transposed_stride = panels(inputs) * panel * panel;
      const auto blocks = [&] { return Blocks<T>{take(panels(inputs) * layer.theta_stride), take(outputs)}; };
      layer.theta = blocks();
      layer.transposed = take(panels(outputs) * layer.transposed_stride);
      for (int i = 0; i < n_moments; ++i) layer.moments[i] = blocks();
      if (use == Use::summing) layer.Delta = blocks();
      layer.a = matrix(outputs);
      layer.kept = keeps_slope(layer.unit) ? matrix(outputs) : layer.a;
      layer.delta = last ? layer.a : use != Use::predicting ? matrix(outputs) : nullptr;
    }
    return used;
  }

  const Kernels<T>& kernels_;
  std::unique_ptr<Buffer<T>> buffer_;
};

}  // namespace deltarule
