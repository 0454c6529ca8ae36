// The slow twin of the core: (1)-(6) one number at a time in long double. Beside every value stands the sum of absolute values
// that bounds its rounding error (running error analysis, Higham 2002, section 3.3; |g'| and |g''| are at most steepest()).
#pragma once
#include <algorithm>

#include "check.hpp"
#include "deltarule/counters.hpp"

namespace deltarule::test {

using Real = long double;

struct Value { Real value = 0, absolute = 0, z = 0, factor = 1; };  // a = factor g(z)
using Thinned = std::vector<std::vector<Real>>;                      // dropout factors of the units of each hidden layer; empty: 1

template <class T> struct Naive {
  Network network;
  std::vector<Value> D;  // Delta first, then D
  Value cost;            // of the rows added so far

  explicit Naive(const Network& n) : network(n), D(std::size_t(n.n_parameters())) {}

  // Number of operations on the longest path from an input to an element of D, each with an error of 4 u at most.
  Real operations(Index rows) const {
    Real n = Real(rows) + 50;
    for (Index s : network.sizes) n += 8 * Real(s) + 40;
    return n;
  }

  static constexpr Real selu_scale = 1.0507009873554804934193349852946L, selu_alpha = 1.6732632423543772848170429916717L;
  static Real Phi(Real z) { return std::erfc(-z / std::sqrt(Real(2))) / 2; }
  static Real cubic(Real z) { return 2 * std::sqrt(2 / std::acos(Real(-1))) * (z + 0.044715L * z * z * z); }
  static Real g(HiddenUnit unit, Real z) {
    switch (unit.id) {
      case Hidden::logistic: return 1 / (1 + std::exp(-z));
      case Hidden::tanh: return std::tanh(z);
      case Hidden::relu: return z > 0 ? z : 0;
      case Hidden::identity: return z;
      case Hidden::leaky_relu: return z > 0 ? z : T(unit.number) * z;
      case Hidden::elu: return z > 0 ? z : T(unit.number) * std::expm1(z);
      case Hidden::selu: return selu_scale * (z > 0 ? z : selu_alpha * std::expm1(z));
      case Hidden::gelu: return z * Phi(z);
      case Hidden::gelu_tanh: return z / (1 + std::exp(-cubic(z)));
      case Hidden::silu: return z / (1 + std::exp(-z));
      case Hidden::mish: return z * std::tanh(std::log1p(std::exp(z)));
      default: return std::log1p(std::exp(z));
    }
  }
  static Real slope(HiddenUnit unit, Real z, Real a) {
    const Real sigma = 1 / (1 + std::exp(-z)), t = std::tanh(std::log1p(std::exp(z)));
    switch (unit.id) {
      case Hidden::logistic: return a * (1 - a);
      case Hidden::tanh: return 1 - a * a;
      case Hidden::relu: return a > 0 ? 1 : 0;
      case Hidden::identity: return 1;
      case Hidden::leaky_relu: return z > 0 ? 1 : T(unit.number);
      case Hidden::elu: return z > 0 ? 1 : T(unit.number) * std::exp(z);
      case Hidden::selu: return selu_scale * (z > 0 ? 1 : selu_alpha * std::exp(z));
      case Hidden::gelu: return Phi(z) + z * std::exp(-z * z / 2) / std::sqrt(2 * std::acos(Real(-1)));
      case Hidden::gelu_tanh: {
        const Real s = 1 / (1 + std::exp(-cubic(z)));
        return s + z * s * (1 - s) * (1 + 3 * 0.044715L * z * z) * cubic(1) / 1.044715L;
      }
      case Hidden::silu: return sigma + z * sigma * (1 - sigma);
      case Hidden::mish: return t + z * (1 - t * t) * sigma;
      default: return sigma;
    }
  }
  static Real steepest(HiddenUnit unit) {
    if (unit.id == Hidden::elu) return std::max<Real>(1, unit.number);
    return unit.id == Hidden::selu ? 1.76L : line_of(unit.id).keeps_slope ? 1.13L : 1;
  }

  std::vector<Real> h(const std::vector<Value>& z) const {
    std::vector<Real> out;
    Real largest = z[0].value, sum = 0;
    for (const Value& v : z) largest = std::max(largest, v.value);
    for (const Value& v : z) sum += std::exp(v.value - largest);
    for (const Value& v : z) switch (network.output) {
      case Output::sigmoid: out.push_back(1 / (1 + std::exp(-v.value))); break;
      case Output::softmax: out.push_back(std::exp(v.value - largest) / sum); break;
      case Output::identity: case Output::huber: out.push_back(v.value); break;
      case Output::pinball: out.push_back(v.value); std::sort(out.begin(), out.end()); break;
      case Output::exp: out.push_back(std::exp(v.value)); break;
    }
    return out;
  }

  std::vector<std::vector<Value>> forward(const T* theta, const T* x, const Thinned& factors = {}) const {  // a^(1) ... a^(L-1), z^(L)
    std::vector<std::vector<Value>> a(network.sizes.size());
    for (Index j = 0; j < network.sizes[0]; ++j) a[0].push_back({Real(x[j]), std::fabs(Real(x[j]))});
    for (std::size_t l = 0; l + 1 < a.size(); ++l)
      for (Index i = 0; i < network.sizes[l + 1]; ++i) {
        Value z{Real(*theta), std::fabs(Real(*theta))};
        ++theta;
        for (const Value& v : a[l]) {
          z.value += Real(*theta) * v.value, z.absolute += std::fabs(Real(*theta)) * v.absolute;
          ++theta;
        }
        if (l + 2 < a.size()) {
          const HiddenUnit unit = network.hidden[l];
          const Real f = factors.empty() ? 1 : factors[l][std::size_t(i)];
          z = {f * g(unit, z.value), f * (steepest(unit) * z.absolute + 1), z.value, f};
        }
        a[l + 1].push_back(z);
      }
    return a;
  }

  void add(const T* theta, const T* x, const T* y, Real weight, const Thinned& factors = {}) {
    const auto a = forward(theta, x, factors);
    const std::vector<Value>& z = a.back();
    const std::vector<Real> out = h(z);
    Real z_absolute = 1;
    for (const Value& v : z) z_absolute = std::max(z_absolute, v.absolute);
    std::vector<Value> delta;
    if (network.output == Output::pinball) delta.resize(z.size());
    for (std::size_t k = 0; k < z.size(); ++k) {
      const Real r = out[k] - Real(y[k]), number = network.output_numbers.empty() ? 0 : network.output_numbers[k % network.output_numbers.size()];
      const Real yk = Real(y[k]), zk = z[k].value, hk = out[k];
      Real c = 0;
      switch (network.output) {
        case Output::sigmoid: c = -yk * std::log(hk) - (1 - yk) * std::log1p(-hk); break;
        case Output::softmax: c = yk == 0 ? 0 : -yk * std::log(hk); break;
        case Output::identity: c = (hk - yk) * (hk - yk) / 2; break;
        case Output::exp: c = (yk == 0 ? 0 : yk * std::log(yk)) - yk + hk - yk * zk; break;
        case Output::huber: c = std::fabs(r) <= T(number) ? r * r / 2 : T(number) * (std::fabs(r) - T(number) / 2); break;
        case Output::pinball: c = r > 0 ? (1 - T(number)) * r : -T(number) * r; break;
      }
      cost.value += weight * c;
      // h changes by at most sensitivity * the error of z.
      const Real sensitivity = network.output == Output::exp ? hk : 1;
      cost.absolute += weight * (std::fabs(c) + (1 + std::fabs(yk) + std::fabs(hk)) * (1 + z_absolute) * (1 + sensitivity) +
                                       4 * yk * yk);
      if (network.output == Output::pinball) {
        std::size_t unit = 0;
        while (z[unit].value != hk) ++unit;
        delta[unit] = {weight * (r > 0 ? 1 - T(number) : -T(number)), weight};
        continue;
      }
      const Real error = network.output == Output::huber ? std::clamp<Real>(r, -T(number), T(number)) : r;
      delta.push_back({weight * error, weight * (hk + std::fabs(yk) + std::fabs(hk) + (1 + sensitivity) * z_absolute)});
    }
    std::size_t offset = D.size();
    for (std::size_t l = a.size() - 1; l-- > 0;) {
      const std::size_t columns = a[l].size() + 1;
      offset -= delta.size() * columns;
      std::vector<Value> below(a[l].size());
      for (std::size_t i = 0; i < delta.size(); ++i)
        for (std::size_t j = 0; j < columns; ++j) {
          const Value input = j ? a[l][j - 1] : Value{1, 1};
          Value& d = D[offset + i * columns + j];
          d.value += delta[i].value * input.value, d.absolute += delta[i].absolute * input.absolute;
          if (!j) continue;
          const Real t = Real(theta[offset + i * columns + j]);
          below[j - 1].value += t * delta[i].value, below[j - 1].absolute += std::fabs(t) * delta[i].absolute;
        }
      if (l == 0) break;
      const HiddenUnit unit = network.hidden[l - 1];
      for (std::size_t j = 0; j < below.size(); ++j) {
        const Value& unit_a = a[l][j];
        below[j].value *= unit_a.factor * slope(unit, unit_a.z, g(unit, unit_a.z));
        below[j].absolute *= steepest(unit) * (unit_a.factor + unit_a.absolute);
      }
      delta = below;
    }
  }

  // (6) and (2): sums times scale, plus the penalty.
  void finish(const T* theta, Real scale, Real lambda, Real W) {
    cost.value *= scale, cost.absolute *= scale;
    std::size_t at = 0;
    for (std::size_t l = 0; l + 1 < network.sizes.size(); ++l)
      for (Index i = 0; i < network.sizes[l + 1]; ++i)
        for (Index j = 0; j <= network.sizes[l]; ++j, ++at) {
          const Real t = j ? Real(theta[at]) : 0;
          D[at].value = D[at].value * scale + lambda / W * t;
          D[at].absolute = D[at].absolute * scale + lambda / W * std::fabs(t);
          cost.value += lambda / (2 * W) * t * t, cost.absolute += lambda / (2 * W) * t * t;
        }
  }
};

// The dropout factors of one row, by its number in the whole training set, as src/deltarule/engines/dropout.py defines them.
inline Thinned thinned(const Network& network, const std::vector<double>& rates, const Position& position, Index row) {
  Thinned factors;
  for (std::size_t l = 0; l < rates.size(); ++l) {
    const std::uint32_t start = dropout_of_row(dropout_of_layer(position.key, position.epoch, l + 2), std::uint64_t(row));
    factors.emplace_back();
    for (std::uint32_t j = 0; j < network.sizes[l + 1]; ++j)
      factors.back().push_back(dropout_of_unit(start, j) < rates[l] * 0x1p32 ? 0 : 1 / (1 - Real(rates[l])));
  }
  return factors;
}

// A training set that fits a network.
template <class T> struct Data {
  std::vector<T> X, Y, weights;
  Index m;
  Data(const Network& network, Index rows, bool weighted, unsigned seed) : m(rows) {
    const Index K = network.sizes.back();
    X = normal<T>(std::size_t(rows * network.sizes[0]), 1, seed);
    Y = normal<T>(std::size_t(rows * K), 1, seed + 1);
    for (Index t = 0; t < rows; ++t)
      for (Index k = 0; k < K; ++k) {
        T& y = Y[std::size_t(t * K + k)];
        if (network.output == Output::softmax) y = k == t % K;
        if (network.output == Output::sigmoid) y = y > 0;
        if (network.output == Output::exp) y = std::floor(std::fabs(2 * y));
      }
    if (weighted)
      for (Index t = 0; t < rows; ++t) weights.push_back(T(0.25 * double(1 + t % 7)));
  }
  Examples<T> examples() const { return {X.data(), Y.data(), weights.empty() ? nullptr : weights.data(), m}; }
  Real weight(Index t) const { return weights.empty() ? 1 : Real(weights[std::size_t(t)]); }
  Real W() const {
    Real sum = 0;
    for (Index t = 0; t < m; ++t) sum += weight(t);
    return sum;
  }
};

inline std::vector<double> evenly_spaced(Index K) {
  std::vector<double> quantiles;
  for (Index k = 1; k <= K; ++k) quantiles.push_back(double(k) / double(K + 1));
  return quantiles;
}

inline std::vector<Network> networks(Index lanes) {
  const HiddenUnit logistic = Hidden::logistic, tanh = Hidden::tanh, relu = Hidden::relu, identity = Hidden::identity;
  std::vector<Network> found =
         {{{4, 10, 3}, {relu}, Output::softmax},
          {{1, 1}, {}, Output::sigmoid},
          {{3, 1}, {}, Output::identity},
          {{lanes - 1, lanes, lanes + 1}, {tanh}, Output::sigmoid},
          {{2 * lanes, 2 * lanes + 1, 2 * lanes - 1, 1}, {logistic, relu}, Output::sigmoid},
          {{lanes + 1, lanes + 1, 2, lanes}, {identity, logistic}, Output::exp},
          {{5, 3 * lanes + 2, 4 * lanes + 3}, {logistic}, Output::softmax},
          {{lanes + 1, lanes + 2, lanes - 1, 3}, {Hidden::leaky_relu, Hidden::elu}, Output::softmax},
          {{lanes, lanes + 1, 5, 2}, {{Hidden::leaky_relu, 0.25}, {Hidden::elu, 1.75}}, Output::softmax},
          {{3, lanes + 1, 5, 2}, {{Hidden::leaky_relu, 0}, {Hidden::leaky_relu, 1}}, Output::identity},
          {{3, 2 * lanes + 1, lanes + 1, 2}, {Hidden::selu, Hidden::gelu}, Output::identity},
          {{lanes, 2 * lanes - 1, 5, 1}, {Hidden::silu, Hidden::mish}, Output::sigmoid},
          {{lanes, lanes + 1, 5, 2}, {Hidden::gelu_tanh, Hidden::gelu_tanh}, Output::identity},
          {{2, lanes + 3, 2}, {Hidden::softplus}, Output::exp},
          {{3, lanes + 1, 4}, {tanh}, Output::huber, {}, {0.75}},
          {{lanes, 5, 3}, {tanh}, Output::pinball, {}, {0.1, 0.5, 0.9}},
          {{2, 3, lanes + 1}, {logistic}, Output::pinball, {}, evenly_spaced(lanes + 1)},
          {{lanes + 1, 2}, {}, Output::softmax},
          {{2, 5, 1, 4, 1}, {tanh, Hidden::elu, relu}, Output::identity}};
  // Small networks take their steps in columns, so each is followed by one that takes the same in panels.
  constexpr Index too_many = 257;
  for (std::size_t i = 0, n = found.size(); i < n; ++i)
    if (Network next = found[i]; next.n_parameters() < too_many) {
      while (next.n_parameters() < too_many) ++next.sizes[0];
      found.push_back(next);
    }
  return found;
}

// A theta so small that every logit stays in the range where all digits count, with biases other than 0.
template <class T> std::vector<T> first_theta(const Network& network, unsigned seed) {
  double widest = 1;
  for (Index s : network.sizes) widest = std::max(widest, double(s));
  return normal<T>(std::size_t(network.n_parameters()), 1 / std::sqrt(widest), seed);
}

}  // namespace deltarule::test
