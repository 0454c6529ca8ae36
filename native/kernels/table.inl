// All kernels of one instruction set, in a namespace of their own. The including file defines DELTARULE_ISA, vector_bytes and
// tile_rows. Only types of the standard library may be used: of an inline function that is compiled here with AVX-512, the
// linker could keep this copy for the whole program.
#include <type_traits>
#include <utility>

#include "deltarule/counters.hpp"
#include "deltarule/floor.hpp"
#include "deltarule/kernels.hpp"
#include "deltarule/names.hpp"
#include "deltarule/small.hpp"

#define DELTARULE_TEXT(name) #name
#define DELTARULE_NAME(isa) DELTARULE_TEXT(isa)

namespace deltarule::DELTARULE_ISA {
namespace {
#include "vectors.inl"
#include "products.inl"
#include "mathematics.inl"
#include "trigonometry.inl"
#include "outputs.inl"
#include "units.inl"
#include "rows.inl"
#include "split_k.inl"
#include "few_rows.inl"
#include "dropout.inl"
#include "floor.inl"
#include "sparse.inl"
#include "narrow.inl"
#include "small.inl"
#include "examples.inl"
#include "rules.inl"
#include "floor_parameters.inl"
#include "small_parameters.inl"
#include "order.inl"
#include "parameters.inl"

template <class T> void function(int which, const T* x, T* y, Index n) {
  constexpr Vector<T> (*functions[])(Vector<T>) = {exponential<T>, logarithm<T>, logarithm_plus_one<T>, hyperbolic_tangent<T>,
                                                  logistic<T>, normal_function<T>, cosine<T>, sine<T>,
                                                  short_exponential<T>};
  for (Index i = 0; i < n; i += lanes<T>) store(y + i, functions[which](load(x + i)));
}
template <class T>
constexpr Kernels<T> table = {DELTARULE_NAME(DELTARULE_ISA), lanes<T>, panel<T>, examples<T>, parameters<T>, transpose<T>,
                              transpose_panel<T>, block_shape, order_of_epoch, function<T>};
}  // namespace
extern const Isa isa;
const Isa isa = {table<float>, table<double>};
}  // namespace deltarule::DELTARULE_ISA
