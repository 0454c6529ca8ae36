// AVX-512 (F, DQ, BW, VL) has 32 registers. Speed of tiles, rows x vectors (1056 x 1024 x 1024 float32, one Zen 5 core):
//     tile       12 x 2   11 x 2   10 x 2   6 x 4   8 x 3
//     GFLOP/s    240      239      238      240     231
// The tile 12 x 2 loads least from the second-level cache (11 bytes a cycle).
#include <immintrin.h>

constexpr int vector_bytes = 64, tile_rows = 12;
#define DELTARULE_ISA avx512
#include "table.inl"
