// The protocol of src/deltarule/engines/protocol.py on plain memory: J and D over a whole training set, mini-batch steps, h.
//
// theta is the flat vector of all Theta^(l), row by row, column 0 the bias. X is (m, s_1), Y (m, K), both row by row.
//
// Contract
//   * The caller owns theta, the rule's vectors, X, Y, weights and every result; none may overlap another.
//   * Results depend on the arguments and the instruction set, not on n_threads, on earlier calls or on other threads.
//   * Calls on one engine from several threads take turns, so a caller may hold nothing that `interrupted` of another waits
//     for. After a fork the child may go on using the engine, unless the fork happened while another thread was inside a call.
//   * `interrupted` is asked every 10 ms or so, between steps or parts of a sum, by the calling thread.
//   * Throws std::bad_alloc, and std::invalid_argument for more than 2^32 - 1 rows; nothing else.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "deltarule/kernels.hpp"

namespace deltarule {

// The instruction sets of this build that the processor has, best first.
const std::vector<const Isa*>& available_isas();

struct Network {
  std::vector<Index> sizes;    // s_1 ... s_L, L >= 2
  std::vector<Hidden> hidden;  // L - 2
  Output output;
  Index n_parameters() const {
    Index n = 0;
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) n += sizes[l + 1] * (sizes[l] + 1);
    return n;
  }
  // Of one example's training step: 6 for each parameter, 4 for the first layer's weights.
  double operations() const { return 6.0 * double(n_parameters()) - 2.0 * double(sizes[0]) * double(sizes[1]); }
};

template <class T> struct Examples {
  const T *X, *Y;
  const T* weights;  // null: every example counts once
  Index m;
};

struct UpdateRule {
  Update update;  // sgd, nesterov or adam
  double momentum, beta1, beta2, epsilon;
};

// Where training stands between two steps; run() moves it on.
struct Position {
  std::uint64_t key;
  std::uint64_t epoch, t;  // epochs finished, steps taken
  Index row;               // rows of this epoch already used
};

template <class T> struct Steps {
  T* theta;
  T* moments[2];             // the rule's vectors; Adam has two
  Examples<T> examples;
  double lambda;
  UpdateRule rule;
  const double* dropout;     // rates of layers 2 ... L - 1, below 1; null for none
  double weight_decay;       // a step of eta multiplies Theta without column 0 by 1 - eta * weight_decay first
  double max_norm;           // > 0: a longer D is shortened to it
  Index batch_size;
  bool shuffle;
  const double* step_sizes;  // eta of each step
  Index n;
  double* costs;             // of each step, before its update
};

using Interrupted = std::function<bool()>;

template <class T> class Engine {
 public:
  // Below so many operations a step gains nothing from a second thread: two threads took 1.26 of one thread's time at 1.3e6
  // operations, 0.72 at 3.2e6, 0.55 at 6.4e7; with both cores kept busy by others 2.2, 1.16 and 0.9 (Zen 5, AVX-512).
  static constexpr double operations_for_threads = 2.5e6;

  // Kernels of one of available_isas(); n_threads >= 1. The tests lower the threshold to see threads in small networks.
  Engine(Network, const Kernels<T>&, int n_threads, double threshold = operations_for_threads);
  ~Engine();

  const Network& network() const { return network_; }

  // J by (2), and D (n_parameters) by (6); D null: J alone, to the same bits, without the backward pass. Leaves of 8192 rows,
  // added in float64 in a fixed tree; working memory does not grow with m but by n_parameters doubles each time m doubles.
  // False: interrupted, results undefined.
  bool cost_and_gradient(const T* theta, const Examples<T>&, double lambda, double* J, double* D, const Interrupted&);

  // Takes up to steps.n steps; how many it took. Fewer: the last cost was not finite, or interrupted (then *was_interrupted).
  // theta, moments and position are those after the last step taken.
  Index run(const Steps<T>&, Position&, bool* was_interrupted, const Interrupted&);

  // h of m rows into out (m, K). A row's h does not depend on the other rows. False: interrupted; or, with an empty function
  // for `interrupted`, another call is running.
  bool hypothesis(const T* theta, const T* X, Index m, T* out, const Interrupted&);

  // Frees the working memory of run() and of sums. The next call makes it anew, and gives the same bits.
  void release();

 private:
  struct Workspace;
  struct State;
  Network network_;
  std::unique_ptr<State> state_;
};

}  // namespace deltarule
