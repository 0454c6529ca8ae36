// The second phase of a step, split by parameters: (5) over all rows of the batch in order, (6), the update rule while the
// block is in the first-level cache, and the transposed copy of the block.

// Writes the transpose of `from` (rows, columns) to `to` (columns, rows); each is one block of a panel.
template <class T> void transpose_panel(const T* from, T* to, Index rows, Index columns) {
  for (Index i = 0; i < rows; i += lanes<T>)
    for (Index j = 0; j < columns; j += lanes<T>) transpose_block(from + i * panel<T> + j, to + j * panel<T> + i);
}
// Copies block q of panel p of Theta to the transposed Theta.
template <class T> void transpose_block_of_Theta(const Layer<T>& layer, Index p, Index q) {
  constexpr Index size = panel<T> * panel<T>;
  transpose_panel(layer.theta.matrix + p * layer.theta_stride + q * size,
                  layer.transposed + q * layer.transposed_stride + p * size,
                  least(panel<T>, layer.outputs - q * panel<T>), least(panel<T>, layer.inputs - p * panel<T>));
}
template <class T> void transpose(const Layer<T>& layer) {
  if (layer.narrow) return;
  for (Index p = 0; !layer.turned && p < panels<T>(layer.inputs); ++p)
    for (Index q = 0; q < panels<T>(layer.outputs); ++q) transpose_block_of_Theta(layer, p, q);
  if (layer.splits > 1) split_weights(layer, 0, layer.inputs);
}

// Computes a panel of column 0 of Delta, four sums at a time: fewer would wait for their own last additions. A product with ones
// would also do, but its chain of multiply-adds took a twentieth of a 4-10-3 step.
template <class T, int vectors> void sum_rows(const T* delta, Index rows, T* Delta, const T* init) {
  constexpr int chains = 4 / vectors;
  Vector<T> sum[chains][vectors] = {};
  for (int v = 0; v < vectors; ++v) sum[0][v] = load(init + v * lanes<T>);
  Index t = 0;
  for (; t + chains <= rows; t += chains)
#pragma GCC unroll 4
    for (int c = 0; c < chains; ++c, delta += panel<T>)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sum[c][v] += load(delta + v * lanes<T>);
  for (; t < rows; ++t, delta += panel<T>)
    for (int v = 0; v < vectors; ++v) sum[0][v] += load(delta + v * lanes<T>);
  for (int v = 0; v < vectors; ++v) {
    Vector<T> total = sum[0][v];
    for (int c = 1; c < chains; ++c) total += sum[c][v];
    store(Delta + v * lanes<T>, total);
  }
}

// Computes a block of Delta, outputs by inputs. If the block is narrow, most lanes of its rows are padding, so its transpose is
// computed from the same chains of multiply-adds, and transposed back: with 150 rows, 4-100-3 takes 9.1 us instead of 10.6 us
// per step. This is done if it saves 512 multiply-adds for each block of lanes x lanes; with 128, a 4-10-3 step took 3 % longer.
// x_step: not 0 where delta is X as the caller has it, in rows so many numbers apart; then only if the vectors are full, because nothing
// may be read behind the end of X.
template <class T>
void block_of_Delta(const T* delta, Index x_step, const T* a, Index depth, Index outputs, Index inputs, T* Delta, bool add) {
  const int across = vectors_in<T>(0, inputs), down = vectors_in<T>(0, outputs);
  const bool turns = (outputs * across - inputs * down) * depth > 512 * across * down && (!x_step || outputs == down * lanes<T>);
  if (!turns)
    return product<T, 1, 0>(delta, x_step ? x_step : panel<T>, depth, a, Delta, outputs, across, add ? Delta : zeros<T>, add ? panel<T> : 0);
  alignas(64) T turned[panel<T> * panel<T>] = {};  // its padding becomes Delta's
  if (add) transpose_panel(Delta, turned, outputs, inputs);
  if (x_step) product<T, 1, panel<T>>(a, x_step, depth, delta, turned, inputs, down, turned, panel<T>);
  else product<T, 1, 0>(a, panel<T>, depth, delta, turned, inputs, down, turned, panel<T>);
  transpose_panel(turned, Delta, inputs, outputs);
}

// With this many rows, the product of a block takes long enough for the update's memory to arrive meanwhile.
constexpr Index rows_to_ask_ahead = 64;

// Prefetches a block of 4 KB, because the processor's own prefetching stops at the end of a page.
template <class T> void ask_for(const T* block, Index rows) {
  for (Index i = 0; i < rows * panel<T>; i += 64 / Index(sizeof(T))) __builtin_prefetch(block + i, 1, 2);
}

// Runs a task: blocks of a panel of Theta, or all of its column 0, or of its alpha, one after the other.
template <class T, class R, int part> void run_task(const Batch<T>& batch, Index number) {
  constexpr bool updates = R::n_moments > 0, is_matrix = part >= 0;
  const Task task = batch.tasks[number];
  const Layer<T>& layer = batch.layers[task.layer];
  const Rule<T> rule = layer.rules[part == of_bias ? 0 : is_matrix ? 1 : 2];
  const bool turned = is_matrix && layer.turned;
  const Index all_columns = turned ? layer.outputs : layer.inputs, all_rows = turned ? layer.inputs : layer.outputs;
  const Index p = task.panel, columns = least(panel<T>, all_columns - p * panel<T>);
  T* Blocks<T>::*const numbers = part == of_bias ? &Blocks<T>::bias : is_matrix ? &Blocks<T>::matrix : &Blocks<T>::alpha;
  T *const theta = layer.theta.*numbers, *const kept = layer.Delta.*numbers;
  T* moments[R::n_moments + 1];
  for (int n = 0; n < R::n_moments; ++n) moments[n] = layer.moments[n].*numbers;
  alignas(64) T own[panel<T> * panel<T>];
  double squares = 0;
  const Index end = is_matrix ? task.end : panels<T>(layer.outputs);
  for (Index q = is_matrix ? task.begin : 0; q < end; ++q) {
    const Index i = is_matrix ? p * layer.theta_stride + q * panel<T> * panel<T> : q * panel<T>;
    const Index rows = is_matrix ? least(panel<T>, all_rows - q * panel<T>) : 1;
    const int vectors = is_matrix ? vectors_in<T>(p, all_columns) : vectors_in<T>(q, layer.outputs);
    if (updates && is_matrix && batch.rows >= rows_to_ask_ahead) {
      ask_for(theta + i, rows);
      for (int n = 0; n < R::n_moments; ++n) ask_for(moments[n] + i, rows);
      if (!turned) ask_for(layer.transposed + q * layer.transposed_stride + p * panel<T> * panel<T>, columns);
    }
    T* Delta = kept ? kept + i : own;
    if (!updates || !kept) {
      const T* delta = part == of_alpha ? layer.bent : layer.delta;
      const T* a = task.layer ? batch.layers[task.layer - 1].a : batch.x;
      const bool in_place = batch.x_step && task.layer == 0 && turned;
      const T* const of_rows = in_place ? rows_of_X(batch, 0) + q * panel<T> : (turned ? a : delta) + q * batch.stride;
      const T* const of_columns = is_matrix ? (turned ? delta : a) + p * batch.stride : nullptr;
      if (part != of_alpha && layer.narrow)
        narrow_Delta(layer, of_columns, batch.rows, vectors, Delta, batch.add);
      else if (!is_matrix) (vectors == 1 ? sum_rows<T, 1> : sum_rows<T, 2>)(of_rows, batch.rows, Delta, batch.add ? Delta : zeros<T>);
      else block_of_Delta(of_rows, in_place ? batch.x_step : 0, of_columns, batch.rows, rows, columns, Delta, batch.add);
    }
    const auto D = [&](Index at) { return rule.scale * load(Delta + at) + rule.decay * load(theta + i + at); };
    const auto squared = [&](Index at) { return updates ? load(theta + i + at) : D(at); };
    if (batch.squares && (is_matrix || !updates)) squares += sum_of_squares<T>(rows, vectors, squared);
    if constexpr (updates) {
      each_vector<T>(rows, vectors, [&](Index at) {
        T* const t = theta + i + at;
        store(t, R::next(rule, load(t), D(at), moments, i + at));
      });
      if (is_matrix && !turned && !layer.narrow) transpose_block_of_Theta(layer, p, q);
      if (is_matrix && layer.splits > 1 && (turned ? p : q) == panels<T>(layer.outputs) - 1) {
        const Index first = (turned ? q : p) * panel<T>;
        split_weights(layer, first, first + (turned ? rows : columns));
      }
    }
  }
  if (batch.squares) batch.squares[number] = squares;
}
template <class T, class R> void run_task(const Batch<T>& batch, Index number) {
  if (batch.small) return run_small_task<T, R>(batch, number);
  const Task task = batch.tasks[number];
  if (task.panel >= 0 && task.layer == 0 && batch.X.sparse()) return run_sparse_task<T, R>(batch, number);
  if (task.panel >= 0) return run_task<T, R, 0>(batch, number);
  if (task.panel == of_bias) return run_task<T, R, of_bias>(batch, number);
  if (task.panel == of_alpha) return run_task<T, R, of_alpha>(batch, number);
  run_floor_task<T, R>(batch, *batch.floor, number);
}

template <class T> void parameters(const Batch<T>& batch, Index task) {
  switch (batch.update) {
    case Update::none: break;
    case Update::sum: return run_task<T, Sum>(batch, task);
    case Update::sgd: return run_task<T, Momentum<T, false>>(batch, task);
    case Update::nesterov: return run_task<T, Momentum<T, true>>(batch, task);
    case Update::adam: return run_task<T, Adam<T>>(batch, task);
    case Update::averaged_sgd: return run_task<T, Averaged<T, Momentum<T, false>>>(batch, task);
    case Update::averaged_nesterov: return run_task<T, Averaged<T, Momentum<T, true>>>(batch, task);
    case Update::averaged_adam: return run_task<T, Averaged<T, Adam<T>>>(batch, task);
    case Update::schedule_free: return run_task<T, ScheduleFree<T>>(batch, task);
  }
}
