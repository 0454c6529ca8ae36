// The names of hidden units, output units, parts of the first floor and update rules, a table each. No other file knows a name, and no code relies on the
// order of the lines.
#pragma once
#include <cstddef>

#include "deltarule/floor.hpp"

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
    {Hidden::softplus, "softplus", true},
    {Hidden::gelu_tanh, "gelu_tanh", true}};

constexpr int one_each = -1;  // a number for each output
struct OutputLine { Output id; const char* name; int n_numbers = 0; };
constexpr OutputLine output_units[] = {
    {Output::sigmoid, "sigmoid"}, {Output::softmax, "softmax"}, {Output::identity, "identity"}, {Output::exp, "exp"},
    {Output::huber, "huber", 1},             // kappa, above 0
    {Output::pinball, "pinball", one_each}};  // the quantiles, ascending, between 0 and 1

struct PartLine { Kind id; const char* name; };
constexpr PartLine floor_parts[] = {{Kind::keep, "keep"},
                                    {Kind::scale, "scale"},
                                    {Kind::embedding, "embedding"},
                                    {Kind::piecewise, "piecewise"},
                                    {Kind::periodic, "periodic"}};

// The vectors of (12) are its mean and those of the rule that is averaged; (13) has x, z, q and S.
struct RuleLine { Update id; const char* name; int n_numbers, n_vectors; };
constexpr RuleLine update_rules[] = {{Update::sgd, "sgd", 2, 1},    // momentum; nesterov, 0 or 1
                                     {Update::adam, "adam", 3, 2},  // beta1, beta2, epsilon
                                     {Update::averaged_sgd, "averaged sgd", 3, 2},    // those of the rule, and d
                                     {Update::averaged_adam, "averaged adam", 4, 3},
                                     {Update::schedule_free, "schedule-free adam", 3, 4}};
// Whether SGD's momentum has Nesterov's form is a number of its line, so two rules share one.
constexpr const RuleLine& line_of(Update id) {
  if (id == Update::nesterov) id = Update::sgd;
  if (id == Update::averaged_nesterov) id = Update::averaged_sgd;
  std::size_t i = 0;
  while (update_rules[i].id != id) ++i;
  return update_rules[i];
}

constexpr const OutputLine& line_of(Output id) {
  std::size_t i = 0;
  while (output_units[i].id != id) ++i;
  return output_units[i];
}

constexpr const HiddenLine& line_of(Hidden id) {
  std::size_t i = 0;
  while (hidden_units[i].id != id) ++i;
  return hidden_units[i];
}

}  // namespace deltarule
