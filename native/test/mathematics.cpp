// Measures the errors of exp, log, log1p, tanh, the logistic and the normal distribution function in ulp, for the table in
// mathematics.inl, and those of cosine and sine, for the table in trigonometry.inl. The first argument is n, by default 509 (1 takes
// half an hour): float32 is measured at every n-th bit pattern, float64 at 2^27 / n random patterns and points of the usual range,
// cosine and sine at 2^27 / n points. The second argument names one instruction set.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "check.hpp"

using namespace deltarule;
using namespace deltarule::test;

namespace {

const char* const names[] = {"exp", "log", "log1p", "tanh", "logistic", "normal"};

// erfc(-x / sqrt(2)) / 2, corrected for the rounding of its argument, which would change it by x^2 ulp.
template <class R> R normal_function(R x) {
  const R root = std::sqrt(R(0.5)), rest = std::fma(-root, root, R(0.5)) / (2 * root);
  const R y = -x * root, error = std::fma(-x, root, -y) - x * rest;
  const R right = std::erfc(y) / 2, change = std::isfinite(x) ? std::exp(-y * y) * error / std::sqrt(R(3.14159265358979323846L)) : 0;
  return right - change;
}

// float32 is compared with double (wrong by 1e-9 ulp of float32 at most), float64 with long double (2^-11 ulp).
template <class R> R exact(int which, R x) {
  switch (which) {
    case 0: return std::exp(x);
    case 1: return std::log(x);
    case 2: return std::log1p(x);
    case 3: return std::tanh(x);
    case 4: return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    default: return normal_function(x);
  }
}

template <class T, class R> double ulps(T got, R right) {
  const R limit = R(std::numeric_limits<T>::max());
  if (std::isnan(right)) return std::isnan(got) ? 0 : 1e9;
  if (std::isinf(T(right)) || std::isinf(got)) return T(right) == got || std::fabs(right) > limit * (1 - R(1e-7)) ? 0 : 1e9;
  int exponent = 0;
  std::frexp(right, &exponent);
  const int digits = std::numeric_limits<T>::digits, least = std::numeric_limits<T>::min_exponent;
  return double(std::fabs(R(got) - right) / std::ldexp(R(1), std::max(exponent, least) - digits));
}

template <class T, class Word, class R> void measure(const Kernels<T>& kernels, long step) {
  constexpr Index block = 4096;
  alignas(64) static T x[block], y[block];
  double worst[6] = {};
  T where[6] = {};
  const auto run = [&] {
    for (int which = 0; which < 6; ++which) {
      kernels.function(which, x, y, block);
      for (Index i = 0; i < block; ++i) {
        if (which == 2 && !(x[i] >= 0)) continue;
        const double error = ulps<T, R>(y[i], exact<R>(which, R(x[i])));
        if (error > worst[which]) worst[which] = error, where[which] = x[i];
      }
    }
  };
  if (sizeof(T) == 4) {
    std::uint64_t pattern = 0;
    while (pattern < (std::uint64_t(1) << 32)) {
      for (Index i = 0; i < block; ++i, pattern += std::uint64_t(step)) {
        const Word word = Word(pattern);
        std::memcpy(&x[i], &word, sizeof word);
      }
      run();
    }
  } else {
    std::mt19937_64 generator(7);
    for (long n = 0; n < (1L << 27) / step; n += block) {
      for (Index i = 0; i < block; ++i) {
        const Word word = Word(generator());
        std::memcpy(&x[i], &word, sizeof word);
        // Two points in three lie in the range where the function changes, on a linear and on a logarithmic scale.
        const double uniform = std::ldexp(double(generator() >> 11), -53);
        if (i % 3 == 1) x[i] = T((uniform - 0.5) * 1500);
        if (i % 3 == 2) x[i] = T((i % 2 ? 1 : -1) * std::exp2(uniform * 80 - 70));
      }
      run();
    }
  }
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (Index i = 0; i < block; ++i) {
    const T special[] = {infinity, -infinity, nan, 0, -T(0), 1, std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max()};
    x[i] = special[i % 8];
  }
  run();
  kernels.function(3, x, y, block);
  CHECK(std::signbit(y[4]) && !std::signbit(y[3]), "tanh(-0) is -0 (%s)", kernels.isa);
  for (int which = 0; which < 6; ++which) {
    std::printf("%-9s float%d %-8s %.2f ulp at %.9g\n", kernels.isa, int(8 * sizeof(T)), names[which], worst[which], double(where[which]));
    CHECK(worst[which] < (which == 5 ? 5 : 3), "%s %s at %.17g", kernels.isa, names[which], double(where[which]));
  }
}

// Cosine (6) and sine (7): in ulp where |x| < 100, and everywhere in multiples of the unit roundoff, because near a zero a value has
// only the digits that whole turns have left of x. Points are uniform up to 100, to the widest angle of the kernels, and beyond it.
template <class T, class R> void measure_waves(const Kernels<T>& kernels, long step) {
  constexpr Index block = 4096;
  alignas(64) static T x[block], y[block];
  const R u = R(std::numeric_limits<T>::epsilon()) / 2;
  const double widest = sizeof(T) == 4 ? 12800 : 1.6e6;
  double worst[2] = {}, absolute = 0;
  std::mt19937_64 generator(7);
  for (long n = 0; n < (1L << 27) / step; n += block) {
    for (Index i = 0; i < block; ++i) {
      const double uniform = std::ldexp(double(generator() >> 11), -52) - 1;  // -1 to 1
      const double ranges[] = {100, widest, std::exp2(uniform * 30), 20 * widest};
      x[i] = T(i % 4 == 2 ? ranges[2] * (i % 8 == 2 ? 1 : -1) : uniform * ranges[i % 4]);
    }
    for (int which = 6; which < 8; ++which) {
      kernels.function(which, x, y, block);
      for (Index i = 0; i < block; ++i) {
        const R right = which == 6 ? std::cos(R(x[i])) : std::sin(R(x[i]));
        absolute = std::max(absolute, double(std::fabs(R(y[i]) - right) / u));
        if (std::fabs(double(x[i])) < 100) worst[which - 6] = std::max(worst[which - 6], ulps<T, R>(y[i], right));
      }
    }
  }
  std::printf("%-9s float%d cos %.2f ulp, sin %.2f ulp, both %.2f u\n", kernels.isa, int(8 * sizeof(T)), worst[0], worst[1], absolute);
  CHECK(worst[0] < 3 && worst[1] < 3 && absolute < 3, "%s cosine or sine", kernels.isa);
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (Index i = 0; i < block; ++i) x[i] = i % 4 == 0 ? infinity : i % 4 == 1 ? -infinity : i % 4 == 2 ? nan : T(0);
  for (int which = 6; which < 8; ++which) {
    kernels.function(which, x, y, block);
    for (Index i = 0; i < block; ++i)
      CHECK(i % 4 == 3 ? y[i] == T(which == 6) : std::isnan(y[i]), "%s function %d at %g", kernels.isa, which, double(x[i]));
  }
}

// The short form of the exponential (8) has the bits of the other from -64 (float64: -640) to 0.
template <class T> void compare_exponentials(const Kernels<T>& kernels) {
  constexpr Index block = 4096;
  alignas(64) static T x[block], y[block], same[block];
  const double lowest = sizeof(T) == 4 ? -64 : -640;
  std::mt19937_64 generator(7);
  for (int n = 0; n < 200; ++n) {
    for (Index i = 0; i < block; ++i) x[i] = T(lowest * std::ldexp(double(generator() >> 11), -53) * (i % 3 ? 1 : 1e-3));
    x[0] = T(lowest), x[1] = T(0), x[2] = -T(0);
    kernels.function(0, x, y, block), kernels.function(8, x, same, block);
    CHECK(std::memcmp(y, same, sizeof y) == 0, "%s float%d: two exponentials", kernels.isa, int(8 * sizeof(T)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long step = argc > 1 ? std::atol(argv[1]) : 509;
  for (const Isa* isa : available_isas()) {
    if (argc > 2 && std::strcmp(argv[2], isa->float32.isa) != 0) continue;
    measure<float, std::uint32_t, double>(isa->float32, step);
    measure<double, std::uint64_t, long double>(isa->float64, step);
    compare_exponentials(isa->float32);
    compare_exponentials(isa->float64);
    measure_waves<float, double>(isa->float32, step);
    measure_waves<double, long double>(isa->float64, step);
  }
}
