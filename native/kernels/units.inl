// Hidden units: g, and g' from a = g(z). One more unit is one struct and its line in the table below; one whose g'
// needs z will get a flag here that makes examples() keep z.

template <class T> struct Logistic {
  static constexpr bool of_zero_is_zero = false;
  static Vector<T> g(Vector<T> z) { return logistic<T>(z); }
  static Vector<T> slope(Vector<T> a) { return a * (T(1) - a); }
};
template <class T> struct Tanh {
  static constexpr bool of_zero_is_zero = true;
  static Vector<T> g(Vector<T> z) { return hyperbolic_tangent<T>(z); }
  static Vector<T> slope(Vector<T> a) { return T(1) - a * a; }
};
template <class T> struct Relu {
  static constexpr bool of_zero_is_zero = true;
  static Vector<T> g(Vector<T> z) { return z < T(0) ? Vector<T>{} : z; }  // this way round NaN stays NaN
  static Vector<T> slope(Vector<T> a) { return a > T(0) ? all(T(1)) : Vector<T>{}; }  // g'(0) = 0
};

template <class T> struct Unit {
  void (*forward)(T* z, Index rows, int vectors, int columns);      // z becomes a, filled up with zeros from `columns` on
  void (*backward)(T* delta, const T* a, Index rows, int vectors);  // delta *= g'(z)
};
template <class T, template <class> class G> struct OnPanels {
  static void forward(T* z, Index rows, int vectors, int columns) {
    for (Index r = 0; r < rows; ++r, z += panel<T>) {
      for (int v = 0; v < vectors; ++v) store(z + v * lanes<T>, G<T>::g(load(z + v * lanes<T>)));
      if (!G<T>::of_zero_is_zero)
        for (int j = columns; j < vectors * lanes<T>; ++j) z[j] = 0;
    }
  }
  static void backward(T* delta, const T* a, Index rows, int vectors) {
    for (Index r = 0; r < rows; ++r, delta += panel<T>, a += panel<T>)
      for (int v = 0; v < vectors; ++v)
        store(delta + v * lanes<T>, load(delta + v * lanes<T>) * G<T>::slope(load(a + v * lanes<T>)));
  }
};
template <class T, template <class> class G> constexpr Unit<T> unit = {OnPanels<T, G>::forward, OnPanels<T, G>::backward};

// In the order of Hidden; identity does nothing, hence null.
template <class T>
constexpr Unit<T> units[] = {unit<T, Logistic>, unit<T, Tanh>, unit<T, Relu>, {nullptr, nullptr}};
