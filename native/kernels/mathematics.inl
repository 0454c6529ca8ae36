// exp, log, log1p, tanh and the logistic function of vectors. Largest error in units of the last place of the exact result,
// measured by `test_mathematics 1`: float32 over all 2^32 bit patterns (log1p: all >= 0) against double, float64 over 2^27
// patterns and points of the usual range against long double; the worse of avx512 (avx2 and neon compute the same) and baseline:
//
//                 exp    log    log1p  tanh   logistic
//     float32     1.10   0.84   1.42   2.52   2.40
//     float64     1.17   0.83   1.39   2.51   2.36
//
// Subnormal results are computed, not flushed. exp(-inf) = 0, exp(inf) = inf, log(0) = -inf, log(negative) = NaN,
// log(inf) = log1p(inf) = inf, tanh(+-inf) = +-1, tanh(-0) = -0; NaN gives NaN. log1p is for x >= 0 only.
//
// Coefficients: interpolation in Chebyshev nodes at 50 digits (mpmath), which is within a factor 2 of minimax:
//     expm1(r) = r + r^2 C(r)  for |r| <= log(2)/2,         relative error 1.0e-8 (5 terms), 1.7e-17 (10 terms)
//     2 atanh(s) = 2 s + s R(s^2), R(z)/z for z <= 0.1717^2, relative error 2.8e-9 (3 terms), 4.6e-18 (7 terms)
// float32 exp with 6 terms has 2.2e-10; log with 4 terms has 1.7e-11.

template <class T> struct Constants;
template <> struct Constants<float> {
  static constexpr float C[] = {0.5f, 0.16666576845993976311f, 0.041666554437685938899f, 0.0083632029715758549465f,
                                0.0013926213466332443037f};
  static constexpr float R[] = {0.66666685122414900457f, 0.39988746684903713229f, 0.29581486000933299832f};
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 1.4286068203094172321e-6f;  // 15 bits: n * high is exact
  static constexpr float magic = 0x1.8p23f;         // x + magic rounds x to an integer, in the low bits
  static constexpr float lowest = -105, highest = 90;  // exp is 0 below, infinite above
  static constexpr int mantissa = 23;
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
  static constexpr double ln2_high = 0x1.62e42fefp-1, ln2_low = 7.4406171100123967161e-11;
  static constexpr double magic = 0x1.8p52;
  static constexpr double lowest = -750, highest = 720;
  static constexpr int mantissa = 52;
  static constexpr std::uint64_t one = 0x3ff0000000000000u, half_root = 0x3fe6a09e667f3bcdu;
  static constexpr double smallest = 0x1p-1022, up = 0x1p60, up_exponent = 60, tanh_is_one = 20;
};

template <class T, std::size_t n> inline Vector<T> polynomial(const T (&c)[n], Vector<T> x) {
  Vector<T> sum = all(c[n - 1]);
#pragma GCC unroll 16
  for (int i = int(n) - 2; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

// 2^n for an integral n between the least normal exponent and the largest.
template <class T> inline Vector<T> power_of_two(Vector<T> n) {
  using K = Constants<T>;
  return from_bits<T>((bits<T>(n + K::magic) << K::mantissa) + all_bits<T>(K::one));
}

// x = n log 2 + r, and expm1(r).
template <class T> struct Reduced { Vector<T> n, expm1; };
template <class T> inline Reduced<T> reduce(Vector<T> x) {
  using K = Constants<T>;
  const Vector<T> n = (x * T(1.4426950408889634074) + K::magic) - K::magic;
  const Vector<T> r = (x - n * K::ln2_high) - n * K::ln2_low;
  return {n, r + r * r * polynomial(K::C, r)};
}

template <class T> inline Vector<T> exponential(Vector<T> x) {
  using K = Constants<T>;
  x = x < K::lowest ? all(K::lowest) : x;
  x = x > K::highest ? all(K::highest) : x;
  const Reduced<T> y = reduce<T>(x);
  // Two factors: n passes the exponents on both sides, and only the second may round (to a subnormal).
  const Vector<T> half = (y.n * T(0.5) + K::magic) - K::magic;
  return (y.expm1 * power_of_two<T>(half) + power_of_two<T>(half)) * power_of_two<T>(y.n - half);
}

// log(u + c) for |c| <= half an ulp of u; c is what log1p lost in 1 + x.
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
template <class T> inline Vector<T> exponential_minus_one(Vector<T> x) {
  const Reduced<T> y = reduce<T>(x);
  const Vector<T> power = power_of_two<T>(y.n);
  return y.expm1 * power + (power - T(1));
}

// With t = expm1(2 |x|): t / (t + 2), which keeps the digits of a small x.
template <class T> inline Vector<T> hyperbolic_tangent(Vector<T> x) {
  using K = Constants<T>;
  const Bits<T> sign = bits<T>(x) & bits<T>(all(T(-0.0)));
  const Vector<T> magnitude = from_bits<T>(bits<T>(x) ^ sign);
  const Vector<T> t = exponential_minus_one<T>(T(2) * (magnitude > K::tanh_is_one ? all(K::tanh_is_one) : magnitude));
  return from_bits<T>(bits<T>(t / (t + T(2))) | sign);
}

// 1 / (1 + exp(-z)), by e = exp(-|z|): e / (1 + e) keeps the digits of a small value.
template <class T> inline Vector<T> logistic(Vector<T> z) {
  const auto negative = z < T(0);
  const Vector<T> e = exponential<T>(negative ? z : -z);
  return (negative ? e : all(T(1))) / (T(1) + e);
}
