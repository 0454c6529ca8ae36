// Output units: h, the cost of a row and delta^(L), which is h - y (3), or (14) or (15), all from z. The terms are grouped to keep every digit of a
// confident answer; docs/derivation.md, section 8, derives them.
//
// The functions work on `lanes` rows at a time, one row in each lane. Blocks of z and y are transposed in place, so that sums
// over k are plain loops in the same order on every machine, without sums across a vector; three outputs of sixteen rows then
// take 3 exps instead of 16. Rows past the last are computed from whatever memory holds there, and not used.

// Component k of `lanes` rows, in a transposed block of a panelled matrix.
template <class T> struct Columns {
  T* block;
  Index stride;
  static constexpr Index place(Index c) { return c % lanes<T> * panel<T> + c / lanes<T> * lanes<T>; }  // in a panel
  T* at(Index k) const { return block + k / panel<T> * stride + place(k % panel<T>); }
  void transpose(Index K) const {
    for (Index k = 0; k < K; k += lanes<T>) transpose_block(at(k), at(k));
  }
};

// Output units whose cost is a sum over independent components. Only huber and pinball read their numbers.
template <class T> struct Loss { Vector<T> cost, delta; };
template <class T, template <class> class O> struct Each {
  static void h(Columns<T> z, Index K) {
    for (Index k = 0; k < K; ++k) store(z.at(k), O<T>::h(load(z.at(k))));
  }
  static Vector<T> cost(Columns<T> z, Columns<T> y, Index K, const T* numbers) {
    Vector<T> sum{};
    for (Index k = 0; k < K; ++k) {
      const Loss<T> loss = O<T>::loss(load(z.at(k)), load(y.at(k)), numbers);
      sum += loss.cost;
      store(z.at(k), loss.delta);
    }
    return sum;
  }
};
template <class T> struct Sigmoid {
  static Vector<T> h(Vector<T> z) { return logistic<T>(z); }
  static Loss<T> loss(Vector<T> z, Vector<T> y, const T*) {
    const auto negative = z < T(0);
    const Vector<T> down = negative ? z : -z, e = exponential<T>(down), no = T(1) - y;
    return {logarithm_plus_one<T>(e) - (negative ? y : no) * down, (negative ? no * e - y : no - y * e) / (T(1) + e)};
  }
};
template <class T> struct Linear {
  static Vector<T> h(Vector<T> z) { return z; }
  static Loss<T> loss(Vector<T> z, Vector<T> y, const T*) { return {T(0.5) * (z - y) * (z - y), z - y}; }
};
template <class T> struct Poisson {
  static Vector<T> h(Vector<T> z) { return exponential<T>(z); }
  static Loss<T> loss(Vector<T> z, Vector<T> y, const T*) {
    const Vector<T> hk = exponential<T>(z), d = y > T(0) ? z - logarithm<T>(y) : Vector<T>{};  // log(h/y)
    const auto near = (y > T(0)) & (d <= T(1)) & (d >= T(-1));
    const Vector<T> small = near ? d : Vector<T>{};
    // Near h = y the cost of a large count is a difference of far larger terms: in float32, y = 1e8 gave -40 instead of 0.5.
    return {near ? y * (exponential_minus_one<T>(small) - small) : (hk - y) - y * d, hk - y};
  }
};

template <class T> struct Huber {
  static Vector<T> h(Vector<T> z) { return z; }
  static Loss<T> loss(Vector<T> z, Vector<T> y, const T* kappa) {  // (14)
    const Vector<T> r = z - y, size = r < T(0) ? -r : r, c = size > *kappa ? all(*kappa) : size;
    return {c * (size - T(0.5) * c), r < T(0) ? -c : c};
  }
};

// Quantiles: h is z in ascending order, without rounding; (15). Both are for K <= most_quantiles outputs.
template <class T> struct Pinball {
  static void h(Columns<T> z, Index K) {
    for (Index pass = 0; pass < K; ++pass)  // odd-even transposition, which is the same for all lanes
      for (Index k = pass % 2; k + 1 < K; k += 2) {
        const Vector<T> a = load(z.at(k)), b = load(z.at(k + 1));
        const auto swapped = a > b;
        store(z.at(k), swapped ? b : a), store(z.at(k + 1), swapped ? a : b);
      }
  }
  // The place of output k among the sorted ones, from 0; of equal z the first comes first.
  static Vector<T> place(Columns<T> z, Index K, Index k) {
    const Vector<T> zk = load(z.at(k)), one = all(T(1));
    Vector<T> below{};
    for (Index j = 0; j < k; ++j) below += load(z.at(j)) <= zk ? one : Vector<T>{};
    for (Index j = k + 1; j < K; ++j) below += load(z.at(j)) < zk ? one : Vector<T>{};
    return below;
  }
  static Vector<T> cost(Columns<T> z, Columns<T> y, Index K, const T* quantiles) {
    Vector<T> sum{}, delta[most_quantiles];
    for (Index k = 0; k < K; ++k) {
      const Vector<T> rank = place(z, K, k);
      Vector<T> tau{}, target{};
      for (Index i = 0; i < K; ++i) {
        const auto here = rank == all(T(i));
        tau = here ? all(quantiles[i]) : tau, target = here ? load(y.at(i)) : target;
      }
      const Vector<T> r = target - load(z.at(k)), rest = tau - T(1);
      sum += r < T(0) ? rest * r : tau * r;
      delta[k] = r < T(0) ? -rest : r > T(0) ? -tau : Vector<T>{};
    }
    for (Index k = 0; k < K; ++k) store(z.at(k), delta[k]);
    return sum;
  }
};

// S = sum of exp(z_j - z_max) over all but one largest, so that 1 + S and log1p(S) keep the digits of S.
template <class T> struct Softmax {
  struct Extremes { Vector<T> largest, index, least; };
  static Extremes extremes(Columns<T> z, Index K) {
    Extremes found{load(z.at(0)), {}, load(z.at(0))};
#pragma GCC unroll 2
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
    if (all_within<T>(of.largest - of.least, -Constants<T>::lowest_short)) return f([](Vector<T> x) { return short_exponential<T>(x); });
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
  // Two and three classes have functions of their own, so that their exps overlap and stay in registers.
  static Vector<T> cost(Columns<T> z, Columns<T> y, Index K, const T*) {
    return K == 3 ? cost_of<3>(z, y, 3) : K == 2 ? cost_of<2>(z, y, 2) : cost_of<0>(z, y, K);
  }
  template <int fixed> static Vector<T> cost_of(Columns<T> z, Columns<T> y, Index given) {
    const Index K = fixed ? fixed : given;
    const Extremes of = extremes(z, K);
    return with_exponential(of, [&](const auto& exponential_of) {
      Vector<T> S{}, sum{}, total{};
#pragma GCC unroll 3
      for (Index k = 0; k < K; ++k) {
        const Vector<T> below = of.largest - load(z.at(k)), yk = load(y.at(k)), e = exponential_of(-below);
        S += of.index == all(T(k)) ? Vector<T>{} : e;
        sum += yk == T(0) ? Vector<T>{} : yk * below;  // below may have overflowed to infinity
        total += yk;
        store(z.at(k), e);
      }
      const Vector<T> share = T(1) / (T(1) + S);
#pragma GCC unroll 3
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
  Vector<T> (*cost)(Columns<T> z, Columns<T> y, Index K, const T* numbers);  // returns their costs, and replaces z by delta^(L)
};
template <class T, class O> constexpr OutputFunctions<T> output = {O::h, O::cost};
template <class T> inline const OutputFunctions<T>& functions_of(Output unit) {
  switch (unit) {
    case Output::sigmoid: return output<T, Each<T, Sigmoid>>;
    case Output::softmax: return output<T, Softmax<T>>;
    case Output::exp: return output<T, Each<T, Poisson>>;
    case Output::huber: return output<T, Each<T, Huber>>;
    case Output::pinball: return output<T, Pinball<T>>;
    case Output::identity: break;
  }
  return output<T, Each<T, Linear>>;
}
