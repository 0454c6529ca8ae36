// The matrix product against long double, within n u / (1 - n u) sum |a| |b|; every height of tile, sizes around the lanes.
#include "check.hpp"

using namespace deltarule;
using namespace deltarule::test;

int main() {
  for_each_isa([](const auto& kernels, auto zero) {
    using T = decltype(zero);
    const Index p = kernels.panel, l = kernels.lanes;
    for (Index m : {Index(0), Index(1), Index(2), Index(5), Index(7), Index(12), Index(13), l - 1, l + 1, Index(131)})
      for (Index k : {Index(0), Index(1), l - 1, l, l + 1, p - 1, p, p + 1, 3 * p + 2})
        for (Index n : {Index(1), l - 1, l, l + 1, p, 2 * p + 3})
          for (int threads : {1, 2}) {
            const auto a = normal<T>(std::size_t(m * k), 1, 1), b = normal<T>(std::size_t(k * n), 1, 2);
            std::vector<T> c(std::size_t(m * n), T(7));
            matrix_product(kernels, threads, a.data(), b.data(), c.data(), m, k, n);
            for (Index i = 0; i < m; ++i)
              for (Index j = 0; j < n; ++j) {
                long double sum = 0, absolute = 0;
                for (Index x = 0; x < k; ++x) {
                  const long double term = (long double)(a[std::size_t(i * k + x)]) * b[std::size_t(x * n + j)];
                  sum += term, absolute += std::fabs(term);
                }
                CHECK(std::fabs(c[std::size_t(i * n + j)] - sum) <= gamma<T>(2 * (long double)(k)) * absolute,
                      "%s %zu bytes, %td x %td x %td, element %td %td", kernels.isa, sizeof(T), m, k, n, i, j);
              }
          }
    std::printf("%s float%d: products within the bound\n", kernels.isa, int(8 * sizeof(T)));
  });
}
