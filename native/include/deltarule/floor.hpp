// The first floor as the kernels see it: what makes of a raw row the input x of Theta^(1), equations (7) to (10).
//
// Rows in lanes. A column of the floor holds `lanes` rows in one vector; a block is all columns of these rows, one vector after
// the other. So every part works on whole vectors whatever its width is, and no sum over rows splits by thread: phase 1 takes
// blocks, phase 2 takes the parameters of a column over all blocks in order. Rows past the last of a batch repeat it, and their
// errors are 0.
//
// Parameters stand in one array, each run on a vector's boundary, its padding zero; the rule's vectors and Delta have the same form.
#pragma once
#include "deltarule/kernels.hpp"

namespace deltarule {

enum class Kind { keep, scale, embedding, piecewise, periodic };

// One column of X and the columns that it becomes; keep and scale take several columns at once.
template <class T> struct Piece {
  Kind kind;
  Index from, to;              // first column of X, first column of what goes out
  Index columns, width;        // columns of X, and what goes out for each
  Index size;                  // rows of the table (embedding, piecewise); frequencies
  Index at;                    // its parameters: s; the table; omega
  Index phase, weight, bias;   // periodic: b, V row by row, each row padded, and v
  Index kept;                  // what (8) to (10) keep in a block, in vectors: k; k and r; cos and sin of each wave in turn
  const T* bounds;             // piecewise: x >= bounds[k] exactly where x >= t_k
  const double *knots, *rise;  // t_k, and 1 / (t_{k+1} - t_k)
};

// Numbers under one rule: n of them, at a place of the floor's arrays and at a place of theta.
struct Stretch { Index at, flat, n; int group; };

// What phase 2 computes at once: the runs of some columns, or of some rows of a table, of one piece; of the last scale if
// piece == -1.
struct FloorTask { int piece, first_run, n_runs; Index first, n; };

template <class T> struct Floor {
  const Piece<T>* pieces;
  Index n_pieces, inputs, outputs;
  Index scale;                                   // place of the s that multiply what goes out; -1: none do
  T *theta, *moments[most_moments], *Delta;      // parameters
  bool has_Delta;                                // whether Delta holds the sums already, as Layer::Delta does
  const Stretch* runs;
  const FloorTask* tasks;
  const Rule<T>* rules;                          // of each group
  T *raw, *out, *error, *kept;                   // blocks: X; what goes out, then times its error if there is a scale; dl/d(what
  Index raw_step, out_step, kept_step;           // goes out of the pieces), like out; and numbers from a block to the next
  T* panel;                                      // one panel of dl/dx, (rows, panel)
  const T* none;                                 // zeros, as many as the widest row of a table
};

}  // namespace deltarule
