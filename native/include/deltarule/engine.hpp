// The protocol of src/deltarule/engines/protocol.py on plain memory: J and D over a whole training set, mini-batch steps, h.
//
// theta is the flat vector of the first floor's parameters, if there is one, and then of all Theta^(l), row by row, column 0 the
// bias, each followed by the alpha of its units if these are learnt. X is (m, s_1), row by row or, without a first floor, as
// compressed rows (inputs.hpp); with a first floor a row of X has the columns that this takes. Y is (m, K), row by row.
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

#include "deltarule/first_floor.hpp"
#include "deltarule/names.hpp"

namespace deltarule {

// The instruction sets of this build that the processor has, best first.
const std::vector<const Isa*>& available_isas();

// A hidden unit with the number in its formula, if it has one (names.hpp). A learnt one is (1 - alpha) z + alpha g(z) (11).
struct HiddenUnit {
  Hidden id;
  double number;
  bool learnt;
  HiddenUnit(Hidden unit) : HiddenUnit(unit, line_of(unit).usual) {}
  HiddenUnit(Hidden unit, double n, bool is_learnt = false) : id(unit), number(n), learnt(is_learnt) {}
};

struct Network {
  std::vector<Index> sizes;        // s_1 ... s_L, L >= 2; s_1 is what goes out of the first floor, if there is one
  std::vector<HiddenUnit> hidden;  // L - 2
  Output output;
  FirstFloor floor{};
  std::vector<double> output_numbers{};

  Index n_inputs() const { return floor.empty() ? sizes[0] : floor.inputs(); }
  bool is_learnt(std::size_t l) const { return l < hidden.size() && hidden[l].learnt; }
  Index n_parameters() const {
    Index n = floor.n_parameters();
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) n += sizes[l + 1] * (sizes[l] + 1 + is_learnt(l));
    return n;
  }
  // The groups of parameters that have factors of their own, in the order of theta: those of the floor, then of each layer column
  // 0, the matrix, and alpha.
  int n_groups() const {
    int n = floor.n_groups();
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) n += 2 + is_learnt(l);
    return n;
  }
  // The number by which dropout knows hidden layer l: that of the part of the network whose units they are, from 2.
  std::uint64_t dropout_number(std::size_t l) const {
    std::uint64_t n = l + 2 + (floor.empty() ? 0 : 1 + floor.scaled);
    for (std::size_t i = 0; i <= l; ++i) n += hidden[i].learnt;
    return n;
  }
  // Floating-point operations of a step, for each example: 6 for each parameter of a layer, but 4 for the first layer's weights
  // where nothing is learnt below it.
  double operations() const {
    const double all = 6.0 * double(n_parameters() - floor.n_parameters());
    return floor.empty() ? all - 2.0 * double(sizes[0]) * double(sizes[1]) : all + floor.operations();
  }
};

template <class T> struct Examples {
  Inputs<T> X;
  const T* Y;
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
  Update update;  // any but none and sum
  double momentum, beta1, beta2, epsilon;
  double mean_decay = 0;  // d of (12)
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
  std::vector<Factors> factors;  // of each group (Network::n_groups); empty: {1, 1} of a matrix, {1, 0} of others
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
  T* moments[most_moments];  // the rule's vectors (names.hpp)
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

  // Takes independent runs, each on one thread, bit-identical to run(). They may share memory that they only read. Either all of
  // them have a sparse X, or none.
  void run_members(std::vector<Member<T>>&, const Interrupted&);

  // Writes h of m rows into out (m, K). A row's h does not depend on the other rows. *is_finite, if given, says whether every number
  // of X is finite as a T; not for a first floor or compressed rows. False: interrupted; or `interrupted` is empty and another call
  // is running.
  bool hypothesis(const T* theta, const Inputs<T>& X, Index m, T* out, const Interrupted&, bool* is_finite = nullptr);

  // Frees the working memory of run() and of sums. The next call allocates it again; its results are bit-identical.
  void release();

 private:
  struct Workspace;
  struct State;
  Network network_;
  std::unique_ptr<State> state_;
};

}  // namespace deltarule
