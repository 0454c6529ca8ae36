// The kernels: the arithmetic of (1)-(6) on panels, for one instruction set and one dtype.
//
// Panels. Every matrix that a product touches is stored in panels of `panel` columns (two vectors), row after row;
// the last panel is padded with zeros. Element (r, c) stands at  (c / panel) * stride + r * panel + c % panel.
// Both operands and the result of every product of a step have this form, so nothing is repacked between (1), (4)
// and (5). The rows of a tile are neighbours in memory (one base register, one page). Panels of Theta, of the rule's
// vectors and of the transposed copy are updated as contiguous 4 KB blocks.
//
// Contract, for every kernel
//   * The caller owns all memory. Nothing here allocates, throws, prints or aborts.
//   * Panels start on a vector's boundary, do not overlap, and their padding is zero before and after.
//   * Sizes may be zero; a sum over nothing is 0.
//   * NaN and infinity propagate as IEEE 754 says: no -ffast-math.
//   * Each element of a product is one chain of fused multiply-adds (multiply, then add, where the instruction set
//     has no fused one), k ascending, whatever tile it falls into; a narrow layer's, and those of the last units of a layer
//     (split_k.inl), are a fixed number of such chains. A sum is never split by thread. So the results are bit-identical for any
//     number of threads and any slices that a caller chooses.
#pragma once
#include <cstddef>
#include <cstdint>

#include "deltarule/inputs.hpp"

namespace deltarule {

enum class Hidden { logistic, tanh, relu, identity, leaky_relu, elu, selu, gelu, silu, mish, softplus, gelu_tanh };
enum class Output { sigmoid, softmax, identity, exp, huber, pinball };
constexpr Index most_quantiles = 256;  // outputs of pinball, whose error terms are made in a place of this size
// none computes (1) and (2) only; sum leaves (5) in Layer::Delta and updates nothing. averaged is (12), schedule_free (13).
enum class Update { none, sum, sgd, nesterov, adam, averaged_sgd, averaged_nesterov, averaged_adam, schedule_free };
constexpr int most_moments = 4;  // vectors of a rule
constexpr Index most_narrow = 3;  // outputs of a narrow last layer
constexpr int most_few_rows = 2;  // that Theta as the caller has it is multiplied by (few_rows.inl)

// A matrix with the shape of Theta^(l): panels over the inputs, one row for each output. Its column 0 is one row apart, and so
// are the alpha of learnt units, null where there are none.
template <class T> struct Blocks { T *matrix, *bias, *alpha; };
template <class T> struct Rule;
template <class T> struct Floor;  // floor.hpp
template <class T> struct Small;  // small.hpp

// Theta^(l), from the s_l units of layer l to the s_{l+1} units of layer l + 1, and a batch's activations in layer l + 1.
template <class T> struct Layer {
  Index inputs, outputs;
  Hidden unit;                       // of layer l + 1; identity in the last, which Batch::output follows, and where it is learnt
  Hidden learnt;                     // the g of learnt units
  T number;                          // in the unit's formula: the slope of leaky_relu, the alpha of elu
  bool keeps_slope;                  // names.hpp
  Blocks<T> theta, moments[most_moments];  // moments: the rule's vectors; null where it has none
  const Rule<T>* rules;              // of column 0, the matrix and alpha
  Blocks<T> Delta;                   // (5), written by Update::sum; other updates read it, or compute (5) if null
  T* transposed;                     // Theta for (1): panels over the outputs, one row for each input; (1) reads
                                     // the last vector of outputs from `split` where there is one
  bool turned;                       // Theta^(1) where nothing is learnt below: (4) does without it, so theta.matrix is `transposed`,
                                     // and moments and Delta have its form
  int splits;                        // above 1: so many inputs stand beside each other in the last vector of outputs (split_k.inl),
  T* split;                          // whose weights (1) reads here, a copy of those in `transposed`
  const T* in_place;                 // not null: Theta for (1) as the caller has it, row by row, for up to most_few_rows rows
  Index theta_stride, transposed_stride;
  T *a, *delta;                      // (rows, outputs): a^(l+1) and delta^(l+1). In the last layer one matrix: z, then delta
  bool narrow;                       // the last layer above a hidden one, of few outputs: z and delta stand in columns
                                     // (narrow.inl), and `transposed` is not used
  T* kept;                           // source of g' in (4): a, or g'(z) if keeps_slope, whose padding may hold anything
  T* bent;                           // learnt units (11): g(z) - z, then times dl/da; null where units have no alpha
  int block;                         // of a small network: the shape of blocks of Delta
  std::uint64_t dropout;             // the layer's random number (counters.hpp)
  std::uint32_t left_out;            // units whose random number is below this are left out
  T factor;                          // 1 / (1 - p), in a and in kept, which then is a matrix of its own, as it is of learnt
};                                   // units; 0: neither dropout nor learnt units, 1: learnt units without dropout

// The factors of a step; D = scale * Delta + decay * Theta.
template <class T> struct Rule {
  T scale, decay;
  T shrink;                          // multiplies Theta before the rule adds to it
  T step, momentum;                  // v = momentum * v - step * D
  T beta1, rest1, beta2, rest2, epsilon;  // Adam: rest = 1 - beta; step includes the bias correction
  T share;                           // c of (12)
  T corrected, decays, before;       // (13): sqrt(1 - beta2^t), that times the decay, and beta1, or 1 in the first step
};

// The blocks begin .. end of one panel of Theta^(layer), or a part that Part names; layer is the number of a task of the floor if
// panel == of_floor. For compressed rows, a block of columns of X instead of a panel of Theta^(0), and Theta^(0), its moments and
// Delta stand row by row (sparse.inl).
struct Task { int layer, panel, begin = 0, end = 0; };
enum Part { of_bias = -1, of_alpha = -2, of_floor = -3 };

// One batch. Its rows of X and Y are order[0 .. rows), or first .. first + rows if order is null.
template <class T> struct Batch {
  const Layer<T>* layers;
  Index n_layers;                    // L - 1
  Output output;
  const T* output_numbers;           // of its formula (names.hpp)
  Index stride;                      // between panels of x, y, a and delta
  T *x, *y;                          // the batch's rows, in panels
  Inputs<T> X;
  Index x_step;                      // not 0: no order, and dense rows are read where they are, so many numbers apart; x is not used
  const T *Y, *weights;              // row by row; weights may be null
  const std::uint32_t* order;
  const Floor<T>* floor;             // between X and x; null: x is X
  const Small<T>* small;             // null: in panels
  Index first, rows;
  Index offset;                      // number of row 0 of X in the whole training set, for dropout
  Index known;                       // rows, and the rows of later steps, which may be prefetched
  T* costs;                          // one for each row, times its weight
  T* h;                              // not null: only h is wanted; that of row i of X goes to h + i * K
  bool* is_finite;                   // may be null; becomes false if a number of x is not finite (not for a floor or compressed rows)
  Elements<T> elements;              // of the batch, if X is sparse; written by sort_elements() and read by parameters()
  const Task* tasks;
  Index n_tasks;
  Update update;
  bool add;                          // Update::sum adds to Delta instead of overwriting it
  double* squares;                   // of each task: sum of penalised Theta^2 before the update, or D^2 for Update::sum; may be null
  double operations;                 // of one row, to choose the threads
};

template <class T> struct Kernels {
  const char* isa;
  int lanes, panel;

  // (1)-(4) for rows begin .. end: writes x (unless x_step), y, a, delta and costs; or x, a and h. begin is a multiple of lanes, of panel if the network
  // is small, and so is end unless it equals rows.
  void (*examples)(const Batch<T>&, Index begin, Index end);
  // (5) for one task over all rows in order, unless Delta holds it already; then (6), the update, and the transposed copy.
  // Does nothing for Update::none.
  void (*parameters)(const Batch<T>&, Index task);
  void (*transpose)(const Layer<T>&);  // theta -> transposed, split
  // Transposes a block of a panel, `rows` by `columns`, into another block. Both are whole panels of memory; padding becomes padding.
  void (*transpose_panel)(const T* from, T* to, Index rows, Index columns);
  int (*block_shape)(Index units, Index inputs);  // Layer::block
  // The same as epoch_order() of counters.hpp.
  void (*epoch_order)(bool shuffle, std::uint64_t key, std::uint64_t epoch, std::uint32_t* order, std::uint64_t m);
  // A function of n values, for tests; n is a multiple of lanes. 0 exp, 1 log, 2 log1p (x >= 0), 3 tanh, 4 logistic, 5 the normal
  // distribution function, 6 cos, 7 sin, 8 exp in its short form.
  void (*function)(int which, const T* x, T* y, Index n);
};

struct Isa {
  Kernels<float> float32;
  Kernels<double> float64;
};

}  // namespace deltarule
