// Dropout (src/deltarule/engines/dropout.py): a becomes f g(z), and the factor in (4) becomes f g'(z), with f = 0 or 1 / (1 - p).

// Thins one panel of a layer, after g. If the unit keeps no slope, `kept` first gets g', computed from a.
// Kept out of line: inlined into forward() it slowed a 4-10-3 step without dropout by 2 %.
template <class T>
__attribute__((noinline)) void thin(const Batch<T>& batch, const Layer<T>& layer, Index p, Index begin, Index end, int vectors) {
  T *a = layer.a + p * batch.stride + begin * panel<T>, *kept = layer.kept + p * batch.stride + begin * panel<T>;
  if (!layer.keeps_slope) {
    each_vector<T>(end - begin, vectors, [&](Index i) { store(kept + i, all(T(1))); });
    if (const auto times_slope = units<T>[int(layer.unit)].backward) times_slope(kept, a, end - begin, vectors, layer.number);
  }
  Units<T> lane;
  for (int j = 0; j < lanes<T>; ++j) lane[j] = std::uint32_t(j);
  for (Index t = begin; t < end; ++t, a += panel<T>, kept += panel<T>) {
    const std::uint32_t of_row = dropout_of_row(layer.dropout, std::uint64_t(batch.offset + row_number(batch, t)));
    each_vector<T>(1, vectors, [&](Index at) {
      const Units<T> of_units = dropout_of_unit<Units<T>>(of_row, lane + std::uint32_t(p * panel<T> + at));
      const Vector<T> f = __builtin_convertvector(of_units < layer.left_out, Bits<T>) ? Vector<T>{} : all(layer.factor);
      store(a + at, load(a + at) * f);
      store(kept + at, load(kept + at) * f);
    });
  }
}
