// deltarule._native: the core's Python module. A call releases the GIL if it takes longer than releasing the GIL does.
#include <cstdlib>
#include <deque>

#include "deltarule/counters.hpp"
#include "networks.hpp"
#include "runs.hpp"

using namespace deltarule;
using namespace deltarule::bind;

namespace {

std::vector<const char*> isa_names() {
  std::vector<const char*> names;
  for (const Isa* isa : available_isas()) names.push_back(isa->float32.isa);
  return names;
}
// The instruction set that DELTARULE_ISA names, else the best one.
const Isa& chosen_isa() {
  const char* wanted = std::getenv("DELTARULE_ISA");
  if (!wanted || !*wanted) return *available_isas().front();
  std::string valid;
  for (const Isa* isa : available_isas()) {
    if (wanted == std::string(isa->float32.isa)) return *isa;
    valid += (valid.empty() ? "" : ", ") + std::string(isa->float32.isa);
  }
  refuse("DELTARULE_ISA is '" + std::string(wanted) + "', but the compiled core offers " + valid + ".");
}

// Clears KeyboardInterrupt, which run() reports in its result, and throws what any other signal handler raised.
void clear_interruption() {
  if (!PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) throw nb::python_error();
  PyErr_Clear();
}

template <class T> struct Bound {
  Engine<T> engine;
  Index n = engine.network().n_parameters(), inputs = engine.network().n_inputs(), outputs = engine.network().sizes.back();

  // Checks the arrays, then calls f(theta, examples).
  template <class F>
  void on_examples(nb::handle theta_, nb::handle X_, nb::handle Y_, nb::handle weights_, const Span& out, const F& f) {
    const Argument<T> theta(theta_, "theta", {n});
    const InputsArgument<T> X(X_, inputs);
    const Argument<T> Y(Y_, "Y", {X.rows(), outputs}), weights(weights_, "weights", {X.rows()}, Use::read_or_none);
    check_apart(std::initializer_list<Span>{out, theta.span(), X.span(0), X.span(1), X.span(2), Y.span(), weights.span()});
    const Examples<T> examples{X.inputs(), Y.data(), weights.data(), X.rows()};
    if (!without_gil([&] { return f(theta.data(), examples); })) throw nb::python_error();
  }

  double cost(nb::handle theta, nb::handle X, nb::handle Y, nb::handle weights, double lambda, double weight) {
    Run<T>::check_weight(weight);
    double J = 0;
    on_examples(theta, X, Y, weights, Span{"out", nullptr, 0, Use::unused}, [&](const T* at, const Examples<T>& examples) {
      return engine.cost_and_gradient(at, examples, lambda, weight, &J, nullptr, signalled);
    });
    return J;
  }

  void sums(nb::handle theta, nb::handle X, nb::handle Y, nb::handle weights, nb::handle out_) {
    const Argument<double> out(out_, "out", {n + 1}, Use::write);
    on_examples(theta, X, Y, weights, out.span(), [&](const T* at, const Examples<T>& examples) {
      return engine.sums(at, examples, true, out.data(), signalled);
    });
  }

  nb::tuple run(nb::handle theta, const std::vector<nb::object>& vectors, nb::handle X, nb::handle Y, nb::handle weights,
                const Plan& plan, Position& position, nb::handle rates, nb::handle costs, Index rows, double weight, Index offset) {
    Run<T> run(engine.network(), {theta, vectors, X, Y, weights, &plan, &position, rates, costs, rows, weight, offset});
    Member<T>& one = run.member;
    one.done = without_gil([&] { return engine.run(one.steps, one.position, &one.interrupted, signalled); });
    if (one.interrupted) clear_interruption();
    position = one.position;
    return nb::make_tuple(one.done, one.interrupted);
  }

  nb::list run_members(const std::vector<nb::object>& given) {
    std::deque<Run<T>> runs;
    std::vector<Member<T>> members;
    std::vector<Position*> positions;
    std::vector<Span> spans;
    for (const nb::object& one : given) {
      const Work work = Work::of(one);
      if (std::find(positions.begin(), positions.end(), work.position) != positions.end())
        refuse("Two members have the same Position. Give each one of its own.");
      runs.emplace_back(engine.network(), work);
      members.push_back(runs.back().member);
      positions.push_back(work.position);
      if (members.back().steps.examples.X.sparse() != members.front().steps.examples.X.sparse())
        refuse("Some members have a sparse X and others an array. Train those of one kind at a time.");
      spans.insert(spans.end(), runs.back().spans().begin(), runs.back().spans().end());
    }
    check_apart(spans);
    without_gil([&] { engine.run_members(members, signalled); });
    if (std::any_of(members.begin(), members.end(), [](const Member<T>& one) { return one.interrupted; })) clear_interruption();
    nb::list found;
    for (std::size_t i = 0; i < members.size(); ++i) {
      *positions[i] = members[i].position;
      found.append(nb::make_tuple(members[i].done, members[i].interrupted));
    }
    return found;
  }

  void release() {
    without_gil([&] { engine.release(); });
  }

  bool hypothesis_into(nb::handle theta_, nb::handle X_, nb::handle out, bool checks) {
    const Argument<T> theta(theta_, "theta", {n});
    const bool has_floor = !engine.network().floor.empty();
    const InputsArgument<T> X(X_, inputs, !has_floor);
    if (checks && (has_floor || X.inputs().sparse()))
      refuse("Only arrays are checked, and only for networks without a first floor.");
    const Argument<T> h(out, "out", {X.rows(), outputs}, Use::write);
    check_apart(std::initializer_list<Span>{theta.span(), X.span(0), X.span(1), X.span(2), h.span()});
    const Index m = X.rows();
    bool is_finite = true;
    const auto fill = [&](const Interrupted& stop) {
      return engine.hypothesis(theta.data(), X.inputs(), m, h.data(), stop, checks ? &is_finite : nullptr);
    };
    // For some ten microseconds, releasing the GIL costs more than it gains. A call that keeps the GIL must not wait for its
    // turn, because the call whose turn it is may be waiting for the GIL.
    if (double(m) * double(n) < 4e5 && fill({})) return is_finite;
    if (!without_gil([&] { return fill(signalled); })) throw nb::python_error();
    return is_finite;
  }
};

template <class T> void bind_engine(nb::module_& module, const char* name) {
  nb::class_<Bound<T>>(module, name, "The compiled engine of one network in one precision; made by Engine().")
      .def("cost", &Bound<T>::cost, "theta"_a, "X"_a, "Y"_a, "weights"_a.none(), "lambda_"_a, "weight"_a,
           "Returns J (2) with the weight of the whole training set.")
      .def("sums", &Bound<T>::sums, "theta"_a, "X"_a, "Y"_a, "weights"_a.none(), "out"_a,
           "Writes the sum of weighted costs and Delta (5) into out.")
      .def("run", &Bound<T>::run, "theta"_a, "vectors"_a, "X"_a, "Y"_a, "weights"_a.none(), "plan"_a, "position"_a, "rates"_a,
           "costs"_a, "rows"_a, "weight"_a, "offset"_a,
           "Takes mini-batch steps in place, one for each row of rates; returns (steps taken, interrupted).")
      .def("run_members", &Bound<T>::run_members, "members"_a,
           "Takes independent runs side by side, each a tuple of the arguments of run(); returns what run() returns, for each.")
      .def("hypothesis_into", &Bound<T>::hypothesis_into, "theta"_a, "X"_a, "out"_a, "checks"_a = false,
           "Writes h of each row into out. Without a first floor, X may have either dtype. If checks, returns whether every number of X "
           "is finite in the dtype of theta; else True.")
      .def("release", &Bound<T>::release, "Frees the memory of training and of sums; the next call allocates it again.");
}

void epoch_order_into(std::uint64_t key, std::uint64_t epoch, nb::handle out) {
  const Argument<std::uint32_t> order(out, "out", {any}, Use::write);
  without_gil([&] { epoch_order(true, key, epoch, order.data(), std::uint64_t(order.size(0))); });
}

nb::object make_engine(const std::vector<Index>& sizes, const std::vector<std::string>& hidden,
                       const std::vector<std::vector<double>>& hidden_numbers, const std::string& output, const std::string& dtype,
                       int n_threads, const std::vector<bool>& learnt, const std::vector<PartOfFloor>& floor, bool scaled,
                       const std::vector<double>& output_numbers) {
  const Network network = network_of(sizes, hidden, hidden_numbers, output, output_numbers, learnt, floor, scaled);
  if (n_threads < 1) refuse("n_threads is " + std::to_string(n_threads) + ", but must be 1 or more.");
  n_threads = std::min(n_threads, 1024);  // no machine has more cores, and idle threads take memory
  const Isa& isa = chosen_isa();
  // Without this policy, nanobind would take the pointer as borrowed, and never delete the object.
  if (dtype == dtype_name<float>)
    return nb::cast(new Bound<float>{{network, isa.float32, n_threads}}, nb::rv_policy::take_ownership);
  if (dtype == dtype_name<double>)
    return nb::cast(new Bound<double>{{network, isa.float64, n_threads}}, nb::rv_policy::take_ownership);
  refuse("dtype is '" + dtype + "', but the compiled core offers float32, float64.");
}

// Each maps a name to how many numbers it takes.
nb::dict hidden_table() {
  nb::dict found;
  for (const HiddenLine& line : hidden_units) found[line.name] = line.n_numbers;
  return found;
}
nb::dict rule_table() {
  nb::dict found;
  for (const RuleLine& line : update_rules) found[line.name] = line.n_numbers;
  return found;
}
nb::list floor_table() {
  nb::list found;
  for (const PartLine& line : floor_parts) found.append(line.name);
  return found;
}
nb::list output_table() {
  nb::list found;
  for (const OutputLine& line : output_units) found.append(line.name);
  return found;
}

}  // namespace

NB_MODULE(_native, module) {
  module.doc() = "The compiled core: equations (1) to (6) and the update rules. Use it through engines/native.py.";
  nb::set_leak_warnings(false);  // a program may end while it holds objects; tests/engines/test_lifetime.py looks for leaks
  bind_plans(module);
  bind_engine<float>(module, "Engine32");
  bind_engine<double>(module, "Engine64");
  module.def("Engine", &make_engine, "sizes"_a, "hidden"_a, "hidden_numbers"_a, "output"_a, "dtype"_a, "n_threads"_a,
             "learnt"_a = std::vector<bool>(), "floor"_a = std::vector<PartOfFloor>(), "scaled"_a = false,
             "output_numbers"_a = std::vector<double>(),
             "An engine for one network: an Engine32 or an Engine64. learnt says of each hidden layer whether its units are; floor has "
             "(kind, inputs, width, size, knots) of each part of the first floor, scaled says whether a scale follows it.");
  module.def("epoch_order", &epoch_order_into, "key"_a, "epoch"_a, "out"_a,
             "Writes the order in which an epoch takes its rows into an array of uint32.");
  module.def("isa", [] { return chosen_isa().float32.isa; }, "The instruction set in use: DELTARULE_ISA, else the best one.");
  module.def("available_isas", &isa_names, "The instruction sets of this build that the processor has, best first.");
  module.def("hidden_units", &hidden_table, "The hidden units by name, and how many numbers each takes.");
  module.def("output_units", &output_table, "The names of the output units.");
  module.def("floor_parts", &floor_table, "The names of the parts of a first floor.");
  module.def("rules", &rule_table, "The update rules by name, and how many numbers each takes.");
}
