// The names of hidden units, output units and update rules, a table each. No other file knows a name, and no code relies on the
// order of the lines.
#pragma once
#include <cstddef>

#include "deltarule/kernels.hpp"

namespace deltarule {

struct HiddenLine {
  Hidden id;
  const char* name;
  bool keeps_slope;                         // whether (4) takes g' from what forward() kept, instead of from a
  int n_numbers = 0;                        // numbers in its formula
  double usual = 0, least = 0, largest = 0;  // the default of that number, and its range
};
constexpr HiddenLine hidden_units[] = {
    {Hidden::logistic, "logistic", false},
    {Hidden::tanh, "tanh", false},
    {Hidden::relu, "relu", false},
    {Hidden::identity, "identity", false},
    {Hidden::leaky_relu, "leaky_relu", false, 1, 0.01, 0, 1},  // its slope; up to 1, so that a > 0 exactly where z > 0
    {Hidden::elu, "elu", true, 1, 1, 0, 1000},                 // its alpha
    {Hidden::selu, "selu", true},
    {Hidden::gelu, "gelu", true},
    {Hidden::silu, "silu", true},
    {Hidden::mish, "mish", true},
    {Hidden::softplus, "softplus", true}};

struct OutputLine { Output id; const char* name; };
constexpr OutputLine output_units[] = {
    {Output::sigmoid, "sigmoid"}, {Output::softmax, "softmax"}, {Output::identity, "identity"}, {Output::exp, "exp"}};

struct RuleLine { const char* name; int n_numbers, n_vectors; };
constexpr RuleLine update_rules[] = {{"sgd", 2, 1},    // momentum; nesterov, 0 or 1
                                     {"adam", 3, 2}};  // beta1, beta2, epsilon

constexpr const HiddenLine& line_of(Hidden id) {
  std::size_t i = 0;
  while (hidden_units[i].id != id) ++i;
  return hidden_units[i];
}

}  // namespace deltarule
