// Mini-batch steps: one run on all threads, or several runs side by side.
#include <cmath>
#include <stdexcept>

#include "deltarule/counters.hpp"
#include "deltarule/engine.hpp"
#include "state.hpp"

namespace deltarule {
namespace {

// 1 - beta^t, or 1 once beta^t is below 2^-54: a pow() that underflows took a twentieth of a 4-10-3 step.
double without_power(double beta, double t) { return t * (1 - beta) > 37.5 ? 1 : 1 - std::pow(beta, t); }

int n_moments(const Plan& plan) { return line_of(plan.rule.update).n_vectors; }

// Whether dropout acts on layer l + 2 in any step.
template <class T> bool thins(const Steps<T>& steps, Index L, Index l) {
  for (Index i = 0; i < steps.n; ++i)
    if (steps.rates[i * L + dropout_column + l] > 0) return true;
  return false;
}

template <class T> Purpose purpose_of(const Steps<T>& steps, Index L) {
  Purpose purpose{Use::training, std::min(steps.plan->batch_size, steps.examples.m), n_moments(*steps.plan)};
  for (Index l = 0; l < L - 2; ++l) purpose.slopes = purpose.slopes || thins(steps, L, l);
  purpose.Delta = std::isfinite(steps.plan->max_norm);
  purpose.sparse = steps.examples.X.sparse();
  if (purpose.sparse) purpose.elements = most_elements(steps.examples.X, steps.examples.m, purpose.rows, false);
  return purpose;
}

// What the rules of all groups share in all steps.
template <class T> void begin_rules(const UpdateRule& rule, Rule<T>* rules, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    rules[i].momentum = T(rule.momentum), rules[i].epsilon = T(rule.epsilon);
    rules[i].beta1 = T(rule.beta1), rules[i].rest1 = T(1 - rule.beta1);
    rules[i].beta2 = T(rule.beta2), rules[i].rest2 = T(1 - rule.beta2);
  }
}

// Whether every step leaves columns of a sparse X that no row touches as they are (sparse.inl): scale and step then are +0 or
// above, and finite in float32 too.
template <class T> bool leaves_columns(const Steps<T>& steps, Index L) {
  constexpr double most = 1e6;
  const Plan& plan = *steps.plan;
  const bool is_sgd = plan.rule.update == Update::sgd || plan.rule.update == Update::nesterov;
  const bool moves_by_D = is_sgd && plan.rule.momentum == 0 && !std::signbit(plan.rule.momentum);
  bool leaves = moves_by_D && plan.lambda == 0 && double(steps.whole.rows) < most * steps.whole.weight;
  for (const Factors& one : plan.factors) leaves = leaves && one.rate < most;
  for (Index i = 0; leaves && i < steps.n; ++i) {
    const double eta = steps.rates[i * L + rate_column];
    leaves = eta < most && eta >= 0 && !std::signbit(eta) && steps.rates[i * L + decay_column] == 0;
  }
  return leaves;
}

template <class T> void check_rows(const Steps<T>& steps) {
  if (std::uint64_t(steps.examples.m) > 0xffffffffu) throw std::invalid_argument("run takes at most 2^32 - 1 rows");
}

}  // namespace

template <class T> void Engine<T>::State::Desk::begin_epoch(bool shuffle, const Position& position, Index m) {
  const std::tuple wanted(shuffle, position.key, position.epoch, m);
  if (order_of != wanted) {
    order.resize(std::size_t(m));  // prepare() has reserved it, so nothing is allocated
    space->kernels().epoch_order(shuffle, position.key, position.epoch, order.data(), order.size());
    order_of = wanted;
  }
  for (std::size_t l = 0; l < space->dropout_numbers.size(); ++l)
    space->layers[l].dropout = dropout_of_layer(position.key, position.epoch, space->dropout_numbers[l]);
}

template <class T> void Engine<T>::State::prepare(Desk& desk, const Purpose& purpose, Index rows) {
  prepare(desk.space, purpose);
  desk.order.reserve(std::size_t(rows));
}

template <class T>
Index Engine<T>::State::take(Desk& desk, const Steps<T>& steps, Position& position, bool* was_interrupted,
                             const Interrupted& interrupted, int n_workers) {
  *was_interrupted = false;
  const Index m = steps.examples.m, L = Index(network.sizes.size());
  if (steps.n <= 0 || m <= 0) return 0;
  const Plan& plan = *steps.plan;
  const UpdateRule& rule = plan.rule;
  const Index batch_rows = std::min(plan.batch_size, m);
  const bool clips = std::isfinite(plan.max_norm), adam = rule.update == Update::adam || rule.update == Update::averaged_adam;
  const bool corrects = adam || rule.update == Update::schedule_free, means = rule.update >= Update::averaged_sgd;
  Workspace& space = *desk.space;
  space.read(steps.theta, steps.moments, n_moments(plan));
  space.keep_Delta(clips);
  bool any_thins = false;
  for (Index l = 0; l < L - 2; ++l) {
    any_thins = any_thins || thins(steps, L, l);
    space.thin(std::size_t(l), 0);
  }
  const bool shared = plan.factors.empty() && !space.has_others();
  space.share_rules(shared);
  const std::size_t n_rules = shared ? 2 : space.rules.size();
  const double W = steps.whole.weight, decay = plan.lambda / W;
  Batch<T>& batch = space.batch;
  space.begin(steps.examples.X, steps.examples.X.sparse() && leaves_columns(steps, L));
  batch.Y = steps.examples.Y, batch.weights = steps.examples.weights;
  batch.operations = operations_of(steps.examples.X, m, batch_rows);
  batch.offset = steps.whole.offset;
  double* const squares = space.squares.data();
  Rule<T>* const rules = space.rules.data();
  const unsigned char* const is_matrix = space.is_matrix.data();
  const auto penalise = [&](double factor) {
    for (std::size_t i = 0; i < n_rules; ++i) rules[i].decay = is_matrix[i] ? T(decay * factor) : T(0);
  };
  begin_rules(rule, rules, n_rules);
  penalise(1);

  Clock clock{interrupted};
  Index done = 0;
  for (bool go_on = true; go_on && done < steps.n;) {
    const double* const rates = steps.rates + done * L;
    const double eta = rates[rate_column], t = double(position.step + 1);
    if (done == 0 || position.row == 0) desk.begin_epoch(plan.shuffle, position, m);
    for (Index l = 0; any_thins && l < L - 2; ++l) space.thin(std::size_t(l), rates[dropout_column + l]);
    batch.order = desk.order.data() + position.row;
    batch.known = m - position.row;
    batch.rows = std::min(batch_rows, batch.known);
    const double scale = double(steps.whole.rows) / (W * double(batch.rows));
    const double up = corrects ? std::sqrt(without_power(rule.beta2, t)) : 1, down = adam ? without_power(rule.beta1, t) : 1;
    for (std::size_t i = 0; i < n_rules; ++i) {
      Rule<T>& one = rules[i];
      const Factors of = plan.factors.empty() ? Factors{1, double(is_matrix[i])} : plan.factors[i];
      const double rate = eta * of.rate, of_decay = rates[decay_column] * (of.rate * of.decay);
      one.scale = T(scale), one.shrink = T(1 - eta * of_decay);
      // Without factors, one division serves all: a division takes a hundredth of a 4-10-3 step.
      one.step = plan.factors.empty() && i > 0 ? rules[0].step : T(rate * up / down);
      if (means) one.corrected = T(up), one.decays = T(up * eta * of_decay);
    }
    if (means) {
      const double share = (1 - rule.mean_decay) / without_power(rule.mean_decay, t);
      for (std::size_t i = 0; i < n_rules; ++i)
        rules[i].share = T(share), rules[i].before = position.step > 0 ? T(rule.beta1) : T(1);
    }
    batch.update = rule.update;
    examples(batch, n_workers);
    if (clips) {  // the norm of D must be known before the update
      batch.update = Update::sum, batch.squares = squares;
      penalise(1);
      parameters(batch, n_workers);
      const double norm = std::sqrt(in_order(squares, batch.n_tasks));
      const double factor = norm > plan.max_norm ? plan.max_norm / norm : 1;  // 1 if the norm is NaN, and then so is D
      batch.update = rule.update;
      for (std::size_t i = 0; i < n_rules; ++i) rules[i].scale = T(scale * factor);
      penalise(factor);
    }
    batch.squares = plan.lambda != 0 ? squares : nullptr;
    parameters(batch, n_workers);

    double cost = scale * in_order(batch.costs, batch.rows);
    if (batch.squares) cost += plan.lambda / (2 * W) * in_order(squares, batch.n_tasks);
    steps.costs[done++] = cost;
    ++position.step;
    position.row += batch.rows;
    if (position.row >= m) ++position.epoch, position.row = 0;
    *was_interrupted = clock.stop(batch.operations * double(batch.rows));
    go_on = std::isfinite(cost) && !*was_interrupted;
  }
  space.write(steps.theta, steps.moments, n_moments(plan));
  // Infinity times zero has left NaN in the padding, which the next run's sums of squares would contain.
  if (!std::isfinite(steps.costs[done - 1] + in_order(steps.theta, network.n_parameters()))) space.clear();
  return done;
}

template <class T>
Index Engine<T>::run(const Steps<T>& steps, Position& position, bool* was_interrupted, const Interrupted& interrupted) {
  check_rows(steps);
  const auto turn = state_->turn();
  if (state_->desks.empty()) state_->desks.resize(1);
  state_->prepare(state_->desks[0], purpose_of(steps, Index(network_.sizes.size())), steps.examples.m);
  return state_->take(state_->desks[0], steps, position, was_interrupted, interrupted, state_->n_threads);
}

// A step of a small network takes a microsecond. Members in lock-step would wait for each other twice a step, for as long as the
// step itself takes, so a thread takes one member to its end.
template <class T> void Engine<T>::run_members(std::vector<Member<T>>& members, const Interrupted& interrupted) {
  State& state = *state_;
  const Index n = Index(members.size()), L = Index(network_.sizes.size());
  if (n == 1) {
    Member<T>& one = members[0];
    one.done = run(one.steps, one.position, &one.interrupted, interrupted);
    return;
  }
  Purpose purpose{Use::training, 1};
  Index rows = 0;
  double work = 0;
  for (const Member<T>& one : members) {
    check_rows(one.steps);
    const Purpose its = purpose_of(one.steps, L);
    purpose.rows = std::max(purpose.rows, its.rows), purpose.n_moments = std::max(purpose.n_moments, its.n_moments);
    purpose.slopes = purpose.slopes || its.slopes, purpose.Delta = purpose.Delta || its.Delta;
    purpose.sparse = its.sparse, purpose.elements = std::max(purpose.elements, its.elements);
    rows = std::max(rows, one.steps.examples.m);
    work += state.operations_of(one.steps.examples.X, one.steps.examples.m, its.rows) * double(its.rows) * double(one.steps.n);
  }
  const auto turn = state.turn();
  const Index slots = work < state.threshold ? std::min<Index>(n, 1) : std::min<Index>(n, state.n_threads);
  if (Index(state.desks.size()) < slots) state.desks.resize(std::size_t(slots));
  for (Index i = 0; i < slots; ++i) state.prepare(state.desks[std::size_t(i)], purpose, rows);

  const auto caller = std::this_thread::get_id();
  std::atomic<bool> stopped{false};
  const Interrupted asked = [&] {  // only the caller may ask, and not again after a yes
    if (!stopped.load() && std::this_thread::get_id() == caller && interrupted && interrupted()) stopped.store(true);
    return stopped.load();
  };
  std::atomic<Index> next{0};
  const auto members_of = [&](Index slot) {
    for (Index i; (i = next.fetch_add(1)) < n;) {
      Member<T>& one = members[std::size_t(i)];
      one.done = 0, one.interrupted = true;
      if (!stopped.load())
        one.done = state.take(state.desks[std::size_t(slot)], one.steps, one.position, &one.interrupted, asked, 1);
    }
  };
  if (slots == 1) members_of(0);
  else if (slots > 1) state.threads().run(slots, members_of, asked, check_interval);
}

template Index Engine<float>::run(const Steps<float>&, Position&, bool*, const Interrupted&);
template Index Engine<double>::run(const Steps<double>&, Position&, bool*, const Interrupted&);
template void Engine<float>::run_members(std::vector<Member<float>>&, const Interrupted&);
template void Engine<double>::run_members(std::vector<Member<double>>&, const Interrupted&);

}  // namespace deltarule
