// Steps, sums and predictions: who does what when. All arithmetic is in the kernels.
#include "deltarule/engine.hpp"

#include <chrono>
#include <cmath>
#include <mutex>
#include <stdexcept>

#include "deltarule/order.hpp"
#include "deltarule/pool.hpp"
#include "tree.hpp"
#include "workspace.hpp"

#ifdef _WIN32
inline int getpid() { return 0; }  // nothing forks
#else
#include <unistd.h>
#endif

namespace deltarule {
namespace {

constexpr Index leaf_rows = 8192;   // part of the definition of J and D (ARCHITECTURE.md)
constexpr Index chunk_rows = 512;   // of a leaf at a time; changes no bit. 256 to 2048 are equally fast for 400-25-10
constexpr Index slice_rows = 256;   // most rows that one task takes through the network
constexpr double operations_per_check = 2e7;  // between two looks at the clock
constexpr std::chrono::milliseconds check_interval{10};  // each check may have to wait for the GIL

// Asks `interrupted` when 10 ms have passed; looks at the clock itself only after some work.
class Clock {
 public:
  explicit Clock(const Interrupted& interrupted) : interrupted_(interrupted), asked_(std::chrono::steady_clock::now()) {}
  bool stop(double operations) {
    done_ += operations;
    if (done_ < operations_per_check) return false;
    done_ = 0;
    const auto now = std::chrono::steady_clock::now();
    if (now - asked_ < check_interval) return false;
    asked_ = now;
    return interrupted_();
  }

 private:
  const Interrupted& interrupted_;
  std::chrono::steady_clock::time_point asked_;
  double done_ = 0;
};

template <class T> double in_order(const T* values, Index n) {
  double sum = 0;
  for (Index t = 0; t < n; ++t) sum += double(values[t]);
  return sum;
}
// 1 - beta^t, which is 1 once beta^t is below 2^-54; pow() of what underflows took a twentieth of a step of 4-10-3.
double without_power(double beta, double t) { return t * (1 - beta) > 37.5 ? 1 : 1 - std::pow(beta, t); }

template <class T> double total_weight(const Examples<T>& examples) {
  return examples.weights ? in_order(examples.weights, examples.m) : double(examples.m);
}

}  // namespace

Index Network::n_parameters() const {
  Index n = 0;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) n += sizes[l + 1] * (sizes[l] + 1);
  return n;
}

double Network::operations() const {
  double n = -2.0 * double(sizes[0]) * double(sizes[1]);
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) n += 6.0 * double(sizes[l]) * double(sizes[l + 1]);
  return n;
}

// What calls share; made anew in a forked child, where the parent's threads do not exist.
template <class T> struct Engine<T>::State {
  const Engine& engine;
  const long owner = getpid();
  std::mutex turn;
  std::unique_ptr<Pool> pool;
  std::unique_ptr<Workspace> workspaces[3];  // one for each Use
  std::vector<std::uint32_t> order;  // of the epoch that order_of names
  struct { bool shuffle; std::uint64_t key, epoch; } order_of{};
  std::vector<T> predicting_theta;  // the theta that `predicting` holds in panels

  explicit State(const Engine& e) : engine(e) {}

  Workspace& workspace(Use use, Index rows, int n_moments = 0) {
    std::unique_ptr<Workspace>& which = workspaces[int(use)];
    if (!which || which->rows != rows || which->n_moments != n_moments) {
      which.reset();
      which = std::make_unique<Workspace>(engine.network_, *engine.kernels_, use, rows, n_moments);
    }
    return *which;
  }

  // f(0) ... f(n - 1), on all threads if there is enough work to share.
  template <class F> void parallel(double operations, Index n, const F& f) {
    if (engine.n_threads_ == 1 || operations < engine.threshold_) {
      for (Index i = 0; i < n; ++i) f(i);
      return;
    }
    if (!pool) pool = std::make_unique<Pool>(engine.n_threads_);
    pool->run(n, f);
  }

  // Phase 1 by slices of rows, phase 2 by tasks.
  void step(const Batch<T>& batch, Index n_tasks) {
    const Kernels<T>& kernels = *engine.kernels_;
    const double operations = engine.network_.operations() * double(batch.rows);
    const Index blocks = (batch.rows + kernels.lanes - 1) / kernels.lanes;
    const Index at_most = std::max<Index>(1, slice_rows / kernels.lanes);
    const Index threads = std::min<Index>(engine.n_threads_, blocks);
    const Index slices = (blocks + threads * at_most - 1) / (threads * at_most) * threads;
    parallel(operations, slices, [&](Index i) {
      const Index begin = blocks * i / slices * kernels.lanes, end = std::min(blocks * (i + 1) / slices * kernels.lanes, batch.rows);
      if (begin < end) kernels.examples(batch, begin, end);
    });
    parallel(operations, n_tasks, [&](Index i) { kernels.parameters(batch, i); });
  }

  const std::uint32_t* order_for(bool shuffle, std::uint64_t key, std::uint64_t epoch, Index m) {
    const bool same = order_of.shuffle == shuffle && order_of.key == key && (!shuffle || order_of.epoch == epoch);
    if (!same || Index(order.size()) != m) {
      order.resize(std::size_t(m));  // allocates in the first step of a call only: m does not change within one
      epoch_order(shuffle, key, epoch, order);
      order_of = {shuffle, key, epoch};
    }
    return order.data();
  }
};

template <class T>
Engine<T>::Engine(Network network, const Kernels<T>* kernels, int n_threads, double threshold)
    : network_(std::move(network)), kernels_(kernels), n_threads_(std::max(1, n_threads)), threshold_(threshold),
      state_(new State(*this)) {}

template <class T> Engine<T>::~Engine() {
  State* state = state_.load();
  if (state->owner == getpid()) delete state;  // in a child the parent's threads cannot be joined
}

template <class T> typename Engine<T>::State& Engine<T>::state() {
  State* state = state_.load();
  if (state->owner != getpid()) {
    auto fresh = std::make_unique<State>(*this);
    if (state_.compare_exchange_strong(state, fresh.get())) state = fresh.release();  // the old one is given up
  }
  return *state;
}

template <class T>
bool Engine<T>::cost_and_gradient(const T* theta, const Examples<T>& examples, double lambda, double* J, double* D,
                                  const Interrupted& interrupted) {
  State& state = this->state();
  std::lock_guard<std::mutex> lock(state.turn);
  const Index m = examples.m, n = network_.n_parameters();
  Workspace& space = state.workspace(Use::summing, std::min(chunk_rows, std::max<Index>(m, 1)));
  space.read(theta, nullptr);
  Batch<T>& batch = space.batch;
  batch.X = examples.X, batch.Y = examples.Y, batch.weights = examples.weights;
  batch.rule = {};
  batch.rule.update = Update::sum;
  Clock clock(interrupted);
  Tree tree(std::size_t(n) + 1);  // the cost after the last of Delta
  for (Index leaf = 0; leaf < m; leaf += leaf_rows) {
    double cost = 0;
    for (Index first = leaf, end = std::min(m, leaf + leaf_rows); first < end; first += chunk_rows) {
      batch.first = first, batch.rows = std::min(chunk_rows, end - first), batch.known = m - first;
      batch.rule.scale = first == leaf ? T(0) : T(1);
      state.step(batch, Index(space.tasks.size()));
      for (Index t = 0; t < batch.rows; ++t) cost += double(batch.costs[t]);  // one chain over the leaf
      if (clock.stop(network_.operations() * double(batch.rows))) return false;
    }
    double* sums = tree.new_leaf();
    space.write_Delta(sums);
    sums[n] = cost;
    tree.merge();
  }
  const double* total = tree.total();
  const double W = total_weight(examples);
  double squares = 0;
  for (Index l = 0, i = 0; l < batch.n_layers; ++l)
    for (Index row = 0; row < batch.layers[l].outputs; ++row) {
      D[i] = total[i] / W;
      ++i;
      for (const Index end = i + batch.layers[l].inputs; i < end; ++i) {
        const double t = double(theta[i]);
        D[i] = (total[i] + lambda * t) / W;
        squares += t * t;
      }
    }
  *J = total[n] / W + (lambda != 0 ? lambda / (2 * W) * squares : 0);
  return true;
}

template <class T>
Index Engine<T>::run(const Steps<T>& steps, Position& position, bool* was_interrupted, const Interrupted& interrupted) {
  *was_interrupted = false;
  const Index m = steps.examples.m;
  if (steps.n <= 0 || m <= 0) return 0;
  if (std::uint64_t(m) > 0xffffffffu) throw std::invalid_argument("run takes at most 2^32 - 1 rows");
  State& state = this->state();
  std::lock_guard<std::mutex> lock(state.turn);
  const UpdateRule& rule = steps.rule;
  const Index batch_rows = std::min(steps.batch_size, m);
  Workspace& space = state.workspace(Use::training, batch_rows, rule.n_moments());
  space.read(steps.theta, steps.moments);

  const double W = total_weight(steps.examples);
  Batch<T>& batch = space.batch;
  batch.X = steps.examples.X, batch.Y = steps.examples.Y, batch.weights = steps.examples.weights;
  batch.rule = {rule.update,   T(0), T(steps.lambda / W), T(0),  T(rule.momentum), T(rule.beta1), T(1 - rule.beta1),
                T(rule.beta2), T(1 - rule.beta2),         T(rule.epsilon)};
  batch.squares = steps.lambda != 0 ? space.squares.data() : nullptr;
  const std::uint32_t* order = state.order_for(steps.shuffle, position.key, position.epoch, m);

  Clock clock(interrupted);
  Index done = 0;
  for (bool go_on = true; go_on && done < steps.n;) {
    const double eta = steps.step_sizes[done], t = double(position.t + 1);
    batch.order = order + position.row;
    batch.rows = std::min(batch_rows, m - position.row);
    batch.known = m - position.row;
    batch.rule.scale = T(double(m) / (W * double(batch.rows)));
    batch.rule.step = T(rule.update == Update::adam
                            ? eta * std::sqrt(without_power(rule.beta2, t)) / without_power(rule.beta1, t) : eta);
    state.step(batch, Index(space.tasks.size()));

    double cost = double(m) / (W * double(batch.rows)) * in_order(batch.costs, batch.rows);
    if (batch.squares) cost += steps.lambda / (2 * W) * in_order(batch.squares, Index(space.tasks.size()));
    steps.costs[done++] = cost;
    ++position.t;
    position.row += batch.rows;
    if (position.row >= m) {
      ++position.epoch, position.row = 0;
      if (done < steps.n) order = state.order_for(steps.shuffle, position.key, position.epoch, m);
    }
    *was_interrupted = clock.stop(network_.operations() * double(batch.rows));
    go_on = std::isfinite(cost) && !*was_interrupted;
  }
  space.write(steps.theta, steps.moments);
  return done;
}

template <class T>
bool Engine<T>::hypothesis(const T* theta, const T* X, Index m, T* out, const Interrupted& interrupted) {
  State& state = this->state();
  std::lock_guard<std::mutex> lock(state.turn);
  const std::size_t n = std::size_t(network_.n_parameters());
  const Index block = kernels_->lanes * 4;  // rows that a thread takes at a time
  Workspace& space = state.workspace(Use::predicting, block * n_threads_);
  // Comparing theta with the last one costs as much as reading it once; panels cost several times that.
  if (state.predicting_theta.size() != n || std::memcmp(state.predicting_theta.data(), theta, n * sizeof(T)) != 0) {
    state.predicting_theta.assign(theta, theta + n);
    space.read(theta, nullptr);
  }
  space.batch.X = X;
  const double operations = network_.operations() / 3;
  const Index span = std::max(Index(1e9 / operations), block * n_threads_);  // between two looks at the clock
  Clock clock(interrupted);
  for (Index start = 0; start < m; start += span) {
    const Index end = std::min(m, start + span);
    std::atomic<Index> next{start};
    const auto rows_of = [&](Index slot) {
      Batch<T> batch = space.batch;
      for (;;) {
        const Index first = next.fetch_add(block, std::memory_order_relaxed);
        if (first >= end) return;
        batch.first = first - slot * block;
        kernels_->hypothesis(batch, slot * block, slot * block + std::min(block, end - first), out);
      }
    };
    state.parallel(operations * double(end - start), std::min<Index>(n_threads_, (end - start + block - 1) / block), rows_of);
    if (end < m && clock.stop(operations * double(end - start))) return false;
  }
  return true;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace deltarule
