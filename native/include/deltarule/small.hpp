// Small networks as the kernels see them: a step with the rows of the batch in the lanes.
//
// In panels, most lanes of a layer of few units are padding, and most instructions of a step copy, turn and pad. Here a vector
// holds one number of as many rows as it has lanes, as in the first floor (floor.hpp), whatever the widths of the layers are.
// Parameters, the rule's vectors and Delta are flat, as the caller has them.
//
// Columns. Two slices of `lanes` rows have a record of columns, two vectors each, Batch::stride numbers from a record to the next:
//     1, x;  1, a, g' where it is kept, and delta, of each hidden layer;  0;  z;  y
// z becomes delta^(L). Layer::a, kept and delta, Batch::x and y are those of the first record, and Layer::theta.matrix is where
// Theta^(l) begins in theta, row by row with column 0. Rows past the last of a batch repeat it, and their errors are 0. A last
// slice without a second one has the first vectors of its columns alone.
#pragma once
#include "deltarule/kernels.hpp"

namespace deltarule {

// The two columns of a record whose product, summed over the rows, is Delta of one parameter: that of a in the lower half, that of delta in
// the upper, in bytes from the record's begin.
using Pair = std::uint64_t;

template <class T> struct Small {
  T *theta, *moments[most_moments], *Delta;  // Delta: null where it is not kept
  T* sums;                                   // place for Delta within a task
  Index vectors;                             // of theta; what pads it has the pair of columns of zeros
  const Pair* pairs;
  const unsigned char* groups;               // of each number of theta: 2 l for column 0 of Theta^(l), and 2 l + 1 for the others
  T* matrix;                                 // 1 for a number of a matrix, 0 for others
  T* records;
};

}  // namespace deltarule
