// The first phase of a step of a small network (small.hpp), split by slices of `lanes` rows.

// z of `rows` units, or dl/da of `rows` inputs: c[r] = init[r] + sum_k a(r, k) b[k], k ascending, with a(r, k) at
// a + r * row_step + k * k_step. Without init a sum begins with 0. What follows for relu is done before the sums are stored: in a pass of
// its own it would wait for them.
enum After { nothing, relu, slope_of_relu };
template <class T, int rows, int vectors, After after>
void small_tile(const T* a, Index row_step, Index k_step, Index depth, const T* b, T* c, const T* init, const T* kept) {
  Vector<T> sum[rows][vectors];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[r][v] = init ? all(init[r * row_step]) : Vector<T>{};
  for (Index k = 0; k < depth; ++k, a += k_step, b += panel<T>) {
    Vector<T> right[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) right[v] = load(b + v * lanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      const Vector<T> left = all(a[r * row_step]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sum[r][v] += left * right[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const Index i = r * panel<T> + v * lanes<T>;
      if (after == relu) sum[r][v] = Relu<T>::g(sum[r][v], T(0));
      if (after == slope_of_relu) sum[r][v] *= Relu<T>::slope(load(kept + i), T(0));
      store(c + i, sum[r][v]);
    }
}
template <class T> using SmallTile = void (*)(const T*, Index, Index, Index, const T*, T*, const T*, const T*);
template <class T, int vectors, After after, class = std::make_integer_sequence<int, tile_rows>> struct SmallTiles;
template <class T, int vectors, After after, int... R> struct SmallTiles<T, vectors, after, std::integer_sequence<int, R...>> {
  static constexpr SmallTile<T> of[] = {small_tile<T, R + 1, vectors, after>...};
};
template <class T, int vectors, After after>
void small_product(const T* a, Index row_step, Index k_step, Index depth, const T* b, T* c, Index rows, const T* init, const T* kept) {
  const Index n = (rows + tile_rows - 1) / tile_rows, height = n == 1 ? rows : rows / n, higher = rows - n * height;
  for (Index i = 0; i < n; ++i) {
    const Index h = height + (i < higher);
    SmallTiles<T, vectors, after>::of[h - 1](a, row_step, k_step, depth, b, c, init, kept);
    a += h * row_step, c += h * panel<T>, kept += h * panel<T>;
    if (init) init += h * row_step;
  }
}

// The rows of a slice, of which the last repeats. Rows of a later slice are prefetched: 4 KB ahead, as in rows.inl, and 32 rows more.
// Microseconds a step (Zen 5) of 100-2 on 2e5 rows and 30-6-1 on 1e6 rows, batches of 200 and 100:
//     nothing ahead    48 rows      4 KB         4 KB and 32 rows
//     12.9, 4.4        7.2, 3.3     7.2, 3.5     7.3, 3.2
// 48 rows also cost 3 % of a 4-10-3 step on 150 rows, which are too few for the others. Here and not in a function of its own, because
// GCC leaves out calls that do nothing but prefetch.
template <class T> struct SliceRows {
  Index of[lanes<T>];
  void set(const Batch<T>& batch, Index t, Index n) {
    for (Index i = 0; i < lanes<T>; ++i) of[i] = row_number(batch, t + least(i, n - 1));
    const Index n_inputs = batch.layers[0].inputs, K = batch.layers[batch.n_layers - 1].outputs;
    const Index later = t + 4096 / (n_inputs * Index(sizeof(T))) + 32;
    for (Index i = later; i < least(later + lanes<T>, batch.known); ++i) {
      const Index row = row_number(batch, i);
      for (Index b = 0; batch.X.dense && b < n_inputs; b += 64 / Index(sizeof(T))) __builtin_prefetch(batch.X.dense + row * n_inputs + b);
      __builtin_prefetch(batch.Y + row * K);
    }
  }
};

// Writes the columns of a slice's rows, n numbers each. They are transposed in registers, a vector or 16 bytes of each row
// at a time, because a number written by itself makes the load of its vector wait. The last ones overlap those before.
template <class T> void columns_by_vectors(const T* from, const SliceRows<T>& rows, Index n, T* to) {
  for (Index c = 0; c < n; c += lanes<T>) {
    const Index first = least(c, n - lanes<T>);
    Vector<T> column[lanes<T>];
#pragma GCC unroll 16
    for (int i = 0; i < lanes<T>; ++i) __builtin_memcpy(&column[i], from + rows.of[i] * n + first, sizeof column[i]);
    transpose_square<T>(column);
#pragma GCC unroll 16
    for (int i = 0; i < lanes<T>; ++i) store(to + (first + i) * panel<T>, column[i]);
  }
}
template <class T> using PartsOfRows = const T* [part<T>][parts_of_vector];
template <class T> inline void columns_of_parts(const PartsOfRows<T>& begin, Index first, Index from, T* to) {
  Vector<T> column[part<T>];
#pragma GCC unroll 4
  for (int i = 0; i < part<T>; ++i) column[i] = gathered<T, vector_bytes, 16>(begin[i], first);
  transpose_parts<T>(column);
#pragma GCC unroll 4
  for (int i = 0; i < part<T>; ++i)
    if (i >= from) store(to + (first + i) * panel<T>, column[i]);
}
template <class T> void columns_by_parts(const T* from, const SliceRows<T>& rows, Index n, T* to) {
  PartsOfRows<T> begin;
#pragma GCC unroll 16
  for (int i = 0; i < lanes<T>; ++i) begin[i % part<T>][i / part<T>] = from + rows.of[i] * n;
  for (Index c = 0; c < n; c += part<T>) columns_of_parts<T>(begin, least(c, n - part<T>), 0, to);
}
// A row of fewer than 16 bytes is read with what stands before it, and the first rows, before which nothing may be read, from a copy.
template <class T> void columns_of_short_rows(const T* from, const SliceRows<T>& rows, Index n, T* to) {
  alignas(64) T head[lanes<T>][2 * part<T>];
  PartsOfRows<T> begin;
  const Index before = part<T> - n;
#pragma GCC unroll 16
  for (int i = 0; i < lanes<T>; ++i) {
    const T* at = from + rows.of[i] * n;
    if (__builtin_expect(rows.of[i] * n < before, false)) {
      for (Index j = 0; j < n; ++j) head[i][part<T> + j] = at[j];
      at = head[i] + part<T>;
    }
    begin[i % part<T>][i / part<T>] = at;
  }
  columns_of_parts<T>(begin, -before, before, to);
}
template <class T> inline void columns_of_rows(const T* from, const SliceRows<T>& rows, Index n, T* to) {
  (n >= lanes<T> ? columns_by_vectors<T> : n >= part<T> ? columns_by_parts<T> : columns_of_short_rows<T>)(from, rows, n, to);
}
template <class T> void columns_of_rows(const Other<T>* from, const SliceRows<T>& rows, Index n, T* to) {
  for (Index i = 0; i < lanes<T>; ++i)
    for (Index c = 0; c < n; ++c) to[c * panel<T> + i] = T(from[rows.of[i] * n + c]);
}

// Dropout, as thin() of dropout.inl does it on panels; of_rows: the random number of each row.
template <class T> __attribute__((noinline)) void thin_columns(const Layer<T>& layer, const Units<T>* of_rows, int vectors, T* a, T* kept) {
  if (!layer.keeps_slope) {
    each_vector<T>(layer.outputs, vectors, [&](Index i) { store(kept + i, all(T(1))); });
    if (const auto times_slope = units<T>[int(layer.unit)].back.through) times_slope(kept, a, layer.outputs, vectors, layer.number);
  }
  for (Index j = 0; j < layer.outputs; ++j)
    for (int v = 0; v < vectors; ++v) {
      const Index i = j * panel<T> + v * lanes<T>;
      const Units<T> of_units = dropout_of_unit(of_rows[v], std::uint32_t(j));
      const Vector<T> f = __builtin_convertvector(of_units < layer.left_out, Bits<T>) ? Vector<T>{} : all(layer.factor);
      store(a + i, load(a + i) * f), store(kept + i, load(kept + i) * f);
    }
}

// (1)-(4) for rows t .. t + n of one record, n <= vectors * lanes.
template <class T, int vectors> void small_record(const Batch<T>& batch, Index t, Index n) {
  const Index at = t / panel<T> * batch.stride, L = batch.n_layers;
  const Layer<T>* const layers = batch.layers;
  const Layer<T>& last = layers[L - 1];
  const Index K = last.outputs;
  SliceRows<T> rows[vectors];
  for (int v = 0; v < vectors; ++v) {
    rows[v].set(batch, t + v * lanes<T>, n - v * lanes<T>);
    T* const x = batch.x + at + v * lanes<T>;
    if (batch.X.other) columns_of_rows<T>(batch.X.other, rows[v], layers[0].inputs, x);
    else columns_of_rows<T>(batch.X.dense, rows[v], layers[0].inputs, x);
    columns_of_rows<T>(batch.Y, rows[v], K, batch.y + at + v * lanes<T>);
  }
  const T* a = batch.x + at;
  for (Index l = 0; l < L; ++l) {
    const Layer<T>& layer = layers[l];
    T *const z = layer.a + at, *const kept = layer.kept + at;
    const T* const theta = layer.theta.matrix;
    const bool is_relu = layer.unit == Hidden::relu;
    (is_relu ? small_product<T, vectors, relu> : small_product<T, vectors, nothing>)(theta + 1, layer.inputs + 1, 1, layer.inputs, a, z,
                                                                                     layer.outputs, theta, kept);
    if (const auto g = units<T>[int(layer.unit)].forward; g && !is_relu) g(z, kept, layer.outputs, vectors, vectors * lanes<T>, layer.number);
    if (layer.factor != T(0)) {
      Units<T> of_rows[vectors] = {};
      for (int v = 0; v < vectors; ++v)
        for (int i = 0; i < lanes<T>; ++i) of_rows[v][i] = dropout_of_row(layer.dropout, std::uint64_t(batch.offset + rows[v].of[i]));
      thin_columns(layer, of_rows, vectors, z, kept);
    }
    a = z;
  }
  for (int v = 0; v < vectors; ++v) {
    const Columns<T> z = {last.a + at + v * lanes<T>, 0}, y = {batch.y + at + v * lanes<T>, 0};
    Vector<T> costs = functions_of<T>(batch.output).cost(z, y, K, batch.output_numbers);
    if (batch.weights) {
      Vector<T> weights{};
      for (int i = 0; i < lanes<T>; ++i) weights[i] = batch.weights[rows[v].of[i]];
      costs *= weights;
      for (Index k = 0; k < K; ++k) store(z.at(k), load(z.at(k)) * weights);
    }
    store(batch.costs + t + v * lanes<T>, costs);
    if (const Index left = n - v * lanes<T>; left < lanes<T>)
      for (Index k = 0; k < K; ++k) store(z.at(k), from_bits<T>(bits<T>(load(z.at(k))) & first_lanes<T>(left)));
  }
  if (batch.update == Update::none) return;
  const T* error = last.a + at;
  for (Index l = L - 1; l > 0; --l) {
    const Layer<T>&layer = layers[l], &below = layers[l - 1];
    T* const delta = below.delta + at;
    const bool is_relu = below.unit == Hidden::relu && below.factor == T(0);
    (is_relu ? small_product<T, vectors, slope_of_relu> : small_product<T, vectors, nothing>)(
        layer.theta.matrix + 1, 1, layer.inputs + 1, layer.outputs, error, delta, layer.inputs, nullptr, below.kept + at);
    const auto through = below.factor == T(0) ? units<T>[int(below.unit)].back.through : OnPanels<T, Keeps>::back.through;
    if (through && !is_relu) through(delta, below.kept + at, layer.inputs, vectors, below.number);
    error = delta;
  }
}
template <class T> void small_examples(const Batch<T>& batch, Index begin, Index end) {
  for (Index t = begin; t < end; t += panel<T>) {
    const Index n = least(panel<T>, end - t);
    (n > lanes<T> ? small_record<T, 2> : small_record<T, 1>)(batch, t, n);
  }
}
