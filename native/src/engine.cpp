// Construction and destruction of an engine, and predictions. All arithmetic is in the kernels.
#include "deltarule/engine.hpp"

#include "state.hpp"

namespace deltarule {

template <class T>
Engine<T>::Engine(Network network, const Kernels<T>& kernels, int n_threads, double threshold)
    : network_(std::move(network)), state_(new State{network_, kernels, n_threads, threshold}) {}
template <class T> Engine<T>::~Engine() {}  // here, where State is known

template <class T> void Engine<T>::release() {
  const auto turn = state_->turn();
  state_->summing.reset();
  state_->desks.clear();
}

template <class T>
bool Engine<T>::hypothesis(const T* theta, const Inputs<T>& X, Index m, T* out, const Interrupted& interrupted, bool* is_finite) {
  State& state = *state_;
  const auto turn = state.turn(bool(interrupted));
  if (!turn) return false;
  const Index block = state.kernels.lanes * 6;  // rows that a thread takes at a time, a multiple of the rows of a tile
  const double operations = std::max(1.0, state.operations_of(X, m, m) / 3);
  const Index threads = std::clamp<Index>((m + block - 1) / block, 1, state.threads_for(operations * double(m)));
  const Index at_least = state.predicting ? state.predicting->purpose.rows : 0;  // a workspace for more rows serves too
  Purpose purpose{Use::predicting, std::max(block * threads, at_least)};
  purpose.sparse = X.sparse();
  Workspace& space = state.prepare(state.predicting, purpose);
  const bool in_place = space.takes_in_place(X, m);
  space.read_in_place(in_place ? theta : nullptr);
  if (!in_place) space.hold(theta, network_.n_parameters());
  space.begin(X, false);
  space.batch.h = out;
  std::atomic<bool> all_finite{true};
  const Index span = std::max(Index(1e9 / operations), block * threads);  // between two looks at the clock
  Clock clock{interrupted};
  for (Index start = 0; start < m; start += span) {
    const Index end = std::min(m, start + span);
    std::atomic<Index> next{start};
    const auto rows_of = [&](Index slot) {
      Batch<T> batch = space.batch;
      bool finite = true;
      if (is_finite) batch.is_finite = &finite;
      for (Index first; (first = next.fetch_add(block, std::memory_order_relaxed)) < end;) {
        batch.first = first - slot * block;
        batch.known = m - batch.first;
        state.kernels.examples(batch, slot * block, slot * block + std::min(block, end - first));
      }
      if (!finite) all_finite.store(false);
    };
    const Index slots = std::min<Index>(threads, (end - start + block - 1) / block);
    state.parallel(int(threads), operations * double(end - start), slots, rows_of);
    if (end < m && clock.stop(operations * double(end - start))) return false;
  }
  if (is_finite) *is_finite = all_finite.load();
  return true;
}

template Engine<float>::Engine(Network, const Kernels<float>&, int, double);
template Engine<double>::Engine(Network, const Kernels<double>&, int, double);
template Engine<float>::~Engine();
template Engine<double>::~Engine();
template void Engine<float>::release();
template void Engine<double>::release();
template bool Engine<float>::hypothesis(const float*, const Inputs<float>&, Index, float*, const Interrupted&, bool*);
template bool Engine<double>::hypothesis(const double*, const Inputs<double>&, Index, double*, const Interrupted&, bool*);

}  // namespace deltarule
