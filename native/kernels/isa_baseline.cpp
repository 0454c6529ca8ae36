// x86-64 as it was in 2003 (SSE2): 16 registers, no fused multiply-add.
constexpr int vector_bytes = 16, tile_rows = 6;
#define DELTARULE_ISA baseline
#include "table.inl"
