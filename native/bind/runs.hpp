// The arguments of a run of mini-batch steps, checked.
#pragma once
#include "inputs.hpp"
#include "plans.hpp"

namespace deltarule::bind {

// The arguments of run(), given one by one or as a tuple.
struct Work {
  nb::handle theta;
  std::vector<nb::object> vectors;
  nb::handle X, Y, weights;
  const Plan* plan;
  Position* position;
  nb::handle rates, costs;
  Index rows;
  double weight;
  Index offset;

  static Work of(nb::handle given) {
    if (!nb::isinstance<nb::tuple>(given) || nb::len(given) != 12)
      refuse("A member must be a tuple of the 12 arguments of run().", nb::exception_type::type_error);
    const nb::tuple t = nb::borrow<nb::tuple>(given);
    try {
      return {t[0], nb::cast<std::vector<nb::object>>(t[1]), t[2], t[3], t[4], nb::cast<const Plan*>(t[5]),
              nb::cast<Position*>(t[6]), t[7], t[8], nb::cast<Index>(t[9]), nb::cast<double>(t[10]), nb::cast<Index>(t[11])};
    } catch (const nb::cast_error&) {
      refuse("A member holds an argument of another type than run() takes.", nb::exception_type::type_error);
    }
  }
};

// A run's arguments, checked, as plain memory.
template <class T> class Run {
 public:
  Run(const Network& network, const Work& work) : Run(network, work, line_of_rule(work).n_vectors) {}
  const std::vector<Span>& spans() const { return spans_; }
  Member<T> member{};

 private:
  static const RuleLine& line_of_rule(const Work& work) {
    if (!work.plan || !work.position)
      refuse("A run needs a Plan and a Position, and neither may be None.", nb::exception_type::type_error);
    const RuleLine& line = deltarule::line_of(work.plan->rule.update);
    if (work.vectors.size() != std::size_t(line.n_vectors)) {
      static const char* const counts[] = {"", "one vector.", "two vectors.", "three vectors.", "four vectors."};
      refuse(line.name + std::string(" takes ") + counts[line.n_vectors]);
    }
    return line;
  }
  // The rule's vector number i, or an argument that is not used.
  static Argument<T> vector(const Network& network, const Work& work, int i) {
    static const char* const names[] = {"vectors[0]", "vectors[1]", "vectors[2]", "vectors[3]"};
    const bool is_there = i < int(work.vectors.size());
    return {is_there ? nb::handle(work.vectors[std::size_t(i)]) : nb::handle(), names[i], {network.n_parameters()},
            is_there ? Use::write : Use::unused};
  }
  Run(const Network& network, const Work& work, int n_vectors)
      : theta_(work.theta, "theta", {network.n_parameters()}, Use::write), X_(work.X, network.n_inputs()),
        Y_(work.Y, "Y", {X_.rows(), network.sizes.back()}), weights_(work.weights, "weights", {X_.rows()}, Use::read_or_none),
        vectors_{vector(network, work, 0), vector(network, work, 1), vector(network, work, 2), vector(network, work, 3)},
        rates_(work.rates, "rates", {any, Index(network.sizes.size())}), costs_(work.costs, "costs", {rates_.size(0)}, Use::write),
        spans_{theta_.span(), vectors_[0].span(), costs_.span(), X_.span(0), X_.span(1), X_.span(2), Y_.span(), weights_.span(),
               rates_.span()} {
    for (int i = 1; i < n_vectors; ++i) spans_.insert(spans_.begin() + 1 + i, vectors_[i].span());
    check_apart(spans_);
    const Index m = X_.rows(), L = rates_.size(1);
    if (work.position->row < 0 || work.position->row >= std::max<Index>(1, m))
      refuse("position.row is " + std::to_string(work.position->row) + ", but X has " + std::to_string(m) + " rows.");
    if (work.offset < 0 || m > work.rows || work.offset > work.rows - m)
      refuse("offset is " + std::to_string(work.offset) + " and X has " + std::to_string(m) + " rows, but rows, of the whole training "
             "set, is " + std::to_string(work.rows) + ".");
    check_weight(work.weight);
    if (const std::size_t n = work.plan->factors.size(); n != 0 && n != std::size_t(network.n_groups()))
      refuse("factors has " + std::to_string(n) + " pairs, but the parameters of the network have " +
             std::to_string(network.n_groups()) + " segments.");
    for (Index i = 0; i < rates_.size(0); ++i) {
      const double* const rates = rates_.data() + i * L;
      if (!(rates[decay_column] >= 0 && std::isfinite(rates[decay_column])))
        refuse("weight_decay is " + std::to_string(rates[decay_column]) + ", but must be 0 or more, and finite.");
      for (Index l = dropout_column; l < L; ++l)
        if (!(rates[l] >= 0 && rates[l] < 1)) refuse("dropout has the rate " + std::to_string(rates[l]) + ", but it must be in [0, 1).");
    }
    member = {{theta_.data(), {vectors_[0].data(), vectors_[1].data(), vectors_[2].data(), vectors_[3].data()},
               {X_.inputs(), Y_.data(), weights_.data(), m},
               {work.rows, work.weight, work.offset}, work.plan, rates_.data(), rates_.size(0), costs_.data()},
              *work.position, 0, false};
  }

 public:
  static void check_weight(double weight) {
    if (!(weight >= 0 && std::isfinite(weight))) refuse("weight is " + std::to_string(weight) + ", but must be finite, and 0 or more.");
  }

 private:
  const Argument<T> theta_;
  const InputsArgument<T> X_;
  const Argument<T> Y_, weights_, vectors_[most_moments];
  const Argument<double> rates_, costs_;
  std::vector<Span> spans_;
};

}  // namespace deltarule::bind
