// Tests of the engine's contract beyond its numbers: results are bit-identical on any number of threads and however a run is cut,
// a step allocates nothing, a run stops on request or at a cost that is not finite, and two threads or a forked child may use it.
#include <atomic>
#include <cstring>
#include <thread>

#include "naive.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DELTARULE_SANITIZED 1
#endif
#if defined(__GLIBC__) && !defined(DELTARULE_SANITIZED)
#define DELTARULE_COUNTS 1
static std::atomic<long> allocations{0};
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t n) { allocations.fetch_add(1, std::memory_order_relaxed); return __libc_malloc(n); }
#endif
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace deltarule;
using namespace deltarule::test;

namespace {

const Network wide{{54, 96, 70, 7}, {Hidden::relu, Hidden::tanh}, Output::softmax};
const Network small{{5, 9, 6, 2}, {Hidden::tanh, Hidden::elu}, Output::softmax};
const Network narrow{{30, 100, 1}, {Hidden::relu}, Output::sigmoid};

template <class T> struct Training {
  std::vector<T> theta, first, second;
  std::vector<double> costs;
  Position position{42, 0, 0, 0};
  bool interrupted = false;
  Plan plan{};
  std::vector<double> rates{}, now{};

  explicit Training(const Network& network)
      : theta(first_theta<T>(network, 1)), first(theta.size()), second(theta.size()) {}

  Index run(Engine<T>& engine, const Data<T>& data, Index n, Index batch, Update update = Update::adam, double eta = 0.01,
            const Interrupted& stop = never, bool options = false) {
    const Steps<T> steps = of(engine.network(), data, n, batch, update, eta, options);
    return took(engine.run(steps, position, &interrupted, stop));
  }
  // The options are dropout (in every third step not of the second hidden layer), weight decay and clipping.
  Steps<T> of(const Network& network, const Data<T>& data, Index n, Index batch, Update update, double eta, bool options) {
    plan = {{update, 0.9, 0.9, 0.999, 1e-8}, batch, true, 0.5, options ? 0.5 : INFINITY, {}};
    rates.clear();
    for (Index i = 0; i < n; ++i)
      for (std::size_t l = 0; l < network.sizes.size(); ++l)
        rates.push_back(l == 0 ? eta : !options ? 0 : l == 1 ? 0.125 : l == 3 && (Index(position.step) + i) % 3 == 0 ? 0 : 0.25);
    now.resize(std::size_t(n));
    return {theta.data(), {first.data(), second.data()}, data.examples(), {data.m, double(data.W()), 0}, &plan, rates.data(), n, now.data()};
  }
  Index took(Index done) {
    costs.insert(costs.end(), now.begin(), now.begin() + done);
    return done;
  }
  bool operator==(const Training& other) const {
    return theta == other.theta && first == other.first && second == other.second && costs == other.costs;
  }
};

template <class T> void same_bits_however_many_threads_and_cuts(const Kernels<T>& kernels, bool options) {
  for (const Network& network : {networks(kernels.lanes)[0], small, wide, narrow}) {
    const Data<T> data(network, 205, false, 2);
    std::vector<Training<T>> results;
    std::vector<std::vector<double>> Ds;
    for (int threads : {1, 2, 4, 2}) {
      Engine<T> engine(network, kernels, threads, 0);
      results.emplace_back(network);
      CHECK(results.back().run(engine, data, 40, 48, Update::adam, 0.01, never, options) == 40, "all steps");
      Ds.emplace_back(results.back().theta.size() + 1);
      engine.cost_and_gradient(results.back().theta.data(), data.examples(), 1, double(data.m), &Ds.back()[0], &Ds.back()[1], never);
      CHECK(results.back() == results.front() && Ds.back() == Ds.front(), "%s: %d threads change bits", kernels.isa, threads);
    }
    Engine<T> engine(network, kernels, 2, 0);
    Training<T> cut(network);
    for (Index n : {1, 2, 3, 5, 9, 20}) cut.run(engine, data, n, 48, Update::adam, 0.01, never, options);
    CHECK(cut == results.front(), "%s: a run cut into pieces differs", kernels.isa);
  }
}

template <class T> void visits_the_rows_in_the_order_of_the_epoch(const Kernels<T>& kernels) {
  for (std::uint64_t m : {0, 1, 2, 7, 8, 9, 63, 64, 65, 130, 1000})
    for (bool shuffle : {true, false}) {
      std::vector<std::uint32_t> order(m), right(m);
      kernels.epoch_order(shuffle, 7, 3, order.data(), m);
      epoch_order(shuffle, 7, 3, right.data(), m);
      CHECK(order == right, "%s: the order of %d rows", kernels.isa, int(m));
    }
}

template <class T> void takes_rows_of_the_other_dtype_for_their_rounded_values(const Kernels<T>& kernels) {
  for (const Network& network : {small, wide}) {
    const Data<T> data(network, 61, false, 2);
    const std::vector<Other<T>> X(data.X.begin(), data.X.end());
    const std::vector<T> rounded(X.begin(), X.end());
    const auto theta = first_theta<T>(network, 1);
    Engine<T> engine(network, kernels, 1);
    std::vector<double> sums(theta.size() + 1), others(sums.size());
    Examples<T> examples = data.examples();
    examples.X = rounded.data();
    engine.sums(theta.data(), examples, true, sums.data(), never);
    examples.X = X.data();
    engine.sums(theta.data(), examples, true, others.data(), never);
    CHECK(sums == others, "%s: X of the other dtype", kernels.isa);
  }
}

void a_step_allocates_nothing() {
#ifdef DELTARULE_COUNTS
  const Kernels<float>& best = available_isas()[0]->float32;
  for (int way = 0; way < 8; ++way) {
    const int threads = 1 + way % 2;
    const bool options = way / 2 % 2 == 1;
    const Network& network = way < 4 ? wide : small;
    Engine<float> engine(network, best, threads, 0);
    const Data<float> data(network, 205, false, 2);
    Training<float> training(network);
    training.costs.reserve(5000), training.rates.reserve(10000), training.now.reserve(5000);
    training.run(engine, data, 3, 48, Update::adam, 0.01, never, options);
    long counts[2];
    for (int i = 0; i < 2; ++i) {
      const long before = allocations;
      training.run(engine, data, i ? 2000 : 10, 48, Update::adam, 0.01, never, options);
      counts[i] = allocations - before;
    }
    CHECK(counts[0] == counts[1], "1990 more steps made %ld more allocations on %d threads", counts[1] - counts[0], threads);
    std::vector<float> h(7);
    engine.hypothesis(training.theta.data(), data.X.data(), 1, h.data(), never);
    const Interrupted no = never;
    const long before = allocations;
    for (int i = 0; i < 100; ++i) engine.hypothesis(training.theta.data(), data.X.data(), 1, h.data(), no);
    CHECK(allocations == before, "one row's h allocated");
  }
#endif
}

void stops_after_a_cost_that_is_not_finite_and_on_request(const Network& network) {
  const Kernels<double>& best = available_isas()[0]->float64;
  const Data<double> data(network, 205, false, 2);
  Engine<double> engine(network, best, 2), fresh(network, best, 2);
  Training<double> diverging(network);
  const Index done = diverging.run(engine, data, 500, 48, Update::sgd, 1e200);
  CHECK(done < 500 && !std::isfinite(diverging.costs.back()) && std::isfinite(diverging.costs[std::size_t(done) - 2]), "%td steps", done);
  Training<double> stopped(network), straight(network);
  int asked = 0;
  const Index taken = stopped.run(engine, data, 100000, 48, Update::adam, 0.001, [&] { return ++asked == 3; });
  CHECK(stopped.interrupted && taken < 100000, "stops when asked to");
  straight.run(fresh, data, taken, 48, Update::adam, 0.001);
  CHECK(straight == stopped, "a stopped run is the same run, shorter");
}

void stops_after_a_cost_that_is_not_finite_and_on_request() {
  for (const Network& network : {small, wide}) stops_after_a_cost_that_is_not_finite_and_on_request(network);
}

// Eight runs that differ in rows, batches, rules and options, side by side and one by one.
template <class T> struct Members {
  std::vector<Data<T>> data{};
  std::vector<Training<T>> trainings{};
  explicit Members(const Network& network) {
    for (unsigned i = 0; i < 8; ++i) data.emplace_back(network, Index(30 + 25 * i), i % 2 == 1, 2 + i), trainings.emplace_back(network);
  }
  std::vector<Member<T>> all(const Network& network, Index n) {
    const Update rules[] = {Update::adam, Update::sgd, Update::nesterov};
    std::vector<Member<T>> found;
    for (std::size_t i = 0; i < 8; ++i)
      found.push_back({trainings[i].of(network, data[i], n, Index(7 + 9 * i), rules[i % 3], 0.01, i % 4 > 1), trainings[i].position, 0, false});
    return found;
  }
};

template <class T> void members_have_the_bits_of_single_runs(const Kernels<T>& kernels, const Network& network) {
  for (int threads : {1, 2, 5}) {
    Members<T> alone(network), together(network);
    Engine<T> engine(network, kernels, threads, 0);
    for (Index n : {9, 14}) {  // the second call uses the memory of the first
      auto one_by_one = alone.all(network, n), members = together.all(network, n);
      for (std::size_t i = 0; i < 8; ++i) {
        bool interrupted = false;
        Engine<T> single(network, kernels, 1, 0);
        CHECK(alone.trainings[i].took(single.run(one_by_one[i].steps, alone.trainings[i].position, &interrupted, never)) == n, "all");
      }
      engine.run_members(members, never);
      for (std::size_t i = 0; i < 8; ++i) {
        CHECK(together.trainings[i].took(members[i].done) == n && !members[i].interrupted, "all steps");
        together.trainings[i].position = members[i].position;
        CHECK(together.trainings[i] == alone.trainings[i], "%s: member %zu differs on %d threads", kernels.isa, i, threads);
        const Position &a = together.trainings[i].position, &b = alone.trainings[i].position;
        CHECK(a.epoch == b.epoch && a.row == b.row && a.step == b.step, "%s: the position of member %zu", kernels.isa, i);
      }
    }
  }
}

void a_member_that_diverges_leaves_the_others_alone() {
  const Kernels<double>& best = available_isas()[0]->float64;
  Members<double> alone(wide), together(wide);
  Engine<double> engine(wide, best, 2, 0), single(wide, best, 1);
  auto one_by_one = alone.all(wide, 30), members = together.all(wide, 30);
  for (std::size_t i = 0; i < 30; ++i) together.trainings[1].rates[4 * i] = 1e200;
  engine.run_members(members, never);
  CHECK(members[1].done < 30 && !std::isfinite(together.trainings[1].now[std::size_t(members[1].done) - 1]), "member 1 diverges");
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == 1) continue;
    bool interrupted = false;
    alone.trainings[i].took(single.run(one_by_one[i].steps, alone.trainings[i].position, &interrupted, never));
    together.trainings[i].took(members[i].done);
    CHECK(together.trainings[i] == alone.trainings[i], "member %zu beside one that diverges", i);
  }
}

void members_stop_between_steps_each_with_its_own_state() {
  const Kernels<float>& best = available_isas()[0]->float32;
  for (int threads : {1, 2, 3}) {
    Members<float> alone(wide), together(wide);
    Engine<float> engine(wide, best, threads, 0), single(wide, best, 1);
    auto members = together.all(wide, 100000);
    int asked = 0;
    engine.run_members(members, [&] { return ++asked == 3; });
    CHECK(asked == 3, "asked %d times: on after the answer was yes, or not at all", asked);
    for (std::size_t i = 0; i < 8; ++i) {
      CHECK(members[i].interrupted && members[i].done < 100000, "member %zu is interrupted", i);
      if (members[i].done == 0) continue;
      auto short_ones = alone.all(wide, members[i].done);
      bool interrupted = false;
      alone.trainings[i].took(single.run(short_ones[i].steps, alone.trainings[i].position, &interrupted, never));
      together.trainings[i].took(members[i].done);
      CHECK(together.trainings[i] == alone.trainings[i], "a stopped member is the same run, shorter");
    }
  }
}

void steps_of_members_allocate_nothing() {
#ifdef DELTARULE_COUNTS
  Members<float> together(wide);
  Engine<float> engine(wide, available_isas()[0]->float32, 2, 0);
  long counts[2];
  for (Index n : {10, 10, 400}) {
    auto members = together.all(wide, n);
    const long before = allocations;
    engine.run_members(members, never);
    counts[n > 10] = allocations - before;
  }
  CHECK(counts[0] == counts[1], "390 more steps of 8 members made %ld more allocations", counts[1] - counts[0]);
#endif
}

// These rows take longer than the 10 ms after which `interrupted` would be asked, but here it is empty.
void predicts_where_nobody_can_interrupt() {
  const Network large{{1500, 1500, 1}, {Hidden::relu}, Output::identity};
  Engine<double> engine(large, available_isas().back()->float64, 1);
  const auto theta = first_theta<double>(large, 1), X = normal<double>(600 * 1500, 1, 2);
  std::vector<double> h(600), alone(1);
  CHECK(engine.hypothesis(theta.data(), X.data(), 600, h.data(), {}), "no other call runs");
  engine.hypothesis(theta.data(), X.data() + 599 * 1500, 1, alone.data(), {});
  CHECK(h.back() == alone[0], "the last row is predicted");
}

// In row 0 the hidden units overflow: those of the first layer to infinity, and those of the second from there to -infinity, which
// relu makes 0. Infinity times the zeros of the padding is NaN, which must stay there.
void sees_no_padding_in_the_dot_products_of_a_narrow_layer() {
  for_each_isa([](const auto& kernels, auto zero) {
    using T = decltype(zero);
    const Network network{{1, 2, 3, 1}, {Hidden::relu, Hidden::relu}, Output::identity};
    const T most = std::numeric_limits<T>::max();
    const T theta[] = {0, most, 0, most, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0.5, 1, 1, 1}, X[] = {2};
    Engine<T> engine(network, kernels, 1);
    T h = 0;
    CHECK(engine.hypothesis(theta, X, 1, &h, never) && h == T(0.5), "%s: h is %g, not 0.5", kernels.isa, double(h));
  });
}

void gives_the_same_bits_after_a_release() {
  const Kernels<float>& best = available_isas()[0]->float32;
  const Data<float> data(wide, 205, false, 2);
  Engine<float> engine(wide, best, 2, 0);
  Training<float> before(wide), after(wide);
  before.run(engine, data, 20, 48);
  engine.release();
  after.run(engine, data, 20, 48);
  CHECK(before == after, "a release changes bits");
}

void works_from_two_threads_and_in_a_forked_child() {
  const Kernels<float>& best = available_isas()[0]->float32;
  const Data<float> data(wide, 205, false, 2);
  Engine<float> shared(wide, best, 2, 0), other(wide, best, 2, 0);
  Training<float> alone(wide), a(wide), b(wide), c(wide);
  alone.run(shared, data, 200, 48);
  std::thread one([&] { a.run(shared, data, 200, 48); }), two([&] { b.run(shared, data, 200, 48); });
  c.run(other, data, 200, 48);
  one.join(), two.join();
  CHECK(a == alone && b == alone && c == alone, "runs in other threads change bits");
#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)  // ThreadSanitizer cannot follow threads of a forked child
  if (std::getenv("DELTARULE_TEST_NO_FORK")) return;  // qemu-user cannot start threads in a forked child
  const pid_t child = fork();
  if (child == 0) {
    Training<float> d(wide);
    d.run(shared, data, 200, 48);
    _exit(d == alone ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(status == 0, "training in a forked child");
  Training<float> after(wide);
  after.run(shared, data, 200, 48);
  CHECK(after == alone, "training in the parent after the fork");
#endif
}

}  // namespace

int main() {
  for_each_isa([](const auto& kernels, auto) {
    for (bool options : {false, true}) same_bits_however_many_threads_and_cuts(kernels, options);
    for (const Network& network : {small, wide}) members_have_the_bits_of_single_runs(kernels, network);
    visits_the_rows_in_the_order_of_the_epoch(kernels);
    takes_rows_of_the_other_dtype_for_their_rounded_values(kernels);
  });
  a_step_allocates_nothing();
  a_member_that_diverges_leaves_the_others_alone();
  members_stop_between_steps_each_with_its_own_state();
  steps_of_members_allocate_nothing();
  stops_after_a_cost_that_is_not_finite_and_on_request();
  predicts_where_nobody_can_interrupt();
  sees_no_padding_in_the_dot_products_of_a_narrow_layer();
  gives_the_same_bits_after_a_release();
  works_from_two_threads_and_in_a_forked_child();
  std::puts("engine: as promised");
}
