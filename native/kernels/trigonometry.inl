// Cosine and sine of vectors, both at once, for the waves of (10). `test_mathematics 4` measures the largest errors: in units of the
// last place of the exact result where |x| < 100, and for all x in multiples of the unit roundoff u, because near a zero of a
// function what is left of x after many half turns has fewer digits than x. Each is the larger one of all instruction sets.
//
//                   cos, |x| < 100    sin, |x| < 100    both, in u
//     float32       1.56              1.55              1.77
//     float64       1.57              1.55              1.86
//
// Beyond widest_angle the C library computes them, one by one: an angle of that many turns has few digits left that mean anything.
// cos and sin of infinity and NaN are NaN.
//
// Reduction: r = x - n pi/2, |r| <= pi/4, pi/2 as a sum whose parts but the last are so short that n times them is exact
// (Cody and Waite 1980). Coefficients: interpolation in Chebyshev nodes at 50 digits (mpmath), with z = r^2:
//     sin r = r + r z S(z),           relative error 1.3e-8 (3 terms), 1.3e-17 (6 terms)
//     cos r = 1 - z/2 + z^2 C(z),     relative error 1.0e-9 (3 terms), 5.9e-19 (6 terms)

template <class T> struct Angles;
template <> struct Angles<float> {
  static constexpr float S[] = {-0.166666646563122088f, 0.00833274710466453f, -0.000195876390987376193f};
  static constexpr float C[] = {0.0416666646534887929f, -0.00138883018675623692f, 0.0000245476897724600290f};
  static constexpr float parts[] = {0x1.92p+0f, 0x1.fb4p-12f, 0x1.444p-24f, 0x1.68c234c4c6629p-39f};  // 11 bits each
  static constexpr float widest = 12800;  // n has 13 bits
};
template <> struct Angles<double> {
  static constexpr double S[] = {-0.166666666666666646113, 0.00833333333333093655367, -0.000198412698367405321032,
                                 2.75573160931984051916e-6, -2.50511298964501863066e-8, 1.59179889793974332626e-10};
  static constexpr double C[] = {0.0416666666666666653811, -0.00138888888888873897725, 0.0000248015872987544011725,
                                 -2.75573172658780800432e-7, 2.08761450494131790876e-9, -1.13825446453492504363e-11};
  static constexpr double parts[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};  // 33 bits each
  static constexpr double widest = 1.6e6;  // n has 20 bits
};
template <class T> constexpr T widest_angle = Angles<T>::widest;

template <class T> struct Wave { Vector<T> cos, sin; };

template <class T> inline Vector<T> magnitude_of(Vector<T> x) { return from_bits<T>(bits<T>(x) & ~bits<T>(all(T(-0.0)))); }

// For |x| <= widest_angle.
template <class T> inline Wave<T> wave(Vector<T> x) {
  using A = Angles<T>;
  constexpr int sign = 8 * int(sizeof(T)) - 2;  // moves the bit of 2 to the sign
  const Vector<T> shifted = x * T(0.63661977236758134308) + Constants<T>::magic, n = shifted - Constants<T>::magic;
  Vector<T> r = x;
#pragma GCC unroll 4
  for (T part : A::parts) r = r - n * part;
  const Vector<T> z = r * r, rz = r * z;
  const Vector<T> sin_r = r + rz * polynomial(A::S, z), cos_r = (T(1) - T(0.5) * z) + z * z * polynomial(A::C, z);
  const Bits<T> quadrant = bits<T>(shifted);
  const auto is_odd = (quadrant & Word<T>(1)) != Bits<T>{};
  const Vector<T> cos_x = is_odd ? sin_r : cos_r, sin_x = is_odd ? cos_r : sin_r;
  return {from_bits<T>(bits<T>(cos_x) ^ (((quadrant + Word<T>(1)) & Word<T>(2)) << sign)),
          from_bits<T>(bits<T>(sin_x) ^ ((quadrant & Word<T>(2)) << sign))};
}

// Replaces the values of the lanes whose x is beyond widest_angle.
template <class T> __attribute__((noinline)) void correct_wide_angles(const T* x, T* cos, T* sin) {
  for (int i = 0; i < lanes<T>; ++i) {
    if (__builtin_fabs(double(x[i])) <= double(widest_angle<T>)) continue;
    cos[i] = sizeof(T) == 4 ? T(__builtin_cosf(float(x[i]))) : T(__builtin_cos(double(x[i])));
    sin[i] = sizeof(T) == 4 ? T(__builtin_sinf(float(x[i]))) : T(__builtin_sin(double(x[i])));
  }
}
// A vector whose number i is number i ^ D of the words.
template <int D, int... C> inline Bits<double> crossed(Bits<double> words, std::integer_sequence<int, C...>) {
  return __builtin_shufflevector(words, words, (C ^ D)...);
}
// Whether every lane is at most `most`; false if one is NaN. Lane by lane it took 80 instructions with AVX-512.
template <class T> inline bool all_within(Vector<T> x, T most) {
  constexpr auto C = std::make_integer_sequence<int, lanes<double>>{};
  Bits<double> beyond = ~reinterpret_cast<Bits<double>>(x <= most);
  if constexpr (lanes<double> > 4) beyond |= crossed<4>(beyond, C);
  if constexpr (lanes<double> > 2) beyond |= crossed<2>(beyond, C);
  return ((beyond | crossed<1>(beyond, C))[0]) == 0;
}

template <class T> inline Wave<T> any_wave(Vector<T> x) {
  Wave<T> y = wave<T>(x);
  if (!all_within<T>(magnitude_of<T>(x), widest_angle<T>)) {
    alignas(64) T given[lanes<T>], cos[lanes<T>], sin[lanes<T>];
    store(given, x), store(cos, y.cos), store(sin, y.sin);
    correct_wide_angles(given, cos, sin);
    y = {load(cos), load(sin)};
  }
  return y;
}
template <class T> inline Vector<T> cosine(Vector<T> x) { return any_wave<T>(x).cos; }
template <class T> inline Vector<T> sine(Vector<T> x) { return any_wave<T>(x).sin; }
