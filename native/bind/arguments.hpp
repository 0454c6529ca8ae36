// Arguments from Python as plain memory: every shape and type is checked once, and nothing is copied.
#pragma once
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "deltarule/engine.hpp"

namespace deltarule::bind {

namespace nb = nanobind;

constexpr Index any = -1;
template <class T> constexpr const char* dtype_name = "float64";
template <> constexpr const char* dtype_name<float> = "float32";
template <> constexpr const char* dtype_name<std::uint32_t> = "uint32";
// The buffer protocol's letters for T. A uint32 may be an L where a C long has 32 bits.
template <class T> constexpr const char* formats = "d";
template <> constexpr const char* formats<float> = "f";
template <> constexpr const char* formats<std::uint32_t> = sizeof(long) == 4 ? "IL" : "I";

[[noreturn]] inline void refuse(const std::string& message, nb::exception_type type = nb::exception_type::value_error) {
  throw nb::builtin_exception(type, message.c_str());
}
inline std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "(";
  for (Index n : shape) text += (text.size() > 1 ? ", " : "") + (n == any ? std::string("any") : std::to_string(n));
  return text + ")";
}

enum class Use { read, write, read_or_none, unused };

// The bytes of an argument.
struct Span {
  const char *name, *begin;
  std::size_t size;
  Use use;
};

// Refuses a written argument that shares memory with any other argument.
template <class Spans> void check_apart(const Spans& spans) {
  for (const Span& a : spans)
    for (const Span& b : spans)
      if (&a != &b && a.use == Use::write && a.begin < b.begin + b.size && b.begin < a.begin + a.size)
        refuse(std::string(a.name) + " and " + b.name + " share memory. Copy one of them.");
}

// Whether the buffer protocol's name of a type is that of T. Arrays read from a file have '<' before the letter: little-endian, which
// every machine that the core is built for is. Unaligned arrays have '='.
template <class T> bool is_format_of(const char* format) {
  if (!format) return false;  // bytes
  const char* const letter = format + (*format == '<' || *format == '=');
  return *letter && !letter[1] && std::strchr(formats<T>, *letter);
}
// Whether an object offers a C-contiguous buffer of T.
template <class T> bool has_format(nb::handle object) {
  Py_buffer view;
  if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) return PyErr_Clear(), false;
  const bool has = is_format_of<T>(view.format);
  PyBuffer_Release(&view);
  return has;
}

// An argument's memory for the length of a call. The buffer protocol is cheaper than a converted array, and lets this file
// word the errors. data() is null for an optional argument that is None, and for a vector that the rule does not have.
template <class T> class Argument {
 public:
  Argument(nb::handle object, const char* name, std::vector<Index> shape, Use use = Use::read) : name_(name), use_(use) {
    const bool writable = use == Use::write;
    if (use == Use::unused || (use == Use::read_or_none && object.is_none())) return;
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)) != 0) {
      PyErr_Clear();
      refuse(std::string(name) + " must be a C-contiguous" + (writable ? ", writable " : " ") + dtype_name<T> +
             " array. Convert it with numpy.ascontiguousarray.", nb::exception_type::type_error);
    }
    const std::vector<Index> came(view_.shape, view_.shape + view_.ndim);
    const bool fits = std::equal(came.begin(), came.end(), shape.begin(), shape.end(),
                                 [](Index n, Index right) { return right == any || right == n; });
    const bool aligned = reinterpret_cast<std::uintptr_t>(view_.buf) % alignof(T) == 0;
    const bool typed = is_format_of<T>(view_.format);
    if (fits && typed && aligned) return;
    const std::string type = view_.format ? view_.format : "B";
    PyBuffer_Release(&view_);  // the destructor will not run
    if (!typed) refuse(std::string(name) + " has the format '" + type + "', but must be " + dtype_name<T> +
                       ". Convert it with .astype.", nb::exception_type::type_error);
    if (!fits) refuse(std::string(name) + " has shape " + shape_text(came) + ", but " + shape_text(shape) + " fits here.");
    refuse(std::string(name) + " does not begin at a multiple of its items' size. Copy it.");
  }
  ~Argument() { PyBuffer_Release(&view_); }  // does nothing without a buffer
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;
  T* data() const { return static_cast<T*>(view_.buf); }
  Index size(int axis) const { return view_.shape[axis]; }
  Span span() const { return {name_, static_cast<const char*>(view_.buf), std::size_t(view_.len), use_}; }

 private:
  Py_buffer view_{};
  const char* name_;
  Use use_;
};

// Whether a Python signal handler raised, for Ctrl-C above all; its exception stays set.
inline bool signalled() {
  nb::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}
template <class F> auto without_gil(const F& f) {
  nb::gil_scoped_release release;
  return f();
}

}  // namespace deltarule::bind
