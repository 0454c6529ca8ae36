// Output units: h, the cost of a row and delta^(L) = h - y (3), all from z. The terms are grouped to keep every digit of a
// confident answer; docs/derivation.md, section 8, derives them.
//
// The functions work on `lanes` rows at a time, one row in each lane. Blocks of z and y are transposed in place, so that sums
// over k are plain loops in the same order on every machine, without sums across a vector; three outputs of sixteen rows then
// take 3 exps instead of 16. Rows past the last are computed from whatever memory holds there, and not used.

// Component k of `lanes` rows, in a transposed block of a panelled matrix.
template <class T> struct Columns {
  T* block;
  Index stride;
  T* at(Index k) const {
    const Index c = k % panel<T>;
    return block + k / panel<T> * stride + c % lanes<T> * panel<T> + c / lanes<T> * lanes<T>;
  }
  void transpose(Index K) const {
    for (Index k = 0; k < K; k += lanes<T>) transpose_block(at(k), at(k));
  }
};

// Output units whose cost is a sum over independent components.
template <class T> struct Loss { Vector<T> cost, delta; };
template <class T, template <class> class O> struct Each {
  static void h(Columns<T> z, Index K) {
    for (Index k = 0; k < K; ++k) store(z.at(k), O<T>::h(load(z.at(k))));
  }
  static Vector<T> cost(Columns<T> z, Columns<T> y, Index K) {
    Vector<T> sum{};
    for (Index k = 0; k < K; ++k) {
      const Loss<T> loss = O<T>::loss(load(z.at(k)), load(y.at(k)));
      sum += loss.cost;
      store(z.at(k), loss.delta);
    }
    return sum;
  }
};
template <class T> struct Sigmoid {
  static Vector<T> h(Vector<T> z) { return logistic<T>(z); }
  static Loss<T> loss(Vector<T> z, Vector<T> y) {
    const auto negative = z < T(0);
    const Vector<T> down = negative ? z : -z, e = exponential<T>(down), no = T(1) - y;
    return {logarithm_plus_one<T>(e) - (negative ? y : no) * down, (negative ? no * e - y : no - y * e) / (T(1) + e)};
  }
};
template <class T> struct Linear {
  static Vector<T> h(Vector<T> z) { return z; }
  static Loss<T> loss(Vector<T> z, Vector<T> y) { return {T(0.5) * (z - y) * (z - y), z - y}; }
};
template <class T> struct Poisson {
  static Vector<T> h(Vector<T> z) { return exponential<T>(z); }
  static Loss<T> loss(Vector<T> z, Vector<T> y) {
    const Vector<T> hk = exponential<T>(z), d = y > T(0) ? z - logarithm<T>(y) : Vector<T>{};  // log(h/y)
    const auto near = (y > T(0)) & (d <= T(1)) & (d >= T(-1));
    const Vector<T> small = near ? d : Vector<T>{};
    // Near h = y the cost of a large count is a difference of far larger terms: in float32, y = 1e8 gave -40 instead of 0.5.
    return {near ? y * (exponential_minus_one<T>(small) - small) : (hk - y) - y * d, hk - y};
  }
};

// S = sum of exp(z_j - z_max) over all but one largest, so that 1 + S and log1p(S) keep the digits of S.
template <class T> struct Softmax {
  struct Extremes { Vector<T> largest, index, least; };
  static Extremes extremes(Columns<T> z, Index K) {
    Extremes found{load(z.at(0)), {}, load(z.at(0))};
    for (Index k = 1; k < K; ++k) {
      const Vector<T> zk = load(z.at(k));
      found.index = zk > found.largest ? all(T(k)) : found.index;
      found.largest = zk > found.largest ? zk : found.largest;
      found.least = zk < found.least ? zk : found.least;
    }
    return found;
  }
  // Calls f with exp for arguments up to 0, the shorter one if it serves all components of these rows.
  template <class F> static auto with_exponential(const Extremes& of, const F& f) {
    if (all_within<T>(of.largest - of.least, -Constants<T>::lowest_normal)) return f([](Vector<T> x) { return exponential_of_normal<T>(x); });
    return f([](Vector<T> x) { return exponential<T>(x); });
  }
  static void h(Columns<T> z, Index K) {
    const Extremes of = extremes(z, K);
    with_exponential(of, [&](const auto& exponential_of) {
      Vector<T> S{};
      for (Index k = 0; k < K; ++k) {
        const Vector<T> e = exponential_of(load(z.at(k)) - of.largest);
        S += of.index == all(T(k)) ? Vector<T>{} : e;
        store(z.at(k), e);
      }
      const Vector<T> share = T(1) / (T(1) + S);
      for (Index k = 0; k < K; ++k) store(z.at(k), load(z.at(k)) * share);
    });
  }
  static Vector<T> cost(Columns<T> z, Columns<T> y, Index K) {
    const Extremes of = extremes(z, K);
    return with_exponential(of, [&](const auto& exponential_of) {
      Vector<T> S{}, sum{}, total{};
      for (Index k = 0; k < K; ++k) {
        const Vector<T> below = of.largest - load(z.at(k)), yk = load(y.at(k)), e = exponential_of(-below);
        S += of.index == all(T(k)) ? Vector<T>{} : e;
        sum += yk == T(0) ? Vector<T>{} : yk * below;  // below may have overflowed to infinity
        total += yk;
        store(z.at(k), e);
      }
      const Vector<T> share = T(1) / (T(1) + S);
      for (Index k = 0; k < K; ++k) {
        const Vector<T> e = load(z.at(k)), yk = load(y.at(k));
        const Vector<T> others = of.index == all(T(k)) ? S : (T(1) + S) - e;
        // total differs from 1 by the rounding of y; with it, D is the exact gradient of J
        store(z.at(k), ((total - yk) * e - yk * others) * share);
      }
      return sum + total * logarithm_plus_one<T>(S);
    });
  }
};

template <class T> struct OutputFunctions {
  void (*h)(Columns<T> z, Index K);                          // replaces z of `lanes` rows by h
  Vector<T> (*cost)(Columns<T> z, Columns<T> y, Index K);    // returns their costs, and replaces z by delta^(L)
};
template <class T, class O> constexpr OutputFunctions<T> output = {O::h, O::cost};
template <class T> inline const OutputFunctions<T>& functions_of(Output unit) {
  switch (unit) {
    case Output::sigmoid: return output<T, Each<T, Sigmoid>>;
    case Output::softmax: return output<T, Softmax<T>>;
    case Output::exp: return output<T, Each<T, Poisson>>;
    case Output::identity: break;
  }
  return output<T, Each<T, Linear>>;
}
