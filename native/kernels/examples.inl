// The first phase of a step, split by rows: (1) up to the output, then h, or the cost, (3), and (4) down to layer 2.

// The outer loop is over columns, so that a panel of transposed Theta stays in the second-level cache for all rows. Splitting k
// to keep it in the first level stores every sum twice and was no faster (235-240 GFLOP/s both ways at 264 x 784 x 512).
template <class T> void forward(const Batch<T>& batch, Index begin, Index end) {
  const T* a = batch.x;
  if (batch.X.sparse()) sparse_z(batch, begin, end);
  for (Index l = 0; l < batch.n_layers && !batch.layers[l].narrow; ++l) {
    const Layer<T>& layer = batch.layers[l];
    const auto g = units<T>[int(layer.unit)].forward;
    for (Index p = 0; p < panels<T>(layer.outputs); ++p) {
      const int vectors = vectors_in<T>(p, layer.outputs);
      const Index at = p * batch.stride + begin * panel<T>, rows = end - begin;
      T* z = layer.a + at;
      if (layer.in_place) few_rows(a + begin * panel<T>, batch.stride, layer, p, z, rows);
      else if (l > 0 || !batch.X.sparse()) {
        const bool splits = layer.splits > 1 && p == panels<T>(layer.outputs) - 1;
        const T *const theta = layer.transposed + p * layer.transposed_stride, *const bias = layer.theta.bias + p * panel<T>;
        const bool in_X = l == 0 && batch.x_step;
        const Rows<T> of = in_X ? Rows<T>{rows_of_X(batch, begin), batch.x_step, layer.inputs, 0}
                                : Rows<T>{a + begin * panel<T>, panel<T>, panel<T>, batch.stride};
        if (in_X) product<T, 0, 1>(of.first, of.step, layer.inputs, theta, z, rows, vectors - splits, bias, 0);
        else product<T, panel<T>, 1>(of.first, of.jump, layer.inputs, theta, z, rows, vectors - splits, bias, 0);
        if (splits) split_product(of, layer, rows, z + last_vector(layer));
      }
      if (g) g(z, layer.kept + at, rows, vectors, int(least(panel<T>, layer.outputs - p * panel<T>)), layer.number);
      if (layer.factor != T(0)) finish(batch, layer, p, begin, end, vectors);
    }
    a = layer.a;
  }
}

template <class T> void backward(const Batch<T>& batch, Index begin, Index end) {
  for (Index l = batch.n_layers - 1; l > 0; --l) {
    const Layer<T>& layer = batch.layers[l];
    const Layer<T>& below = batch.layers[l - 1];
    const Back<T>& back = below.factor == T(0) ? units<T>[int(below.unit)].back
                          : below.bent ? units<T>[int(Hidden::identity)].back : OnPanels<T, Keeps>::back;
    for (Index p = 0; p < panels<T>(layer.inputs); ++p) {
      const int vectors = vectors_in<T>(p, layer.inputs);
      const Index at = p * batch.stride + begin * panel<T>;
      const T *const error = layer.delta + begin * panel<T>, *const theta = layer.theta.matrix + p * layer.theta_stride;
      if (layer.narrow) {
        back.from_narrow(error, layer.outputs, theta, below.delta + at, below.kept + at, end - begin, vectors, below.number);
      } else {
        product<T, panel<T>, 1>(error, batch.stride, layer.outputs, theta, below.delta + at, end - begin, vectors, zeros<T>, 0);
        if (back.through) back.through(below.delta + at, below.kept + at, end - begin, vectors, below.number);
      }
      if (below.bent) through_learnt(below.delta + at, below.kept + at, below.bent + at, end - begin, vectors);
    }
  }
}

// Returns the costs of n rows from t on, times their weights if any, and replaces z by delta^(L) times the weight.
template <class T> Vector<T> costs(const Batch<T>& batch, Columns<T> z, Index K, Index t, Index n) {
  const Columns<T> y = {batch.y + t * panel<T>, batch.stride};
  if (!batch.layers[batch.n_layers - 1].narrow) y.transpose(K);
  const Vector<T> costs = functions_of<T>(batch.output).cost(z, y, K, batch.output_numbers);
  if (!batch.weights) return costs;
  Vector<T> weights{};
  for (Index i = 0; i < n; ++i) weights[i] = batch.weights[row_number(batch, t + i)];
  for (Index k = 0; k < K; ++k) store(z.at(k), load(z.at(k)) * weights);
  return costs * weights;
}

template <class T> void examples(const Batch<T>& batch, Index begin, Index end) {
  if (batch.small) return small_examples(batch, begin, end);
  const Layer<T>& last = batch.layers[batch.n_layers - 1];
  const Index K = last.outputs;
  if (batch.floor) through_floor(batch, *batch.floor, begin, end);
  else gather(batch, begin, end);
  if (batch.is_finite && !is_finite(batch, begin, end)) *batch.is_finite = false;
  forward(batch, begin, end);
  for (Index t = begin; t < end; t += lanes<T>) {
    const Columns<T> z = {last.a + t * panel<T>, batch.stride};
    const Index n = least(lanes<T>, end - t);
    if (last.narrow) narrow_z(batch, last, t);
    else z.transpose(K);
    if (batch.h) functions_of<T>(batch.output).h(z, K);
    else store(batch.costs + t, costs(batch, z, K, t, n));
    if (!last.narrow) z.transpose(K);
    for (Index i = t; batch.h && i < t + n; ++i) {
      T* const h = batch.h + row_number(batch, i) * K;
      if (last.narrow)
        for (Index k = 0; k < K; ++k) h[k] = z.at(k)[i - t];
      else scatter_row(last.a + i * panel<T>, batch.stride, K, h);
    }
  }
  if (batch.update == Update::none) return;
  backward(batch, begin, end);
  if (batch.floor) back_to_floor(batch, *batch.floor, begin, end);
}
