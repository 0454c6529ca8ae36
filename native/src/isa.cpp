// Which instruction sets this build has, and which of them the processor has.
#include <cstring>

#include "deltarule/kernels.hpp"

namespace deltarule {

#define DELTARULE_ISA(name) namespace name { const Kernels<float>* float32(); const Kernels<double>* float64(); }
#if defined(__x86_64__)
DELTARULE_ISA(avx512)
DELTARULE_ISA(avx2)
DELTARULE_ISA(baseline)
#else
DELTARULE_ISA(neon)
#endif

namespace {
struct Available {
  const char* names[4] = {};
  const Kernels<float>* float32[4] = {};
  const Kernels<double>* float64[4] = {};
  int n = 0;
  void offer(bool here, const Kernels<float>* f, const Kernels<double>* d) {
    if (here) names[n] = f->isa, float32[n] = f, float64[n++] = d;
  }
  Available() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx512_here = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    offer(avx512_here, avx512::float32(), avx512::float64());
    offer(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), avx2::float32(), avx2::float64());
    offer(true, baseline::float32(), baseline::float64());
#else
    offer(true, neon::float32(), neon::float64());
#endif
  }
  int find(const char* isa) const {  // n, and so null, if there is none
    int i = 0;
    while (i < n && std::strcmp(names[i], isa) != 0) ++i;
    return i;
  }
};
const Available& available() {
  static const Available once;
  return once;
}
}  // namespace

const char* const* available_isas() { return available().names; }
template <> const Kernels<float>* kernels(const char* isa) { return available().float32[available().find(isa)]; }
template <> const Kernels<double>* kernels(const char* isa) { return available().float64[available().find(isa)]; }

}  // namespace deltarule
