// The working memory of a call, in one allocation, and copies between a flat theta and panels. Padding is zero and stays zero.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "elements.hpp"
#include "floor_space.hpp"
#include "small_space.hpp"

namespace deltarule {

// A cache line; a vector of them starts as zeros.
struct alignas(64) Line { unsigned char bytes[64]; };
template <class T> std::size_t lines_of(Index n) { return std::size_t(n) * sizeof(T) / sizeof(Line) + 1; }

// What a workspace is for. Training keeps slopes if there is dropout, and Delta if there is a largest norm.
enum class Use { training, summing, predicting };
struct Purpose {
  Use use;
  Index rows;
  int n_moments = 0;
  bool slopes = false, Delta = use == Use::summing;
  bool sparse = false;  // X has compressed rows, and a batch `elements` stored elements at most
  Index elements = 0;
  // Whether a workspace for this purpose serves another with the same use. More rows would serve too, but touch more pages.
  bool covers(const Purpose& other) const {
    return rows == other.rows && sparse == other.sparse && elements >= other.elements &&
           n_moments >= other.n_moments && slopes >= other.slopes && Delta >= other.Delta;
  }
};

template <class T> struct Engine<T>::Workspace {
  const Purpose purpose;
  const Index panel;
  std::vector<Layer<T>> layers;
  std::vector<Task> tasks;
  std::vector<double> squares;
  std::vector<Rule<T>> rules;               // of each group, in the order of theta
  std::vector<unsigned char> is_matrix{};   // whether a group is the matrix of a layer, which is penalised and decays
  std::vector<T> output_numbers{};
  std::vector<std::uint64_t> dropout_numbers{};  // of each hidden layer
  Batch<T> batch{};

  Workspace(const Network& network, const Kernels<T>& kernels, const Purpose& what)
      : purpose(what), panel(kernels.panel), layers(network.sizes.size() - 1), rules(std::size_t(network.n_groups())),
        kernels_(kernels), extra_(layers.size()), n_parameters_(network.n_parameters()), n_floor_(network.floor.n_parameters()), n_floor_groups_(network.floor.n_groups()) {
    if (what.use != Use::predicting && !what.sparse && is_small(network, kernels.lanes))
      small_ = std::make_unique<SmallSpace<T>>(network, kernels, panels(what.rows));
    if (!network.floor.empty()) floor_ = std::make_unique<FloorSpace<T>>(network.floor, kernels.lanes, panel);
    for (std::size_t l = 0; l < network.hidden.size(); ++l) dropout_numbers.push_back(network.dropout_number(l));
    is_matrix.resize(rules.size());
    std::size_t group = std::size_t(n_floor_groups_);
    for (std::size_t l = 0; l < layers.size(); group += 2 + network.is_learnt(l), ++l) is_matrix[group + 1] = 1;
    double columns = 0;
    for (Index s : network.sizes) columns += double(s + panel);
    for (const FloorPart& part : network.floor.parts)
      columns += double(part.inputs) * (8 + 3 * double(part.width) + 2 * double(part.kind == Kind::periodic ? part.size : 0));
    if (columns * double(purpose.rows) > 1e16) throw std::bad_alloc();  // beyond any memory, and near the end of an Index
    memory_.resize(lines_of<T>(lay_out(network, nullptr)));  // the first lay_out counts, the second hands out
    lay_out(network, reinterpret_cast<T*>(memory_.data()));
    if (purpose.sparse && purpose.use != Use::predicting) store_.reset(new ElementStore<T>(network.sizes[0], row_width_, purpose.elements));
    for (int i = 0; floor_ && i < floor_->n_tasks(); ++i) tasks.push_back({i, of_floor});
    if (small_) tasks.push_back({0, 0, 0, int(small_->view.vectors)}), batch.small = &small_->view, small_->set_constants();
    for (int l = 0; !small_ && l < int(layers.size()); ++l) {
      const Layer<T>& layer = layers[std::size_t(l)];
      const Index n = l == 0 && store_ ? store_->blocks() : panels(layer.turned ? layer.outputs : layer.inputs);
      tasks.push_back({l, of_bias});
      for (int p = 0; p < int(n); ++p) add_tasks(l, p, int(n));
      if (network.is_learnt(std::size_t(l))) tasks.push_back({l, of_alpha});
    }
    squares.resize(tasks.size());
    batch.layers = layers.data(), batch.n_layers = Index(layers.size());
    output_numbers.assign(network.output_numbers.begin(), network.output_numbers.end());
    batch.output = network.output, batch.output_numbers = output_numbers.data(), batch.tasks = tasks.data(), batch.n_tasks = Index(tasks.size());
    if (floor_) batch.floor = &floor_->view, floor_->view.rules = rules.data();
    share_rules(!has_others());
  }

  // Whether some parameters are neither weights nor biases; then each group has a rule of its own, whatever the plan says.
  bool has_others() const { return rules.size() != 2 * layers.size(); }
  // Gives each group a rule of its own; or the first to all columns 0, and the second to all matrices.
  void share_rules(bool shared) {
    const Rule<T>* next = rules.data() + (floor_ ? n_floor_groups_ : 0);
    for (Layer<T>& layer : layers) {
      layer.rules = next;
      if (!shared) next += layer.bent ? 3 : 2;
    }
  }

  // Sets everything to zero, because infinity times zero may have left NaN in the padding.
  void clear() {
    std::fill(memory_.begin(), memory_.end(), Line{});
    if (small_) small_->set_constants();
  }

  const Kernels<T>& kernels() const { return kernels_; }

  // Before the steps of a run, or the chunks of a sum; says whether steps may leave out columns of compressed rows.
  void begin(const Inputs<T>& X, bool leaves_columns) {
    batch.X = X;
    batch.x_step = reads_rows_of(X) ? layers[0].inputs : 0;
    if (store_) batch.elements = store_->begin(leaves_columns);
  }

  // Sets the dropout of a hidden layer; rate 0 is none. Other rates need purpose.slopes.
  void thin(std::size_t l, double rate) {
    Layer<T>& layer = layers[l];
    layer.left_out = std::uint32_t(rate * 0x1p32);
    layer.factor = rate > 0 ? T(1 / (1 - rate)) : T(layer.bent != nullptr);
    layer.kept = rate > 0 || layer.keeps_slope || layer.bent ? extra_[l].slopes : layer.a;
  }
  // Sets whether (5) is kept for a second pass, which needs purpose.Delta.
  void keep_Delta(bool keeps) {
    for (std::size_t l = 0; l < layers.size(); ++l) layers[l].Delta = keeps ? extra_[l].Delta : Blocks<T>{};
    if (floor_) floor_->view.has_Delta = keeps;
    if (small_) small_->keep_Delta(keeps);
  }

  // Whether a few dense rows can be predicted by Theta where the caller has it. A floor and learnt units have other parameters.
  bool takes_in_place(const Inputs<T>& X, Index m) const { return m <= most_few_rows && !X.sparse() && !has_others(); }
  // Lets (1) read Theta in place; null: from the panels again.
  void read_in_place(const T* theta) {
    for (Layer<T>& layer : layers) {
      layer.in_place = theta;
      if (theta) theta += layer.outputs * (layer.inputs + 1);
    }
  }

  // Copies flat vectors to panels, and back.
  void read(const T* theta, const T* const* moments, int n_moments) {
    copy<true>(theta, [](auto& l) { return l.theta; });
    for (int i = 0; i < n_moments; ++i) copy<true>(moments[i], [i](auto& l) { return l.moments[i]; });
    for (const Layer<T>& layer : layers)
      if (layer.transposed) kernels_.transpose(layer);
  }
  // Reads theta, n numbers, unless the panels hold it. Comparing it with the last one takes one pass over both; copying it into
  // panels takes several times as long.
  void hold(const T* theta, Index n) {
    if (Index(held_.size()) == n && std::memcmp(held_.data(), theta, std::size_t(n) * sizeof(T)) == 0) return;
    held_.assign(theta, theta + n);
    read(theta, nullptr, 0);
  }
  void write(T* theta, T* const* moments, int n_moments) {
    copy<false>(theta, [](auto& l) { return l.theta; });
    for (int i = 0; i < n_moments; ++i) copy<false>(moments[i], [i](auto& l) { return l.moments[i]; });
  }
  void write_Delta(double* flat) { copy<false>(flat, [](auto& l) { return l.Delta; }); }

 private:
  // Whether (1) and (5) read X where it is; not where Theta is read in place. Rows of whole pages would share a set of the cache.
  bool reads_rows_of(const Inputs<T>& X) const {
    if (purpose.use == Use::training || !X.dense || floor_ || small_ || layers[0].in_place) return false;
    return layers[0].inputs * Index(sizeof(T)) % 4096 != 0;
  }
  // Adds the tasks of a panel: several where there are few panels and each is much work, so that threads end at the same time. The
  // number of tasks is the network's alone: sums of squares are added up by task, and must not depend on the rows of a batch.
  void add_tasks(int l, int p, int n) {
    constexpr Index much = 1024;  // numbers of a panel
    const Layer<T>& layer = layers[std::size_t(l)];
    const int enough = layer.turned ? 16 : 8;  // 784-100-10 has 25 panels of inputs, but 4 of outputs, the last nearly empty
    const Index rows = layer.turned ? layer.inputs : layer.outputs;
    const int blocks = int(panels(rows));
    const bool splits = n < enough && panel * rows > much && layer.transposed;
    const int pieces = splits ? std::min(blocks, (enough + n - 1) / n) : 1;
    for (int i = 0; i < pieces; ++i) tasks.push_back({l, p, blocks * i / pieces, blocks * (i + 1) / pieces});
  }
  Index padded() const { return (purpose.rows + kernels_.lanes - 1) / kernels_.lanes * kernels_.lanes; }  // rows in whole vectors
  Index panels(Index columns) const { return (columns + panel - 1) / panel; }

  // Copies a run of numbers from a flat vector to panels, or back.
  template <bool reads, class F> static void copy_run(T* panels, F* flat, Index n) {
    if constexpr (reads) std::copy(flat, flat + n, panels);
    else std::copy(panels, panels + n, flat);
  }
  // The same for a whole vector; `which` takes a layer or the floor, and returns the arrays of one of them.
  template <bool reads, class F, class Which> void copy(F* flat, Which which) {
    if (small_) return copy_run<reads>(which(small_->view), flat, n_parameters_);
    if (floor_)
      floor_->each_run([&](Index at, Index place, Index n) { copy_run<reads>(which(floor_->view) + at, flat + place, n); });
    flat += n_floor_;
    for (const Layer<T>& l : layers) {
      const Blocks<T> blocks = which(l);
      const Index row = l.inputs + 1;
      for (Index i = 0; i < l.outputs; ++i) copy_run<reads>(blocks.bias + i, flat + i * row, 1);
      if (l.turned) copy_turned<reads>(l, blocks.matrix, flat + 1);
      else if (!l.transposed) copy_rows<reads>(l, blocks.matrix, flat + 1);
      else
        for (Index i = 0; i < l.outputs; ++i)
          for (Index j = 0; j < l.inputs; j += panel)
            copy_run<reads>(blocks.matrix + j / panel * l.theta_stride + i * panel, flat + i * row + 1 + j, std::min(panel, l.inputs - j));
      flat += l.outputs * row;
      if (l.bent) copy_run<reads>(blocks.alpha, flat, l.outputs), flat += l.outputs;
    }
  }
  // A turned matrix, block by block: number by number it took a tenth of a step of 784-100-10 in calls of 20 steps.
  template <bool reads, class F> void copy_turned(const Layer<T>& l, T* matrix, F* flat) {
    for (Index j = 0; j < l.inputs; j += panel)
      for (Index i = 0; i < l.outputs; i += panel) {
        T* const block = matrix + i / panel * l.theta_stride + j * panel;
        const Index rows = std::min(panel, l.outputs - i), columns = std::min(panel, l.inputs - j);
        if (!reads) kernels_.transpose_panel(block, turning_, columns, rows);
        else if (rows < panel || columns < panel) std::fill(turning_, turning_ + panel * panel, T(0));
        for (Index r = 0; r < rows; ++r) copy_run<reads>(turning_ + r * panel, flat + (i + r) * (l.inputs + 1) + j, columns);
        if (reads) kernels_.transpose_panel(turning_, block, rows, columns);
      }
  }
  // Theta^(1) row by row of its inputs. 16 columns at a time, so that every cache line is read and written once.
  template <bool reads, class F> void copy_rows(const Layer<T>& l, T* matrix, F* flat) {
    for (Index j = 0; j < l.inputs; j += 16)
      for (Index i = 0; i < l.outputs; ++i)
        for (Index k = j; k < std::min(j + 16, l.inputs); ++k)
          copy_run<reads>(matrix + k * row_width_ + i, flat + i * (l.inputs + 1) + k, 1);
  }

  // Layer::splits. With 4 inputs, adding up the lanes took as long as it saved.
  static int splits_of(Index inputs, Index outputs, Index lanes) {
    const Index last = outputs % lanes;
    Index splits = 1;
    while (inputs >= 8 && last > 0 && 2 * splits * last <= lanes && 2 * splits <= inputs) splits *= 2;
    return int(splits);
  }
  // What a network says of a layer, which has no memory yet.
  static Layer<T> layer_of(const Network& network, std::size_t l) {
    Layer<T> layer{};
    layer.inputs = network.sizes[l], layer.outputs = network.sizes[l + 1];
    const bool last = l + 2 == network.sizes.size(), learnt = network.is_learnt(l);
    layer.narrow = last && l > 0 && layer.outputs <= most_narrow;
    const HiddenUnit unit = last ? Hidden::identity : network.hidden[l];
    layer.unit = learnt ? Hidden::identity : unit.id, layer.learnt = unit.id, layer.number = T(unit.number);
    layer.keeps_slope = !learnt && line_of(unit.id).keeps_slope;
    return layer;
  }

  Index lay_out(const Network& network, T* memory) {
    Index used = 0;
    const auto take = [&](Index n) {  // whole panels, so that the next begins on a vector's boundary
      T* start = memory ? memory + used : nullptr;
      used += panels(n) * panel;
      return start;
    };
    if (small_) {
      for (std::size_t l = 0; l < layers.size(); ++l) layers[l] = layer_of(network, l);
      small_->lay_out(take, layers, batch, purpose.slopes, purpose.Delta, purpose.n_moments);
      for (std::size_t l = 0; l < layers.size(); ++l) extra_[l].slopes = layers[l].kept;
      batch.costs = take(padded());
      return used;
    }
    const Index lanes = kernels_.lanes;
    // 4 more rows: with a stride that is a power of two, all panels of a row would fall into the same sets of the cache.
    batch.stride = (padded() + 4) * panel;
    const auto matrix = [&](Index columns) { return take(panels(columns) * batch.stride); };
    row_width_ = (network.sizes[1] + lanes - 1) / lanes * lanes;
    if (!purpose.sparse) batch.x = matrix(network.sizes.front());
    turning_ = take(panel * panel);
    const bool learns = purpose.use != Use::predicting;
    if (floor_) floor_->lay_out(take, padded() / lanes, learns, purpose.n_moments);
    if (learns) batch.y = matrix(network.sizes.back()), batch.costs = take(padded());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      Layer<T>& layer = layers[l] = layer_of(network, l);
      const Index inputs = layer.inputs, outputs = layer.outputs;
      const bool last = l + 1 == layers.size(), learnt = network.is_learnt(l);
      const bool by_inputs = l == 0 && purpose.sparse;
      layer.turned = l == 0 && !by_inputs && !floor_;
      layer.theta_stride = panels(outputs) * panel * panel, layer.transposed_stride = panels(inputs) * panel * panel;
      const Index numbers = by_inputs ? inputs * row_width_ : panels(inputs) * layer.theta_stride;
      if (layer.turned) layer.theta_stride = layer.transposed_stride;
      const auto blocks = [&] { return Blocks<T>{take(numbers), take(outputs), learnt ? take(outputs) : nullptr}; };
      layer.theta = blocks();
      if (layer.turned) layer.transposed = layer.theta.matrix;
      else if (!by_inputs) layer.transposed = take(panels(outputs) * layer.transposed_stride);
      layer.splits = by_inputs || layer.narrow ? 1 : splits_of(inputs, outputs, lanes);
      if (layer.splits > 1) layer.split = take((inputs + layer.splits - 1) / layer.splits * lanes);
      for (int i = 0; i < purpose.n_moments; ++i) layer.moments[i] = blocks();
      if (purpose.Delta && by_inputs && purpose.use == Use::training) extra_[l].Delta = {nullptr, take(outputs), learnt ? take(outputs) : nullptr};  // sparse.inl
      else if (purpose.Delta) layer.Delta = extra_[l].Delta = blocks();
      layer.a = matrix(outputs);
      const bool slopes = !last && (purpose.slopes || layer.keeps_slope || learnt);
      layer.kept = extra_[l].slopes = slopes ? matrix(outputs) : layer.a;
      if (learnt) layer.bent = matrix(outputs), layer.factor = 1;
      layer.delta = !last && learns ? matrix(outputs) : layer.a;
    }
    return used;
  }

  struct Extra { T* slopes; Blocks<T> Delta; };  // memory of a layer that some steps use and others do not
  const Kernels<T>& kernels_;
  std::vector<Extra> extra_;
  T* turning_ = nullptr;  // a block on its way between a flat vector and a turned matrix
  Index row_width_ = 0;  // of a row of Theta^(1) for compressed rows
  std::unique_ptr<ElementStore<T>> store_{};
  std::unique_ptr<FloorSpace<T>> floor_{};
  std::unique_ptr<SmallSpace<T>> small_{};
  const Index n_parameters_, n_floor_;
  const int n_floor_groups_;
  std::vector<Line> memory_{};
  std::vector<T> held_{};  // the theta that hold() has read
};

}  // namespace deltarule
