// Looks up names; checks plans and positions.
#pragma once
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>

#include "arguments.hpp"

namespace deltarule::bind {

using namespace nb::literals;

// The table's line with this name.
template <class Line, std::size_t n> const Line& line_of(const Line (&table)[n], const std::string& name, const std::string& what) {
  std::string valid;
  for (const Line& line : table) {
    if (name == line.name) return line;
    valid += (valid.empty() ? "" : ", ") + std::string(line.name);
  }
  refuse(what + " is '" + name + "', but the compiled core offers " + valid + ".");
}
inline void check_count(std::size_t came, int right, const std::string& what, const std::string& name) {
  if (came != std::size_t(right))
    refuse(what + " has " + std::to_string(came) + " numbers, but '" + name + "' takes " + std::to_string(right) + ".");
}

inline UpdateRule rule_of(const std::string& name, const std::vector<double>& numbers) {
  const RuleLine& line = line_of(update_rules, name, "rule");
  check_count(numbers.size(), line.n_numbers, "numbers", name);
  UpdateRule rule{line.id, 0, 0, 0, 0};
  const bool is_sgd = line.id == Update::sgd || line.id == Update::averaged_sgd;
  if (is_sgd) {
    rule.momentum = numbers[0];
    if (numbers[1] != 0) rule.update = line.id == Update::sgd ? Update::nesterov : Update::averaged_nesterov;
  } else {
    rule.beta1 = numbers[0], rule.beta2 = numbers[1], rule.epsilon = numbers[2];
  }
  if (line.id == Update::averaged_sgd || line.id == Update::averaged_adam) rule.mean_decay = numbers.back();
  return rule;
}

using Pair = std::pair<double, double>;  // factors of step size and of weight decay

inline Plan plan_of(const std::string& rule, const std::vector<double>& numbers, Index batch_size, bool shuffle, double lambda,
                    double max_norm, const std::optional<std::vector<Pair>>& factors) {
  Plan plan{rule_of(rule, numbers), batch_size, shuffle, lambda, max_norm, {}};
  if (batch_size < 1) refuse("batch_size is " + std::to_string(batch_size) + ", but must be 1 or more.");
  if (!(lambda >= 0)) refuse("lambda_ is " + std::to_string(lambda) + ", but must be 0 or more.");
  if (!(max_norm > 0)) refuse("max_norm is " + std::to_string(max_norm) + ", but must be above 0, or infinite for none.");
  for (const Pair& one : factors.value_or(std::vector<Pair>{})) {
    for (double factor : {one.first, one.second})
      if (!(factor >= 0 && std::isfinite(factor)))
        refuse("factors has the factor " + std::to_string(factor) + ", but it must be finite, and 0 or more.");
    plan.factors.push_back({one.first, one.second});
  }
  return plan;
}

inline void bind_plans(nb::module_& module) {
  nb::class_<Plan>(module, "Plan", "The settings that all steps of a run share: rule, batches, penalty, clipping, factors of groups.")
      .def("__init__",
           [](Plan* self, const std::string& rule, const std::vector<double>& numbers, Index batch_size, bool shuffle, double lambda,
              double max_norm, const std::optional<std::vector<Pair>>& factors) {
             new (self) Plan(plan_of(rule, numbers, batch_size, shuffle, lambda, max_norm, factors));
           },
           nb::kw_only(), "rule"_a, "numbers"_a, "batch_size"_a, "shuffle"_a, "lambda_"_a, "max_norm"_a, "factors"_a = nb::none());
  nb::class_<Position>(module, "Position", "How far a run is, between two steps; run() advances it.")
      .def("__init__",
           [](Position* self, std::uint64_t key, std::uint64_t epoch, Index row, std::uint64_t step) {
             new (self) Position{key, epoch, row, step};
           },
           nb::kw_only(), "key"_a, "epoch"_a, "row"_a, "step"_a)
      .def_ro("key", &Position::key)
      .def_ro("epoch", &Position::epoch)
      .def_ro("row", &Position::row)
      .def_ro("step", &Position::step);
}

}  // namespace deltarule::bind
