// Gathers the rows of a batch into panels, and copies rows of panels back.

template <class T> inline Index row_number(const Batch<T>& batch, Index t) {
  return batch.order ? Index(batch.order[t]) : batch.first + t;
}

// Row t of a batch whose x is read where it is.
template <class T> inline const T* rows_of_X(const Batch<T>& batch, Index t) { return batch.X.dense + (batch.first + t) * batch.x_step; }

// Copies n numbers, fewer than a panel, as two runs of half a power of two that may overlap: a memcpy of unknown length is a call,
// which a half-microsecond step on 4 features feels.
template <class T, class From> inline void copy_few(const From* from, Index n, T* to) {
  const auto copy = [&](Index at, auto part) {
    if constexpr (std::is_same_v<T, From>) __builtin_memcpy(to + at, from + at, part() * sizeof(T));
    else
      for (Index i = at; i < at + Index(part()); ++i) to[i] = T(from[i]);
  };
  const auto both = [&](auto part) { copy(0, part), copy(n - Index(part()), part); };
  if (n >= 16) both(std::integral_constant<std::size_t, 16>{});
  else if (n >= 8) both(std::integral_constant<std::size_t, 8>{});
  else if (n >= 4) both(std::integral_constant<std::size_t, 4>{});
  else if (n >= 2) both(std::integral_constant<std::size_t, 2>{});
  else if (n == 1) to[0] = T(from[0]);
}

// Copies one row of n numbers into the panels of row t, or converts it.
template <class T, class From> inline void gather_row(const From* from, Index n, T* to, Index stride) {
  for (; n >= panel<T>; n -= panel<T>, from += panel<T>, to += stride)
    if constexpr (std::is_same_v<T, From>) __builtin_memcpy(to, from, panel<T> * sizeof(T));
    else
      for (int v = 0; v < panel_vectors; ++v) {
        typename Types<From, lanes<T> * int(sizeof(From))>::V part;
        __builtin_memcpy(&part, from + v * lanes<T>, sizeof part);
        store(to + v * lanes<T>, __builtin_convertvector(part, Vector<T>));
      }
  copy_few(from, n, to);
}
// Copies one row of n numbers out of panels.
template <class T> inline void scatter_row(const T* from, Index stride, Index n, T* to) {
  for (; n >= panel<T>; n -= panel<T>, from += stride, to += panel<T>) __builtin_memcpy(to, from, panel<T> * sizeof(T));
  copy_few(from, n, to);
}

// Copies the y of row `row` of Y to row t: in columns where the last layer is narrow.
template <class T> inline void gather_y(const Batch<T>& batch, Index row, Index t) {
  const Layer<T>& last = batch.layers[batch.n_layers - 1];
  const T* const from = batch.Y + row * last.outputs;
  if (!last.narrow) return gather_row(from, last.outputs, batch.y + t * panel<T>, batch.stride);
  T* const to = batch.y + t / lanes<T> * lanes<T> * panel<T> + t % lanes<T>;
  to[0] = from[0];  // in a loop over the outputs, this was 6 % of a 4-10-3 step
  if (last.outputs > 1) to[Columns<T>::place(1)] = from[1];
  if (last.outputs > 2) to[Columns<T>::place(2)] = from[2];
  static_assert(most_narrow == 3, "a line for each output");
}

// The same for rows one after the other: by the row, it took a tenth of a gradient of 24-8-2.
template <class T> void gather_y_in_order(const Batch<T>& batch, Index begin, Index end) {
  const Layer<T>& last = batch.layers[batch.n_layers - 1];
  const Index K = last.outputs;
  for (Index t = begin; !last.narrow && t < end; ++t) gather_y(batch, batch.first + t, t);
  for (Index t = begin; last.narrow && t < end; t += lanes<T>) {
    const T* const from = batch.Y + (batch.first + t) * K;
    const Index n = least(lanes<T>, end - t);
    for (Index k = 0; k < K; ++k)
      for (Index i = 0; i < n; ++i) batch.y[t * panel<T> + Columns<T>::place(k) + i] = from[i * K + k];
  }
}

// X may be null: compressed rows are read where they are.
template <class T, class From> void gather(const Batch<T>& batch, const From* X, Index begin, Index end) {
  const Index n_inputs = batch.layers[0].inputs, K = batch.layers[batch.n_layers - 1].outputs;
  // Copies, because the compiler must take a memcpy for one that may change the batch.
  T* const x = batch.x;
  const T* const Y = batch.Y;
  const std::uint32_t* const order = batch.order;
  const Index known = batch.known, stride = batch.stride, of_first = batch.first;
  const auto row_at = [=](Index t) { return order ? Index(order[t]) : of_first + t; };
  // Rows lie anywhere in memory, so they are prefetched about 4 KB ahead, beyond the end of the batch too. Time per row of 1e6
  // rows of 64-32-10; with 784-100-10 the distance makes no difference:
  //     prefetch distance    4 rows    4 KB      16 KB
  //     shuffled             129 ns    122 ns    127 ns
  //     in order             112 ns    99 ns     102 ns
  const Index ahead = 4096 / (n_inputs * Index(sizeof(From))) + 4;
  for (Index t = begin; t < end; ++t) {
    const Index row = row_at(t);
    if (t + ahead < known) {
      const Index later = row_at(t + ahead);
      for (Index i = 0; X && i < n_inputs; i += 64 / Index(sizeof(From))) __builtin_prefetch(X + later * n_inputs + i);
      if (Y) __builtin_prefetch(Y + later * K);
    }
    if (X) gather_row(X + row * n_inputs, n_inputs, x + t * panel<T>, stride);
    if (Y) gather_y(batch, row, t);
  }
}
template <class T> void gather(const Batch<T>& batch, Index begin, Index end) {
  if (batch.x_step) {
    if (batch.Y) gather_y_in_order(batch, begin, end);
  } else if (batch.X.other) {
    gather(batch, batch.X.other, begin, end);
  } else {
    gather(batch, batch.X.dense, begin, end);
  }
}

// Adds zero for each of n numbers that is finite to one of four sums, so that no addition waits for the one before; else NaN.
template <class T> inline void add_zeros(const T* x, Index n, Vector<T>* sums) {
  const auto add = [&](Index at, int j) {
    Vector<T> v;
    __builtin_memcpy(&v, x + at, sizeof v);
    sums[j] += v * T(0);
  };
  Index i = 0;
  for (; i + 4 * lanes<T> <= n; i += 4 * lanes<T>)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) add(i + j * lanes<T>, j);
  for (; i + lanes<T> <= n; i += lanes<T>) add(i, 0);
  for (; i < n; ++i) sums[1][0] += x[i] * T(0);
}
// Whether rows begin .. end of x are finite, with the padding of zeros of panels. Asked slice by slice, which leaves the rows in the
// cache, because a pass over all of X takes a twelfth of a prediction with 64-32-10.
template <class T> bool is_finite(const Batch<T>& batch, Index begin, Index end) {
  Vector<T> zeros_or_nan[4] = {};
  if (batch.x_step) add_zeros(rows_of_X(batch, begin), (end - begin) * batch.x_step, zeros_or_nan);
  else
    for (Index p = 0; p < panels<T>(batch.layers[0].inputs); ++p)
      add_zeros(batch.x + p * batch.stride + begin * panel<T>, (end - begin) * panel<T>, zeros_or_nan);
  alignas(64) T values[lanes<T>];
  store(values, (zeros_or_nan[0] + zeros_or_nan[1]) + (zeros_or_nan[2] + zeros_or_nan[3]));
  bool finite = true;
  for (T value : values) finite &= value == T(0);
  return finite;
}
