// Every aarch64 processor has NEON: 32 registers of 128 bits, of which the 12 x 2 tile takes 24.
constexpr int vector_bytes = 16, tile_rows = 12;
#define DELTARULE_ISA neon
#include "table.inl"
