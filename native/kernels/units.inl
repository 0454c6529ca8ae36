// Hidden units: g, and g' computed from a = g(z). If g' is no function of a, or would lose digits, both are computed from z at
// once, and g' is kept for the backward pass. A new unit needs a struct, a line in the table below and a line in names.hpp. The
// argument of type T is the number in the unit's formula. Learnt units (11) are made of any of them.

template <class T> struct FromA { static constexpr bool keeps = false, of_zero_is_zero = true, in_groups = false; };

template <class T> struct Logistic : FromA<T> {
  static constexpr bool of_zero_is_zero = false;
  static Vector<T> g(Vector<T> z, T) { return logistic<T>(z); }
  static Vector<T> slope(Vector<T> a, T) { return a * (T(1) - a); }
};
template <class T> struct Tanh : FromA<T> {
  static constexpr bool in_groups = true;
  static Vector<T> g(Vector<T> z, T) { return hyperbolic_tangent<T>(z); }
  static Group<T, group_vectors> g(const Group<T, group_vectors>& z) { return hyperbolic_tangents<T, group_vectors>(z); }
  static Vector<T> slope(Vector<T> a, T) { return T(1) - a * a; }
};
template <class T> struct Relu : FromA<T> {
  static Vector<T> g(Vector<T> z, T) { return z < T(0) ? Vector<T>{} : z; }  // in this order, so that NaN stays NaN
  static Vector<T> slope(Vector<T> a, T) { return a > T(0) ? all(T(1)) : Vector<T>{}; }  // g'(0) = 0
};

template <class T> struct Same : FromA<T> {  // the identity, where it is learnt; alone it is nothing to do
  static Vector<T> g(Vector<T> z, T) { return z; }
  static Vector<T> slope(Vector<T>, T) { return all(T(1)); }
};
template <class T> struct LeakyRelu : FromA<T> {
  static Vector<T> g(Vector<T> z, T slope_below) { return z > T(0) ? z : slope_below * z; }
  static Vector<T> slope(Vector<T> a, T slope_below) { return a > T(0) ? all(T(1)) : all(slope_below); }
};

template <class T> struct Both { Vector<T> a, slope; };
template <class T> struct Keeps {
  static constexpr bool keeps = true, of_zero_is_zero = true, in_groups = false;
  static Vector<T> slope(Vector<T> kept, T) { return kept; }
};

// g' below the least normal number is taken as 0.
template <class T> inline Both<T> exponential_linear(Vector<T> z, T scale, T alpha) {
  using K = Constants<T>;
  const Vector<T> x = z > T(0) ? Vector<T>{} : z;
  const Reduced<T> y = reduce<T>(x < K::lowest_normal ? all(K::lowest_normal) : x);
  const Vector<T> power = power_of_two<T>(y.n), expm1 = y.expm1 * power + (power - T(1));
  const Vector<T> e = x < K::lowest_normal ? Vector<T>{} : y.expm1 * power + power;
  return {z > T(0) ? scale * z : scale * alpha * expm1, z > T(0) ? all(scale) : scale * alpha * e};
}
template <class T> struct Elu : Keeps<T> {
  static Both<T> both(Vector<T> z, T alpha) { return exponential_linear<T>(z, 1, alpha); }
};
template <class T> struct Selu : Keeps<T> {
  static Both<T> both(Vector<T> z, T) { return exponential_linear<T>(z, T(1.0507009873554805), T(1.6732632423543772)); }
};
template <class T> struct Gelu : Keeps<T> {
  static Both<T> both(Vector<T> z, T) {
    const Normal<T> y = normal<T>(z);
    return {z * y.function, y.function + z * (y.bell * T(0.39894228040143267794))};
  }
};
template <class T> struct Silu : Keeps<T> {
  static Both<T> both(Vector<T> z, T) {
    const TwoSided<T> s(z);
    return {z * s.of_z, s.of_z * (T(1) + z * s.of_minus_z)};
  }
};
// The grouping of src/deltarule/network/units.py.
template <class T> struct Mish : Keeps<T> {
  static Both<T> both(Vector<T> z, T) {
    const auto negative = z < T(0);
    const Vector<T> e = exponential<T>(negative ? z : -z);
    const Vector<T> d = negative ? T(2) + e * (T(2) + e) : T(1) + T(2) * e * (T(1) + e);
    const Vector<T> t = (negative ? e * (T(2) + e) : T(1) + T(2) * e) / d;
    return {z * t, t + z * (T(4) * (T(1) + e) * (negative ? e : e * e) / (d * d))};
  }
};
template <class T> struct GeluTanh : Keeps<T> {
  static Both<T> both(Vector<T> z, T) {
    const SigmoidOfCube<T> s(z);
    return {z * s.of_u, s.of_u * (T(1) + s.z * s.of_minus_u * s.slope)};
  }
};
template <class T> struct Softplus : Keeps<T> {
  static constexpr bool of_zero_is_zero = false;
  static Both<T> both(Vector<T> z, T) {
    const TwoSided<T> s(z);
    return {(z > T(0) ? z : Vector<T>{}) + logarithm_plus_one<T>(s.e), s.of_z};
  }
};

// The way back through units whose slope comes from `kept`, which is a or the kept slope.
template <class T> struct Back {
  void (*through)(T* delta, const T* kept, Index rows, int vectors, T number);  // delta *= g'(z); null: g' is 1
  // delta = (Theta^T error) g'(z), in one panel, with K errors of each row in columns and K rows of Theta.
  void (*from_narrow)(const T* error, Index K, const T* theta, T* delta, const T* kept, Index rows, int vectors, T number);
};
template <class T> struct Unit {
  Hidden id;
  bool keeps_slope;
  // z becomes a, padded with zeros from `columns` on; kept becomes g'(z) where the unit keeps it.
  void (*forward)(T* z, T* kept, Index rows, int vectors, int columns, T number);
  Back<T> back;
  // z becomes (1 - alpha) z + alpha g(z), kept the slope of that, and bent g(z) - z (11). Padding of alpha is 0.
  void (*learnt)(T* z, T* kept, T* bent, const T* alpha, Index rows, int vectors, T number);
};
template <class T, template <class> class G> struct OnPanels {
  static void forward(T* z, T* kept, Index rows, int vectors, int columns, T number) {
    if constexpr (G<T>::in_groups) {
      const Index step = vectors == panel_vectors ? lanes<T> : panel<T>, end = rows * vectors * step, group = group_vectors * step;
      Index i = 0;
      for (; i + group <= end; i += group) {
        const auto a = G<T>::g(each<T, group_vectors>([&](int j) { return load(z + i + j * step); }));
#pragma GCC unroll 4
        for (int j = 0; j < group_vectors; ++j) store(z + i + j * step, a.v[j]);
      }
      for (; i < end; i += step) store(z + i, G<T>::g(load(z + i), number));
      return;
    }
    each_vector<T>(rows, vectors, [&](Index i) {
      if constexpr (G<T>::keeps) {
        const Both<T> y = G<T>::both(load(z + i), number);
        store(z + i, y.a), store(kept + i, y.slope);
      } else {
        store(z + i, G<T>::g(load(z + i), number));
      }
    });
    for (Index r = 0; !G<T>::of_zero_is_zero && r < rows; ++r)
      for (int j = columns; j < vectors * lanes<T>; ++j) z[r * panel<T> + j] = 0;
  }
  static void through(T* delta, const T* kept, Index rows, int vectors, T number) {
    each_vector<T>(rows, vectors, [&](Index i) { store(delta + i, load(delta + i) * G<T>::slope(load(kept + i), number)); });
  }
  static void from_narrow(const T* error, Index K, const T* theta, T* delta, const T* kept, Index rows, int vectors, T number) {
    constexpr void (*of[most_narrow][panel_vectors])(const T*, const T*, T*, const T*, Index, T) = {
        {from<1, 1>, from<1, 2>}, {from<2, 1>, from<2, 2>}, {from<3, 1>, from<3, 2>}};
    of[K - 1][vectors - 1](error, theta, delta, kept, rows, number);
  }
  template <int K, int vectors> static void from(const T* error, const T* theta, T* delta, const T* kept, Index rows, T number) {
    Vector<T> weights[K][vectors];
    for (int k = 0; k < K; ++k)
      for (int v = 0; v < vectors; ++v) weights[k][v] = load(theta + k * panel<T> + v * lanes<T>);
    for (Index t = 0; t < rows; ++t, delta += panel<T>, kept += panel<T>) {
      const T* const of_row = error + t / lanes<T> * lanes<T> * panel<T> + t % lanes<T>;
      for (int v = 0; v < vectors; ++v) {
        Vector<T> sum{};
#pragma GCC unroll 3
        for (int k = 0; k < K; ++k) sum += of_row[Columns<T>::place(k)] * weights[k][v];
        store(delta + v * lanes<T>, sum * G<T>::slope(load(kept + v * lanes<T>), number));
      }
    }
  }
  static constexpr Back<T> back = {through, from_narrow};
  static void learnt(T* z, T* kept, T* bent, const T* alpha, Index rows, int vectors, T number) {
    for (int v = 0; v < vectors; ++v) {
      const Vector<T> share = load(alpha + v * lanes<T>), rest = T(1) - share;
      for (Index i = v * lanes<T>; i < rows * panel<T>; i += panel<T>) {
        const Vector<T> z_here = load(z + i);
        Both<T> y;
        if constexpr (G<T>::keeps) y = G<T>::both(z_here, number);
        else y.a = G<T>::g(z_here, number), y.slope = G<T>::slope(y.a, number);
        store(z + i, rest * z_here + share * y.a);
        store(kept + i, rest + share * y.slope);
        store(bent + i, y.a - z_here);
      }
    }
  }
};
template <class T, template <class> class G> constexpr Unit<T> unit(Hidden id) {
  return {id, G<T>::keeps, OnPanels<T, G>::forward, OnPanels<T, G>::back, OnPanels<T, G>::learnt};
}

template <class T>
constexpr Unit<T> units[] = {unit<T, Logistic>(Hidden::logistic), unit<T, Tanh>(Hidden::tanh), unit<T, Relu>(Hidden::relu),
                             {Hidden::identity, false, nullptr, {nullptr, OnPanels<T, Same>::from_narrow}, OnPanels<T, Same>::learnt},
                             unit<T, LeakyRelu>(Hidden::leaky_relu), unit<T, Elu>(Hidden::elu), unit<T, Selu>(Hidden::selu),
                             unit<T, Gelu>(Hidden::gelu), unit<T, Silu>(Hidden::silu), unit<T, Mish>(Hidden::mish),
                             unit<T, Softplus>(Hidden::softplus), unit<T, GeluTanh>(Hidden::gelu_tanh)};
// Whether int(id) is each unit's index in `units`.
template <class T> constexpr bool units_are_in_place() {
  int place = 0;
  for (const Unit<T>& one : units<T>)
    if (int(one.id) != place++ || one.keeps_slope != line_of(one.id).keeps_slope) return false;
  return place == int(sizeof hidden_units / sizeof *hidden_units);
}
static_assert(units_are_in_place<float>() && units_are_in_place<double>(), "a unit is missing, or in another place");
