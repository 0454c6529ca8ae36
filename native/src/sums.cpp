// Sums over a whole training set, and J (2) and D (6) from them. The leaves of the tree that adds them are chunks of rows.
#include "deltarule/engine.hpp"
#include "state.hpp"

namespace deltarule {
namespace {

constexpr Index leaf_rows = 8192;   // part of the definition of J and D (ARCHITECTURE.md)
constexpr Index chunk_rows = 512;   // of a leaf at a time, from its first row on; 256 to 2048 are equally fast for 400-25-10

}  // namespace

template <class T>
bool Engine<T>::sums(const T* theta, const Examples<T>& examples, bool gradient, double* out, const Interrupted& interrupted) {
  const auto turn = state_->turn();
  const Index m = examples.m;
  Purpose purpose{Use::summing, std::min(chunk_rows, std::max<Index>(m, 1))};
  purpose.sparse = examples.X.sparse();
  if (purpose.sparse) purpose.elements = most_elements(examples.X, m, chunk_rows, true);  // chunks do not cross leaves
  Workspace& space = state_->prepare(state_->summing, purpose);
  space.read(theta, nullptr, 0);
  Batch<T>& batch = space.batch;
  space.begin(examples.X, false);
  batch.Y = examples.Y, batch.weights = examples.weights;
  batch.operations = state_->operations_of(examples.X, m, leaf_rows);
  batch.update = gradient ? Update::sum : Update::none;
  Clock clock{interrupted};
  const std::size_t n = 1 + std::size_t(gradient ? network_.n_parameters() : 0);  // the cost, then Delta
  // Sums over leaves first ... first + leaves - 1: the largest complete binary tree that leaves a rest, plus the rest.
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
      batch.add = batch.first != begin;
      state_->examples(batch, state_->n_threads);
      if (gradient) state_->parameters(batch, state_->n_threads);
      for (Index t = 0; t < batch.rows; ++t) sums[0] += double(batch.costs[t]);  // one chain of additions over the leaf
      if (clock.stop(batch.operations * double(batch.rows))) return false;
    }
    if (gradient) space.write_Delta(sums + 1);
    return true;
  };
  std::fill(out, out + n, 0.0);
  return m == 0 || add_up(add_up, 0, (m + leaf_rows - 1) / leaf_rows, out);
}

template <class T>
bool Engine<T>::cost_and_gradient(const T* theta, const Examples<T>& examples, double lambda, double weight, double* J, double* D,
                                  const Interrupted& interrupted) {
  const PlainArithmetic arithmetic;
  std::vector<double> totals(1 + std::size_t(D ? network_.n_parameters() : 0));
  if (!sums(theta, examples, D != nullptr, totals.data(), interrupted)) return false;
  const double* total = totals.data() + 1;
  double squares = 0;
  const auto add = [&](bool penalised) {  // the next parameter
    const double t = penalised ? double(*theta) : 0;
    squares += t * t;
    if (D) *D++ = (*total++ + lambda * t) / weight;
    ++theta;
  };
  for (Index i = 0; i < network_.floor.n_parameters(); ++i) add(false);
  for (std::size_t l = 0; l + 1 < network_.sizes.size(); ++l) {
    for (Index i = 0; i < network_.sizes[l + 1]; ++i)
      for (Index j = 0; j <= network_.sizes[l]; ++j) add(j > 0);
    for (Index i = 0; network_.is_learnt(l) && i < network_.sizes[l + 1]; ++i) add(false);
  }
  *J = totals[0] / weight + (lambda != 0 ? lambda / (2 * weight) * squares : 0);
  return true;
}

template bool Engine<float>::sums(const float*, const Examples<float>&, bool, double*, const Interrupted&);
template bool Engine<double>::sums(const double*, const Examples<double>&, bool, double*, const Interrupted&);
template bool Engine<float>::cost_and_gradient(const float*, const Examples<float>&, double, double, double*, double*, const Interrupted&);
template bool Engine<double>::cost_and_gradient(const double*, const Examples<double>&, double, double, double*, double*, const Interrupted&);

}  // namespace deltarule
