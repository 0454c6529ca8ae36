// What follows z, or g(z), in some layers only: learnt units (11), and dropout (src/deltarule/engines/dropout.py), by which a
// becomes f g(z), and the factor in (4) f g'(z), with f = 0 or 1 / (1 - p). It acts on what goes out of learnt units.

// Dropout of one panel. If the unit is not learnt and keeps no slope, `kept` first gets g', computed from a.
template <class T> void thin(const Batch<T>& batch, const Layer<T>& layer, Index p, Index begin, Index end, int vectors) {
  const Index start = p * batch.stride + begin * panel<T>;
  T *a = layer.a + start, *kept = layer.kept + start, *bent = layer.bent ? layer.bent + start : nullptr;
  if (!bent && !layer.keeps_slope) {
    each_vector<T>(end - begin, vectors, [&](Index i) { store(kept + i, all(T(1))); });
    if (const auto times_slope = units<T>[int(layer.unit)].back.through) times_slope(kept, a, end - begin, vectors, layer.number);
  }
  Units<T> lane;
  for (int j = 0; j < lanes<T>; ++j) lane[j] = std::uint32_t(j);
  for (Index t = begin; t < end; ++t, a += panel<T>, kept += panel<T>) {
    const std::uint32_t of_row = dropout_of_row(layer.dropout, std::uint64_t(batch.offset + row_number(batch, t)));
    each_vector<T>(1, vectors, [&](Index at) {
      const Units<T> of_units = dropout_of_unit(of_row, lane + std::uint32_t(p * panel<T> + at));
      const Vector<T> f = __builtin_convertvector(of_units < layer.left_out, Bits<T>) ? Vector<T>{} : all(layer.factor);
      store(a + at, load(a + at) * f);
      store(kept + at, load(kept + at) * f);
      if (bent) store(bent + at, load(bent + at) * f);
    });
    if (bent) bent += panel<T>;
  }
}

// Kept out of line: inlined into forward() it slowed a 4-10-3 step without dropout by 2 %.
template <class T>
__attribute__((noinline)) void finish(const Batch<T>& batch, const Layer<T>& layer, Index p, Index begin, Index end, int vectors) {
  const Index start = p * batch.stride + begin * panel<T>;
  if (layer.bent)
    units<T>[int(layer.learnt)].learnt(layer.a + start, layer.kept + start, layer.bent + start, layer.theta.alpha + p * panel<T>,
                                     end - begin, vectors, layer.number);
  // A rate so small that its factor rounds to 1 leaves the units of other layers to be thinned too: `kept` is to be written.
  if (!layer.bent || layer.factor != T(1) || layer.left_out != 0) thin(batch, layer, p, begin, end, vectors);
}

// The way back through learnt units: delta becomes dl/dz, and bent what (11) adds up for alpha.
template <class T> __attribute__((noinline)) void through_learnt(T* delta, const T* kept, T* bent, Index rows, int vectors) {
  each_vector<T>(rows, vectors, [&](Index i) {
    const Vector<T> error = load(delta + i);
    store(bent + i, error * load(bent + i));
    store(delta + i, error * load(kept + i));
  });
}
