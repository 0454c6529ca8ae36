// The first floor in phase 2: (7) to (10) for the parameters, over all rows of the batch in order, then (6) and the update rule.

template <class T> inline Index blocks_of(Index rows) { return (rows + lanes<T> - 1) / lanes<T>; }

// Adds n numbers to Delta, or writes them there.
template <class T> inline void add_or_write(T* Delta, const T* sums, Index n, bool add) {
  for (Index i = 0; i < n; ++i) Delta[i] = add ? Delta[i] + sums[i] : sums[i];
}

// s (7): the sums over rows of one column each; at(block, column) gives their terms.
template <class T, class Terms> void sums_of_columns(Index n, Index blocks, T* Delta, bool add, const Terms& at) {
  for (Index c = 0; c < n; c += lanes<T>) {
    const Index count = least(lanes<T>, n - c);
    Square<T> square{};
    for (Index block = 0; block < blocks; ++block)
      for (Index i = 0; i < count; ++i) square[i] += at(block, c + i);
    alignas(64) T sums[lanes<T>];
    store(sums, sum_lanes<T>(square));
    add_or_write(Delta + c, sums, count, add);
  }
}

// (8), rows first .. first + n of the table: one chain of additions for each number, in the order of the rows.
template <class T> void gather_embedding(const Floor<T>& floor, const Piece<T>& piece, Index first, Index n, Index blocks, bool add) {
  T* const Delta = floor.Delta + piece.at;
  if (!add) __builtin_memset(Delta + first * piece.width, 0, std::size_t(n * piece.width) * sizeof(T));
  for (Index block = 0; block < blocks; ++block) {
    const T* const k = floor.kept + block * floor.kept_step + piece.kept * lanes<T>;
    const T* const error = floor.error + block * floor.out_step + piece.to * lanes<T>;
    for (int lane = 0; lane < lanes<T>; ++lane) {
      const Index row = Index(k[lane]);
      if (row < first || row >= first + n) continue;
      for (Index i = 0; i < piece.width; ++i) Delta[row * piece.width + i] += error[i * lanes<T> + lane];
    }
  }
}

// (9)
template <class T> void gather_piecewise(const Floor<T>& floor, const Piece<T>& piece, Index blocks, bool add) {
  T* const Delta = floor.Delta + piece.at;
  const Index width = piece.width;
  if (!add) __builtin_memset(Delta, 0, std::size_t(piece.size * width) * sizeof(T));
  for (Index block = 0; block < blocks; ++block) {
    const T* const kept = floor.kept + block * floor.kept_step + piece.kept * lanes<T>;
    const T* const error = floor.error + block * floor.out_step + piece.to * lanes<T>;
    const Vector<T> r = load(kept + lanes<T>);
    T* rows[lanes<T>];
    for (int lane = 0; lane < lanes<T>; ++lane) rows[lane] = Delta + Index(kept[lane]) * width;
    for (Index i = 0; i < width; ++i) {
      const Vector<T> e = load(error + i * lanes<T>);
      alignas(64) T low[lanes<T>], high[lanes<T>];
      store(low, (T(1) - r) * e), store(high, r * e);
      for (int lane = 0; lane < lanes<T>; ++lane) rows[lane][i] += low[lane], rows[lane][width + i] += high[lane];
    }
  }
}

// (10), for one column.
template <class T> void gather_periodic(const Floor<T>& floor, const Piece<T>& piece, Index blocks, bool add) {
  const Index n_sums = piece.width - 1, row = panels<T>(piece.size) * panel<T>;
  const T* const V = floor.theta + piece.weight;
  const T* const kept = floor.kept + piece.kept * lanes<T>;
  const T* const error = floor.error + (piece.to + 1) * lanes<T>;
  const T* const x = floor.raw + piece.from * lanes<T>;
  const auto write = [&](Index place, Square<T>& square, Index count) {
    alignas(64) T sums[lanes<T>];
    store(sums, sum_lanes<T>(square));
    add_or_write(floor.Delta + place, sums, count, add);
  };
  for (Index first = 0; first < piece.size; first += lanes<T>) {
    const Index count = least(lanes<T>, piece.size - first);
    Square<T> of_b{}, of_omega{};
    for (Index i = 0; i < count; ++i) {
      const Index f = first + i;
      Vector<T> b{}, omega{};
      for (Index block = 0; block < blocks; ++block) {
        const T* const e = error + block * floor.out_step;
        Vector<T> through{};
        for (Index w = 0; w < n_sums; ++w) through += V[w * row + f] * load(e + w * lanes<T>);
        const Vector<T> gamma = -load(kept + block * floor.kept_step + (2 * f + 1) * lanes<T>) * through;
        b += gamma, omega += load(x + block * floor.raw_step) * gamma;
      }
      of_b[i] = b, of_omega[i] = whole_turn<T> * omega;
    }
    write(piece.phase + first, of_b, count), write(piece.at + first, of_omega, count);
    for (Index w = 0; w < n_sums; ++w) {
      Square<T> of_V{};
      for (Index i = 0; i < count; ++i) {
        Vector<T> sum{};
        for (Index block = 0; block < blocks; ++block)
          sum += load(error + block * floor.out_step + w * lanes<T>) *
                 load(kept + block * floor.kept_step + 2 * (first + i) * lanes<T>);
        of_V[i] = sum;
      }
      write(piece.weight + w * row + first, of_V, count);
    }
  }
  sums_of_columns<T>(n_sums, blocks, floor.Delta + piece.bias, add,
                     [&](Index block, Index w) { return load(error + block * floor.out_step + w * lanes<T>); });
}

// Writes Delta of a task's runs.
template <class T> void gather_floor(const Batch<T>& batch, const Floor<T>& floor, const FloorTask& task) {
  const Index blocks = blocks_of<T>(batch.rows);
  const auto product_with = [&](const T* factor, Index step, Index from, Index to, Index place) {
    sums_of_columns<T>(task.n, blocks, floor.Delta + place + task.first, batch.add, [&](Index block, Index c) {
      const Vector<T> value = load(factor + block * step + (from + task.first + c) * lanes<T>);
      return to < 0 ? value : value * load(floor.error + block * floor.out_step + (to + task.first + c) * lanes<T>);
    });
  };
  if (task.piece < 0) return product_with(floor.out, floor.out_step, 0, -1, floor.scale);
  const Piece<T>& piece = floor.pieces[task.piece];
  switch (piece.kind) {
    case Kind::keep: return;
    case Kind::scale: return product_with(floor.raw, floor.raw_step, piece.from, piece.to, piece.at);
    case Kind::embedding: return gather_embedding(floor, piece, task.first, task.n, blocks, batch.add);
    case Kind::piecewise: return gather_piecewise(floor, piece, blocks, batch.add);
    case Kind::periodic: return gather_periodic(floor, piece, blocks, batch.add);
  }
}

template <class T, class R> __attribute__((noinline)) void run_floor_task(const Batch<T>& batch, const Floor<T>& floor, Index number) {
  constexpr bool updates = R::n_moments > 0;
  const FloorTask task = floor.tasks[batch.tasks[number].layer];
  if (!updates || !floor.has_Delta) gather_floor(batch, floor, task);
  double squares = 0;
  for (int i = task.first_run; i < task.first_run + task.n_runs; ++i) {
    const Stretch run = floor.runs[i];
    const Rule<T> rule = floor.rules[run.group];
    const auto D = [&](Index at) { return rule.scale * load(floor.Delta + at); };
    for (Index at = run.at; at < run.at + run.n; at += lanes<T>) {
      if constexpr (updates) store(floor.theta + at, R::next(rule, load(floor.theta + at), D(at), floor.moments, at));
      else if (batch.squares) squares += sum_of_squares<T>(1, 1, [&](Index) { return D(at); });
    }
  }
  if (batch.squares) batch.squares[number] = squares;
}
