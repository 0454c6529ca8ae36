// The first phase of a step, by rows: (1) to the output, the cost, (3), and (4) down to layer 2. Also hypothesis.

// One row of n numbers into the panels of row t.
template <class T> inline void gather_row(const T* from, Index n, T* to, Index stride) {
  for (; n >= panel<T>; n -= panel<T>, from += panel<T>, to += stride) __builtin_memcpy(to, from, panel<T> * sizeof(T));
  // By powers of two: a memcpy of unknown length is a call, too much for a row of 4 features in a step of half a microsecond.
#pragma GCC unroll 5
  for (Index part = panel<T> / 2; part > 0; part /= 2)
    if (n & part) {
      __builtin_memcpy(to, from, std::size_t(part) * sizeof(T));
      to += part, from += part;
    }
}
template <class T> inline Index row_number(const Batch<T>& batch, Index t) {
  return batch.order ? Index(batch.order[t]) : batch.first + t;
}

// Columns outermost: a panel of transposed Theta stays in the second-level cache at the least, for all rows. Splitting k
// so that it stays in the first level was no faster (235-240 GFLOP/s both, 264 x 784 x 512), and stores sums twice.
template <class T> void forward(const Batch<T>& batch, Index begin, Index end) {
  const T* a = batch.x;
  for (Index l = 0; l < batch.n_layers; ++l) {
    const Layer<T>& layer = batch.layers[l];
    const bool last = l + 1 == batch.n_layers;
    const auto g = last ? nullptr : units<T>[int(layer.unit)].forward;
    for (Index p = 0; p < panels<T>(layer.outputs); ++p) {
      const int vectors = vectors_in<T>(p, layer.outputs);
      const Index at = p * batch.stride + begin * panel<T>;
      T* z = layer.a + at;
      rows_product(a + begin * panel<T>, batch.stride, layer.inputs, layer.transposed + p * layer.transposed_stride, z,
                   end - begin, vectors, layer.theta.bias + p * panel<T>);
      if (g) g(z, layer.kept + at, end - begin, vectors, int(least(panel<T>, layer.outputs - p * panel<T>)));
    }
    a = layer.a;
  }
}

template <class T> void backward(const Batch<T>& batch, Index begin, Index end) {
  for (Index l = batch.n_layers - 1; l > 0; --l) {
    const Layer<T>& layer = batch.layers[l];
    const Layer<T>& below = batch.layers[l - 1];
    const auto times_slope = units<T>[int(below.unit)].backward;
    for (Index p = 0; p < panels<T>(layer.inputs); ++p) {
      const int vectors = vectors_in<T>(p, layer.inputs);
      const Index at = p * batch.stride + begin * panel<T>;
      rows_product(layer.delta + begin * panel<T>, batch.stride, layer.outputs, layer.theta.matrix + p * layer.theta_stride,
                   below.delta + at, end - begin, vectors, zeros<T>);
      if (times_slope) times_slope(below.delta + at, below.kept + at, end - begin, vectors);
    }
  }
}

template <class T> void examples(const Batch<T>& batch, Index begin, Index end) {
  const Layer<T>& last = batch.layers[batch.n_layers - 1];
  const Index n_inputs = batch.layers[0].inputs, K = last.outputs;
  alignas(64) T weights[lanes<T>] = {};
  // Rows lie anywhere in memory, so they are asked for some 4 KB before they are needed, in the steps to come too: of 1e6 rows
  // of 64-32-10, 122 ns a row (in order 99) for 129 (112) with 4 rows ahead; 16 KB: 127 (102). 784-100-10: no difference.
  constexpr Index line = 64 / Index(sizeof(T));
  const Index ahead = 4096 / (n_inputs * Index(sizeof(T))) + 4;
  for (Index t = begin; t < end; ++t) {
    const Index row = row_number(batch, t);
    if (t + ahead < batch.known) {
      const Index later = row_number(batch, t + ahead);
      for (Index i = 0; i < n_inputs; i += line) __builtin_prefetch(batch.X + later * n_inputs + i);
      __builtin_prefetch(batch.Y + later * K);
    }
    gather_row(batch.X + row * n_inputs, n_inputs, batch.x + t * panel<T>, batch.stride);
    gather_row(batch.Y + row * K, K, batch.y + t * panel<T>, batch.stride);
  }
  forward(batch, begin, end);
  for (Index t = begin; t < end; t += lanes<T>) {
    if (batch.weights)
      for (Index i = t; i < least(t + lanes<T>, end); ++i) weights[i - t] = batch.weights[row_number(batch, i)];
    const Columns<T> z = {last.delta + t * panel<T>, batch.stride}, y = {batch.y + t * panel<T>, batch.stride};
    store(batch.costs + t, outputs<T>[int(batch.output)].cost(z, y, K, batch.weights ? weights : nullptr));
  }
  backward(batch, begin, end);
}

template <class T> void hypothesis(const Batch<T>& batch, Index begin, Index end, T* out) {
  const Layer<T>& last = batch.layers[batch.n_layers - 1];
  const Index n_inputs = batch.layers[0].inputs, K = last.outputs;
  for (Index t = begin; t < end; ++t)
    gather_row(batch.X + row_number(batch, t) * n_inputs, n_inputs, batch.x + t * panel<T>, batch.stride);
  forward(batch, begin, end);
  for (Index t = begin; t < end; t += lanes<T>) {
    outputs<T>[int(batch.output)].h({last.a + t * panel<T>, batch.stride}, K);
    for (Index i = t; i < least(t + lanes<T>, end); ++i)
      for (Index p = 0; p < panels<T>(K); ++p) {
        const T* h = last.a + p * batch.stride + i * panel<T>;
        for (Index k = p * panel<T>; k < least(K, (p + 1) * panel<T>); ++k) out[row_number(batch, i) * K + k] = *h++;
      }
  }
}
