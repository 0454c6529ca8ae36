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
template <class T> inline Vector<T> load_anywhere(const T* p) {  // where no vector's alignment is
  Vector<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
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

// The first halves of each 16 bytes of a and b in turn, `width` numbers at a time; or their second halves.
template <class T> constexpr int part = 16 / int(sizeof(T));
constexpr int parts_of_vector = vector_bytes / 16;
template <class T, int width, bool second, int... C>
inline Vector<T> interleaved(Vector<T> a, Vector<T> b, std::integer_sequence<int, C...>) {
  return __builtin_shufflevector(a, b, (C / part<T> * part<T> + second * part<T> / 2 + C % part<T> / (2 * width) * width + C % width +
                                        (C / width % 2) * lanes<T>)...);
}
// Every second 16 bytes of a, and then of b.
template <class T, int first, int... C> inline Vector<T> every_second_part(Vector<T> a, Vector<T> b, std::integer_sequence<int, C...>) {
  return __builtin_shufflevector(a, b, ((C / part<T> * 2 + first) * part<T> + C % part<T>)...);
}
// Transposes a block of part x part numbers in each 16 bytes.
template <class T> inline void transpose_parts(Vector<T>* v) {
  constexpr auto C = std::make_integer_sequence<int, lanes<T>>{};
  const Vector<T> a = interleaved<T, 1, false>(v[0], v[1], C), b = interleaved<T, 1, true>(v[0], v[1], C);
  if constexpr (part<T> == 2) v[0] = a, v[1] = b;
  else {
    const Vector<T> c = interleaved<T, 1, false>(v[2], v[3], C), d = interleaved<T, 1, true>(v[2], v[3], C);
    v[0] = interleaved<T, 2, false>(a, c, C), v[1] = interleaved<T, 2, true>(a, c, C);
    v[2] = interleaved<T, 2, false>(b, d, C), v[3] = interleaved<T, 2, true>(b, d, C);
  }
}
// Transposes lanes x lanes numbers: within 16 bytes, whose shuffles take half the time of others (Zen 5), and then 16 bytes as one.
template <class T> inline void transpose_square(Vector<T>* v) {
  constexpr auto C = std::make_integer_sequence<int, lanes<T>>{};
  constexpr int n = part<T>;
#pragma GCC unroll 16
  for (int r = 0; r < lanes<T>; r += n) transpose_parts<T>(v + r);
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i)
    if constexpr (parts_of_vector == 2) {
      const Vector<T> a = v[i], b = v[n + i];
      v[i] = every_second_part<T, 0>(a, b, C), v[n + i] = every_second_part<T, 1>(a, b, C);
    } else if constexpr (parts_of_vector == 4) {
      const Vector<T> a = every_second_part<T, 0>(v[i], v[n + i], C), b = every_second_part<T, 1>(v[i], v[n + i], C);
      const Vector<T> c = every_second_part<T, 0>(v[2 * n + i], v[3 * n + i], C), d = every_second_part<T, 1>(v[2 * n + i], v[3 * n + i], C);
      v[i] = every_second_part<T, 0>(a, c, C), v[2 * n + i] = every_second_part<T, 1>(a, c, C);
      v[n + i] = every_second_part<T, 0>(b, d, C), v[3 * n + i] = every_second_part<T, 1>(b, d, C);
    }
}
// Adds up the lanes of each of `lanes` vectors, always in the same order: the sum of vector r becomes number r. Each stage halves the
// number of vectors. The first stages stay within 16 bytes, whose shuffles take a fifth of the time of others (Zen 5).
template <class T> inline Vector<T> sum_lanes(Vector<T>* rows) {
  constexpr auto C = std::make_integer_sequence<int, lanes<T>>{};
#pragma GCC unroll 16
  for (int r = 0; r < lanes<T>; r += 2)
    rows[r] = interleaved<T, 1, false>(rows[r], rows[r + 1], C) + interleaved<T, 1, true>(rows[r], rows[r + 1], C);
  if constexpr (part<T> == 4)
#pragma GCC unroll 16
    for (int r = 0; r < lanes<T>; r += 4)
      rows[r] = interleaved<T, 2, false>(rows[r], rows[r + 2], C) + interleaved<T, 2, true>(rows[r], rows[r + 2], C);
#pragma GCC unroll 16
  for (int d = part<T>; d < lanes<T>; d *= 2)
#pragma GCC unroll 16
    for (int r = 0; r < lanes<T>; r += 2 * d) rows[r] = every_second_part<T, 0>(rows[r], rows[r + d], C) + every_second_part<T, 1>(rows[r], rows[r + d], C);
  return rows[0];
}
// Transposes a lanes x lanes block of a panel; from == to is allowed.
template <class T> inline void transpose_block(const T* from, T* to) {
  Vector<T> rows[lanes<T>];
#pragma GCC unroll 16
  for (int r = 0; r < lanes<T>; ++r) rows[r] = load(from + r * panel<T>);
  transpose_square<T>(rows);
#pragma GCC unroll 16
  for (int r = 0; r < lanes<T>; ++r) store(to + r * panel<T>, rows[r]);
}
