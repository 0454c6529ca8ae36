// The one micro-kernel: a tile of c, `rows` high and `vectors` wide, stays in registers while k runs.
//
//     c[r, :] = init[r, :] + sum_k a(r, k) * b[k, :],   k ascending
//
// a(r, k) stands at a + r * row_step + (k % panel) * k_step, plus `jump` for each panel of k passed. row_step == panel with
// k_step == 1 multiplies by the rows of a panelled matrix ((1) and (4)). Where X itself is multiplied by, `jump` is the step from
// one of its rows to the next: row_step == 0 multiplies by those rows (1); k_step == 0 by its columns (5), or by those of a panelled
// matrix, whose rows are one panel apart.
// b and c are panels. init_step == 0 starts every row with the same vector (the bias); init == c adds to c.
template <class T, int rows, int vectors, int row_step, int k_step>
void tile(const T* a, Index jump, Index depth, const T* b, T* c, const T* init, Index init_step) {
  constexpr bool b_is_X = row_step && k_step == panel<T>, panelled = row_step && k_step && !b_is_X;
  constexpr int near = row_step ? rows : 3;  // rows that one pointer reaches: one for each row of X would take all registers
  constexpr int bases = (rows + near - 1) / near;
  const Index to_next_row = row_step ? row_step : jump, to_next_k = k_step ? k_step : jump, to_next_of_b = b_is_X ? jump : panel<T>;
  Vector<T> sum[rows][vectors];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[r][v] = load(init + r * init_step + v * lanes<T>);
  for (Index done = 0, n; done < depth; done += n, a += jump) {
    n = panelled ? least(panel<T>, depth - done) : depth;
    const T* element[bases];
#pragma GCC unroll 4
    for (int i = 0; i < bases; ++i) element[i] = a + i * near * to_next_row;
#pragma GCC unroll 2
    for (Index k = 0; k < n; ++k, b += to_next_of_b) {
      Vector<T> right[vectors];
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) right[v] = b_is_X ? load_anywhere(b + v * lanes<T>) : load(b + v * lanes<T>);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        const Vector<T> left = all(element[r / near][r % near * to_next_row]);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) sum[r][v] += left * right[v];
      }
#pragma GCC unroll 4
      for (int i = 0; i < bases; ++i) element[i] += to_next_k;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) store(c + r * panel<T> + v * lanes<T>, sum[r][v]);
}

template <class T> using Tile = void (*)(const T*, Index, Index, const T*, T*, const T*, Index);

// One function for each height, so that a remainder takes time in proportion to its rows, and no rows are padded.
template <class T, int vectors, int row_step, int k_step, class = std::make_integer_sequence<int, tile_rows>> struct Tiles;
template <class T, int vectors, int row_step, int k_step, int... R>
struct Tiles<T, vectors, row_step, k_step, std::integer_sequence<int, R...>> {
  static constexpr Tile<T> of[] = {tile<T, R + 1, vectors, row_step, k_step>...};
};

// Calls f(height) for each tile of any number of rows; heights differ by one at most.
template <class F> inline void each_tile(Index rows, const F& f) {
  if (rows <= 0) return;
  // No division for a single tile: a division takes as long as a tile of a small network.
  const Index n = (rows + tile_rows - 1) / tile_rows, height = n == 1 ? rows : rows / n, higher = rows - n * height;
  for (Index i = 0; i < n; ++i) f(height + (i < higher));
}

// Computes one or two vectors of a panel of c of any number of rows; none where all of its units are split (split_k.inl).
template <class T, int row_step, int k_step>
void product(const T* a, Index jump, Index depth, const T* b, T* c, Index rows, int vectors, const T* init, Index init_step) {
  if (vectors == 0) return;
  const Tile<T>* functions = vectors == 1 ? Tiles<T, 1, row_step, k_step>::of : Tiles<T, 2, row_step, k_step>::of;
  each_tile(rows, [&](Index height) {
    functions[height - 1](a, jump, depth, b, c, init, init_step);
    a += height * (row_step ? row_step : jump), c += height * panel<T>, init += height * init_step;
  });
}

template <class T> alignas(64) constexpr T zeros[panel<T>] = {};
