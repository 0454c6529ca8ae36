// Shared by the native tests: a check that says what failed, random numbers, and a loop over the instruction sets.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "deltarule/engine.hpp"

#define CHECK(condition, ...)                                                       \
  do {                                                                              \
    if (!(condition)) {                                                             \
      std::fprintf(stderr, "%s:%d: %s is false: ", __FILE__, __LINE__, #condition); \
      std::fprintf(stderr, __VA_ARGS__);                                            \
      std::fprintf(stderr, "\n");                                                   \
      std::exit(1);                                                                 \
    }                                                                               \
  } while (0)

namespace deltarule::test {

// n u / (1 - n u): Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.1.
template <class T> long double gamma(long double n) {
  const long double nu = n * std::numeric_limits<T>::epsilon() / 2;
  return nu / (1 - nu);
}

template <class T> std::vector<T> normal(std::size_t n, double scale, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> draw;
  std::vector<T> values(n);
  for (T& x : values) x = T(scale * draw(generator));
  return values;
}

inline bool never() { return false; }

template <class F> void for_each_isa(const F& f) {
  for (const Isa* isa : available_isas()) {
    f(isa->float32, 0.0f);  // the number says which T
    f(isa->float64, 0.0);
  }
}

}  // namespace deltarule::test
