// X from Python: a C-contiguous array, in predictions of either dtype, or the tuple (values, columns, starts) of a matrix of
// compressed rows.
#pragma once
#include <memory>
#include <optional>

#include "arguments.hpp"

namespace deltarule::bind {

template <> constexpr const char* dtype_name<std::int32_t> = "int32";
template <> constexpr const char* dtype_name<std::int64_t> = "int64";
template <> constexpr const char* formats<std::int32_t> = sizeof(long) == 4 ? "il" : "i";
template <> constexpr const char* formats<std::int64_t> = sizeof(long) == 8 ? "lq" : "q";

// The memory of X for the length of a call, checked: columns within the network's inputs, starts within the values and not falling.
template <class T> class InputsArgument {
 public:
  InputsArgument(nb::handle X, Index inputs, bool takes_other = false) {
    if (takes_other && has_format<Other<T>>(X)) {
      other_.emplace(X, "X", std::vector<Index>{any, inputs});
      rows_ = other_->size(0), inputs_ = other_->data();
      return;
    }
    if (!nb::isinstance<nb::tuple>(X)) {
      dense_.emplace(X, "X", std::vector<Index>{any, inputs});
      rows_ = dense_->size(0), inputs_ = dense_->data();
      return;
    }
    const nb::tuple parts = nb::borrow<nb::tuple>(X);
    if (parts.size() != 3) refuse("X must be an array, or a tuple of the values, columns and starts of compressed rows.",
                                  nb::exception_type::type_error);
    if (nb::hasattr(parts[1], "itemsize") && nb::cast<Index>(parts[1].attr("itemsize")) == 8) take<std::int64_t>(parts, inputs, wide_);
    else take<std::int32_t>(parts, inputs, narrow_);
  }
  const Inputs<T>& inputs() const { return inputs_; }
  Index rows() const { return rows_; }
  Span span(int i) const {
    if (dense_ || other_) return i > 0 ? Span{"X", nullptr, 0, Use::unused} : dense_ ? dense_->span() : other_->span();
    return narrow_ ? narrow_->span(i) : wide_->span(i);
  }

 private:
  template <class I> struct Compressed {
    Argument<T> values;
    Argument<I> columns, starts;
    explicit Compressed(const nb::tuple& X)
        : values(X[0], "the values of X", {any}), columns(X[1], "the columns of X", {any}), starts(X[2], "the starts of X", {any}) {}
    Span span(int i) const { return i == 0 ? values.span() : i == 1 ? columns.span() : starts.span(); }
  };
  template <class I> void take(const nb::tuple& X, Index inputs, std::unique_ptr<Compressed<I>>& kept) {
    kept = std::make_unique<Compressed<I>>(X);
    const Index n_starts = kept->starts.size(0), at_hand = std::min(kept->values.size(0), kept->columns.size(0));
    const I *const starts = kept->starts.data(), *const columns = kept->columns.data();
    bool fits = n_starts > 0 && starts[0] >= 0 && Index(starts[n_starts - 1]) <= at_hand;
    bool lies_within = fits;
    without_gil([&] {
      for (Index i = 1; i < n_starts; ++i) fits &= starts[i - 1] <= starts[i];
      using U = std::make_unsigned_t<I>;
      if (fits)
        for (Index e = starts[0]; e < Index(starts[n_starts - 1]); ++e) lies_within &= U(columns[e]) < std::uint64_t(inputs);
    });
    if (!fits) refuse("The starts of X must begin at 0 or above, must not fall, and must end at the number of its values, " +
                      std::to_string(at_hand) + ", or below.");
    if (!lies_within) refuse("X has an element in a column outside 0 to " + std::to_string(inputs - 1) + ".");
    rows_ = n_starts - 1;
    inputs_ = {kept->values.data(), columns, starts, sizeof(I) == 8};
  }

  std::optional<Argument<T>> dense_;
  std::optional<Argument<Other<T>>> other_;
  std::unique_ptr<Compressed<std::int32_t>> narrow_;
  std::unique_ptr<Compressed<std::int64_t>> wide_;
  Index rows_ = 0;
  Inputs<T> inputs_;
};

}  // namespace deltarule::bind
