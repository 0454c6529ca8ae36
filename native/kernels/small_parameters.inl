// The second phase of a step of a small network (small.hpp): (5) over all slices, (6), and the update.

// Delta is a sum over the rows of products of two columns: a chain of multiply-adds in each lane, slices in order, and then the sum
// of the lanes, the same by either of two ways.

// Few slices: `lanes` numbers of Delta in the order of theta, ready for the update. Written to memory in pieces instead, they would
// have to wait there: a 4-10-3 step took 0.34 us instead of 0.22.
constexpr int few_slices = 4;
template <class T, int slices> inline Vector<T> sums_of_pairs(const T* record, Index stride, const Pair* pairs) {
  Vector<T> sums[lanes<T>];
#pragma GCC unroll 16
  for (int i = 0; i < lanes<T>; ++i) {
    // One load for both places: the loads set the time.
    const std::uint64_t pair = pairs[i];
    const auto column = [=](std::uint32_t bytes, int s) {
      return load(reinterpret_cast<const T*>(reinterpret_cast<const char*>(record) + bytes) + s / 2 * stride + s % 2 * lanes<T>);
    };
    sums[i] = column(std::uint32_t(pair), 0) * column(std::uint32_t(pair >> 32), 0);
#pragma GCC unroll 4
    for (int s = 1; s < slices; ++s) sums[i] += column(std::uint32_t(pair), s) * column(std::uint32_t(pair >> 32), s);
  }
  return sum_lanes<T>(sums);
}

// Many slices: blocks of units by inputs keep their chains in registers. That shape is chosen which covers a layer with the fewest
// blocks: 24-8-2 takes 15 instead of 17 by 4 x 4.
struct BlockShape { int units, inputs; };
constexpr int block_chains = tile_rows < 12 ? 8 : 16;  // 16 chains need more than 16 registers
constexpr BlockShape block_shapes[] = {{2, block_chains / 2}, {block_chains / 2, 2}, {1, block_chains}, {block_chains, 1},
                                       {4, block_chains / 4}, {3, block_chains / 3}, {block_chains / 3, 3}};
constexpr int n_block_shapes = int(sizeof block_shapes / sizeof *block_shapes);

// The place in block_shapes of the shape for a layer with so many units and columns of inputs.
inline int block_shape(Index units, Index inputs) {
  const auto blocks = [=](const BlockShape& s) { return ((units + s.units - 1) / s.units) * ((inputs + s.inputs - 1) / s.inputs); };
  int best = 0;
  for (int i = 1; i < n_block_shapes; ++i)
    if (blocks(block_shapes[i]) < blocks(block_shapes[best])) best = i;
  return best;
}

// One block. `rows` rows of `count` numbers of it are written, row_step apart.
template <class T, int shape>
void block_of_sums(const T* delta, const T* a, Index slices, Index stride, T* to, Index row_step, Index rows, Index count) {
  constexpr int n_units = block_shapes[shape].units, n_inputs = block_shapes[shape].inputs;
  constexpr int whole = (n_units * n_inputs + lanes<T> - 1) / lanes<T> * lanes<T>;
  Vector<T> sum[whole] = {};
  const auto add = [&sum](const T* errors, const T* values) {
    Vector<T> right[n_inputs];
#pragma GCC unroll 16
    for (int k = 0; k < n_inputs; ++k) right[k] = load(values + k * panel<T>);
#pragma GCC unroll 16
    for (int j = 0; j < n_units; ++j) {
      const Vector<T> left = load(errors + j * panel<T>);
#pragma GCC unroll 16
      for (int k = 0; k < n_inputs; ++k) sum[j * n_inputs + k] += left * right[k];
    }
  };
  for (; slices >= 2; slices -= 2, delta += stride, a += stride) add(delta, a), add(delta + lanes<T>, a + lanes<T>);
  if (slices) add(delta, a);
  alignas(64) T own[whole];
#pragma GCC unroll 16
  for (int i = 0; i < whole; i += lanes<T>) store(own + i, sum_lanes<T>(sum + i));
  if (rows == n_units && count == n_inputs) {
#pragma GCC unroll 16
    for (int j = 0; j < n_units; ++j) __builtin_memcpy(to + j * row_step, own + j * n_inputs, n_inputs * sizeof(T));
    return;
  }
  for (Index j = 0; j < rows; ++j)
    for (Index k = 0; k < count; ++k) to[j * row_step + k] = own[j * n_inputs + k];
}
template <class T, class = std::make_integer_sequence<int, n_block_shapes>> struct BlocksOfSums;
template <class T, int... shape> struct BlocksOfSums<T, std::integer_sequence<int, shape...>> {
  static constexpr void (*of[])(const T*, const T*, Index, Index, T*, Index, Index, Index) = {block_of_sums<T, shape>...};
};

// Writes Delta to small.sums. The last blocks of a row and of a column overlap those before.
template <class T> void sums_of_slices(const Batch<T>& batch) {
  const Index slices = (batch.rows + lanes<T> - 1) / lanes<T>;
  for (Index l = 0; l < batch.n_layers; ++l) {
    const Layer<T>& layer = batch.layers[l];
    const Index n = layer.inputs + 1;
    const T* const a = (l ? batch.layers[l - 1].a : batch.x) - panel<T>;
    T* const to = batch.small->sums + (layer.theta.matrix - batch.small->theta);
    const BlockShape shape = block_shapes[layer.block];
    const auto block = BlocksOfSums<T>::of[layer.block];
    const Index rows = least(shape.units, layer.outputs), count = least(shape.inputs, n);
    for (Index j = 0; j < layer.outputs; j += rows)
      for (Index k = 0; k < n; k += count) {
        const Index first = least(j, layer.outputs - rows), column = least(k, n - count);
        block(layer.delta + first * panel<T>, a + column * panel<T>, slices, batch.stride, to + first * n + column, n, rows, count);
      }
  }
}

// The factors of a step for parameters of several groups, `lanes` at a time.
template <class T> struct LaneRules : Rule<T> {
  Vector<T> decay, shrink, step, decays;
  const Batch<T>& batch;
  const Rule<T> &of_bias, &of_matrix;
  const bool shared;
  explicit LaneRules(const Batch<T>& of)
      : Rule<T>(of.layers[0].rules[0]), batch(of), of_bias(of.layers[0].rules[0]), of_matrix(of.layers[0].rules[1]),
        shared(of.n_layers == 1 || of.layers[1].rules == of.layers[0].rules) {}
  // For the numbers from i on.
  void set(Index i) {
    if (!shared) return set_one_by_one(i);
    const auto is_matrix = load(batch.small->matrix + i) > T(0);
    const auto blend = [&](T Rule<T>::*field) { return is_matrix ? all(of_matrix.*field) : all(of_bias.*field); };
    decay = blend(&Rule<T>::decay), shrink = blend(&Rule<T>::shrink), step = blend(&Rule<T>::step), decays = blend(&Rule<T>::decays);
  }
  __attribute__((noinline)) void set_one_by_one(Index i) {
    for (int lane = 0; lane < lanes<T>; ++lane) {
      const int group = batch.small->groups[i + lane];
      const Rule<T>& rule = batch.layers[group / 2].rules[group % 2];
      decay[lane] = rule.decay, shrink[lane] = rule.shrink, step[lane] = rule.step, decays[lane] = rule.decays;
    }
  }
};

template <class T, class R, int slices> void run_small_task(const Batch<T>& batch, Index number) {
  constexpr bool updates = R::n_moments > 0;
  const Small<T>& small = *batch.small;
  const Task task = batch.tasks[number];
  const bool has_Delta = updates && small.Delta;
  if (!has_Delta && slices > few_slices) sums_of_slices(batch);
  LaneRules<T> rule(batch);
  double squares = 0;
  for (Index i = (task.end - 1) * lanes<T>; i >= 0; i -= lanes<T>) {
    Vector<T> sum;
    if (has_Delta) sum = load(small.Delta + i);
    else if constexpr (slices > few_slices) sum = load(small.sums + i);
    else sum = sums_of_pairs<T, slices>(small.records, batch.stride, small.pairs + i);
    if (!updates) {
      if (batch.add) sum += load(small.Delta + i);
      store(small.Delta + i, sum);
    }
    rule.set(i);
    T* const theta = small.theta + i;
    const Vector<T> D = rule.scale * sum + rule.decay * load(theta);
    if (batch.squares) {
      const Vector<T> penalised = load(small.matrix + i) > T(0) ? load(theta) : Vector<T>{}, squared = updates ? penalised : D;
      squares += sum_of_squares<T>(1, 1, [&](Index) { return squared; });
    }
    if constexpr (updates) store(theta, R::next(rule, load(theta), D, small.moments, i));
  }
  if (batch.squares) batch.squares[number] = squares;
}
template <class T, class R> void run_small_task(const Batch<T>& batch, Index number) {
  constexpr void (*of[])(const Batch<T>&, Index) = {run_small_task<T, R, 1>, run_small_task<T, R, 2>, run_small_task<T, R, 3>,
                                                    run_small_task<T, R, 4>, run_small_task<T, R, few_slices + 1>};
  of[least((batch.rows - 1) / lanes<T>, few_slices)](batch, number);
}
