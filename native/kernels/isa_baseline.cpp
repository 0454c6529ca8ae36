// x86-64 as of 2003 (SSE2) has 16 registers and no fused multiply-add.
constexpr int vector_bytes = 16, tile_rows = 6;
#define DELTARULE_ISA baseline
#include "table.inl"
