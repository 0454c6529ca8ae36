// aarch64: NEON is always there, 32 registers of 128 bits. The 12 x 2 tile takes 24 of them.
constexpr int vector_bytes = 16, tile_rows = 12;
#define DELTARULE_ISA neon
#include "table.inl"
