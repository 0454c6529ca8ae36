// The product of (1) for a few rows, by Theta as the caller has it: row by row, column 0 the bias.
//
// Such a prediction uses each weight once or twice, so the memory that it reads sets its time. Panels would be a second copy of
// Theta, and the comparison that says whether they are still those of this theta reads a third. Here weights are transposed in
// registers, and Theta is read once. Each z is the chain of multiply-adds of products.inl, bias first and k ascending, or those of
// split_k.inl, so a row has the same bits here and among many rows. Microseconds of a prediction (AVX2, EPYC of the first
// generation, float32):
//     rows                            1      2      3
//     54-256-256-256-7, by panels     41     44     47
//                       in place      33     41     58
//     784-500-500-10, by panels       401    452    588
//                     in place        137    174    243

template <class T, int bytes, int... C>
inline typename Types<T, bytes>::V joined(typename Types<T, bytes / 2>::V a, typename Types<T, bytes / 2>::V b,
                                          std::integer_sequence<int, C...>) {
#ifdef __AVX512F__  // GCC makes a shuffle of two registers of it, but an insertion from memory leaves the shuffles to others
  if constexpr (bytes == 64)
    return reinterpret_cast<typename Types<T, bytes>::V>(
        _mm512_maskz_insertf64x4(0xff, _mm512_castpd256_pd512(reinterpret_cast<__m256d>(a)), reinterpret_cast<__m256d>(b), 1));
#endif
  return __builtin_shufflevector(a, b, C...);
}
// `part` bytes from each of `bytes / part` addresses, `offset` behind from[0], from[1], ..., in one vector.
template <class T, int bytes, int part> inline typename Types<T, bytes>::V gathered(const T* const* from, Index offset) {
  if constexpr (bytes == part) {
    typename Types<T, bytes>::V one;
    __builtin_memcpy(&one, *from + offset, bytes);
    return one;
  } else
    return joined<T, bytes>(gathered<T, bytes / 2, part>(from, offset), gathered<T, bytes / 2, part>(from + bytes / part / 2, offset),
                            std::make_integer_sequence<int, bytes / int(sizeof(T))>{});
}

// Inputs that are taken at once: 32 bytes of each output's weights where vectors have 64, else 16. Four parts of 16 bytes make a
// vector of 64 with more shuffles than two of 32 (one row of 54-256-256-256-7, Zen 5: 8.1 instead of 7.1 us).
template <class T> constexpr int at_once = vector_bytes == 64 ? 2 * part<T> : part<T>;

// Columns k, k + 1, ... of Theta, `inputs` of them, in a vector each; `from` are the weights of input k.
template <class T, int inputs> inline void columns_of(const T* const* from, Index step, Vector<T>* column) {
  constexpr auto all_lanes = std::make_integer_sequence<int, lanes<T>>{};
  if constexpr (inputs == 1) {
    alignas(64) T one[lanes<T>];
    for (int o = 0; o < lanes<T>; ++o) one[o] = from[o / part<T>][o % part<T> * step];
    column[0] = load(one);
    return;
  } else if constexpr (inputs == part<T>) {
#pragma GCC unroll 4
    for (int i = 0; i < part<T>; ++i) column[i] = gathered<T, vector_bytes, 16>(from, i * step);
  } else {
#pragma GCC unroll 4
    for (int i = 0; i < part<T>; ++i) {
      const Vector<T> low = gathered<T, vector_bytes, 32>(from, i * step), high = gathered<T, vector_bytes, 32>(from + 2, i * step);
      column[i] = every_second_part<T, 0>(low, high, all_lanes), column[part<T> + i] = every_second_part<T, 1>(low, high, all_lanes);
    }
    transpose_parts<T>(column + part<T>);
  }
  transpose_parts<T>(column);
}

// Computes `vectors` vectors of z of each row. Each of their parts has the weights of `part` outputs, which begin at an entry of
// `begin`, behind the bias, and are `step` apart. `inputs` are at least `block`, unless that is 1.
template <class T, int rows, int vectors, int block>
void few_rows(const T* a, Index stride, Index inputs, const T* const* begin, Index step, T* z) {
  Vector<T> sum[vectors][rows];
  const T* from[vectors][parts_of_vector];
  for (int v = 0; v < vectors; ++v) {
    alignas(64) T bias[lanes<T>];
    for (int i = 0; i < parts_of_vector; ++i) from[v][i] = begin[v * parts_of_vector + i];
    for (int i = 0; i < lanes<T>; ++i) bias[i] = from[v][i / part<T>][i % part<T> * step - 1];
    for (int r = 0; r < rows; ++r) sum[v][r] = load(bias);
  }
  const auto input = [&](Index k) { return a + k / panel<T> * stride + k % panel<T>; };
  Index k = 0;
  for (; k + block <= inputs; k += block) {
    const T* const at = input(k);
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      Vector<T> column[block];
      columns_of<T, block>(from[v], step, column);
#pragma GCC unroll 8
      for (int i = 0; i < block; ++i)
#pragma GCC unroll 2
        for (int r = 0; r < rows; ++r) sum[v][r] += all(at[r * panel<T> + i]) * column[i];
#pragma GCC unroll 4
      for (int i = 0; i < parts_of_vector; ++i) from[v][i] += block;
    }
  }
  if (k < inputs)  // the last block begins early enough to end with the last input
    for (int v = 0; v < vectors; ++v) {
      Vector<T> column[block];
      for (int i = 0; i < parts_of_vector; ++i) from[v][i] += inputs - k - block;
      columns_of<T, block>(from[v], step, column);
#pragma GCC unroll 8
      for (int i = 0; i < block; ++i)
        if (inputs - block + i >= k)
          for (int r = 0; r < rows; ++r) sum[v][r] += all(input(inputs - block + i)[r * panel<T>]) * column[i];
    }
  for (int v = 0; v < vectors; ++v)
    for (int r = 0; r < rows; ++r) store(z + r * panel<T> + v * lanes<T>, sum[v][r]);
}

template <class T, int vectors, class = std::make_integer_sequence<int, most_few_rows>> struct FewRows;
template <class T, int vectors, int... R> struct FewRows<T, vectors, std::integer_sequence<int, R...>> {
  using Kernel = void (*)(const T*, Index, Index, const T* const*, Index, T*);
  static Kernel of(Index inputs, Index rows) {
    static constexpr Kernel blocks[] = {few_rows<T, R + 1, vectors, at_once<T>>...}, parts[] = {few_rows<T, R + 1, vectors, part<T>>...},
                            singles[] = {few_rows<T, R + 1, vectors, 1>...};
    return (inputs >= at_once<T> ? blocks : inputs >= part<T> ? parts : singles)[rows - 1];
  }
};

// The last outputs of a layer with `splits` (split_k.inl).
template <class T, int rows, int splits> void split_few_rows(const T* a, Index stride, const Layer<T>& layer, T* z) {
  constexpr int units = lanes<T> / splits;
  const Index row = layer.inputs + 1, first = (layer.outputs - 1) / lanes<T> * lanes<T>, n = layer.outputs - first;
  alignas(64) T own[rows * panel<T>], bias[units];
  const T* from[units];
  for (Index u = 0; u < units; ++u) {
    from[u] = layer.in_place + (first + least(u, n - 1)) * row + 1;
    bias[u] = from[u][-1];
  }
  const auto weights = [&](Index k, Index present) {
    if (present == splits) return gathered<T, vector_bytes, splits * int(sizeof(T))>(from, k);
    Vector<T> last{};
    for (int u = 0; u < units; ++u)
      for (Index i = 0; i < present; ++i) last[u * splits + i] = from[u][k + i];
    return last;
  };
  split_tile<T, rows, splits>(Rows<T>{a, panel<T>, panel<T>, stride}, layer.inputs, weights, bias, own);
  for (Index r = 0; r < rows; ++r)
    for (Index u = 0; u < n; ++u) z[r * panel<T> + u] = own[r * panel<T> + u];
}
template <class T> void split_few_rows(const T* a, Index stride, const Layer<T>& layer, T* z, Index rows) {
  static_assert(most_few_rows == 2, "a case for each number of rows");
  with_splits<T>(layer.splits, [&](auto splits) {
    (rows == 1 ? split_few_rows<T, 1, splits()> : split_few_rows<T, 2, splits()>)(a, stride, layer, z);
  });
}

// Computes panel p of z by layer.in_place, for up to most_few_rows rows.
template <class T> void few_rows(const T* a, Index stride, const Layer<T>& layer, Index p, T* z, Index rows) {
  const Index row = layer.inputs + 1, outputs = least(panel<T>, layer.outputs - p * panel<T>), vectors = outputs / lanes<T>;
  const T *const theta = layer.in_place + p * panel<T> * row, *from[panel_vectors * parts_of_vector];
  for (Index i = 0; i < vectors * parts_of_vector; ++i) from[i] = theta + i * part<T> * row + 1;
  if (vectors > 0)
    (vectors == 1 ? FewRows<T, 1>::of : FewRows<T, 2>::of)(layer.inputs, rows)(a, stride, layer.inputs, from, row, z);
  const Index done = vectors * lanes<T>, rest = outputs - done;
  if (rest > 0 && layer.splits > 1) return split_few_rows(a, stride, layer, z + done, rows);
  // The outputs that fill no vector and are not split: their last part begins early enough to end with the last output, and where
  // there is not even one part, each output is computed in all lanes. Not as a scalar, because a compiler may take its products out
  // of its chain.
  const bool alone = rest < part<T>;
  for (Index one = 0; one < (alone ? rest : Index(rest > 0)); ++one) {
    alignas(64) T own[most_few_rows * panel<T>];
    const auto first = [&](Index i) { return done + (alone ? one : least(i * part<T>, rest - part<T>)); };
    for (Index i = 0; i < parts_of_vector; ++i) from[i] = theta + first(i) * row + 1;
    FewRows<T, 1>::of(layer.inputs, rows)(a, stride, layer.inputs, from, alone ? 0 : row, own);
    for (Index r = 0; r < rows; ++r)
      for (Index o = 0; o < lanes<T>; ++o) z[r * panel<T> + first(o / part<T>) + (alone ? 0 : o % part<T>)] = own[r * panel<T> + o];
  }
}
