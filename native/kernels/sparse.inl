// Compressed rows of X: (1) and (5) for Theta^(1), where only the stored elements of X are touched.
//
// Theta^(1) and the rule's vectors stand row by row here, one row for each input: the s_2 weights of column j of X, and zeros up to
// the end of a vector. So an element of X meets contiguous memory in (1) and in (5), and one copy of Theta^(1) serves both.
//
// Each sum is one chain of multiply-adds: over a row's elements as they are stored (1), and over the rows of the batch (5).

constexpr Index strip_vectors = 8;  // of a row of z that stay in registers

template <class T> constexpr Index row_width(Index outputs) { return (outputs + lanes<T> - 1) / lanes<T> * lanes<T>; }

// z of `vectors` vectors from output `at` on, for rows begin .. end.
template <class T, int vectors, class Column>
void strip_of_z(const Batch<T>& batch, const Column* columns, Index at, Index begin, Index end) {
  const Layer<T>& layer = batch.layers[0];
  const Index width = row_width<T>(layer.outputs);
  const T *const weights = layer.theta.matrix + at, *const bias = layer.theta.bias + at;
  for (Index t = begin; t < end; ++t) {
    const Index row = row_number(batch, t), stop = batch.X.start_of(row + 1);
    Vector<T> sum[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) sum[v] = load(bias + v * lanes<T>);
    for (Index e = batch.X.start_of(row); e < stop; ++e) {
      const Vector<T> x = all(batch.X.values[e]);
      const T* const of_column = weights + Index(columns[e]) * width;
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sum[v] += x * load(of_column + v * lanes<T>);
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const Index c = at + v * lanes<T>;
      store(layer.a + c / panel<T> * batch.stride + t * panel<T> + c % panel<T>, sum[v]);
    }
  }
}

// (1) for layer 2 up to z, for rows begin .. end.
template <class T> void sparse_z(const Batch<T>& batch, Index begin, Index end) {
  const Index width = row_width<T>(batch.layers[0].outputs);
  batch.X.with_columns([&](const auto* columns) {
    Index at = 0;
    for (; at + strip_vectors * lanes<T> <= width; at += strip_vectors * lanes<T>)
      strip_of_z<T, strip_vectors>(batch, columns, at, begin, end);
    switch ((width - at) / lanes<T>) {
      case 1: return strip_of_z<T, 1>(batch, columns, at, begin, end);
      case 2: return strip_of_z<T, 2>(batch, columns, at, begin, end);
      case 3: return strip_of_z<T, 3>(batch, columns, at, begin, end);
      case 4: return strip_of_z<T, 4>(batch, columns, at, begin, end);
      case 5: return strip_of_z<T, 5>(batch, columns, at, begin, end);
      case 6: return strip_of_z<T, 6>(batch, columns, at, begin, end);
      case 7: return strip_of_z<T, 7>(batch, columns, at, begin, end);
      default: return;
    }
  });
}

// Adds delta x^T of the elements begin .. end to rows of Delta, which are `step` apart; outputs at .. at + n.
template <class T>
void add_elements(const Batch<T>& batch, const Element<T>* begin, const Element<T>* end, Index first_column, Index at, Index n,
                  T* Delta, Index step) {
  const T* const deltas = batch.layers[0].delta;
  for (const Element<T>* e = begin; e < end; ++e) {
    const Vector<T> x = all(e->value);
    T* const row = Delta + (Index(e->column) - first_column) * step;
    const T* const delta = deltas + Index(e->row) * panel<T>;
    for (Index c = 0; c < n; c += lanes<T>) {
      const Index from = at + c;
      store(row + c, load(row + c) + x * load(delta + from / panel<T> * batch.stride + from % panel<T>));
    }
  }
}

// Runs a task of Theta^(1): (5) for a block of columns of X, then (6) and the update rule, while the block is in the first-level
// cache. Without Layer::Delta nothing of the size of Theta^(1) is kept; a clipped step computes (5) twice instead.
//
// A column that no row of the batch touches has Delta = 0. With lambda = 0, no decay, no momentum and a finite scale and step, both
// at least +0, its update is v := 0 v - step 0 and theta := theta + v (or theta + 0 v - step 0). After one such update v is a zero,
// and keeps its sign from then on: 0 (+0) - 0 = +0 and 0 (-0) - 0 = -0. theta + v then is theta, bit by bit, but for theta = -0
// with v = +0, which the first such update turned into +0. A NaN stays one. So the second update in a row and all later ones change
// no bit, and are left out: a column is updated in a step that touches it and in the step after that, and every column in the
// first step of a call, when nothing is known of v. `Batch::elements.moved` remembers the columns; null: all are updated always.
template <class T, class R> void run_sparse_task(const Batch<T>& batch, Index number) {
  constexpr bool updates = R::n_moments > 0;
  const Index block = batch.tasks[number].panel;
  const Layer<T>& layer = batch.layers[0];
  const Rule<T> rule = layer.rules[1];
  T* moments[R::n_moments + 1];
  for (int n = 0; n < R::n_moments; ++n) moments[n] = layer.moments[n].matrix;
  const Elements<T>& elements = batch.elements;
  const Element<T>*const begin = elements.all + elements.first[block], *const end = elements.all + elements.first[block + 1];
  const bool lazy = updates && elements.moved;
  if (lazy && begin == end && !elements.block_moved[block]) return;
  const Index first = block << elements.shift, columns = least(Index(1) << elements.shift, layer.inputs - first);
  const Index width = row_width<T>(layer.outputs);
  unsigned char now[sparse_block] = {};  // whether this batch touches the column
  if (lazy)
    for (const Element<T>* e = begin; e < end; ++e) now[e->column - first] = 1;
  alignas(64) T own[sparse_block];
  double squares = 0;
  for (Index at = 0; at < width; at += sparse_block) {  // more than one turn only if a single column fills a block
    const Index n = least(sparse_block, width - at);
    T* const kept = layer.Delta.matrix;
    T* const Delta = kept ? kept + first * width + at : own;
    const Index step = kept ? width : n;
    if (updates || !batch.add)
      for (Index j = 0; j < columns; ++j)
        for (Index c = 0; c < n; c += lanes<T>) store(Delta + j * step + c, Vector<T>{});
    add_elements(batch, begin, end, first, at, n, Delta, step);
    // From here on the block is one run of numbers in theta, in the rule's vectors and in Delta.
    const Index i = first * width + at, n_numbers = columns * n;
    T* const theta = layer.theta.matrix + i;
    const auto D = [&](Index c) { return rule.scale * load(Delta + c) + rule.decay * load(theta + c); };
    if (batch.squares)
      squares += sum_of_squares<T>(1, int(n_numbers / lanes<T>), [&](Index c) { return updates ? load(theta + c) : D(c); });
    if constexpr (updates) {
      const auto update = [&](Index from, Index to) {
        for (Index c = from; c < to; c += lanes<T>)
          store(theta + c, R::next(rule, load(theta + c), D(c), moments, i + c));
      };
      if (!lazy) update(0, n_numbers);
      for (Index j = 0; lazy && j < columns; ++j)
        if (now[j] || elements.moved[first + j]) update(j * n, (j + 1) * n);
    }
  }
  if (batch.squares) batch.squares[number] = squares;
  if (!lazy) return;
  unsigned char any = 0;
  for (Index j = 0; j < columns; ++j) any |= elements.moved[first + j] = now[j];
  elements.block_moved[block] = any;
}
