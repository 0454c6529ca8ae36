// X as the core reads it: an array row by row, of T or of the other dtype, or compressed rows (CSR), of which only the stored elements
// are touched.
//
// Contract
//   * An array of the other dtype is rounded to T row by row, as rows are gathered; a number beyond the range of T becomes infinite.
//     A first floor takes arrays of T only.
//   * Row i of compressed rows has the elements starts[i] ... starts[i + 1] - 1: values[e] in column columns[e]. Columns may come in
//     any order and more than once, which means their sum; a stored zero is an element like any other.
//   * `columns` and `starts` have 32 bits, or 64 if `wide`. Whoever makes an Inputs has checked that starts do not fall and that
//     columns lie in 0 ... s_1 - 1.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace deltarule {

using Index = std::ptrdiff_t;

template <class T> using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;

template <class T> struct Inputs {
  const T* dense = nullptr;
  const Other<T>* other = nullptr;
  const T* values = nullptr;
  const void *columns = nullptr, *starts = nullptr;
  bool wide = false;

  Inputs() = default;
  Inputs(const T* X) : dense(X) {}
  Inputs(const Other<T>* X) : other(X) {}
  Inputs(const T* v, const void* c, const void* s, bool w) : values(v), columns(c), starts(s), wide(w) {}

  bool sparse() const { return starts != nullptr; }
  Index start_of(Index row) const {
    return wide ? Index(static_cast<const std::int64_t*>(starts)[row]) : Index(static_cast<const std::int32_t*>(starts)[row]);
  }
  Index elements_of(Index row) const { return start_of(row + 1) - start_of(row); }
  // Calls f with the columns as an array of their own type.
  template <class F> auto with_columns(const F& f) const {
    return wide ? f(static_cast<const std::int64_t*>(columns)) : f(static_cast<const std::int32_t*>(columns));
  }
};

// A stored element of a batch: x of row `row` of the batch in column `column`.
template <class T> struct Element {
  std::uint32_t row, column;
  T value;
};

// The most numbers in a block of Theta^(1) for compressed rows: 16 KB of float32, so that its Delta stays in the first-level cache.
constexpr Index sparse_block = 4096;

// The elements of a batch by blocks of 2^shift columns, which are the tasks of (5) for Theta^(1). In a block they stand in the
// order of their rows. `moved` and `block_moved` have a number other than 0 for each column and block that the step before this
// one touched; null: every column is updated in every step (sparse.inl says when that is needless).
template <class T> struct Elements {
  Element<T>* all;
  Index* first;                      // of each block; n_blocks + 2 numbers, the last for counting
  Index n_blocks;
  int shift;
  unsigned char *moved, *block_moved;
};

}  // namespace deltarule
