// Steps, sums and predictions: who does what when. All arithmetic is in the kernels.
#include "deltarule/engine.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numeric>
#include <stdexcept>

#include "deltarule/counters.hpp"
#include "deltarule/pool.hpp"
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
struct Clock {
  const Interrupted& interrupted;
  std::chrono::steady_clock::time_point asked = std::chrono::steady_clock::now();
  double done = 0;
  bool stop(double operations) {
    if ((done += operations) < operations_per_check) return false;
    done = 0;
    const auto now = std::chrono::steady_clock::now();
    if (now - asked < check_interval) return false;
    asked = now;
    return interrupted && interrupted();
  }
};

template <class T> double in_order(const T* values, Index n) { return std::accumulate(values, values + n, 0.0); }
// 1 - beta^t, which is 1 once beta^t is below 2^-54; pow() of what underflows took a twentieth of a step of 4-10-3.
double without_power(double beta, double t) { return t * (1 - beta) > 37.5 ? 1 : 1 - std::pow(beta, t); }

template <class T> double total_weight(const Examples<T>& examples) {
  return examples.weights ? in_order(examples.weights, examples.m) : double(examples.m);
}

}  // namespace

// What calls share.
template <class T> struct Engine<T>::State {
  const Network& network;
  const Kernels<T>& kernels;
  const int n_threads;
  const double threshold;
  const double operations = network.operations();  // of one example
  std::mutex mutex{};
  std::unique_ptr<Pool> pool{};
  long pool_of = 0;  // the process whose threads it has
  std::unique_ptr<Workspace> workspaces[3]{};  // one for each Use
  std::vector<std::uint32_t> order{};
  std::tuple<bool, std::uint64_t, std::uint64_t, Index> order_of{};  // shuffle, key, epoch, m

  ~State() { leave_to_parent(); }

  // In a forked child the parent's threads do not exist: its pool can be neither used nor destroyed.
  void leave_to_parent() {
    if (pool && pool_of != getpid()) pool.release();
  }
  std::unique_lock<std::mutex> turn(bool waits = true) {
    auto lock = waits ? std::unique_lock(mutex) : std::unique_lock(mutex, std::try_to_lock);
    if (lock) leave_to_parent();
    return lock;
  }

  Workspace& workspace(const Purpose& purpose) {
    std::unique_ptr<Workspace>& which = workspaces[int(purpose.use)];
    if (!which || which->purpose.needs() != purpose.needs()) {
      which.reset();
      which = std::make_unique<Workspace>(network, kernels, purpose);
    }
    return *which;
  }

  // f(0) ... f(n - 1), on all threads if there is enough work to share.
  template <class F> void parallel(double work, Index n, const F& f) {
    if (n_threads == 1 || work < threshold) {
      for (Index i = 0; i < n; ++i) f(i);
      return;
    }
    if (!pool) pool = std::make_unique<Pool>(n_threads), pool_of = getpid();
    pool->run(n, f);
  }

  // Phase 1 by slices of rows.
  void examples(const Batch<T>& batch) {
    const Index lanes = kernels.lanes, blocks = (batch.rows + lanes - 1) / lanes;
    const Index at_most = slice_rows / lanes, threads = std::min<Index>(n_threads, blocks);
    const Index slices = (blocks + threads * at_most - 1) / (threads * at_most) * threads;
    parallel(operations * double(batch.rows), slices, [&](Index i) {
      const Index begin = blocks * i / slices * lanes, end = std::min(blocks * (i + 1) / slices * lanes, batch.rows);
      if (begin < end) kernels.examples(batch, begin, end);
    });
  }
  // Phase 2 by tasks.
  void parameters(const Batch<T>& batch) {
    parallel(operations * double(batch.rows), batch.n_tasks, [&](Index i) { kernels.parameters(batch, i); });
  }

  // The order of the rows, and the layers' numbers for dropout.
  void begin_epoch(Workspace& space, bool shuffle, const Position& position, Index m) {
    const std::tuple wanted(shuffle, position.key, position.epoch, m);
    if (order_of != wanted) {
      order.resize(std::size_t(m));  // allocates in the first step of a call only: m does not change within one
      epoch_order(shuffle, position.key, position.epoch, order.data(), order.size());
      order_of = wanted;
    }
    for (std::size_t l = 0; l < space.layers.size(); ++l)
      space.layers[l].dropout = dropout_of_layer(position.key, position.epoch, l + 2);
  }
};

template <class T>
Engine<T>::Engine(Network network, const Kernels<T>& kernels, int n_threads, double threshold)
    : network_(std::move(network)), state_(new State{network_, kernels, n_threads, threshold}) {}
template <class T> Engine<T>::~Engine() = default;

template <class T>
bool Engine<T>::cost_and_gradient(const T* theta, const Examples<T>& examples, double lambda, double* J, double* D,
                                  const Interrupted& interrupted) {
  const auto turn = state_->turn();
  const Index m = examples.m;
  Workspace& space = state_->workspace({Use::summing, std::min(chunk_rows, std::max<Index>(m, 1))});
  space.read(theta, nullptr);
  Batch<T>& batch = space.batch;
  batch.X = examples.X, batch.Y = examples.Y, batch.weights = examples.weights;
  batch.rule.update = D ? Update::sum : Update::none;
  Clock clock{interrupted};
  const std::size_t n = 1 + std::size_t(D ? network_.n_parameters() : 0);  // the cost, and Delta
  // Sums over leaves first ... first + leaves - 1: those of the largest whole binary tree that leaves a rest, plus the rest's.
  const auto add_up = [&](const auto& self, Index first, Index leaves, double* sums) -> bool {
    if (leaves > 1) {
      Index whole = 1;
      while (2 * whole < leaves) whole *= 2;
      std::vector<double> rest(n);
      if (!self(self, first, whole, sums) || !self(self, first + whole, leaves - whole, rest.data())) return false;
      for (std::size_t i = 0; i < n; ++i) sums[i] += rest[i];
      return true;
    }
    const Index begin = first * leaf_rows, end = std::min(m, begin + leaf_rows);
    for (batch.first = begin; batch.first < end; batch.first += chunk_rows) {
      batch.rows = std::min(chunk_rows, end - batch.first), batch.known = m - batch.first;
      batch.rule.add = batch.first != begin;
      state_->examples(batch);
      if (D) state_->parameters(batch);
      for (Index t = 0; t < batch.rows; ++t) sums[0] += double(batch.costs[t]);  // one chain over the leaf
      if (clock.stop(state_->operations * double(batch.rows))) return false;
    }
    if (D) space.write_Delta(sums + 1);
    return true;
  };
  std::vector<double> sums(n);
  if (m > 0 && !add_up(add_up, 0, (m + leaf_rows - 1) / leaf_rows, sums.data())) return false;
  const double *total = sums.data() + 1, W = total_weight(examples);
  double squares = 0;
  for (const Layer<T>& layer : space.layers)
    for (Index row = 0; row < layer.outputs; ++row)
      for (Index j = 0; j <= layer.inputs; ++j, ++theta) {
        const double t = j ? double(*theta) : 0;
        squares += t * t;
        if (D) *D++ = (*total++ + lambda * t) / W;
      }
  *J = sums[0] / W + (lambda != 0 ? lambda / (2 * W) * squares : 0);
  return true;
}

template <class T>
Index Engine<T>::run(const Steps<T>& steps, Position& position, bool* was_interrupted, const Interrupted& interrupted) {
  *was_interrupted = false;
  const Index m = steps.examples.m;
  if (steps.n <= 0 || m <= 0) return 0;
  if (std::uint64_t(m) > 0xffffffffu) throw std::invalid_argument("run takes at most 2^32 - 1 rows");
  const auto turn = state_->turn();
  const UpdateRule& rule = steps.rule;
  const Index batch_rows = std::min(steps.batch_size, m);
  const bool clips = std::isfinite(steps.max_norm), adam = rule.update == Update::adam;
  Workspace& space = state_->workspace({Use::training, batch_rows, adam ? 2 : 1, steps.dropout != nullptr, clips});
  space.read(steps.theta, steps.moments);
  for (std::size_t l = 0; steps.dropout && l + 1 < space.layers.size(); ++l) {
    space.layers[l].left_out = std::uint32_t(steps.dropout[l] * 0x1p32);
    space.layers[l].factor = T(1 / (1 - steps.dropout[l]));
  }
  const double W = total_weight(steps.examples), decay = steps.lambda / W;
  Batch<T>& batch = space.batch;
  batch.X = steps.examples.X, batch.Y = steps.examples.Y, batch.weights = steps.examples.weights;
  Rule<T>& now = batch.rule;
  now.momentum = T(rule.momentum), now.epsilon = T(rule.epsilon);
  now.beta1 = T(rule.beta1), now.rest1 = T(1 - rule.beta1), now.beta2 = T(rule.beta2), now.rest2 = T(1 - rule.beta2);
  double* const squares = space.squares.data();

  Clock clock{interrupted};
  Index done = 0;
  for (bool go_on = true; go_on && done < steps.n;) {
    const double eta = steps.step_sizes[done], t = double(position.t + 1);
    if (done == 0 || position.row == 0) state_->begin_epoch(space, steps.shuffle, position, m);
    batch.order = state_->order.data() + position.row;
    batch.known = m - position.row;
    batch.rows = std::min(batch_rows, batch.known);
    const double scale = double(m) / (W * double(batch.rows));
    now.update = rule.update, now.scale = T(scale), now.decay = T(decay), now.shrink = T(1 - eta * steps.weight_decay);
    now.step = T(adam ? eta * std::sqrt(without_power(rule.beta2, t)) / without_power(rule.beta1, t) : eta);
    state_->examples(batch);
    if (clips) {  // the norm first
      now.update = Update::sum, batch.squares = squares;
      state_->parameters(batch);
      const double norm = std::sqrt(in_order(squares, batch.n_tasks));
      const double factor = norm > steps.max_norm ? steps.max_norm / norm : 1;  // 1 for NaN, which D has then
      now.update = rule.update, now.scale = T(scale * factor), now.decay = T(decay * factor);
    }
    batch.squares = steps.lambda != 0 ? squares : nullptr;
    state_->parameters(batch);

    double cost = scale * in_order(batch.costs, batch.rows);
    if (batch.squares) cost += steps.lambda / (2 * W) * in_order(squares, batch.n_tasks);
    steps.costs[done++] = cost;
    ++position.t;
    position.row += batch.rows;
    if (position.row >= m) ++position.epoch, position.row = 0;
    *was_interrupted = clock.stop(state_->operations * double(batch.rows));
    go_on = std::isfinite(cost) && !*was_interrupted;
  }
  space.write(steps.theta, steps.moments);
  // Infinity times the zeros of the filling left NaN there, which the next run would find in its sums of squares.
  if (!std::isfinite(steps.costs[done - 1] + in_order(steps.theta, network_.n_parameters())))
    state_->workspaces[int(Use::training)].reset();
  return done;
}

template <class T>
bool Engine<T>::hypothesis(const T* theta, const T* X, Index m, T* out, const Interrupted& interrupted) {
  State& state = *state_;
  const auto turn = state.turn(bool(interrupted));
  if (!turn) return false;
  const std::size_t n = std::size_t(network_.n_parameters());
  const Index block = state.kernels.lanes * 4;  // rows that a thread takes at a time
  const Index threads = std::clamp<Index>((m + block - 1) / block, 1, state.n_threads);
  const auto& there = state.workspaces[int(Use::predicting)];  // one for more rows will do
  Workspace& space = state.workspace({Use::predicting, std::max(block * threads, there ? there->purpose.rows : 0)});
  // Comparing theta with the last one costs as much as reading it once; panels cost several times that.
  if (space.held.size() != n || std::memcmp(space.held.data(), theta, n * sizeof(T)) != 0) {
    space.held.assign(theta, theta + n);
    space.read(theta, nullptr);
  }
  space.batch.X = X, space.batch.h = out;
  const double operations = state.operations / 3;
  const Index span = std::max(Index(1e9 / operations), block * threads);  // between two looks at the clock
  Clock clock{interrupted};
  for (Index start = 0; start < m; start += span) {
    const Index end = std::min(m, start + span);
    std::atomic<Index> next{start};
    const auto rows_of = [&](Index slot) {
      Batch<T> batch = space.batch;
      for (Index first; (first = next.fetch_add(block, std::memory_order_relaxed)) < end;) {
        batch.first = first - slot * block;
        state.kernels.examples(batch, slot * block, slot * block + std::min(block, end - first));
      }
    };
    state.parallel(operations * double(end - start), std::min<Index>(threads, (end - start + block - 1) / block), rows_of);
    if (end < m && clock.stop(operations * double(end - start))) return false;
  }
  return true;
}

template <class T> void Engine<T>::release() {
  const auto turn = state_->turn();
  for (Use use : {Use::training, Use::summing}) state_->workspaces[int(use)].reset();
  state_->order = {}, state_->order_of = {};
}

template class Engine<float>;
template class Engine<double>;

}  // namespace deltarule
