// AVX-512 (F, DQ, BW, VL): 32 registers. Tile 12 x 2 vectors: 240 GFLOP/s at 1056 x 1024 x 1024 float32 on one Zen 5 core;
// 11 x 2: 239, 10 x 2: 238, 6 x 4: 240, 8 x 3: 231. 12 x 2 asks least of the second-level cache (11 bytes a cycle).
#include <immintrin.h>
constexpr int vector_bytes = 64, tile_rows = 12;
#define DELTARULE_ISA avx512
// maskz: for the plain forms GCC 12 warns of an uninitialized value in its own header.
#define DELTARULE_SQRT32(x) _mm512_maskz_sqrt_ps(__mmask16(-1), x)
#define DELTARULE_SQRT64(x) _mm512_maskz_sqrt_pd(__mmask8(-1), x)
#include "table.inl"
