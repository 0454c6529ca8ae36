// Compressed rows of X: the numbers of the same rows as an array within rounding, the same bits on any number of threads, and
// memory of every path.
#include "check.hpp"

namespace {

using namespace deltarule;
using namespace deltarule::test;

// A tenth of the numbers, in any order of columns, some stored twice in halves, some rows without any.
template <class T, class I> struct Rows {
  std::vector<T> dense, values, Y;
  std::vector<I> columns, starts{0};
  Index m;

  Rows(const Network& network, Index m_) : m(m_) {
    std::mt19937 generator(5);
    const Index n = network.sizes[0], K = network.sizes.back();
    dense.assign(std::size_t(m * n), T(0));
    for (Index t = 0; t < m; ++t) {
      for (Index i = 0; t % 7 != 3 && i < n / 10 + 2; ++i) {
        const Index j = Index(generator() % std::uint32_t(n));
        const T x = T(double(generator() % 2001) / 500 - 2);
        dense[std::size_t(t * n + j)] += x;
        values.push_back(x), columns.push_back(I(j));
      }
      starts.push_back(I(values.size()));
      for (Index k = 0; k < K; ++k) Y.push_back(T(network.output == Output::softmax ? k == t % K : t % 2));
    }
  }
  Examples<T> compressed() const { return {{values.data(), columns.data(), starts.data(), sizeof(I) == 8}, Y.data(), nullptr, m}; }
  Examples<T> whole() const { return {dense.data(), Y.data(), nullptr, m}; }
};

template <class T> std::vector<T> theta_for(const Network& network) { return normal<T>(std::size_t(network.n_parameters()), 0.3, 6); }

template <class T>
std::vector<T> trained(const Kernels<T>& kernels, const Network& network, const Examples<T>& examples, int n_threads, Update update,
                       bool options) {
  Engine<T> engine(network, kernels, n_threads, 0);
  auto theta = theta_for<T>(network);
  std::vector<std::vector<T>> moments(most_moments, std::vector<T>(theta.size()));
  const UpdateRule rule{update, options ? 0.5 : 0, 0.9, 0.99, 1e-8};
  const Plan plan{rule, 13, true, options ? 0.5 : 0, options ? 0.5 : INFINITY, {}};
  std::vector<double> rates;
  for (int i = 0; i < 9; ++i) {
    rates.insert(rates.end(), {0.01, options ? 0.1 : 0});
    for (std::size_t l = 0; l < network.hidden.size(); ++l) rates.push_back(options ? 0.25 : 0);
  }
  double costs[9] = {};
  bool interrupted = false;
  Position position{3, 1, 0, 0};
  const Whole whole{examples.m, double(examples.m), 0};
  const Steps<T> steps{theta.data(), {moments[0].data(), moments[1].data(), moments[2].data(), moments[3].data()},
                       examples, whole, &plan, rates.data(), 9, costs};
  CHECK(engine.run(steps, position, &interrupted, never) == 9, "nine steps");
  return theta;
}

template <class T> void check_close(const char* isa, const std::vector<T>& one, const std::vector<T>& other, double within) {
  for (std::size_t i = 0; i < one.size(); ++i)
    CHECK(std::fabs(double(one[i]) - double(other[i])) <= within * (1 + std::fabs(double(other[i]))), "%s [%zu] is %.9g, not %.9g", isa,
          i, double(one[i]), double(other[i]));
}

template <class T, class I> void check_network(const Kernels<T>& kernels, const Network& network) {
  const Rows<T, I> rows(network, 61);
  const auto theta = theta_for<T>(network);
  const double few = sizeof(T) == 4 ? 1e-3 : 1e-11;
  std::vector<double> sums(theta.size() + 1), judge(theta.size() + 1);
  Engine<T> engine(network, kernels, 2, 0), other(network, kernels, 1, 0);
  engine.sums(theta.data(), rows.compressed(), true, sums.data(), never);
  other.sums(theta.data(), rows.whole(), true, judge.data(), never);
  check_close(kernels.isa, sums, judge, few);
  std::vector<T> h(std::size_t(rows.m * network.sizes.back())), h_judge(h.size());
  engine.hypothesis(theta.data(), rows.compressed().X, rows.m, h.data(), never);
  other.hypothesis(theta.data(), rows.whole().X, rows.m, h_judge.data(), never);
  check_close(kernels.isa, h, h_judge, few);
  for (Update update : {Update::sgd, Update::nesterov, Update::adam})
    for (bool options : {false, true}) {
      const auto one = trained(kernels, network, rows.compressed(), 1, update, options);
      CHECK(trained(kernels, network, rows.compressed(), 3, update, options) == one, "%s the bits depend on the threads", kernels.isa);
      if (update != Update::adam) check_close(kernels.isa, one, trained(kernels, network, rows.whole(), 1, update, options), few);
    }
}

}  // namespace

int main() {
  const std::vector<Network> networks = {{{40, 1}, {}, Output::sigmoid},
                                         {{90, 17, 2}, {Hidden::tanh}, Output::softmax},
                                         {{300, 130, 9, 1}, {Hidden::tanh, Hidden::gelu}, Output::sigmoid},
                                         {{21, 4200, 2}, {Hidden::tanh}, Output::softmax}};
  for_each_isa([&](const auto& kernels, auto zero) {
    using T = decltype(zero);
    for (const Network& network : networks) {
      check_network<T, std::int32_t>(kernels, network);
      check_network<T, std::int64_t>(kernels, network);
    }
    std::printf("%s float%d: compressed rows\n", kernels.isa, int(8 * sizeof(T)));
  });
}
