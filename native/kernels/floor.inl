// The first floor in phase 1: rows of X to x, and dl/dx to dl/d(what goes out of the pieces). See floor.hpp for the form.

template <class T> using Square = Vector<T>[lanes<T>];  // lanes x lanes numbers

// Writes `count` numbers of each of the `lanes` rows, from column `first` on, as columns.
template <class T> void read_square(const T* const* rows, Index first, Index count, T* to) {
  Square<T> square;
  for (int r = 0; r < lanes<T>; ++r) {
    alignas(64) T row[lanes<T>] = {};
    if (count >= lanes<T>) __builtin_memcpy(row, rows[r] + first, sizeof row);
    else gather_row(rows[r] + first, count, row, 0);
    square[r] = load(row);
  }
  transpose_square<T>(square);
  for (Index c = 0; c < least(count, lanes<T>); ++c) store(to + c * lanes<T>, square[c]);
}

// (8)
template <class T> void embed(const Floor<T>& floor, const Piece<T>& piece, const T* x, T* out, T* kept) {
  const T* rows[lanes<T>];
  for (int lane = 0; lane < lanes<T>; ++lane) {
    const bool is_number = x[lane] >= T(0) && x[lane] < T(piece.size);
    const Index k = is_number ? Index(x[lane]) : 0;
    const bool is_known = is_number && T(k) == x[lane];
    kept[lane] = is_known ? x[lane] : T(-1);
    rows[lane] = is_known ? floor.theta + piece.at + k * piece.width : floor.none;
  }
  for (Index i = 0; i < piece.width; ++i, out += lanes<T>)
    for (int lane = 0; lane < lanes<T>; ++lane) out[lane] = rows[lane][i];
}

// (9). k counts the inner knots that are not above x; r is computed in float64, in which close knots stay apart.
template <class T> void interpolate(const Floor<T>& floor, const Piece<T>& piece, const T* x, T* out, T* kept) {
  const Vector<T> here = load(x);
  Vector<T> count{};
  for (Index k = 1; k < piece.size - 1; ++k) count += here >= piece.bounds[k] ? all(T(1)) : Vector<T>{};
  store(kept, count);
  const T* rows[lanes<T>];
  for (int lane = 0; lane < lanes<T>; ++lane) {
    const Index k = Index(kept[lane]);
    const double share = (double(x[lane]) - piece.knots[k]) * piece.rise[k];
    kept[lanes<T> + lane] = T(share < 0 ? 0 : share > 1 ? 1 : share);
    rows[lane] = floor.theta + piece.at + k * piece.width;
  }
  const Vector<T> r = load(kept + lanes<T>);
  for (Index i = 0; i < piece.width; ++i, out += lanes<T>) {
    alignas(64) T low[lanes<T>], high[lanes<T>];
    for (int lane = 0; lane < lanes<T>; ++lane) low[lane] = rows[lane][i], high[lane] = rows[lane][piece.width + i];
    store(out, (T(1) - r) * load(low) + r * load(high));
  }
}

template <class T> constexpr T whole_turn = T(6.28318530717958647692);

// (10). cos phi and sin phi of each wave are kept.
template <class T> void oscillate(const Floor<T>& floor, const Piece<T>& piece, const T* x, T* out, T* kept) {
  const T *const omega = floor.theta + piece.at, *const b = floor.theta + piece.phase, *const v = floor.theta + piece.bias;
  const Vector<T> here = load(x);
  Vector<T> sum_of_angles{};
  for (Index f = 0; f < piece.size; ++f) {
    const Vector<T> phi = here * (whole_turn<T> * omega[f]) + b[f];
    sum_of_angles += magnitude_of<T>(phi);
    const Wave<T> y = wave<T>(phi);
    store(kept + 2 * f * lanes<T>, y.cos), store(kept + (2 * f + 1) * lanes<T>, y.sin);
  }
  if (!all_within<T>(sum_of_angles, widest_angle<T>))
    for (Index f = 0; f < piece.size; ++f) {
      alignas(64) T phi[lanes<T>];
      store(phi, here * (whole_turn<T> * omega[f]) + b[f]);
      correct_wide_angles(phi, kept + 2 * f * lanes<T>, kept + (2 * f + 1) * lanes<T>);
    }
  store(out, here);
  const Index row = panels<T>(piece.size) * panel<T>;
  for (Index i = 1; i < piece.width; ++i) {
    const T* const V = floor.theta + piece.weight + (i - 1) * row;
    Vector<T> sum = all(v[i - 1]);
    for (Index f = 0; f < piece.size; ++f) sum += V[f] * load(kept + 2 * f * lanes<T>);
    store(out + i * lanes<T>, sum);
  }
}

template <class T> void make(const Floor<T>& floor, const Piece<T>& piece, const T* raw, T* out, T* kept) {
  const T* const x = raw + piece.from * lanes<T>;
  T* const to = out + piece.to * lanes<T>;
  T* const mine = kept + piece.kept * lanes<T>;
  switch (piece.kind) {
    case Kind::embedding: return embed(floor, piece, x, to, mine);
    case Kind::piecewise: return interpolate(floor, piece, x, to, mine);
    case Kind::periodic: return oscillate(floor, piece, x, to, mine);
    case Kind::keep: __builtin_memcpy(to, x, std::size_t(piece.columns * lanes<T>) * sizeof(T)); return;
    case Kind::scale:
      for (Index c = 0; c < piece.columns; ++c) store(to + c * lanes<T>, load(x + c * lanes<T>) * floor.theta[piece.at + c]);  // (7)
  }
}

// Writes x of rows begin .. end, and gathers their y.
template <class T> __attribute__((noinline)) void through_floor(const Batch<T>& batch, const Floor<T>& floor, Index begin, Index end) {
  for (Index t = begin; t < end; t += lanes<T>) {
    const Index block = t / lanes<T>, n = least(lanes<T>, end - t);
    T *const raw = floor.raw + block * floor.raw_step, *const out = floor.out + block * floor.out_step;
    T* const kept = floor.kept + block * floor.kept_step;
    const T* rows[lanes<T>];
    for (int r = 0; r < lanes<T>; ++r) {
      rows[r] = batch.X.dense + row_number(batch, t + least(r, n - 1)) * floor.inputs;
      if (t + lanes<T> + r >= batch.known) continue;
      const T* const later = batch.X.dense + row_number(batch, t + lanes<T> + r) * floor.inputs;
      for (Index i = 0; i < floor.inputs; i += 64 / Index(sizeof(T))) __builtin_prefetch(later + i);
    }
    for (Index c = 0; c < floor.inputs; c += lanes<T>) read_square(rows, c, floor.inputs - c, raw + c * lanes<T>);
    for (Index i = 0; i < floor.n_pieces; ++i) make(floor, floor.pieces[i], raw, out, kept);
    for (Index c = 0; c < floor.outputs; c += lanes<T>) {
      Square<T> square{};
      for (Index i = 0; i < least(lanes<T>, floor.outputs - c); ++i) {
        square[i] = load(out + (c + i) * lanes<T>);
        if (floor.scale >= 0) square[i] *= floor.theta[floor.scale + c + i];  // (7)
      }
      transpose_square<T>(square);
      T* const x = batch.x + c / panel<T> * batch.stride + t * panel<T> + c % panel<T>;
      for (int r = 0; r < lanes<T>; ++r) store(x + r * panel<T>, square[r]);
    }
    for (Index r = t; batch.Y && r < t + n; ++r) gather_y(batch, row_number(batch, r), r);
  }
}

// dl/dx = Theta^(1)^T delta^(2), and from there through the scale: dl/d(what goes out of the pieces), and what (7) adds up for s.
template <class T> __attribute__((noinline)) void back_to_floor(const Batch<T>& batch, const Floor<T>& floor, Index begin, Index end) {
  const Layer<T>& layer = batch.layers[0];
  for (Index p = 0; p < panels<T>(layer.inputs); ++p) {
    const int vectors = vectors_in<T>(p, layer.inputs);
    product<T, panel<T>, 1>(layer.delta + begin * panel<T>, batch.stride, layer.outputs, layer.theta.matrix + p * layer.theta_stride,
                            floor.panel + begin * panel<T>, end - begin, vectors, zeros<T>, 0);
    for (Index t = begin; t < end; t += lanes<T>)
      for (int v = 0; v < vectors; ++v) {
        Square<T> square;
        for (int r = 0; r < lanes<T>; ++r)
          square[r] = t + r < end ? load(floor.panel + (t + r) * panel<T> + v * lanes<T>) : Vector<T>{};
        transpose_square<T>(square);
        const Index first = p * panel<T> + v * lanes<T>;
        T *const out = floor.out + t / lanes<T> * floor.out_step, *const error = floor.error + t / lanes<T> * floor.out_step;
        for (Index c = first; c < least(first + lanes<T>, floor.outputs); ++c) {
          Vector<T> e = square[c - first];
          if (floor.scale >= 0) {
            store(out + c * lanes<T>, load(out + c * lanes<T>) * e);  // (7)
            e *= floor.theta[floor.scale + c];
          }
          store(error + c * lanes<T>, e);
        }
      }
  }
}
