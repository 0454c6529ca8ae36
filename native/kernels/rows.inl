// Gathers the rows of a batch into panels.

template <class T> inline Index row_number(const Batch<T>& batch, Index t) {
  return batch.order ? Index(batch.order[t]) : batch.first + t;
}

// Copies one row of n numbers into the panels of row t.
template <class T> inline void gather_row(const T* from, Index n, T* to, Index stride) {
  for (; n >= panel<T>; n -= panel<T>, from += panel<T>, to += stride) __builtin_memcpy(to, from, panel<T> * sizeof(T));
  // The rest is copied by powers of two: a memcpy of unknown length is a call, which a half-microsecond step on 4 features feels.
#pragma GCC unroll 5
  for (Index part = panel<T> / 2; part > 0; part /= 2)
    if (n & part) {
      __builtin_memcpy(to, from, std::size_t(part) * sizeof(T));
      to += part, from += part;
    }
}

template <class T> void gather(const Batch<T>& batch, Index begin, Index end) {
  const Index n_inputs = batch.layers[0].inputs, K = batch.layers[batch.n_layers - 1].outputs;
  // Rows lie anywhere in memory, so they are prefetched about 4 KB ahead, beyond the end of the batch too. Time per row of 1e6
  // rows of 64-32-10; with 784-100-10 the distance makes no difference:
  //     prefetch distance    4 rows    4 KB      16 KB
  //     shuffled             129 ns    122 ns    127 ns
  //     in order             112 ns    99 ns     102 ns
  const T* const X = batch.X.dense;  // compressed rows are read where they are
  const Index ahead = 4096 / (n_inputs * Index(sizeof(T))) + 4;
  for (Index t = begin; t < end; ++t) {
    const Index row = row_number(batch, t);
    if (t + ahead < batch.known) {
      const Index later = row_number(batch, t + ahead);
      for (Index i = 0; X && i < n_inputs; i += 64 / Index(sizeof(T))) __builtin_prefetch(X + later * n_inputs + i);
      __builtin_prefetch(batch.Y + later * K);
    }
    if (X) gather_row(X + row * n_inputs, n_inputs, batch.x + t * panel<T>, batch.stride);
    if (batch.Y) gather_row(batch.Y + row * K, K, batch.y + t * panel<T>, batch.stride);
  }
}
