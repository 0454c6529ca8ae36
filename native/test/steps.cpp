// Compares J, D, h and single steps of every rule with the slow twin, within the rounding bound, on every instruction set and dtype.
#include "naive.hpp"

using namespace deltarule;
using namespace deltarule::test;

namespace {

template <class T> void check_sums(const Kernels<T>& kernels, const Network& network, Index m, bool weighted, double lambda) {
  const Data<T> data(network, m, weighted, 3);
  const auto theta = first_theta<T>(network, 5);
  Naive<T> naive(network);
  const Index K = network.sizes.back();
  for (Index t = 0; t < m; ++t)
    naive.add(theta.data(), data.X.data() + t * network.sizes[0], data.Y.data() + t * K, data.weight(t));
  naive.finish(theta.data(), 1 / data.W(), lambda, data.W());
  const Real bound = gamma<T>(4 * naive.operations(std::min<Index>(m, 8192)));
  for (int threads : {1, 3}) {
    Engine<T> engine(network, kernels, threads, 0);
    double J = 0;
    std::vector<double> D(theta.size());
    CHECK(engine.cost_and_gradient(theta.data(), data.examples(), lambda, double(data.W()), &J, D.data(), never), "not interrupted");
    double alone = 0;
    CHECK(engine.cost_and_gradient(theta.data(), data.examples(), lambda, double(data.W()), &alone, nullptr, never), "not interrupted");
    std::vector<double> sums(1 + D.size(), 7);
    CHECK(engine.sums(theta.data(), data.examples(), true, sums.data(), never), "not interrupted");
    if (lambda == 0) {  // then J and D are the sums divided by the weight
      bool same = J == sums[0] / double(data.W());
      for (std::size_t i = 0; i < D.size(); ++i) same = same && D[i] == sums[1 + i] / double(data.W());
      CHECK(same, "%s: J and D are not the sums over W", kernels.isa);
    }
    CHECK(alone == J, "%s J alone is %.17g, with D %.17g", kernels.isa, alone, J);
    CHECK(std::fabs(J - naive.cost.value) <= bound * naive.cost.absolute, "%s J is %.17g, not %.17Lg (m = %td, K = %td)", kernels.isa, J,
          naive.cost.value, m, K);
    for (std::size_t i = 0; i < D.size(); ++i)
      CHECK(std::fabs(D[i] - naive.D[i].value) <= bound * naive.D[i].absolute, "%s D[%zu] is %.17g, not %.17Lg, bound %Lg", kernels.isa,
            i, D[i], naive.D[i].value, bound * naive.D[i].absolute);

    std::vector<T> h(std::size_t(m * K)), one(static_cast<std::size_t>(K));
    CHECK(engine.hypothesis(theta.data(), data.X.data(), m, h.data(), never), "not interrupted");
    for (Index t = 0; t < m; ++t) {
      const auto z = naive.forward(theta.data(), data.X.data() + t * network.sizes[0]).back();
      const auto right = naive.h(z);
      Real widest = 1;
      for (const Value& v : z) widest = std::max(widest, v.absolute);
      for (Index k = 0; k < K; ++k)
        CHECK(std::fabs(h[std::size_t(t * K + k)] - right[std::size_t(k)]) <= 2 * bound * (1 + std::fabs(right[std::size_t(k)])) * widest,
              "%s h[%td, %td]", kernels.isa, t, k);
      if (t > 3 && t + 1 < m) continue;
      engine.hypothesis(theta.data(), data.X.data() + t * network.sizes[0], 1, one.data(), never);
      for (Index k = 0; k < K; ++k) CHECK(one[std::size_t(k)] == h[std::size_t(t * K + k)], "a row's h depends on the rows beside it");
    }
  }
}

// The group of each parameter: 2 l for column 0 of Theta^(l), and 2 l + 1 for the others.
std::vector<std::size_t> groups(const Network& network) {
  std::vector<std::size_t> found;
  for (std::size_t l = 0; l + 1 < network.sizes.size(); ++l)
    for (Index i = 0; i < network.sizes[l + 1] * (network.sizes[l] + 1); ++i)
      found.push_back(2 * l + (i % (network.sizes[l] + 1) != 0));
  return found;
}

template <class T>
void check_step(const Kernels<T>& kernels, const Network& network, Index m, Index batch, bool weighted, double lambda, Update update,
                bool options) {
  const Data<T> data(network, m, weighted, 11);
  auto theta = first_theta<T>(network, 12), first = normal<T>(theta.size(), 0.1, 13), second = normal<T>(theta.size(), 1, 14);
  for (T& v : second) v = T(0.5) + std::fabs(v);
  const auto theta0 = theta, first0 = first, second0 = second;
  const double eta = 0.01, momentum = 0.875, beta1 = 0.875, beta2 = 0.96875, epsilon = 1e-8;
  double cost = 0;
  bool interrupted = false;
  Position position{99, 4, m > batch ? batch / 2 : 0, 17};
  std::vector<std::uint32_t> order(static_cast<std::size_t>(m));
  epoch_order(true, position.key, position.epoch, order.data(), order.size());
  const Index begin = position.row, rows = std::min(batch, m - begin);
  // With all options, the rows are part of a larger training set.
  const Whole whole = options ? Whole{3 * m, 2.5 * double(data.W()), m / 2} : Whole{m, double(data.W()), 0};
  std::vector<double> dropout(network.hidden.size());
  for (std::size_t l = 0; options && l < dropout.size(); ++l) dropout[l] = l % 2 ? 0 : 0.375;
  Naive<T> naive(network);
  for (Index t = begin; t < begin + rows; ++t) {
    const Index row = Index(order[std::size_t(t)]);
    naive.add(theta0.data(), data.X.data() + row * network.sizes[0], data.Y.data() + row * network.sizes.back(), data.weight(row),
              thinned(network, dropout, position, whole.offset + row));
  }
  naive.finish(theta0.data(), Real(whole.rows) / (Real(whole.weight) * Real(rows)), lambda, Real(whole.weight));
  const Real bound = gamma<T>(4 * naive.operations(rows)), u = std::numeric_limits<T>::epsilon() / 2;
  Real squares = 0, errors = 0;
  for (const Value& d : naive.D) squares += d.value * d.value, errors += bound * bound * d.absolute * d.absolute;
  const Real norm = std::sqrt(squares);
  const double weight_decay = options ? 2.5 : 0, max_norm = options ? double(norm / 2) : INFINITY;
  const Real clipped = options ? Real(max_norm) / norm : 1, norm_error = options ? 2 * std::sqrt(errors) / norm + 4 * u : 0;

  Engine<T> engine(network, kernels, 2, 0);
  Plan plan{{update, momentum, beta1, beta2, epsilon}, batch, true, lambda, max_norm, {}};
  std::vector<Factors> factors;
  for (std::size_t i = 0; i < 2 * (network.sizes.size() - 1); ++i)
    factors.push_back(options ? Factors{1 - 0.125 * double(i), i % 2 ? 2.0 : 0.25} : Factors{1, double(i % 2)});  // column 0, then the matrix
  if (options) plan.factors = factors;
  std::vector<double> rates{eta, weight_decay};
  rates.insert(rates.end(), dropout.begin(), dropout.end());
  const Steps<T> steps{theta.data(), {first.data(), second.data()}, data.examples(), whole, &plan, rates.data(), 1, &cost};
  CHECK(engine.run(steps, position, &interrupted, never) == 1 && !interrupted, "one step");
  CHECK(position.step == 18 && position.row == (begin + rows) % m && position.epoch == (begin + rows == m ? 5u : 4u), "the position");
  CHECK(std::fabs(cost - naive.cost.value) <= bound * naive.cost.absolute, "%s cost %.17g, not %.17Lg", kernels.isa, cost, naive.cost.value);
  const std::vector<std::size_t> group = groups(network);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const Factors of = factors[group[i]];
    const Real its_eta = eta * of.rate;
    const Real D = clipped * naive.D[i].value, v0 = first0[i];
    const Real error = clipped * bound * naive.D[i].absolute + (4 * u + norm_error) * std::fabs(D);
    Real right = theta0[i] * (1 - its_eta * weight_decay * of.decay), tolerance = 0;
    if (update == Update::adam) {
      const Real p = beta1 * v0 + (1 - beta1) * D, q = beta2 * Real(second0[i]) + (1 - beta2) * D * D;
      const Real step = its_eta * std::sqrt(1 - std::pow(Real(beta2), 18)) / (1 - std::pow(Real(beta1), 18));
      right -= step * p / (std::sqrt(q) + epsilon);
      tolerance = step * (error + 16 * u * (std::fabs(v0) + std::fabs(D))) * (1 + std::fabs(p) * (1 + std::fabs(D)) / q) / std::sqrt(q);
      CHECK(std::fabs(second[i] - q) <= 8 * u * q + (1 - beta2) * 2 * error * (std::fabs(D) + error), "%s second[%zu]", kernels.isa, i);
    } else {
      const Real velocity = momentum * v0 - its_eta * D;
      right += update == Update::sgd ? velocity : momentum * velocity - its_eta * D;
      tolerance = 2 * its_eta * error + 16 * u * std::fabs(v0);
      CHECK(std::fabs(first[i] - velocity) <= tolerance, "%s velocity[%zu] is %.9g, not %.9Lg", kernels.isa, i, double(first[i]), velocity);
    }
    tolerance += 4 * u * (std::fabs(right) + std::fabs(Real(theta0[i])));
    CHECK(std::fabs(theta[i] - right) <= tolerance, "%s theta[%zu] is %.17g, not %.17Lg within %Lg, rule %d, rows %td", kernels.isa, i,
          double(theta[i]), right, tolerance, int(update), rows);
  }
}

// A confident right answer costs exp(-40), and a wrong one 40, with all their digits; for the sigmoid and for two classes.
template <class T> void check_digits(const Kernels<T>& kernels) {
  for (Output output : {Output::sigmoid, Output::softmax})
    for (double z : {40.0, -40.0}) {
      const Index K = output == Output::sigmoid ? 1 : 2;
      const T theta[] = {0, 1, 0, 0}, x = T(z), y[] = {1, 0};
      Engine<T> engine({{1, K}, {}, output}, kernels, 1);
      double J = 0, D[4] = {};
      engine.cost_and_gradient(theta, {&x, y, nullptr, 1}, 0, 1, &J, D, never);
      const double cost = z > 0 ? std::exp(-40.0) : 40 + std::exp(-40.0), delta = z > 0 ? -std::exp(-40.0) : -1;
      const double few = 4 * double(std::numeric_limits<T>::epsilon());
      CHECK(std::fabs(J - cost) <= few * cost, "%s J(%g) is %.17g", kernels.isa, z, J);
      CHECK(std::fabs(D[0] - delta) <= few * std::fabs(delta), "%s delta(%g) is %.17g", kernels.isa, z, D[0]);
    }
}

}  // namespace

int main() {
  for_each_isa([](const auto& kernels, auto zero) {
    using T = decltype(zero);
    for (const Network& network : networks(kernels.lanes)) {
      for (Index m : {Index(1), Index(kernels.lanes - 1), Index(kernels.lanes + 1), Index(61)})
        for (bool weighted : {false, true}) check_sums<T>(kernels, network, m, weighted, weighted ? 2.5 : 0);
      for (Index batch : {Index(1), Index(kernels.lanes + 1), Index(40), Index(500)})
        for (Update update : {Update::sgd, Update::nesterov, Update::adam})
          for (int way = 0; way < 3; ++way) check_step<T>(kernels, network, 67, batch, way > 0, way > 0 ? 1.5 : 0, update, way > 1);
    }
    check_digits<T>(kernels);
    check_sums<T>(kernels, {{3, 4, 2}, {Hidden::tanh}, Output::softmax}, 5 * 8192 + 700, true, 1);  // several leaves
    std::printf("%s float%d: sums and steps within the bound\n", kernels.isa, int(8 * sizeof(T)));
  });
}
