// The yardstick: the product of a step, between matrices stored row by row.
#include "deltarule/pool.hpp"
#include "workspace.hpp"

namespace deltarule {

template <class T>
void matrix_product(const Kernels<T>& kernels, int n_threads, const T* a, const T* b, T* c, Index m, Index k, Index n) {
  const Index panel = kernels.panel, k_panels = (k + panel - 1) / panel, n_panels = (n + panel - 1) / panel;
  const Index slice = 256, slices = (m + slice - 1) / slice, stride = (m + 4) * panel;
  // Kept for the next call: fresh pages from the system cost a fifth of a 1024^3 product.
  thread_local std::vector<Line> memory;
  memory.resize(std::max(memory.size(), lines_of<T>(k_panels * stride + n_panels * (k * panel + stride))));
  T *left = reinterpret_cast<T*>(memory.data()), *right = left + k_panels * stride, *result = right + n_panels * k * panel;
  alignas(Line) static constexpr T zeros[sizeof(Line) / sizeof(T) * 2] = {};  // the widest panel
  // Into panels, and out of them: columns p * panel ... of a row-by-row matrix.
  const auto columns = [panel](Index p, Index all) { return std::min(panel, all - p * panel); };
  Pool pool(n_threads);
  pool.run(slices, [&](Index s) {
    for (Index i = s * slice; i < std::min(m, (s + 1) * slice); ++i)
      for (Index p = 0; p < k_panels; ++p) std::copy_n(a + i * k + p * panel, columns(p, k), left + p * stride + i * panel);
  });
  // One panel of b at a time, so that it is still in the cache when it is multiplied.
  pool.run(n_panels, [&](Index p) {
    T* from = right + p * k * panel;
    for (Index i = 0; i < k; ++i) std::copy_n(b + i * n + p * panel, columns(p, n), from + i * panel);
    for (Index first = 0; first < m; first += slice) {
      T* to = result + p * stride + first * panel;
      const Index rows = std::min(slice, m - first);
      kernels.product(left + first * panel, stride, k, from, to, rows, int(panel / kernels.lanes), zeros);
      for (Index i = 0; i < rows; ++i) std::copy_n(to + i * panel, columns(p, n), c + (first + i) * n + p * panel);
    }
  });
}

template void matrix_product(const Kernels<float>&, int, const float*, const float*, float*, Index, Index, Index);
template void matrix_product(const Kernels<double>&, int, const double*, const double*, double*, Index, Index, Index);

}  // namespace deltarule
