// (1) for the last units of a layer, where they fill half of a vector at most: `splits` inputs stand beside each other in it.
//
//     lane  u * splits + i   adds up the inputs k with k % splits == i, for unit u; i == 0 begins with the bias
//
// So a z of these units is the sum of `splits` chains of multiply-adds, and 100 units take 6 1/4 vectors of 16 lanes instead of 7.
// How many there are depends on the network, the instruction set and whether X is sparse (then layer 2 has none), so a row has the
// same bits wherever it stands. The callers ask for `splits` above 1 first.

// `splits` numbers of a row in turn, in all lanes. Read without a vector's alignment: they may stand in X as the caller has it.
template <class T, int splits> inline Vector<T> repeated(const T* from) {
  constexpr int bytes = splits * int(sizeof(T));
  if constexpr (bytes == 8) {
    std::uint64_t both;
    __builtin_memcpy(&both, from, bytes);
    return reinterpret_cast<Vector<T>>(both - typename Types<std::uint64_t, vector_bytes>::V{});
  } else {
    typename Types<double, bytes>::V some;
    __builtin_memcpy(&some, from, bytes);
    if constexpr (bytes == vector_bytes) return reinterpret_cast<Vector<T>>(some);
#ifdef __AVX512F__  // of a shuffle that widens, GCC makes a detour through memory instead of one load
    else if constexpr (bytes == 16) return reinterpret_cast<Vector<T>>(_mm512_maskz_broadcast_f64x2(0xff, some));
    else return reinterpret_cast<Vector<T>>(_mm512_maskz_broadcast_f64x4(0xff, some));
#elif defined(__AVX2__)
    else return reinterpret_cast<Vector<T>>(_mm256_broadcast_pd(reinterpret_cast<const __m128d*>(from)));
#endif
  }
}
// All bits of the lanes of input k % splits == i.
template <class T, int splits> inline Bits<T> lanes_of_input(Index i) {
  Bits<T> input{};
  for (int lane = 0; lane < lanes<T>; ++lane) input[lane] = Word<T>(lane % splits);  // GCC makes a constant of the loop
  return Bits<T>(input == all_bits<T>(Word<T>(i)));
}
// Adds up the lanes of each unit, always in the same order, and moves the sums to the first lanes.
template <class T, int splits, int apart, int... C> inline Vector<T> units_of(Vector<T> sum, std::integer_sequence<int, C...> all_lanes) {
  if constexpr (apart < splits)
    return units_of<T, splits, 2 * apart>(sum + __builtin_shufflevector(sum, sum, (C ^ apart)...), all_lanes);
  else
    return __builtin_shufflevector(sum, Vector<T>{}, (C * splits < lanes<T> ? C * splits : lanes<T> + C)...);
}

// Rows of a panelled matrix or of X: `run` numbers of a row stand side by side, and the next run begins `jump` behind.
template <class T> struct Rows {
  const T* first;
  Index step, run, jump;  // step: from a row to the next
};

// z of `rows` rows. weights(k, n) returns those of inputs k ... k + n - 1 in their lanes, and zeros in the others; n is `splits`, or
// less at the end.
template <class T, int rows, int splits, class Weights>
inline void split_tile(const Rows<T>& a, Index inputs, const Weights& weights, const T* bias, T* z) {
  constexpr auto all_lanes = std::make_integer_sequence<int, lanes<T>>{};
  constexpr int near = 3, bases = (rows + near - 1) / near;  // as in products.inl
  const Index whole = inputs / splits * splits, rest = inputs - whole;
  Vector<T> begin{}, sum[rows];
#pragma GCC unroll 16
  for (int u = 0; u < lanes<T> / splits; ++u) begin[u * splits] = bias[u];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) sum[r] = begin;
  const T* run = a.first;
  for (Index done = 0, n; done < whole; done += n, run += a.jump) {
    n = least(a.run, whole - done);
    const T* element[bases];
#pragma GCC unroll 4
    for (int i = 0; i < bases; ++i) element[i] = run + i * near * a.step;
    for (Index k = 0; k < n; k += splits) {
      const Vector<T> right = weights(done + k, splits);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) sum[r] += repeated<T, splits>(element[r / near] + r % near * a.step) * right;
#pragma GCC unroll 4
      for (int i = 0; i < bases; ++i) element[i] += splits;
    }
  }
  if (rest) {  // one by one, because behind the last number of X nothing may be read, and padding may be NaN after an overflow
    const Vector<T> right = weights(whole, rest);
    const T* const last = a.first + whole / a.run * a.jump + whole % a.run;
    for (Index i = 0; i < rest; ++i) {
      const Bits<T> mask = lanes_of_input<T, splits>(i);
      const Vector<T> of_input = from_bits<T>(bits<T>(right) & mask);  // an infinite weight of another input would meet the zeros of x
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) sum[r] += from_bits<T>(bits<T>(all(last[r * a.step + i])) & mask) * of_input;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) store(z + r * panel<T>, units_of<T, splits, 1>(sum[r], all_lanes));
}

// By Layer::split.
template <class T, int rows, int splits> void split_tile(const Rows<T>& a, Index inputs, const T* split, const T* bias, T* z) {
  split_tile<T, rows, splits>(a, inputs, [=](Index k, Index) { return load(split + k * (lanes<T> / splits)); }, bias, z);
}
template <class T, int splits, class = std::make_integer_sequence<int, tile_rows>> struct SplitTiles;
template <class T, int splits, int... R> struct SplitTiles<T, splits, std::integer_sequence<int, R...>> {
  static constexpr void (*of[])(const Rows<T>&, Index, const T*, const T*, T*) = {split_tile<T, R + 1, splits>...};
};

// Calls f with `splits`, 2 ... lanes, as a constant.
template <class T, int most = lanes<T>, class F> void with_splits(int splits, const F& f) {
  if constexpr (most > 2)
    if (splits < most) return with_splits<T, most / 2>(splits, f);
  f(std::integral_constant<int, most>{});
}

// Where the last vector of outputs begins in its panel.
template <class T> Index last_vector(const Layer<T>& layer) { return (layer.outputs - 1) % panel<T> / lanes<T> * lanes<T>; }

// z of the last outputs of a layer, for any number of rows.
template <class T> void split_product(Rows<T> a, const Layer<T>& layer, Index rows, T* z) {
  const T* const bias = layer.theta.bias + (layer.outputs - 1) / lanes<T> * lanes<T>;
  with_splits<T>(layer.splits, [&](auto splits) {
    each_tile(rows, [&](Index height) {
      SplitTiles<T, splits()>::of[height - 1](a, layer.inputs, layer.split, bias, z);
      a.first += height * a.step, z += height * panel<T>;
    });
  });
}

// The first numbers of `splits` rows that are `step` apart, then their second ones, and so on.
template <class T, int splits, int... C>
inline Vector<T> rows_in_turn(const T* row, Index step, std::integer_sequence<int, C...> all_lanes) {
  if constexpr (splits == 1) return load(row);
  else
    return __builtin_shufflevector(rows_in_turn<T, splits / 2>(row, 2 * step, all_lanes),
                                   rows_in_turn<T, splits / 2>(row + step, 2 * step, all_lanes), (C % 2 * lanes<T> + C / 2)...);
}
// Copies the weights of inputs begin ... end - 1 to Layer::split; begin is a multiple of panel. Number by number it took a quarter of
// a step of 784-8 with one row.
template <class T> void split_weights(const Layer<T>& layer, Index begin, Index end) {
  const T* const from = layer.transposed + (layer.outputs - 1) / panel<T> * layer.transposed_stride + last_vector(layer);
  with_splits<T>(layer.splits, [&](auto splits) {
    constexpr auto all_lanes = std::make_integer_sequence<int, lanes<T>>{};
    for (Index k = begin; k < end; k += splits())
      store(layer.split + k / splits() * lanes<T>, rows_in_turn<T, splits()>(from + k * panel<T>, panel<T>, all_lanes));
  });
}
