// Compares products with long double, within n u / (1 - n u) sum |a| |b|. The products are h = X Theta^T of a network of one layer
// with the identity as output, for every height of tile and sizes around the lanes.
#include "check.hpp"

using namespace deltarule;
using namespace deltarule::test;

int main() {
  for_each_isa([](const auto& kernels, auto zero) {
    using T = decltype(zero);
    const Index p = kernels.panel, l = kernels.lanes;
    for (Index k : {Index(1), l - 1, l, l + 1, p - 1, p, p + 1, 3 * p + 2})
      for (Index n : {Index(1), l - 1, l, l + 1, l + l / 2, p, p + 2, 2 * p + 3})
        for (int threads : {1, 2}) {
          Engine<T> engine({{k, n}, {}, Output::identity}, kernels, threads, 0);
          for (Index m : {Index(0), Index(1), Index(2), Index(5), Index(7), Index(12), Index(13), l - 1, l + 1, Index(131)}) {
            const auto X = normal<T>(std::size_t(m * k), 1, 1), theta = normal<T>(std::size_t(n * (k + 1)), 1, 2);
            std::vector<T> h(std::size_t(m * n), T(7));
            CHECK(engine.hypothesis(theta.data(), X.data(), m, h.data(), never), "nothing interrupts it");
            for (Index i = 0; i < m; ++i)
              for (Index j = 0; j < n; ++j) {
                const T* const row = &theta[std::size_t(j * (k + 1))];
                long double sum = row[0], absolute = std::fabs(row[0]);
                for (Index x = 0; x < k; ++x) {
                  const long double term = (long double)(X[std::size_t(i * k + x)]) * row[x + 1];
                  sum += term, absolute += std::fabs(term);
                }
                CHECK(std::fabs(h[std::size_t(i * n + j)] - sum) <= gamma<T>(2 * (long double)(k + 1)) * absolute,
                      "%s %zu bytes, %td x %td x %td, element %td %td", kernels.isa, sizeof(T), m, k, n, i, j);
              }
          }
        }
    std::printf("%s float%d: products within the bound\n", kernels.isa, int(8 * sizeof(T)));
  });
}
