// The protocol of src/deltarule/engines/protocol.py on plain memory: J and D over a whole training set, mini-batch steps, h.
//
// theta is the flat vector of all Theta^(l), row by row, column 0 the bias. X is (m, s_1), Y (m, K), both row by row.
//
// Contract
//   * The caller owns theta, the rule's vectors, X, Y, weights and every result; none may overlap another.
//   * Results depend on the arguments and the instruction set, not on n_threads, on earlier calls or on other threads.
//   * Calls on one engine from several threads take turns, so a caller must not hold anything that another call's `interrupted`
//     waits for. After a fork the child may use the engine, unless another thread was inside a call at that moment.
//   * The calling thread asks `interrupted` about every 10 ms, between steps or parts of a sum.
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
  // Floating-point operations of a step, for each example: 6 for each parameter, but 4 for the first layer's weights.
  double operations() const { return 6.0 * double(n_parameters()) - 2.0 * double(sizes[0]) * double(sizes[1]); }
};

template <class T> struct Examples {
  const T *X, *Y;
  const T* weights;  // null: every example counts once
  Index m;
};

// The whole training set, of which Examples are consecutive rows.
struct Whole {
  Index rows;
  double weight;  // sum of the weights
  Index offset;   // number of the first Example in the training set
};

struct UpdateRule {
  Update update;  // sgd, nesterov or adam
  double momentum, beta1, beta2, epsilon;
};

// Multipliers of the step size and the weight decay of a group of parameters.
struct Factors { double rate, decay; };

// The settings that all steps of a run share (src/deltarule/engines/plan.py).
struct Plan {
  UpdateRule rule;
  Index batch_size;
  bool shuffle;
  double lambda;
  double max_norm;               // > 0; a longer D is shortened to this length
  std::vector<Factors> factors;  // two for each Theta^(l): matrix, column 0; empty: {1, 1}, {1, 0}
};
// Columns of the rates of a step: eta, weight decay, and dropout of layers 2 ... L - 1, below 1.
constexpr Index rate_column = 0, decay_column = 1, dropout_column = 2;

// How far training is, between two steps; run() advances it.
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
  double* costs;            // one for each step, before its update
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
  // A step with fewer operations gains nothing from a second thread. Time of two threads relative to one (Zen 5, AVX-512):
  //     operations                   1.3e6   3.2e6   6.4e7
  //     idle machine                 1.26    0.72    0.55
  //     both cores busy otherwise    2.2     1.16    0.9
  static constexpr double operations_for_threads = 2.5e6;

  // Kernels of one of available_isas(); n_threads >= 1. The tests lower the threshold to see threads in small networks.
  Engine(Network, const Kernels<T>&, int n_threads, double threshold = operations_for_threads);
  ~Engine();

  const Network& network() const { return network_; }

  // Writes the sum of w cost (2) over the examples, followed by Delta (5) if `gradient`. The leaves of the sum are 8192 rows each,
  // added in float64 in a fixed tree. Each doubling of m adds n_parameters doubles of working memory. False: interrupted.
  bool sums(const T* theta, const Examples<T>&, bool gradient, double* out, const Interrupted&);

  // Computes J (2) and D (6), of n_parameters numbers, from sums() divided by `weight`, that of the whole training set. If D is
  // null, J alone, bit-identical, without the backward pass. False: interrupted, results undefined.
  bool cost_and_gradient(const T* theta, const Examples<T>&, double lambda, double weight, double* J, double* D, const Interrupted&);

  // Takes up to steps.n steps and returns how many it took: fewer if the last cost is not finite, or if *was_interrupted.
  // theta, moments and position are those after the last step taken.
  Index run(const Steps<T>&, Position&, bool* was_interrupted, const Interrupted&);

  // Takes independent runs, each on one thread, bit-identical to run(). They may share memory that they only read.
  void run_members(std::vector<Member<T>>&, const Interrupted&);

  // Writes h of m rows into out (m, K). A row's h does not depend on the other rows. False: interrupted; or `interrupted` is
  // empty and another call is running.
  bool hypothesis(const T* theta, const T* X, Index m, T* out, const Interrupted&);

  // Frees the working memory of run() and of sums. The next call allocates it again; its results are bit-identical.
  void release();

 private:
  struct Workspace;
  struct State;
  Network network_;
  std::unique_ptr<State> state_;
};

}  // namespace deltarule
