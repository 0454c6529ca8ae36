// Vectors of T, by the vector extensions of GCC and Clang; the including file sets their width (vector_bytes).

template <class E, int bytes> struct Types { typedef E V __attribute__((vector_size(bytes))); };
template <class T> using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T> constexpr int lanes = vector_bytes / int(sizeof(T));
template <class T> using Vector = typename Types<T, vector_bytes>::V;
template <class T> using Bits = typename Types<Word<T>, vector_bytes>::V;
template <class T> using Units = typename Types<std::uint32_t, 4 * lanes<T>>::V;  // a number of 32 bits in each lane

constexpr int panel_vectors = 2;
template <class T> constexpr int panel = panel_vectors * lanes<T>;

template <class T> inline Vector<T> load(const T* p) { return *reinterpret_cast<const Vector<T>*>(p); }
template <class T> inline void store(T* p, Vector<T> v) { *reinterpret_cast<Vector<T>*>(p) = v; }
template <class T> inline Vector<T> all(T x) { return x - Vector<T>{}; }  // minus, because x - 0 is x for every x, -0 too
template <class T> inline Bits<T> all_bits(Word<T> x) { return x - Bits<T>{}; }
template <class T> inline Bits<T> bits(Vector<T> v) { return reinterpret_cast<Bits<T>>(v); }
template <class T> inline Vector<T> from_bits(Bits<T> u) { return reinterpret_cast<Vector<T>>(u); }

template <class T> inline Vector<T> square_root(Vector<T> x) {  // GCC and Clang make one instruction of the loop
  for (int i = 0; i < lanes<T>; ++i) x[i] = sizeof(T) == 4 ? __builtin_sqrtf(x[i]) : __builtin_sqrt(x[i]);
  return x;
}

constexpr Index least(Index a, Index b) { return a < b ? a : b; }
template <class T> constexpr Index panels(Index columns) { return (columns + panel<T> - 1) / panel<T>; }
// How many vectors of panel p hold any of the columns.
template <class T> constexpr int vectors_in(Index p, Index columns) {
  return int(least(panel_vectors, (columns - p * panel<T> + lanes<T> - 1) / lanes<T>));
}
// Calls f with the offset of each vector of a block of a panel.
template <class T, class F> inline void each_vector(Index rows, int vectors, const F& f) {
  for (Index r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) f(r * panel<T> + v * lanes<T>);
}

// Summed in double, because squares of float32 overflow for D above 1e19.
template <class T, class F> double sum_of_squares(Index rows, int vectors, const F& at) {
  double sums[lanes<T>] = {}, total = 0;
  each_vector<T>(rows, vectors, [&](Index i) {
    const Vector<T> x = at(i);
    for (int lane = 0; lane < lanes<T>; ++lane) sums[lane] += double(x[lane]) * double(x[lane]);
  });
  for (double sum : sums) total += sum;
  return total;
}

// One stage of a transpose: swaps the off-diagonal halves of every 2*D x 2*D block that rows r and r + D share.
template <class T, int D, int... C>
inline void exchange(Vector<T>& upper, Vector<T>& lower, std::integer_sequence<int, C...>) {
  constexpr int n = lanes<T>;
  Vector<T> u = upper, l = lower;
  upper = __builtin_shufflevector(u, l, ((C & D) ? n + C - D : C)...);
  lower = __builtin_shufflevector(u, l, ((C & D) ? n + C : C + D)...);
}
template <class T, int D> inline void stages(Vector<T>* rows) {
  if constexpr (D < lanes<T>) {
#pragma GCC unroll 16
    for (int r = 0; r < lanes<T>; ++r)
      if (!(r & D)) exchange<T, D>(rows[r], rows[r + D], std::make_integer_sequence<int, lanes<T>>{});
    stages<T, 2 * D>(rows);
  }
}
// Adds up the lanes of each of `lanes` vectors, always in the same order: the sum of vector r becomes number r. The stages of a
// transpose, but each halves the number of vectors.
template <class T, int D = 1> inline Vector<T> sum_lanes(Vector<T>* rows) {
  if constexpr (D < lanes<T>) {
#pragma GCC unroll 16
    for (int r = 0; r < lanes<T>; r += 2 * D) {
      exchange<T, D>(rows[r], rows[r + D], std::make_integer_sequence<int, lanes<T>>{});
      rows[r] += rows[r + D];
    }
    return sum_lanes<T, 2 * D>(rows);
  } else {
    return rows[0];
  }
}
// Transposes a lanes x lanes block of a panel; from == to is allowed.
template <class T> inline void transpose_block(const T* from, T* to) {
  Vector<T> rows[lanes<T>];
#pragma GCC unroll 16
  for (int r = 0; r < lanes<T>; ++r) rows[r] = load(from + r * panel<T>);
  stages<T, 1>(rows);
#pragma GCC unroll 16
  for (int r = 0; r < lanes<T>; ++r) store(to + r * panel<T>, rows[r]);
}
