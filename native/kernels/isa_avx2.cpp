// AVX2 with FMA has 16 registers: the 6 x 2 tile takes 12, a row of b 2 and the broadcast 1.
#include <immintrin.h>

constexpr int vector_bytes = 32, tile_rows = 6;
#define DELTARULE_ISA avx2
#include "table.inl"
