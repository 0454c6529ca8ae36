// aarch64: NEON is always there, 32 registers of 128 bits. The 12 x 2 tile takes 24 of them.
#include <arm_neon.h>
constexpr int vector_bytes = 16, tile_rows = 12;
#define DELTARULE_ISA neon
#define DELTARULE_SQRT32(x) vsqrtq_f32(x)
#define DELTARULE_SQRT64(x) vsqrtq_f64(x)
#include "table.inl"
