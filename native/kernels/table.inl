// The whole of one instruction set, in a namespace of its own. The including file defines DELTARULE_ISA, the intrinsics
// DELTARULE_SQRT32 and DELTARULE_SQRT64, vector_bytes and tile_rows. Nothing of the standard library but types: an inline
// function compiled here with AVX-512 could be the copy that the linker keeps for everybody.
#include <utility>

#include "deltarule/kernels.hpp"

#define DELTARULE_TEXT(name) #name
#define DELTARULE_NAME(isa) DELTARULE_TEXT(isa)

namespace deltarule::DELTARULE_ISA {
namespace {
#include "vectors.inl"
#include "products.inl"
#include "mathematics.inl"
#include "units.inl"
#include "outputs.inl"
#include "examples.inl"
#include "parameters.inl"

template <class T> void product_panel(const T* a, Index a_stride, Index depth, const T* b, T* c, Index rows) {
  rows_product(a, a_stride, depth, b, c, rows, panel_vectors, zeros<T>);
}
template <class T> void function(int which, const T* x, T* y, Index n) {
  constexpr Vector<T> (*functions[])(Vector<T>) = {exponential<T>, logarithm<T>, logarithm_plus_one<T>, hyperbolic_tangent<T>,
                                                  logistic<T>, normal_function<T>};
  for (Index i = 0; i < n; i += lanes<T>) store(y + i, functions[which](load(x + i)));
}
template <class T>
constexpr Kernels<T> table = {DELTARULE_NAME(DELTARULE_ISA), lanes<T>, panel<T>, examples<T>, parameters<T>, hypothesis<T>,
                              transpose<T>, product_panel<T>, function<T>};
}  // namespace
const Kernels<float>* float32() { return &table<float>; }
const Kernels<double>* float64() { return &table<double>; }
}  // namespace deltarule::DELTARULE_ISA
