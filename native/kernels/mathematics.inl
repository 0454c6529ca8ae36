// exp, log, log1p, tanh, the logistic and the normal distribution function of vectors. The table has the largest error in units of
// the last place of the exact result. `test_mathematics 1` measures it: float32 against double over all 2^32 bit patterns (log1p:
// all >= 0), float64 against long double over 2^27 patterns and points of the usual range. It is the larger of the errors of
// avx512 (avx2 and neon compute the same) and baseline.
//
//                 exp    log    log1p  tanh   logistic  normal
//     float32     1.10   0.84   1.42   2.52   2.40      4.02
//     float64     1.17   0.83   1.39   2.51   2.36      3.85
//
// Subnormal results are computed, not flushed. exp(-inf) = 0, exp(inf) = inf, log(0) = -inf, log(negative) = NaN,
// log(inf) = log1p(inf) = inf, tanh(+-inf) = +-1, tanh(-0) = -0; NaN gives NaN. log1p is for x >= 0 only.
//
// Coefficients: interpolation in Chebyshev nodes at 50 digits (mpmath), which is within a factor 2 of minimax:
//     expm1(r) = r + r^2 C(r)  for |r| <= log(2)/2,         relative error 1.0e-8 (5 terms), 1.7e-17 (10 terms)
//     Phi(-x) (1 + x) / exp(-x^2 / 2) = N((x - 4) / (x + 4)),  relative error 2.5e-9 (11 terms, x <= 15), 7.2e-18 (24, x <= 40)
//     2 atanh(s) = 2 s + s R(s^2), R(z)/z for z <= 0.1717^2, relative error 2.8e-9 (3 terms), 4.6e-18 (7 terms)
// float32 exp with 6 terms has 2.2e-10; log with 4 terms has 1.7e-11.

template <class T> struct Constants;
template <> struct Constants<float> {
  static constexpr float C[] = {0.5f, 0.16666576845993976311f, 0.041666554437685938899f, 0.0083632029715758549465f,
                                0.0013926213466332443037f};
  static constexpr float R[] = {0.66666685122414900457f, 0.39988746684903713229f, 0.29581486000933299832f};
  static constexpr float N[] = {0.4720532064f, -0.096703467981f, 0.013999636593f, 0.028600032795f, -0.032197815354f,
                                0.017939449482f, -5.0021408532e-3f, -2.9991876127e-4f, 6.9084485557e-4f, -6.6737184924e-5f,
                                -7.4374544168e-5f};
  static constexpr float line[] = {0x1.988p0f, 6.599660573071176e-05f};  // 2 sqrt(2 / pi), its upper half and the rest
  static constexpr float cube[] = {0x1.244p-4f, 4.718616350248776e-06f};  // 0.044715 times that
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 1.4286068203094172321e-6f;  // 15 bits: n * high is exact
  static constexpr float magic = 0x1.8p23f;         // x + magic rounds x to an integer, in the low bits
  static constexpr float lowest = -105, highest = 90, lowest_normal = -87, lowest_short = -64, normal_is_zero = 15;  // exp is 0 below, infinite above
  static constexpr int mantissa = 23;
  static constexpr std::uint32_t high_half = 0xfffff000u;  // mask of a number's upper bits, whose square is exact
  static constexpr std::uint32_t one = 0x3f800000u, half_root = 0x3f3504f3u;  // bits of 1 and of sqrt(1/2)
  static constexpr float smallest = 0x1p-126f, up = 0x1p30f, up_exponent = 30, tanh_is_one = 10;
};
template <> struct Constants<double> {
  static constexpr double C[] = {0.5, 0.16666666666666667456, 0.041666666666623991516, 0.0083333333333300513464,
                                 0.0013888888917281793308, 0.00019841269863105968748, 2.4801521190217727651e-5,
                                 2.7557268378684192873e-6, 2.7620138719733995569e-7, 2.5100424157005066788e-8};
  static constexpr double R[] = {0.66666666666666697181, 0.39999999999898593194, 0.28571428626388530927,
                                 0.22222211067419393419, 0.18182894030543296767, 0.15331558670323325552,
                                 0.14618462083796982475};
  static constexpr double N[] = {0.47205320650984468092, -0.09670347732652581468, 0.013999634724425384616,
                                 0.028600364053551483766, -0.032197837428084120654, 0.017936097479653625493,
                                 -5.0023785910847067918e-3, -2.8562309769187732178e-4, 6.9489710506476335467e-4,
                                 -9.4430256112945473805e-5, -8.7853187320358338378e-5, 2.1250059867512043563e-5,
                                 1.3626886779207571688e-5, -3.4322292663927293742e-6, -2.6129632472369105193e-6,
                                 4.0453496074040365788e-7, 5.5211953322426439265e-7, 1.424850023395930072e-9,
                                 -1.1116003136701887389e-7, -1.9907797909474973788e-8, 1.7761831883850368234e-8,
                                 6.2681357253594871855e-9, -1.5762264904916621156e-9, -8.021393100262695108e-10};
  static constexpr double line[] = {0x1.988453p0, 1.426396435433791e-08};
  static constexpr double cube[] = {0x1.2444f28p-4, 5.361872467621785e-10};
  static constexpr double ln2_high = 0x1.62e42fefp-1, ln2_low = 7.4406171100123967161e-11, magic = 0x1.8p52;
  static constexpr double lowest = -750, highest = 720, lowest_normal = -708, lowest_short = -640, normal_is_zero = 40;
  static constexpr int mantissa = 52;
  static constexpr std::uint64_t high_half = 0xfffffffff8000000u;
  static constexpr std::uint64_t one = 0x3ff0000000000000u, half_root = 0x3fe6a09e667f3bcdu;
  static constexpr double smallest = 0x1p-1022, up = 0x1p60, up_exponent = 60, tanh_is_one = 20;
};

// Several vectors side by side. A function of one vector is a chain of dependent instructions; where the chains of four advance
// in step, they overlap. Time of a vector (Zen 5, AVX-512):
//     tanh of               float64    float32
//     one after the other   4.01 ns    2.87 ns
//     four side by side     2.97 ns    2.31 ns
template <class T, int n> struct Group { Vector<T> v[n]; };
constexpr int group_vectors = 4;
template <class T, int n, class F> inline Group<T, n> each(const F& f) {
  Group<T, n> y;
#pragma GCC unroll 4
  for (int j = 0; j < n; ++j) y.v[j] = f(j);
  return y;
}

template <class T, int n, std::size_t terms> inline Group<T, n> polynomials(const T (&c)[terms], const Group<T, n>& x) {
  Group<T, n> sum = each<T, n>([&](int) { return all(c[terms - 1]); });
#pragma GCC unroll 24
  for (int i = int(terms) - 2; i >= 0; --i) sum = each<T, n>([&](int j) { return sum.v[j] * x.v[j] + c[i]; });
  return sum;
}
template <class T, std::size_t terms> inline Vector<T> polynomial(const T (&c)[terms], Vector<T> x) {
  return polynomials<T, 1>(c, {{x}}).v[0];
}

// 2^n for an integral n between the least normal exponent and the largest.
template <class T> inline Vector<T> power_of_two(Vector<T> n) {
  using K = Constants<T>;
  return from_bits<T>((bits<T>(n + K::magic) << K::mantissa) + all_bits<T>(K::one));
}

// x - c = n log 2 + r, and expm1(r); c is small.
template <class T> struct Reduced { Vector<T> n, expm1; };
template <class T, int size> struct ReducedGroup { Group<T, size> n, expm1; };
template <class T, int size> inline ReducedGroup<T, size> reduce_group(const Group<T, size>& x, Vector<T> c = Vector<T>{}) {
  using K = Constants<T>;
  const auto n = each<T, size>([&](int j) { return ((x.v[j] - c) * T(1.4426950408889634074) + K::magic) - K::magic; });
  const auto r = each<T, size>([&](int j) { return ((x.v[j] - n.v[j] * K::ln2_high) - n.v[j] * K::ln2_low) - c; });
  const auto C = polynomials<T, size>(K::C, r);
  return {n, each<T, size>([&](int j) { return r.v[j] + r.v[j] * r.v[j] * C.v[j]; })};
}
template <class T> inline Reduced<T> reduce(Vector<T> x, Vector<T> c = Vector<T>{}) {
  const ReducedGroup<T, 1> y = reduce_group<T, 1>({{x}}, c);
  return {y.n.v[0], y.expm1.v[0]};
}

template <class T> inline Vector<T> exponential_of_difference(Vector<T> x, Vector<T> c) {
  using K = Constants<T>;
  const auto vanishes = x < K::lowest;  // then the result is 0; computed, it would underflow, which takes a hundred cycles
  x = vanishes ? Vector<T>{} : x;
  x = x > K::highest ? all(K::highest) : x;
  const Reduced<T> y = reduce<T>(x, c);
  // 2^n is split into two factors, as n may lie outside the exponents' range. Only the second product may round (to a subnormal).
  const Vector<T> half = (y.n * T(0.5) + K::magic) - K::magic;
  const Vector<T> result = (y.expm1 * power_of_two<T>(half) + power_of_two<T>(half)) * power_of_two<T>(y.n - half);
  return vanishes ? Vector<T>{} : result;
}
template <class T> inline Vector<T> exponential(Vector<T> x) { return exponential_of_difference<T>(x, Vector<T>{}); }
// The same bits for lowest_short <= x <= 0, where one factor does, and where expm1(r) 2^n is subnormal only if the sum would round it
// away: without a fused multiply-add it is rounded alone. With it, 10 000 predictions of 64-32-10 take 1.90 ms instead of
// 2.03 ms (Zen 1, AVX2, one thread).
template <class T> inline Vector<T> short_exponential(Vector<T> x) {
  const Reduced<T> y = reduce<T>(x);
  const Vector<T> power = power_of_two<T>(y.n);
  return y.expm1 * power + power;
}

// log(u + c) for |c| <= half an ulp of u; for log1p, c is the rounding error of u = 1 + x.
template <class T> inline Vector<T> logarithm_of_sum(Vector<T> u, Vector<T> c) {
  using K = Constants<T>;
  const auto small = u < K::smallest;
  const Vector<T> scaled = small ? u * K::up : u;
  // u = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2)
  const Bits<T> offset = bits<T>(scaled) - all_bits<T>(K::half_root) + all_bits<T>(K::one);
  const Bits<T> exponent = offset >> K::mantissa;
  const Vector<T> biased = from_bits<T>(exponent + bits<T>(all(K::magic))) - K::magic;
  const Vector<T> k = biased - (T(K::one >> K::mantissa) + (small ? all(K::up_exponent) : Vector<T>{}));
  const Bits<T> shift = (exponent - all_bits<T>(K::one >> K::mantissa)) << K::mantissa;
  const Vector<T> f = (from_bits<T>(bits<T>(scaled) - shift) - T(1)) + c * power_of_two<T>(-biased + T(K::one >> K::mantissa));
  const Vector<T> s = f / (T(2) + f), z = s * s, half_square = T(0.5) * f * f;
  const Vector<T> tail = s * (half_square + z * polynomial(K::R, z)) + k * K::ln2_low;
  Vector<T> result = k * K::ln2_high - ((half_square - tail) - f);
  constexpr T infinity = T(__builtin_inf());
  result = u == infinity ? u : result;
  result = u == T(0) ? all(-infinity) : result;
  return u >= T(0) ? result : all(T(__builtin_nan("")));
}
template <class T> inline Vector<T> logarithm(Vector<T> x) { return logarithm_of_sum<T>(x, Vector<T>{}); }
template <class T> inline Vector<T> logarithm_plus_one(Vector<T> x) {
  const Vector<T> u = T(1) + x;
  const Vector<T> c = x > T(1) ? T(1) - (u - x) : x - (u - T(1));
  return logarithm_of_sum<T>(u, x < T(__builtin_inf()) ? c : Vector<T>{});
}

// For x whose exp is a normal number.
template <class T, int n> inline Group<T, n> exponentials_minus_one(const Group<T, n>& x) {
  const ReducedGroup<T, n> y = reduce_group<T, n>(x);
  const auto power = each<T, n>([&](int j) { return power_of_two<T>(y.n.v[j]); });
  return each<T, n>([&](int j) { return y.expm1.v[j] * power.v[j] + (power.v[j] - T(1)); });
}
template <class T> inline Vector<T> exponential_minus_one(Vector<T> x) { return exponentials_minus_one<T, 1>({{x}}).v[0]; }

// t / (t + 2) with t = expm1(2 |x|), which keeps the digits of a small x.
template <class T, int n> inline Group<T, n> hyperbolic_tangents(const Group<T, n>& x) {
  using K = Constants<T>;
  const Bits<T> minus = bits<T>(all(T(-0.0)));
  const auto twice = each<T, n>([&](int j) {
    const Vector<T> magnitude = from_bits<T>(bits<T>(x.v[j]) & ~minus);
    return T(2) * (magnitude > K::tanh_is_one ? all(K::tanh_is_one) : magnitude);
  });
  const auto t = exponentials_minus_one<T, n>(twice);
  return each<T, n>([&](int j) { return from_bits<T>(bits<T>(t.v[j] / (t.v[j] + T(2))) | (bits<T>(x.v[j]) & minus)); });
}
template <class T> inline Vector<T> hyperbolic_tangent(Vector<T> x) { return hyperbolic_tangents<T, 1>({{x}}).v[0]; }

// e = exp(-|z|), and 1 / (1 + exp(-z)) of z and of -z: e / (1 + e) keeps the digits of a small value.
template <class T> struct TwoSided {
  Vector<T> e, of_z, of_minus_z;
  explicit TwoSided(Vector<T> z) {
    const auto negative = z < T(0);
    e = exponential<T>(negative ? z : -z);
    of_z = (negative ? e : all(T(1))) / (T(1) + e), of_minus_z = (negative ? all(T(1)) : e) / (T(1) + e);
  }
};
template <class T> inline Vector<T> logistic(Vector<T> z) { return TwoSided<T>(z).of_z; }

// The normal distribution function of z, and bell = exp(-z^2 / 2). z^2 is a sum of two parts: rounded to one, it would cost z^2 / 2 ulp.
template <class T> struct Normal { Vector<T> function, bell; };
template <class T> inline Normal<T> normal(Vector<T> z) {
  using K = Constants<T>;
  const Vector<T> magnitude = z < T(0) ? -z : z, x = magnitude > K::normal_is_zero ? all(K::normal_is_zero) : magnitude;
  const Vector<T> high = from_bits<T>(bits<T>(x) & all_bits<T>(K::high_half));
  const Vector<T> bell = exponential_of_difference<T>(high * high * T(-0.5), (x - high) * (x + high) * T(0.5));
  const Vector<T> tail = bell * (polynomial(K::N, T(2) * (x / (T(4) + x)) - T(1)) / (T(1) + x));
  return {z > T(0) ? T(1) - tail : tail, bell};
}
template <class T> inline Vector<T> normal_function(Vector<T> z) { return normal<T>(z).function; }

// The logistic of u = z (A + B z^2) and of -u, for gelu by tanh, with u' = A + 3 B z^2. u is the sum of an exact product and a small
// rest: rounded to one number, it would cost u ulp in the tail.
template <class T> struct SigmoidOfCube {
  Vector<T> z, of_u, of_minus_u, slope;
  explicit SigmoidOfCube(Vector<T> given) {
    using K = Constants<T>;
    const auto negative = given < T(0);
    const Vector<T> magnitude = negative ? -given : given;
    const Vector<T> x = magnitude > K::normal_is_zero ? all(K::normal_is_zero) : magnitude;
    const Vector<T> high = upper_half(x), square = high * high, rest = (x - high) * (x + high), upper = upper_half(square);
    const Vector<T> p = upper * K::cube[0];  // exact
    const Vector<T> q = upper_half(p + K::line[0]);
    const Vector<T> lost = p < K::line[0] ? (K::line[0] - q) + p : (p - q) + K::line[0];
    const Vector<T> more = lost + (((square - upper) + rest) * K::cube[0] + ((square + rest) * K::cube[1] + K::line[1]));
    const Vector<T> e = exponential_of_difference<T>(-(high * q), high * more + (x - high) * (q + more));
    of_u = (negative ? e : all(T(1))) / (T(1) + e), of_minus_u = (negative ? all(T(1)) : e) / (T(1) + e);
    z = negative ? -x : x, slope = (q + more) * T(3) - T(2) * (K::line[0] + K::line[1]);
  }
  static Vector<T> upper_half(Vector<T> x) { return from_bits<T>(bits<T>(x) & all_bits<T>(Constants<T>::high_half)); }
};
