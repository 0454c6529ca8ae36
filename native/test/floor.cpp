// First floors and learnt units: D against differences of J, the same bits on any number of threads, memory of every path.
#include "check.hpp"

namespace {

using namespace deltarule;
using namespace deltarule::test;

Network network_with(std::vector<FloorPart> parts, bool scaled, std::vector<Index> hidden, Output output, Index K) {
  Network network{{0}, {}, output, {std::move(parts), scaled}};
  network.sizes[0] = network.floor.outputs();
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    HiddenUnit unit = l % 2 ? Hidden::tanh : Hidden::mish;
    unit.learnt = true;
    network.hidden.push_back(unit), network.sizes.push_back(hidden[l]);
  }
  network.sizes.push_back(K);
  return network;
}

std::vector<Network> networks() {
  const FloorPart wave{Kind::periodic, 3, 4, 5, {}}, one_wave{Kind::periodic, 1, 2, 1, {}}, keep{Kind::keep, 19, 1, 0, {}};
  const FloorPart scale{Kind::scale, 33, 1, 0, {}}, few{Kind::embedding, 1, 3, 4, {}}, many{Kind::embedding, 1, 17, 1200, {}};
  const FloorPart knots{Kind::piecewise, 2, 3, 0, {{-1, 1}, {-2, -0.5, 0, 0.25, 1.5}}};
  return {network_with({wave}, true, {9}, Output::softmax, 3),          network_with({one_wave}, false, {1}, Output::sigmoid, 1),
          network_with({keep, few, knots}, true, {17, 5}, Output::identity, 2), network_with({many}, false, {7}, Output::softmax, 2),
          network_with({few, wave, keep, many, knots, scale, one_wave}, true, {33, 4}, Output::sigmoid, 1)};
}

template <class T> struct Rows {
  std::vector<T> X, Y, weights;
  Index m;
  Examples<T> examples() const { return {X.data(), Y.data(), weights.data(), m}; }
};

template <class T> Rows<T> rows_for(const Network& network, Index m) {
  std::mt19937_64 generator(7);
  std::normal_distribution<double> normal;
  Rows<T> rows{{}, {}, {}, m};
  for (Index t = 0; t < m; ++t) {
    for (const FloorPart& part : network.floor.parts)
      for (Index c = 0; c < part.inputs; ++c)  // a category in ten is unknown
        rows.X.push_back(part.kind == Kind::embedding ? T(Index(generator() % std::uint64_t(part.size + part.size / 10 + 1)))
                                                      : T(normal(generator)));
    for (Index k = 0; k < network.sizes.back(); ++k) rows.Y.push_back(T(network.output == Output::softmax ? k == t % 2 : k % 2));
    rows.weights.push_back(T(0.5 + 0.25 * double(t % 5)));
  }
  return rows;
}

template <class T> std::vector<T> theta_for(const Network& network) {
  std::mt19937_64 generator(8);
  std::normal_distribution<double> normal(0, 0.4);
  std::vector<T> theta;
  for (Index i = 0; i < network.n_parameters(); ++i) theta.push_back(T(normal(generator)));
  return theta;
}

void check_gradient(const Kernels<double>& kernels, const Network& network) {
  Engine<double> engine(network, kernels, 2, 0);
  const auto rows = rows_for<double>(network, 21);
  auto theta = theta_for<double>(network);
  std::vector<double> D(theta.size()), other(theta.size());
  double J = 0, up = 0, down = 0;
  engine.cost_and_gradient(theta.data(), rows.examples(), 0.3, 20, &J, D.data(), never);
  const double h = 1e-6;
  for (std::size_t i = 0; i < theta.size(); i += 1 + theta.size() / 97) {
    const double kept = theta[i];
    theta[i] = kept + h, engine.cost_and_gradient(theta.data(), rows.examples(), 0.3, 20, &up, other.data(), never);
    theta[i] = kept - h, engine.cost_and_gradient(theta.data(), rows.examples(), 0.3, 20, &down, other.data(), never);
    theta[i] = kept;
    CHECK(std::fabs(D[i] - (up - down) / (2 * h)) <= 1e-7 * (1 + std::fabs(J)), "%s D[%zu] is %.12g, but the difference %.12g",
          kernels.isa, i, D[i], (up - down) / (2 * h));
  }
}

template <class T> std::vector<T> trained(const Kernels<T>& kernels, const Network& network, int n_threads, Update update) {
  Engine<T> engine(network, kernels, n_threads, 0);
  const auto rows = rows_for<T>(network, 50);
  auto theta = theta_for<T>(network);
  std::vector<std::vector<T>> moments(most_moments, std::vector<T>(theta.size()));
  if (update >= Update::averaged_sgd) moments[0] = theta, moments[1] = theta;
  UpdateRule rule{update, 0.5, 0.9, 0.99, 1e-8};
  rule.mean_decay = 0.75;
  const Plan plan{rule, 17, true, 0.5, 2.0, {}};
  std::vector<double> rates;
  for (int i = 0; i < 4; ++i) {
    rates.insert(rates.end(), {0.01, 0.1});
    for (std::size_t l = 0; l < network.hidden.size(); ++l) rates.push_back(i % 2 ? 0.25 : 0);
  }
  double costs[4] = {};
  bool interrupted = false;
  Position position{3, 1, 0, 0};
  const Steps<T> steps{theta.data(), {moments[0].data(), moments[1].data(), moments[2].data(), moments[3].data()}, rows.examples(),
                       Whole{50, 48.5, 0}, &plan, rates.data(), 4, costs};
  CHECK(engine.run(steps, position, &interrupted, never) == 4, "four steps");
  for (double cost : costs) theta.push_back(T(cost));
  return theta;
}

template <class T> void check_threads(const Kernels<T>& kernels, const Network& network) {
  for (Update update : {Update::sgd, Update::adam, Update::averaged_nesterov, Update::averaged_adam, Update::schedule_free}) {
    const auto alone = trained(kernels, network, 1, update);
    for (T value : alone) CHECK(std::isfinite(value), "%s a parameter is not finite", kernels.isa);
    CHECK(trained(kernels, network, 3, update) == alone, "%s the bits depend on the threads, rule %d", kernels.isa, int(update));
  }
}

}  // namespace

int main() {
  for_each_isa([](const auto& kernels, auto zero) {
    using T = decltype(zero);
    for (const Network& network : networks()) {
      if constexpr (sizeof(T) == 8) check_gradient(kernels, network);
      check_threads<T>(kernels, network);
    }
    std::printf("%s float%d: first floors\n", kernels.isa, int(8 * sizeof(T)));
  });
}
