// The arithmetic of a thread: rounding to nearest, and numbers below the least normal one as they are.
//
// Others change it. After `torch.set_flush_denormal`, after an onnxruntime session with denormals as zero, and inside a callback from
// JAX, the calling thread takes subnormal numbers for zero, and the threads of a pool do not: bits would depend on who takes a row.
// A pool begins its threads during a call, and they keep the arithmetic of that call.
#pragma once
#if !defined(__x86_64__) && !defined(__aarch64__)
#include <cfenv>
#endif

namespace deltarule {

#if defined(__x86_64__)
using Control = unsigned;
constexpr Control plain = 0x1f80;  // all exceptions masked
inline Control control() { return __builtin_ia32_stmxcsr() & ~0x3fu; }  // without the flags of what has happened
inline void set_control(Control value) { __builtin_ia32_ldmxcsr(value); }
#elif defined(__aarch64__)
using Control = unsigned long;
constexpr Control plain = 0;
inline Control control() {
  Control value;
  asm volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
inline void set_control(Control value) { asm volatile("msr fpcr, %0" : : "r"(value)); }
#else
using Control = int;
constexpr Control plain = FE_TONEAREST;
inline Control control() { return std::fegetround(); }
inline void set_control(Control value) { std::fesetround(value); }
#endif

// Sets the arithmetic of this thread, and puts back what it was.
class PlainArithmetic {
  const Control kept_ = control();

 public:
  PlainArithmetic() {
    if (kept_ != plain) set_control(plain);
  }
  ~PlainArithmetic() {
    if (kept_ != plain) set_control(kept_);
  }
  PlainArithmetic(const PlainArithmetic&) = delete;
  PlainArithmetic& operator=(const PlainArithmetic&) = delete;
};

}  // namespace deltarule
