// The description of a first floor: parts side by side, and a scale behind them. src/deltarule/network/first_floor.py and
// curves.py define the parts; their parameters stand in theta before Theta^(1), part by part, those of the scale last.
#pragma once
#include <vector>

#include "deltarule/floor.hpp"

namespace deltarule {

struct FloorPart {
  Kind kind;
  Index inputs, width, size;                 // columns of X, what goes out for each; categories, or frequencies
  std::vector<std::vector<double>> knots{};  // piecewise: of each column

  Index outputs() const { return inputs * width; }
  Index n_parameters() const {
    Index n = 0;
    switch (kind) {
      case Kind::keep: return 0;
      case Kind::scale: return inputs;
      case Kind::embedding: return size * width;
      case Kind::piecewise:
        for (const auto& column : knots) n += Index(column.size()) * width;
        return n;
      case Kind::periodic: return inputs * of_column();
    }
    return n;
  }
  Index of_column() const { return (width + 1) * size + width - 1; }  // periodic: omega, b, V, v
  int n_groups() const { return kind == Kind::keep ? 0 : kind == Kind::periodic ? 4 : 1; }
};

struct FirstFloor {
  std::vector<FloorPart> parts{};  // none: there is no floor
  bool scaled = false;

  bool empty() const { return parts.empty(); }
  Index inputs() const {
    Index n = 0;
    for (const FloorPart& part : parts) n += part.inputs;
    return n;
  }
  Index outputs() const {
    Index n = 0;
    for (const FloorPart& part : parts) n += part.outputs();
    return n;
  }
  Index n_parameters() const {
    Index n = scaled ? outputs() : 0;
    for (const FloorPart& part : parts) n += part.n_parameters();
    return n;
  }
  int n_groups() const {
    int n = scaled;
    for (const FloorPart& part : parts) n += part.n_groups();
    return n;
  }
  // Floating-point operations of a step, for each example, apart from the products with Theta^(1). A wave takes about 50, the
  // way to a row of a table as many as its knots.
  double operations() const {
    double n = 0;
    for (const FloorPart& part : parts) {
      n += 12.0 * double(part.outputs());
      if (part.kind == Kind::periodic) n += double(part.inputs) * double(part.size) * (50 + 4.0 * double(part.width));
      for (const auto& column : part.knots) n += 2.0 * double(column.size()) + 40;
    }
    return n;
  }
};

}  // namespace deltarule
