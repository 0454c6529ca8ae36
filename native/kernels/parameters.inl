// The second phase of a step, by parameters: (5) over all rows of the batch in order, (6), the update rule while the block
// is in the first-level cache, and the transposed copy of the block.

template <class T, bool nesterov> struct Momentum {
  static constexpr int n_moments = 1;
  Vector<T> step, momentum;
  explicit Momentum(const Rule<T>& rule) : step(all(rule.step)), momentum(all(rule.momentum)) {}
  void operator()(T* theta, T* v, T*, Vector<T> D) const {
    const Vector<T> velocity = momentum * load(v) - step * D;
    store(v, velocity);
    store(theta, load(theta) + (nesterov ? momentum * velocity - step * D : velocity));
  }
};
// The square root and the quotient are exact. Together they take 2.0 ns for 16 float32 parameters (Zen 5, AVX-512), whose
// products over a batch of 200 take 52: not worth an estimate that differs between processors.
template <class T> struct Adam {
  static constexpr int n_moments = 2;
  Vector<T> step, beta1, rest1, beta2, rest2, epsilon;
  explicit Adam(const Rule<T>& rule)
      : step(all(rule.step)), beta1(all(rule.beta1)), rest1(all(rule.rest1)), beta2(all(rule.beta2)),
        rest2(all(rule.rest2)), epsilon(all(rule.epsilon)) {}
  void operator()(T* theta, T* first, T* second, Vector<T> D) const {
    const Vector<T> m = beta1 * load(first) + rest1 * D, v = beta2 * load(second) + rest2 * (D * D);
    store(first, m);
    store(second, v);
    store(theta, load(theta) - step * m / (square_root(v) + epsilon));
  }
};

// (6) and the rule for `rows` rows of `vectors` vectors, i numbers into the matrices (or the biases) of a layer.
template <class T, class R>
inline void update_block(const R& rule, Vector<T> scale, Vector<T> decay, const T* Delta, const Layer<T>& layer,
                         T* Blocks<T>::*part, Index i, Index rows, int vectors) {
  T *theta = layer.theta.*part + i, *first = layer.moments[0].*part + i, *second = first;
  if constexpr (R::n_moments > 1) second = layer.moments[1].*part + i;
  for (Index r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) {
      const Index at = r * panel<T> + v * lanes<T>;
      rule(theta + at, first + at, second + at, scale * load(Delta + at) + decay * load(theta + at));
    }
}

template <class T> double sum_of_squares(const T* theta, Index rows, int vectors) {
  Vector<T> sum{};
  for (Index r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) {
      const Vector<T> x = load(theta + r * panel<T> + v * lanes<T>);
      sum += x * x;
    }
  double total = 0;
  for (int i = 0; i < lanes<T>; ++i) total += double(sum[i]);
  return total;
}

template <class T> void transpose_panel_block(const Layer<T>& layer, Index p, Index q) {
  const T* from = layer.theta.matrix + p * layer.theta_stride + q * panel<T> * panel<T>;
  T* to = layer.transposed + q * layer.transposed_stride + p * panel<T> * panel<T>;
  for (int i = 0; i < vectors_in<T>(q, layer.outputs); ++i)
    for (int j = 0; j < vectors_in<T>(p, layer.inputs); ++j)
      transpose_block(from + i * lanes<T> * panel<T> + j * lanes<T>, panel<T>,
                      to + j * lanes<T> * panel<T> + i * lanes<T>, panel<T>);
}
template <class T> void transpose(const Layer<T>& layer) {
  for (Index p = 0; p < panels<T>(layer.inputs); ++p)
    for (Index q = 0; q < panels<T>(layer.outputs); ++q) transpose_panel_block(layer, p, q);
}

// Column 0 of Delta: the sum of delta over the rows, to Delta + what stands there if `add`.
template <class T> void sum_rows(const T* delta, Index rows, int vectors, T* Delta, bool add) {
  for (int v = 0; v < vectors; ++v, delta += lanes<T>, Delta += lanes<T>) {
    Vector<T> sum = add ? load(Delta) : Vector<T>{};
    for (Index t = 0; t < rows; ++t) sum += load(delta + t * panel<T>);
    store(Delta, sum);
  }
}

// From so many rows on the product of a block takes long enough for what the update needs to arrive meanwhile.
constexpr Index rows_to_ask_ahead = 64;

// Asks for a block of 4 KB; the processor's own prefetching stops at its page.
template <class T> void ask_for(const T* block, Index rows) {
  for (Index i = 0; i < rows * panel<T>; i += 64 / Index(sizeof(T))) __builtin_prefetch(block + i, 1, 2);
}

template <class T, class R> void update_task(const Batch<T>& batch, Index number) {
  const Task task = batch.tasks[number];
  const Layer<T>& layer = batch.layers[task.layer];
  const R rule(batch.rule);
  const Vector<T> scale = all(batch.rule.scale), decay = all(batch.rule.decay);
  alignas(64) T Delta[panel<T> * panel<T>];
  double squares = 0;
  const Index p = task.panel, blocks = panels<T>(layer.outputs);
  for (Index q = 0; q < blocks; ++q) {
    const T* delta = layer.delta + q * batch.stride;
    if (p < 0) {
      const int vectors = vectors_in<T>(q, layer.outputs);
      sum_rows(delta, batch.rows, vectors, Delta, false);
      update_block(rule, scale, Vector<T>{}, Delta, layer, &Blocks<T>::bias, q * panel<T>, 1, vectors);
      continue;
    }
    const int vectors = vectors_in<T>(p, layer.inputs);
    const Index rows = least(panel<T>, layer.outputs - q * panel<T>), i = p * layer.theta_stride + q * panel<T> * panel<T>;
    const T* a = (task.layer ? batch.layers[task.layer - 1].a : batch.x) + p * batch.stride;
    if (batch.rows >= rows_to_ask_ahead) {
      ask_for(layer.theta.matrix + i, rows);
      for (int n = 0; n < R::n_moments; ++n) ask_for(layer.moments[n].matrix + i, rows);
      ask_for(layer.transposed + q * layer.transposed_stride + p * panel<T> * panel<T>, least(panel<T>, layer.inputs - p * panel<T>));
    }
    columns_product(delta, batch.rows, a, Delta, rows, vectors, zeros<T>, 0);
    if (batch.squares) squares += sum_of_squares(layer.theta.matrix + i, rows, vectors);
    update_block(rule, scale, decay, Delta, layer, &Blocks<T>::matrix, i, rows, vectors);
    transpose_panel_block(layer, p, q);
  }
  if (batch.squares) batch.squares[number] = squares;
}

// Update::sum: Delta += this batch's (5); rule.scale == 0 starts anew.
template <class T> void sum_task(const Batch<T>& batch, Index number) {
  const Task task = batch.tasks[number];
  const Layer<T>& layer = batch.layers[task.layer];
  const Index p = task.panel;
  const bool add = batch.rule.scale != T(0);
  for (Index q = 0; q < panels<T>(layer.outputs); ++q) {
    const T* delta = layer.delta + q * batch.stride;
    if (p < 0) {
      sum_rows(delta, batch.rows, vectors_in<T>(q, layer.outputs), layer.Delta.bias + q * panel<T>, add);
      continue;
    }
    const T* a = (task.layer ? batch.layers[task.layer - 1].a : batch.x) + p * batch.stride;
    T* Delta = layer.Delta.matrix + p * layer.theta_stride + q * panel<T> * panel<T>;
    columns_product(delta, batch.rows, a, Delta, least(panel<T>, layer.outputs - q * panel<T>),
                    vectors_in<T>(p, layer.inputs), add ? Delta : zeros<T>, add ? panel<T> : 0);
  }
}

template <class T> void parameters(const Batch<T>& batch, Index task) {
  switch (batch.rule.update) {
    case Update::sum: return sum_task(batch, task);
    case Update::sgd: return update_task<T, Momentum<T, false>>(batch, task);
    case Update::nesterov: return update_task<T, Momentum<T, true>>(batch, task);
    case Update::adam: return update_task<T, Adam<T>>(batch, task);
  }
}
