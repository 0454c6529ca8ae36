// deltarule._native: the only file that knows Python. Checks every shape and type once, copies nothing, releases the GIL.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "deltarule/counters.hpp"
#include "deltarule/engine.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace deltarule;

namespace {

constexpr Index any = -1;
template <class T> constexpr const char* dtype_name = "float64";
template <> constexpr const char* dtype_name<float> = "float32";
template <> constexpr const char* dtype_name<std::uint32_t> = "uint32";
// What the buffer protocol calls it. A uint32 is an L where a C long has 32 bits.
template <class T> constexpr const char* formats = "d";
template <> constexpr const char* formats<float> = "f";
template <> constexpr const char* formats<std::uint32_t> = sizeof(long) == 4 ? "IL" : "I";

[[noreturn]] void refuse(const std::string& message, nb::exception_type type = nb::exception_type::value_error) {
  throw nb::builtin_exception(type, message.c_str());
}
std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "(";
  for (Index n : shape) text += (text.size() > 1 ? ", " : "") + (n == any ? std::string("any") : std::to_string(n));
  return text + ")";
}

enum class Use { read, write, read_or_none, unused };

// The bytes of an argument.
struct Span {
  const char *name, *begin;
  std::size_t size;
  Use use;
};

// What is written to may share no memory with anything else.
void check_apart(std::initializer_list<Span> spans) {
  for (const Span& a : spans)
    for (const Span& b : spans)
      if (&a != &b && a.use == Use::write && a.begin < b.begin + b.size && b.begin < a.begin + a.size)
        refuse(std::string(a.name) + " and " + b.name + " share memory. Copy one of them.");
}

// An argument's memory for the length of a call, by the buffer protocol: cheaper than a converted array, and our own words.
// One that may be None, or that a rule does not have, is null then.
template <class T> class Argument {
 public:
  Argument(nb::handle object, const char* name, std::vector<Index> shape, Use use = Use::read) : name_(name), use_(use) {
    const bool writable = use == Use::write;
    if (use == Use::unused || (use == Use::read_or_none && object.is_none())) return;
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)) != 0) {
      PyErr_Clear();
      refuse(std::string(name) + " must be a C-contiguous" + (writable ? ", writable " : " ") + dtype_name<T> +
             " array. Convert it with numpy.ascontiguousarray.", nb::exception_type::type_error);
    }
    const std::vector<Index> came(view_.shape, view_.shape + view_.ndim);
    const bool fits = std::equal(came.begin(), came.end(), shape.begin(), shape.end(),
                                 [](Index n, Index right) { return right == any || right == n; });
    const bool aligned = reinterpret_cast<std::uintptr_t>(view_.buf) % alignof(T) == 0;
    // '<' stands before what was read from a file, and is this machine's own order on all that the core is built for; '='
    // before what is not aligned.
    const std::string format = view_.format ? view_.format : "B";
    const std::string letter = format[0] == '<' || format[0] == '=' ? format.substr(1) : format;
    const bool typed = letter.size() == 1 && std::string(formats<T>).find(letter) != std::string::npos;
    if (fits && typed && aligned) return;
    PyBuffer_Release(&view_);  // the destructor will not run
    if (!typed) refuse(std::string(name) + " has the format '" + format + "', but must be " + dtype_name<T> +
                       ". Convert it with .astype.", nb::exception_type::type_error);
    if (!fits) refuse(std::string(name) + " has shape " + shape_text(came) + ", but " + shape_text(shape) + " fits here.");
    refuse(std::string(name) + " does not begin at a multiple of its items' size. Copy it.");
  }
  ~Argument() { PyBuffer_Release(&view_); }
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;
  T* data() const { return static_cast<T*>(view_.buf); }
  Index size(int axis) const { return view_.shape[axis]; }
  Span span() const { return {name_, static_cast<const char*>(view_.buf), std::size_t(view_.len), use_}; }

 private:
  Py_buffer view_{};
  const char* name_;
  Use use_;
};

const std::vector<const char*> hidden_names = {"logistic", "tanh", "relu", "identity", "leaky_relu", "elu",
                                        "selu", "gelu", "silu", "mish", "softplus"};  // in the order of Hidden
const std::vector<const char*> output_names = {"sigmoid", "softmax", "identity", "exp"};  // in the order of Output

int number_of(const std::vector<const char*>& names, const std::string& name, const std::string& what) {
  std::string valid;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return int(i);
    valid += (i ? ", " : "") + std::string(names[i]);
  }
  refuse(what + " is '" + name + "', but the compiled core offers " + valid + ".");
}

std::vector<const char*> isa_names() {
  std::vector<const char*> names;
  for (const Isa* isa : available_isas()) names.push_back(isa->float32.isa);
  return names;
}
// The best instruction set, or the one that DELTARULE_ISA names.
const Isa& chosen_isa() {
  const char* wanted = std::getenv("DELTARULE_ISA");
  return *available_isas()[std::size_t(wanted && *wanted ? number_of(isa_names(), wanted, "DELTARULE_ISA") : 0)];
}

// Ctrl-C, as Python sees it; leaves its exception set.
bool signalled() {
  nb::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}
template <class F> auto without_gil(const F& f) {
  nb::gil_scoped_release release;
  return f();
}

template <class T> struct Bound {
  Engine<T> engine;
  Index n = engine.network().n_parameters(), inputs = engine.network().sizes.front(), outputs = engine.network().sizes.back();

  double cost(nb::handle theta_, nb::handle X_, nb::handle Y_, nb::handle weights_, double lambda, nb::handle D_) {
    const Argument<T> theta(theta_, "theta", {n}), X(X_, "X", {any, inputs}), Y(Y_, "Y", {X.size(0), outputs});
    const Argument<T> weights(weights_, "weights", {X.size(0)}, Use::read_or_none);
    const Argument<double> D(D_, "D", {n}, D_.is_none() ? Use::unused : Use::write);
    check_apart({D.span(), theta.span(), X.span(), Y.span(), weights.span()});
    double J = 0;
    const Examples<T> examples{X.data(), Y.data(), weights.data(), X.size(0)};
    if (!without_gil([&] { return engine.cost_and_gradient(theta.data(), examples, lambda, &J, D.data(), signalled); }))
      throw nb::python_error();
    return J;
  }

  nb::tuple run(nb::handle theta_, const std::vector<nb::object>& vectors, nb::handle X_, nb::handle Y_, nb::handle weights_,
                double lambda, const std::string& rule, const std::vector<double>& numbers, Index batch_size, bool shuffle,
                std::uint64_t key, std::uint64_t epoch, Index position, std::uint64_t t, nb::handle etas_, nb::handle costs_,
                const std::vector<double>& dropout, double weight_decay, double max_norm) {
    const bool adam = number_of({"sgd", "adam"}, rule, "rule") == 1;
    if (numbers.size() != (adam ? 3 : 2) || vectors.size() != (adam ? 2 : 1))
      refuse(adam ? "adam takes rule_parameters (beta1, beta2, epsilon) and two vectors."
                  : "sgd takes rule_parameters (momentum, nesterov) and one vector.");
    const Argument<T> theta(theta_, "theta", {n}, Use::write), X(X_, "X", {any, inputs}), Y(Y_, "Y", {X.size(0), outputs});
    const Argument<T> weights(weights_, "weights", {X.size(0)}, Use::read_or_none);
    const Argument<T> first(vectors[0], "vectors[0]", {n}, Use::write);
    const Argument<T> second(vectors[adam], "vectors[1]", {n}, adam ? Use::write : Use::unused);
    const Argument<double> etas(etas_, "step_sizes", {any}), costs(costs_, "costs", {etas.size(0)}, Use::write);
    check_apart({theta.span(), first.span(), second.span(), costs.span(), X.span(), Y.span(), weights.span(), etas.span()});
    if (batch_size < 1) refuse("batch_size is " + std::to_string(batch_size) + ", but must be 1 or more.");
    if (position < 0 || position >= std::max<Index>(1, X.size(0)))
      refuse("position is " + std::to_string(position) + ", but X has " + std::to_string(X.size(0)) + " rows.");
    if (const std::size_t hidden = engine.network().hidden.size(); !dropout.empty() && dropout.size() != hidden)
      refuse("dropout has " + std::to_string(dropout.size()) + " rates, but the network has " + std::to_string(hidden) +
             " hidden layers. Give one rate for each, or none.");
    for (double rate : dropout)
      if (!(rate >= 0 && rate < 1)) refuse("dropout has the rate " + std::to_string(rate) + ", but it must be in [0, 1).");
    if (!(weight_decay >= 0)) refuse("weight_decay is " + std::to_string(weight_decay) + ", but must be 0 or more.");
    if (!(max_norm > 0)) refuse("max_norm is " + std::to_string(max_norm) + ", but must be above 0, or infinite for none.");
    const UpdateRule update = adam ? UpdateRule{Update::adam, 0, numbers[0], numbers[1], numbers[2]}
                                   : UpdateRule{numbers[1] != 0 ? Update::nesterov : Update::sgd, numbers[0], 0, 0, 0};
    const Steps<T> steps{theta.data(), {first.data(), second.data()}, {X.data(), Y.data(), weights.data(), X.size(0)}, lambda,
                         update, dropout.empty() ? nullptr : dropout.data(), weight_decay, max_norm, batch_size, shuffle,
                         etas.data(), etas.size(0), costs.data()};
    Position at{key, epoch, t, position};
    bool interrupted = false;
    const Index done = without_gil([&] { return engine.run(steps, at, &interrupted, signalled); });
    // Ctrl-C is reported with the state; what another signal's handler raised goes on its way.
    if (interrupted && !PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) throw nb::python_error();
    if (interrupted) PyErr_Clear();
    return nb::make_tuple(done, interrupted, at.epoch, at.row);
  }

  void release() {
    without_gil([&] { engine.release(); });
  }

  void hypothesis_into(nb::handle theta_, nb::handle X_, nb::handle out) {
    const Argument<T> theta(theta_, "theta", {n}), X(X_, "X", {any, inputs}), h(out, "out", {X.size(0), outputs}, Use::write);
    check_apart({theta.span(), X.span(), h.span()});
    const Index m = X.size(0);
    const auto fill = [&](const Interrupted& stop) { return engine.hypothesis(theta.data(), X.data(), m, h.data(), stop); };
    // Some ten microseconds are so short that letting go of the GIL would cost more than it gives. But then they must not
    // wait: the call that runs may itself be waiting for the GIL.
    if (double(m) * double(n) < 4e5 && fill({})) return;
    if (!without_gil([&] { return fill(signalled); })) throw nb::python_error();
  }
};

template <class T> void bind(nb::module_& module, const char* name) {
  nb::class_<Bound<T>>(module, name, "The compiled engine of one network in one precision; made by Engine().")
      .def("cost", &Bound<T>::cost, "theta"_a, "X"_a, "Y"_a, "weights"_a.none(), "lambda_"_a, "D"_a = nb::none(),
           "J (2) over the whole training set; its gradient (6) into D, if that is given.")
      .def("run", &Bound<T>::run, "theta"_a, "vectors"_a, "X"_a, "Y"_a, "weights"_a.none(), "lambda_"_a, "rule"_a,
           "rule_parameters"_a, "batch_size"_a, "shuffle"_a, "key"_a, "epoch"_a, "position"_a, "t"_a, "step_sizes"_a, "costs"_a,
           "dropout"_a, "weight_decay"_a, "max_norm"_a,
           "Mini-batch steps in place, one for each step size: (steps taken, interrupted, epoch, position).")
      .def("hypothesis_into", &Bound<T>::hypothesis_into, "theta"_a, "X"_a, "out"_a, "h of each row, into out.")
      .def("release", &Bound<T>::release, "Frees the memory of training and of sums; the next call makes it anew.");
}

void epoch_order_into(std::uint64_t key, std::uint64_t epoch, nb::handle out) {
  const Argument<std::uint32_t> order(out, "out", {any}, Use::write);
  without_gil([&] { epoch_order(true, key, epoch, order.data(), std::uint64_t(order.size(0))); });
}

nb::object make_engine(const std::vector<Index>& sizes, const std::vector<std::string>& hidden, const std::string& output,
                       const std::string& dtype, int n_threads) {
  Network network{sizes, {}, Output(number_of(output_names, output, "output"))};
  for (const std::string& name : hidden) network.hidden.push_back(Hidden(number_of(hidden_names, name, "hidden")));
  bool fits = sizes.size() >= 2 && hidden.size() == sizes.size() - 2;
  double parameters = 0;
  for (Index s : sizes) fits = fits && s >= 1 && s < (Index(1) << 31);
  for (std::size_t l = 0; fits && l + 1 < sizes.size(); ++l) parameters += double(sizes[l + 1]) * double(sizes[l] + 1);
  if (parameters > 1e12) refuse("The network has " + std::to_string(parameters) + " parameters, but may have 1e12 at most.");
  if (!fits) refuse("sizes must be two or more positive numbers, hidden a name for each but the first and the last.");
  if (n_threads < 1) refuse("n_threads is " + std::to_string(n_threads) + ", but must be 1 or more.");
  n_threads = std::min(n_threads, 1024);  // more than any machine has cores change nothing but the memory that they take
  const Isa& isa = chosen_isa();
  const bool narrow = number_of({"float32", "float64"}, dtype, "dtype") == 0;
  // Without a policy, nanobind takes a pointer for one that somebody else deletes.
  if (narrow) return nb::cast(new Bound<float>{{network, isa.float32, n_threads}}, nb::rv_policy::take_ownership);
  return nb::cast(new Bound<double>{{network, isa.float64, n_threads}}, nb::rv_policy::take_ownership);
}

}  // namespace

NB_MODULE(_native, module) {
  module.doc() = "The compiled core: equations (1) to (6) and the update rules. engines/native.py is what to use.";
  bind<float>(module, "Engine32");
  bind<double>(module, "Engine64");
  module.def("Engine", &make_engine, "sizes"_a, "hidden"_a, "output"_a, "dtype"_a, "n_threads"_a,
             "An engine for one network: an Engine32 or an Engine64.");
  module.def("epoch_order", &epoch_order_into, "key"_a, "epoch"_a, "out"_a,
             "The order in which an epoch takes its rows, into an array of uint32.");
  module.def("isa", [] { return chosen_isa().float32.isa; }, "The instruction set in use: the best there is, or DELTARULE_ISA.");
  module.def("available_isas", &isa_names, "The instruction sets of this build that the processor has, best first.");
}
