// What one instruction set does for one dtype: the arithmetic of (1)-(6) on panels.
//
// Panels. Every matrix that a product touches is stored in panels: `panel` columns (two vectors) wide, row after
// row, the last one filled up with zeros. Element (r, c) stands at  (c / panel) * stride + r * panel + c % panel.
// Both operands and the result of every product of a step then have the same form, so nothing is repacked between
// (1), (4) and (5); a tile's rows lie side by side (one base register, one page), and panels of Theta, of the
// rule's vectors and of the transposed copy are updated as contiguous 4 KB blocks.
//
// Contract, for every kernel
//   * The caller owns all memory. Nothing here allocates, throws, prints or aborts.
//   * Panels start on a vector's boundary, do not overlap, and their filling is zero before and after.
//   * Sizes may be zero; a sum over nothing is 0.
//   * NaN and infinity propagate as IEEE 754 says: no -ffast-math.
//   * Each element of a product is one chain of fused multiply-adds (multiply, then add, where the instruction set
//     has no fused one), k ascending, whatever tile it falls into. A sum is never split by thread. So neither the
//     threads nor the slices a caller chooses change a bit.
#pragma once
#include <cstddef>
#include <cstdint>

namespace deltarule {

using Index = std::ptrdiff_t;

enum class Hidden { logistic, tanh, relu, identity, leaky_relu, elu, selu, gelu, silu, mish, softplus };
enum class Output { sigmoid, softmax, identity, exp };
// none: (1) and (2) only; sum: no update, (5) stays in Layer::Delta.
enum class Update { none, sum, sgd, nesterov, adam };

// A matrix with the shape of Theta^(l): panels over the inputs, one row for each output; and its column 0, one row.
template <class T> struct Blocks { T *matrix, *bias; };

// Theta^(l), from the s_l units of layer l to the s_{l+1} of the next, and what a batch leaves in that next layer.
template <class T> struct Layer {
  Index inputs, outputs;
  Hidden unit;                       // of layer l + 1; identity in the last, where the network's output unit follows
  T number;                          // in the unit's formula: the slope of leaky_relu, the alpha of elu
  bool keeps_slope;                  // names.hpp
  Blocks<T> theta, moments[2];       // moments: the rule's vectors; null where it has none
  Blocks<T> Delta;                   // (5), written by Update::sum; null, or what the other updates take for (5)
  T* transposed;                     // panels over the outputs, one row for each input: what (1) multiplies by
  Index theta_stride, transposed_stride;
  T *a, *delta;                      // (rows, outputs): a^(l+1) and delta^(l+1). In the last layer one matrix: z, then delta
  T* kept;                           // what (4) takes g' from: a, or where keeps_slope g'(z), whose padding may hold anything
  std::uint64_t dropout;             // the layer's number in counters.hpp; a unit's below left_out has the factor 0
  std::uint32_t left_out;
  T factor;                          // of the others, then in a and in kept, which is a matrix of its own; 0: no dropout
};

// What a step multiplies by; D = scale * Delta + decay * Theta.
template <class T> struct Rule {
  T scale, decay;
  T shrink;                          // Theta by this, before the rule adds to it
  T step, momentum;                  // v = momentum * v - step * D
  T beta1, rest1, beta2, rest2, epsilon;  // Adam: rest = 1 - beta; step includes the bias correction
};

struct Task { int layer, panel; };   // one panel of Theta^(layer); panel == -1: its column 0

// One batch. Rows of X and Y are order[0 .. rows) or, where order is null, first .. first + rows.
template <class T> struct Batch {
  const Layer<T>* layers;
  Index n_layers;                    // L - 1
  Output output;
  Index stride;                      // between panels of x, y, a and delta
  T *x, *y;                          // the batch's rows, in panels
  const T *X, *Y, *weights;          // row by row; weights may be null
  const std::uint32_t* order;
  Index first, rows;
  Index offset;                      // number of row 0 of X in the whole training set: what dropout counts by
  Index known;                       // rows, and those after them that may be asked for ahead of the steps to come
  T* costs;                          // one for each row, times its weight
  T* h;                              // null, or (m, K): only h is wanted, of row i of X at h + i * K
  const Task* tasks;
  Index n_tasks;
  Update update;
  bool add;                          // Update::sum: to what Delta holds
  const Rule<T>* rules;              // one for the matrix, and the next for column 0, of the first Theta
  int rules_of_layer;                // 2: as many for each further Theta; 0: the same two for all
  double* squares;                   // one for each task: sum of Theta^2 before the update, or by Update::sum of D^2; may be null
};

template <class T> struct Kernels {
  const char* isa;
  int lanes, panel;

  // (1)-(4) for rows begin .. end: fills x, y, a, delta and costs; or x, a and h. begin is a multiple of lanes, end too unless
  // it is rows.
  void (*examples)(const Batch<T>&, Index begin, Index end);
  // (5) for one task over all rows in order, unless it stands in Delta, then (6) and the update, and the transposed copy.
  // Not for Update::none.
  void (*parameters)(const Batch<T>&, Index task);
  void (*transpose)(const Layer<T>&);  // theta -> transposed
  // What the tests of the functions call: n values, n a multiple of lanes. 0 exp, 1 log, 2 log1p (x >= 0), 3 tanh, 4 logistic,
  // 5 the normal distribution function.
  void (*function)(int which, const T* x, T* y, Index n);
};

struct Isa {
  Kernels<float> float32;
  Kernels<double> float64;
};

}  // namespace deltarule
