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

#include "deltarule/names.hpp"

namespace deltarule {

// The instruction sets of this build that the processor has, best first.
const std::vector<const Isa*>& available_isas();

// A hidden unit with the number in its formula, if it has one (names.hpp).
struct HiddenUnit {
  Hidden id;
  double number;
  HiddenUnit(Hidden unit) : HiddenUnit(unit, line_of(unit).usual) {}
  HiddenUnit(Hidden unit, double n) : id(unit), number(n) {}
};

struct Network {
  std::vector<Index> sizes;        // s_1 ... s_L, L >= 2
  std::vector<HiddenUnit> hidden;  // L - 2
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

// The training set that Examples are consecutive rows of; it may be larger.
struct Whole {
  Index rows;
  double weight;  // sum of the weights
  Index offset;   // number of the first of the Examples
};

struct UpdateRule {
  Update update;  // sgd, nesterov or adam
  double momentum, beta1, beta2, epsilon;
};

// What step size and weight decay of a group of parameters are multiplied by.
struct Factors { double rate, decay; };

// What steps have in common (src/deltarule/engines/plan.py).
struct Plan {
  UpdateRule rule;
  Index batch_size;
  bool shuffle;
  double lambda;
  double max_norm;               // > 0: a longer D is shortened to it
  std::vector<Factors> factors;  // of the matrix and column 0 of each Theta^(l); empty: {1, 1} and {1, 0}
};
// Columns of the rates of a step: eta, weight decay, and dropout of layers 2 ... L - 1, below 1.
constexpr Index rate_column = 0, decay_column = 1, dropout_column = 2;

// Where training stands between two steps; run() moves it on.
struct Position {
  std::uint64_t key;
  std::uint64_t epoch;  // epochs finished
  Index row;            // rows of this epoch already used
  std::uint64_t step;   // steps taken
};

template <class T> struct Steps {
  T* theta;
  T* moments[2];            // the rule's vectors; Adam has two
  Examples<T> examples;
  Whole whole;
  const Plan* plan;
  const double* rates;      // (n, L), finite
  Index n;
  double* costs;            // of each step, before its update
};

// One of several runs.
template <class T> struct Member {
  Steps<T> steps;
  Position position;
  Index done;
  bool interrupted;
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

  // The sum of w cost (2), and with `gradient` after it Delta (5), over the examples. Leaves of 8192 rows, added in float64 in a
  // fixed tree; working memory does not grow with m but by n_parameters doubles each time m doubles. False: interrupted.
  bool sums(const T* theta, const Examples<T>&, bool gradient, double* out, const Interrupted&);

  // J by (2), and D (n_parameters) by (6) from these sums, divided by `weight`, that of the whole training set; D null: J alone, to
  // the same bits, without the backward pass. False: interrupted, results undefined.
  bool cost_and_gradient(const T* theta, const Examples<T>&, double lambda, double weight, double* J, double* D, const Interrupted&);

  // Takes up to steps.n steps; how many it took. Fewer: the last cost was not finite, or interrupted (then *was_interrupted).
  // theta, moments and position are those after the last step taken.
  Index run(const Steps<T>&, Position&, bool* was_interrupted, const Interrupted&);

  // Independent runs, each by one thread, with the bits of run() for each. They may share what they only read.
  void run_members(std::vector<Member<T>>&, const Interrupted&);

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
