// The rows that a batch is made of, into panels.

template <class T> inline Index row_number(const Batch<T>& batch, Index t) {
  return batch.order ? Index(batch.order[t]) : batch.first + t;
}

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

template <class T> void gather(const Batch<T>& batch, Index begin, Index end) {
  const Index n_inputs = batch.layers[0].inputs, K = batch.layers[batch.n_layers - 1].outputs;
  // Rows lie anywhere in memory, so they are asked for some 4 KB before they are needed, in the steps to come too: of 1e6 rows
  // of 64-32-10, 122 ns a row (in order 99) for 129 (112) with 4 rows ahead; 16 KB: 127 (102). 784-100-10: no difference.
  const Index ahead = 4096 / (n_inputs * Index(sizeof(T))) + 4;
  for (Index t = begin; t < end; ++t) {
    const Index row = row_number(batch, t);
    if (t + ahead < batch.known) {
      const Index later = row_number(batch, t + ahead);
      for (Index i = 0; i < n_inputs; i += 64 / Index(sizeof(T))) __builtin_prefetch(batch.X + later * n_inputs + i);
      __builtin_prefetch(batch.Y + later * K);
    }
    gather_row(batch.X + row * n_inputs, n_inputs, batch.x + t * panel<T>, batch.stride);
    if (batch.Y) gather_row(batch.Y + row * K, K, batch.y + t * panel<T>, batch.stride);
  }
}
