// A network from Python: units and parts of the first floor by name, sizes and numbers checked.
#pragma once
#include <nanobind/stl/tuple.h>

#include "plans.hpp"

namespace deltarule::bind {

inline HiddenUnit unit_of(const std::string& name, const std::vector<double>& numbers) {
  const HiddenLine& line = line_of(hidden_units, name, "hidden");
  check_count(numbers.size(), line.n_numbers, "hidden_numbers", name);
  if (numbers.empty()) return line.id;
  if (!(numbers[0] >= line.least && numbers[0] <= line.largest))
    refuse("The number of '" + name + "' is " + std::to_string(numbers[0]) + ", but must be from " + std::to_string(line.least) +
           " to " + std::to_string(line.largest) + ".");
  return {line.id, numbers[0]};
}

using PartOfFloor = std::tuple<std::string, Index, Index, Index, std::vector<std::vector<double>>>;  // kind, inputs, width, size, knots

// Checks that every count can be multiplied and that knots ascend.
inline FloorPart part_of(const PartOfFloor& given) {
  const auto& [name, inputs, width, size, knots] = given;
  const FloorPart part{line_of(floor_parts, name, "floor").id, inputs, width, size, knots};
  constexpr Index most = Index(1) << 31;
  const bool is_one = part.kind == Kind::keep || part.kind == Kind::scale, sized = part.kind == Kind::embedding || part.kind == Kind::periodic;
  const bool fits = inputs >= 1 && inputs < most && width >= (part.kind == Kind::periodic ? 2 : 1) && width < most && (!is_one || width == 1) &&
                    (!sized || (size >= 1 && size < most)) && (part.kind != Kind::embedding || inputs == 1);
  if (!fits)
    refuse("floor has the part '" + name + "' with inputs " + std::to_string(inputs) + ", width " + std::to_string(width) + " and size " +
           std::to_string(size) + ", which is none. Make it from a part of the package.");
  if (knots.size() != (part.kind == Kind::piecewise ? std::size_t(inputs) : 0))
    refuse("floor has the part '" + name + "' of " + std::to_string(inputs) + " columns with knots of " + std::to_string(knots.size()) + ".");
  for (const auto& column : knots) {
    bool ascends = column.size() >= 2 && column.size() < (std::size_t(1) << 24) && std::isfinite(column.front()) && std::isfinite(column.back());
    for (std::size_t k = 1; ascends && k < column.size(); ++k) ascends = column[k] > column[k - 1];
    if (!ascends) refuse("floor has knots that do not ascend, or fewer than two. Give two or more finite numbers, ascending.");
  }
  return part;
}

// Numbers of parameters as double, which no sizes overflow.
inline double count_parameters(const Network& network) {
  double n = network.floor.scaled ? double(network.sizes[0]) : 0;
  for (const FloorPart& part : network.floor.parts) {
    const double width = double(part.width), size = double(part.size), columns = double(part.inputs);
    n += part.kind == Kind::scale ? columns : part.kind == Kind::embedding ? size * width : 0;
    n += part.kind == Kind::periodic ? columns * ((width + 1) * size + width) : 0;
    for (const auto& column : part.knots) n += double(column.size()) * width;
  }
  for (std::size_t l = 0; l + 1 < network.sizes.size(); ++l)
    n += double(network.sizes[l + 1]) * (double(network.sizes[l]) + 1 + network.is_learnt(l));
  return n;
}

// Checks that huber has a threshold above 0, and pinball a quantile for each of K outputs, ascending.
inline void check_output_numbers(const OutputLine& line, const std::vector<double>& numbers, std::size_t K) {
  if (line.n_numbers == one_each && K > std::size_t(most_quantiles))
    refuse("'" + std::string(line.name) + "' has " + std::to_string(K) + " outputs, but may have " + std::to_string(most_quantiles) + ".");
  check_count(numbers.size(), line.n_numbers == one_each ? int(K) : line.n_numbers, "output_numbers", line.name);
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const bool within = numbers[k] > (k ? numbers[k - 1] : 0) && (line.id == Output::pinball ? numbers[k] < 1 : std::isfinite(numbers[k]));
    if (!within) refuse("output_numbers of '" + std::string(line.name) + "' has " + std::to_string(numbers[k]) + ". " +
                        (line.id == Output::pinball ? "Give quantiles between 0 and 1, ascending." : "Give a number above 0."));
  }
}

inline Network network_of(const std::vector<Index>& sizes, const std::vector<std::string>& hidden,
                          const std::vector<std::vector<double>>& hidden_numbers, const std::string& output,
                          const std::vector<double>& output_numbers,
                          const std::vector<bool>& learnt, const std::vector<PartOfFloor>& floor, bool scaled) {
  const OutputLine& outputs_line = line_of(output_units, output, "output");
  Network network{sizes, {}, outputs_line.id, {}, output_numbers};
  if (hidden_numbers.size() != hidden.size())
    refuse("hidden_numbers has " + std::to_string(hidden_numbers.size()) + " lists, but there are " + std::to_string(hidden.size()) +
           " hidden layers. Give one list for each.");
  if (!learnt.empty() && learnt.size() != hidden.size())
    refuse("learnt has " + std::to_string(learnt.size()) + " entries, but there are " + std::to_string(hidden.size()) +
           " hidden layers. Give one for each, or none.");
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    network.hidden.push_back(unit_of(hidden[l], hidden_numbers[l]));
    network.hidden.back().learnt = !learnt.empty() && learnt[l];
  }
  bool fits = sizes.size() >= 2 && hidden.size() == sizes.size() - 2;
  for (Index s : sizes) fits = fits && s >= 1 && s < (Index(1) << 31);
  for (const PartOfFloor& part : floor) network.floor.parts.push_back(part_of(part));
  network.floor.scaled = scaled;
  if (scaled && floor.empty()) refuse("scaled is True, but floor has no part. Give one or more.");
  double outputs = 0, inputs = 0;
  for (const FloorPart& part : network.floor.parts)
    outputs += double(part.inputs) * double(part.width), inputs += double(part.inputs);
  if (fits && !floor.empty() && (outputs != double(sizes[0]) || inputs >= 0x1p31))
    refuse("sizes begins with " + std::to_string(sizes[0]) + ", but " + std::to_string(outputs) + " columns go out of the first floor.");
  const double parameters = fits ? count_parameters(network) : 0;
  if (parameters > 1e12) refuse("The network has " + std::to_string(parameters) + " parameters, but may have 1e12 at most.");
  if (fits) check_output_numbers(outputs_line, output_numbers, std::size_t(sizes.back()));
  if (!fits) refuse("sizes must be two or more positive numbers, hidden a name for each but the first and the last.");
  return network;
}

}  // namespace deltarule::bind
