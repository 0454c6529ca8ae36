// The last layer where it has one to three outputs, as most networks have that tell two classes apart. In panels nearly all lanes of
// its products would be padding, so the lanes take something else:
//
//     (1) z = Theta a     inputs, and then the sums of `lanes` rows are added up at once
//     (4) Theta^T delta   inputs, times g' at once: there are no sums to speak of (units.inl)
//     (5) delta a^T       inputs, with several sums at a time
//
// z, y and delta stand in columns (outputs.inl) all the time, as the output units take them. In (1) the number of terms is rounded up
// to whole vectors. What stands in the padding of a and Theta may be NaN after an overflow, and is masked.

// All bits of the first n lanes.
template <class T> inline Bits<T> first_lanes(Index n) {
  Bits<T> lane{};
  for (int i = 0; i < lanes<T>; ++i) lane[i] = Word<T>(i);  // a constant
  return Bits<T>(lane < all_bits<T>(Word<T>(n)));
}

// Vector v of the weights of output k, of which n numbers are weights: from the panels, or from Theta as the caller has it, behind
// whose end nothing may be read.
template <class T> inline Vector<T> narrow_weights(const Layer<T>& layer, Index k, Index v, Index n) {
  if (!layer.in_place)
    return load(layer.theta.matrix + v / panel_vectors * layer.theta_stride + k * panel<T> + v % panel_vectors * lanes<T>);
  const T* const from = layer.in_place + k * (layer.inputs + 1) + 1 + v * lanes<T>;
  Vector<T> weights{};
  if (n == lanes<T>) __builtin_memcpy(&weights, from, sizeof weights);
  else
    for (Index i = 0; i < n; ++i) weights[i] = from[i];
  return weights;
}

// Writes z of rows t .. t + lanes.
template <class T> void narrow_z(const Batch<T>& batch, const Layer<T>& layer, Index t) {
  const T* const a = batch.layers[batch.n_layers - 2].a + t * panel<T>;
  const Columns<T> z = {layer.a + t * panel<T>, batch.stride};
  const Index whole = layer.inputs / lanes<T>, rest = layer.inputs % lanes<T>;
  for (Index k = 0; k < layer.outputs; ++k) {
    Vector<T> sums[lanes<T>] = {};
    const auto add = [&](Index v, Index n, const auto& masked) {
      const Vector<T> weights = masked(narrow_weights(layer, k, v, n));
      const T* const values = a + v / panel_vectors * batch.stride + v % panel_vectors * lanes<T>;
#pragma GCC unroll 16
      for (int r = 0; r < lanes<T>; ++r) sums[r] += weights * masked(load(values + r * panel<T>));
    };
    for (Index v = 0; v < whole; ++v) add(v, lanes<T>, [](Vector<T> x) { return x; });
    if (rest) {
      const Bits<T> mask = first_lanes<T>(rest);
      add(whole, rest, [&](Vector<T> x) { return from_bits<T>(bits<T>(x) & mask); });
    }
    const T bias = layer.in_place ? layer.in_place[k * (layer.inputs + 1)] : layer.theta.bias[k];
    store(z.at(k), bias + sum_lanes<T>(sums));
  }
}

// The rows that are added at the same time, each to a sum of its own.
template <class T> constexpr int narrow_chains(int K) { return int(least(K == 1 ? 4 : 2, lanes<T>)); }

// Calls add(chain, place of the first delta of row t in its columns, t) for all rows in order.
template <class T, int chains, class F> inline void each_narrow_row(Index rows, const F& add) {
  Index t = 0;
  for (; t + lanes<T> <= rows; t += lanes<T>)
    for (int i = 0; i < lanes<T>; i += chains)
#pragma GCC unroll 4
      for (int c = 0; c < chains; ++c) add(c, t * panel<T> + i + c, t + i + c);
  for (int i = 0; t + i < rows; ++i) add(0, t * panel<T> + i, t + i);
}

// A block of Delta, K rows of `vectors` vectors.
template <class T, int K, int vectors> void narrow_block(const T* delta, const T* a, Index rows, T* Delta, bool adds) {
  constexpr int chains = narrow_chains<T>(K);
  Vector<T> sum[chains][K][vectors] = {};
  for (int k = 0; adds && k < K; ++k)
    for (int v = 0; v < vectors; ++v) sum[0][k][v] = load(Delta + k * panel<T> + v * lanes<T>);
  each_narrow_row<T, chains>(rows, [&](int c, Index place, Index t) {
    Vector<T> values[vectors];
    for (int v = 0; v < vectors; ++v) values[v] = load(a + t * panel<T> + v * lanes<T>);
    for (int k = 0; k < K; ++k)
      for (int v = 0; v < vectors; ++v) sum[c][k][v] += delta[place + Columns<T>::place(k)] * values[v];
  });
  for (int k = 0; k < K; ++k)
    for (int v = 0; v < vectors; ++v) {
      Vector<T> total = sum[0][k][v];
      for (int c = 1; c < chains; ++c) total += sum[c][k][v];
      store(Delta + k * panel<T> + v * lanes<T>, total);
    }
}

// A block of Delta, or column 0 of it if a is null.
template <class T> void narrow_Delta(const Layer<T>& layer, const T* a, Index rows, int vectors, T* Delta, bool adds) {
  const Index K = layer.outputs;
  if (a) {
    constexpr void (*blocks[most_narrow][panel_vectors])(const T*, const T*, Index, T*, bool) = {
        {narrow_block<T, 1, 1>, narrow_block<T, 1, 2>},
        {narrow_block<T, 2, 1>, narrow_block<T, 2, 2>},
        {narrow_block<T, 3, 1>, narrow_block<T, 3, 2>}};
    return blocks[K - 1][vectors - 1](layer.delta, a, rows, Delta, adds);
  }
  for (int v = 0; v < vectors; ++v) {
    const Index first = v * lanes<T>, n = least(lanes<T>, K - first);
    Vector<T> sums[lanes<T>] = {};
    for (Index k = 0; k < n; ++k) {
      const T* const column = layer.delta + Columns<T>::place(first + k);
      Vector<T> sum{};
      Index t = 0;
      for (; t + lanes<T> <= rows; t += lanes<T>) sum += load(column + t * panel<T>);
      if (t < rows) sum += from_bits<T>(bits<T>(load(column + t * panel<T>)) & first_lanes<T>(rows - t));
      sums[k] = sum;
    }
    const Vector<T> sum = sum_lanes<T>(sums);
    store(Delta + first, adds ? load(Delta + first) + sum : sum);
  }
}
