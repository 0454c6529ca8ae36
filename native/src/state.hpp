// What the calls of an engine share: the turn, the threads and the working memory; and how a phase is split between threads.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>

#include "arithmetic.hpp"
#include "deltarule/pool.hpp"
#include "workspace.hpp"

#ifdef _WIN32
inline int getpid() { return 0; }  // nothing forks
#else
#include <unistd.h>
#endif

namespace deltarule {

constexpr Index slice_rows = 256;  // the most rows that one task takes through the network
constexpr double operations_per_check = 2e7;  // between two looks at the clock
constexpr std::chrono::milliseconds check_interval{10};  // each check may have to wait for the GIL

// Asks `interrupted` every 10 ms; reads the time only after operations_per_check operations.
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

template <class T> struct Engine<T>::State {
  // The memory of one run, with the order of the current epoch.
  struct Desk {
    std::unique_ptr<Workspace> space{};
    std::vector<std::uint32_t> order{};
    std::tuple<bool, std::uint64_t, std::uint64_t, Index> order_of{};  // shuffle, key, epoch, m
    void begin_epoch(bool shuffle, const Position&, Index m);
  };

  const Network& network;
  const Kernels<T>& kernels;
  const int n_threads;
  const double threshold;
  const double operations = network.operations();  // of one example
  std::mutex mutex{};
  std::unique_ptr<Pool> pool{};
  long pool_of = 0;  // the process that made the pool
  std::unique_ptr<Workspace> summing{}, predicting{};
  std::vector<Desk> desks{};  // run() uses the first; each member being run has one

  ~State() { leave_to_parent(); }

  // In a forked child the parent's threads do not exist, so the parent's pool can be neither used nor destroyed.
  void leave_to_parent() {
    if (pool && pool_of != getpid()) pool.release();
  }
  // A call's turn at this engine; false if it did not wait and another call has it.
  struct Turn {
    std::unique_lock<std::mutex> lock;
    PlainArithmetic arithmetic{};
    explicit operator bool() const { return lock.owns_lock(); }
  };
  Turn turn(bool waits = true) {
    auto lock = waits ? std::unique_lock(mutex) : std::unique_lock(mutex, std::try_to_lock);
    if (lock) leave_to_parent();
    return {std::move(lock)};
  }

  Workspace& prepare(std::unique_ptr<Workspace>& space, const Purpose& purpose) {
    if (!space || !space->purpose.covers(purpose)) {
      space.reset();
      space = std::make_unique<Workspace>(network, kernels, purpose);
    }
    return *space;
  }
  void prepare(Desk&, const Purpose&, Index rows);

  Pool& threads() {
    if (!pool) pool = std::make_unique<Pool>(n_threads), pool_of = getpid();
    return *pool;
  }
  // How many threads gain from this much work: each after the first has its share of the threshold to do.
  int threads_for(double work) const {
    return threshold > 0 ? int(std::clamp(2 * work / threshold, 1.0, double(n_threads))) : n_threads;
  }
  // Calls f(0) ... f(n - 1), on the pool if more than one thread may take part and there is enough work to share.
  template <class F> void parallel(int n_workers, double work, Index n, const F& f) {
    if (n_workers > 1 && work >= threshold) return threads().run(n, f);
    for (Index i = 0; i < n; ++i) f(i);
  }

  // Operations of a row of X in a batch of `rows`. For compressed rows, the first layer has 4 for each weight of a stored element,
  // and the update of a parameter, which waits for memory, counts as 16.
  double operations_of(const Inputs<T>& X, Index m, Index rows) const {
    if (!X.sparse() || m == 0) return operations;
    const double weights = double(network.sizes[0]) * double(network.sizes[1]);
    const double elements = double(X.start_of(m) - X.start_of(0)) / double(m) * double(network.sizes[1]);
    return operations - 4 * weights + 4 * elements + 16 * weights / double(rows);
  }
  // Runs phase 1, split into slices of rows. A sparse batch whose parameters are to be changed is sorted beside them.
  void examples(const Batch<T>& batch, int n_workers) {
    // No divisions for a single slice: they took 2.5 % of a 4-10-3 step.
    if (n_workers == 1 && batch.rows <= slice_rows && !batch.X.sparse()) return kernels.examples(batch, 0, batch.rows);
    const Index lanes = batch.small ? kernels.panel : kernels.lanes, blocks = (batch.rows + lanes - 1) / lanes;
    const Index at_most = slice_rows / lanes, workers = std::min<Index>(n_workers, blocks);
    const Index slices = (blocks + workers * at_most - 1) / (workers * at_most) * workers;
    const Index sorts = batch.X.sparse() && batch.update != Update::none;
    parallel(n_workers, batch.operations * double(batch.rows), slices + sorts, [&](Index i) {
      if ((i -= sorts) < 0) return sort_elements(batch);
      const Index begin = blocks * i / slices * lanes, end = std::min(blocks * (i + 1) / slices * lanes, batch.rows);
      if (begin < end) kernels.examples(batch, begin, end);
    });
  }
  // Runs phase 2, split into tasks.
  void parameters(const Batch<T>& batch, int n_workers) {
    parallel(n_workers, batch.operations * double(batch.rows), batch.n_tasks, [&](Index i) { kernels.parameters(batch, i); });
  }

  // run() on a prepared desk; allocates nothing.
  Index take(Desk&, const Steps<T>&, Position&, bool* was_interrupted, const Interrupted&, int n_workers);
};

}  // namespace deltarule
