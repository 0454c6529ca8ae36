// AVX-512 (F, DQ, BW, VL): 32 registers. Tile 12 x 2 vectors: 240 GFLOP/s at 1056 x 1024 x 1024 float32 on one Zen 5 core;
// 11 x 2: 239, 10 x 2: 238, 6 x 4: 240, 8 x 3: 231. 12 x 2 asks least of the second-level cache (11 bytes a cycle).
constexpr int vector_bytes = 64, tile_rows = 12;
#define DELTARULE_ISA avx512
#include "table.inl"
