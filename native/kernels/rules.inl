// The update rules, on one vector of parameters. A rule takes D and its own vectors, and returns theta after the step. The factors
// of a step are a Rule, or LaneRules where parameters of several groups stand in one vector (small_parameters.inl).

template <class T, bool nesterov> struct Momentum {
  static constexpr int n_moments = 1;
  template <class Factors> static Vector<T> next(const Factors& rule, Vector<T> theta, Vector<T> D, T* const* vectors, Index at) {
    const Vector<T> velocity = rule.momentum * load(vectors[0] + at) - rule.step * D;
    store(vectors[0] + at, velocity);
    return rule.shrink * theta + (nesterov ? rule.momentum * velocity - rule.step * D : velocity);
  }
};
// The square root and the quotient are exact. Together they take 2.0 ns for 16 float32 parameters (Zen 5, AVX-512), whose products
// over a batch of 200 take 52 ns, so an estimate that differs between processors is not worth it.
template <class T> struct Adam {
  static constexpr int n_moments = 2;
  template <class Factors> static Vector<T> next(const Factors& rule, Vector<T> theta, Vector<T> D, T* const* vectors, Index at) {
    T *const first = vectors[0] + at, *const second = vectors[1] + at;
    const Vector<T> m = rule.beta1 * load(first) + rule.rest1 * D, v = rule.beta2 * load(second) + rule.rest2 * (D * D);
    store(first, m);
    store(second, v);
    return rule.shrink * theta + -rule.step * m / (square_root<T>(v) + rule.epsilon);
  }
};
// The mean (12) over the path of another rule, before that rule's own vectors.
template <class T, class R> struct Averaged {
  static constexpr int n_moments = R::n_moments + 1;
  template <class Factors> static Vector<T> next(const Factors& rule, Vector<T> theta, Vector<T> D, T* const* vectors, Index at) {
    const Vector<T> after = R::next(rule, theta, D, vectors + 1, at);
    T* const mean = vectors[0] + at;
    store(mean, (T(1) - rule.share) * load(mean) + rule.share * after);
    return after;
  }
};
// (13), with x, z, q and S. As in src/deltarule/training/solvers/averaging.py the decay comes off z, and so does what a caller has
// taken off theta since the last step. The plan's decay has a term of its own here: 1 - shrink has lost its digits in float32.
template <class T> struct ScheduleFree {
  static constexpr int n_moments = 4;
  template <class Factors> static Vector<T> next(const Factors& rule, Vector<T> theta, Vector<T> D, T* const* vectors, Index at) {
    T *const x_at = vectors[0] + at, *const z_at = vectors[1] + at, *const q_at = vectors[2] + at, *const S_at = vectors[3] + at;
    const Vector<T> x = load(x_at), z = load(z_at), square = Vector<T>{} + rule.step * rule.step;
    const Vector<T> q = rule.beta2 * load(q_at) + rule.rest2 * (D * D), S = load(S_at) + square;
    const Vector<T> off = rule.corrected * (between(z, x, rule.before) - theta) + rule.decays * theta;
    const Vector<T> z_next = z - rule.step * D / (square_root<T>(q) + rule.epsilon) - off;
    const Vector<T> x_next = between(x, z_next, S > T(0) ? square / S : Vector<T>{});
    store(x_at, x_next), store(z_at, z_next), store(q_at, q), store(S_at, S);
    return between(z_next, x_next, rule.beta1);
  }
  // In this form the compiler has no choice which product it fuses with the sum, so theta is computed again with the same bits.
  template <class Share> static Vector<T> between(Vector<T> one, Vector<T> other, Share share) { return one + share * (other - one); }
};
// Update::sum: Delta is kept, and the sum of squares is that of D.
struct Sum { static constexpr int n_moments = 0; };
