// Which instruction sets this build has, and which of them the processor has.
#include "deltarule/engine.hpp"

namespace deltarule {

#if defined(DELTARULE_BASELINE_ONLY)
namespace baseline { extern const Isa isa; }
static std::vector<const Isa*> find() { return {&baseline::isa}; }
#elif defined(__x86_64__)
namespace avx512 { extern const Isa isa; }
namespace avx2 { extern const Isa isa; }
namespace baseline { extern const Isa isa; }
static std::vector<const Isa*> find() {
  std::vector<const Isa*> found;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) found.push_back(&avx512::isa);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&avx2::isa);
  found.push_back(&baseline::isa);
  return found;
}
#else
namespace neon { extern const Isa isa; }
static std::vector<const Isa*> find() { return {&neon::isa}; }
#endif

const std::vector<const Isa*>& available_isas() {
  static const std::vector<const Isa*> once = find();
  return once;
}

}  // namespace deltarule
