// x86-64 as it was in 2003 (SSE2): 16 registers, no fused multiply-add.
#include <emmintrin.h>
constexpr int vector_bytes = 16, tile_rows = 6;
#define DELTARULE_ISA baseline
#define DELTARULE_SQRT32(x) _mm_sqrt_ps(x)
#define DELTARULE_SQRT64(x) _mm_sqrt_pd(x)
#include "table.inl"
