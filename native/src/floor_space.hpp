// A first floor in a workspace: its description taken apart into pieces, runs of parameters and tasks, and its memory.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "deltarule/engine.hpp"

namespace deltarule {

template <class T> class FloorSpace {
 public:
  Floor<T> view{};

  FloorSpace(const FirstFloor& floor, Index lanes, Index panel) : lanes_(lanes), panel_(panel) {
    view.inputs = floor.inputs(), view.outputs = floor.outputs(), view.scale = -1;
    for (const FloorPart& part : floor.parts) add(part);
    if (floor.scaled) view.scale = places_, add_columns(-1, groups_++, places_, view.outputs), places_ += whole(view.outputs);
    std::size_t at = 0;
    for (Piece<T>& piece : pieces_)
      if (piece.kind == Kind::piecewise) {
        piece.knots = &knots_[at], piece.rise = &rise_[at], piece.bounds = &bounds_[at];
        at += std::size_t(piece.size);
      }
    view.pieces = pieces_.data(), view.n_pieces = Index(pieces_.size());
    view.runs = runs_.data(), view.tasks = tasks_.data();
  }

  int n_tasks() const { return int(tasks_.size()); }

  // Hands out memory by take(n), for so many blocks of rows; an odd number of vectors a block, because blocks of 4 KB would fall
  // into the same sets of the cache.
  template <class Take> void lay_out(const Take& take, Index blocks, bool learns, int n_moments) {
    view.raw_step = odd(view.inputs), view.out_step = odd(view.outputs), view.kept_step = odd(kept_);
    view.raw = take(blocks * view.raw_step), view.out = take(blocks * view.out_step), view.kept = take(blocks * view.kept_step);
    view.theta = take(places_), view.none = take(widest_);
    if (!learns) return;
    view.error = take(blocks * view.out_step), view.panel = take(blocks * lanes_ * panel_), view.Delta = take(places_);
    for (int i = 0; i < n_moments; ++i) view.moments[i] = take(places_);
  }

  // Calls piece(number of the array, number of theta, n) for each run.
  template <class F> void each_run(const F& piece) const {
    for (const Stretch& run : runs_) piece(run.at, run.flat, run.n);
  }

 private:
  Index whole(Index n) const { return (n + panel_ - 1) / panel_ * panel_; }
  Index odd(Index columns) const { return (columns | 1) * lanes_; }

  Index add_run(int group, Index n) {  // returns its place
    runs_.push_back({places_, flat_, n, group});
    places_ += whole(n), flat_ += n;
    return runs_.back().at;
  }
  void add_task(int piece, Index first_run, Index first, Index n) {
    tasks_.push_back({piece, int(first_run), int(Index(runs_.size()) - first_run), first, n});
  }
  // Factors of columns that start at a place: tasks of 64 columns.
  void add_columns(int piece, int group, Index place, Index n) {
    for (Index c = 0; c < n; c += 64) {
      runs_.push_back({place + c, flat_ + c, std::min<Index>(64, n - c), group});
      add_task(piece, Index(runs_.size()) - 1, c, runs_.back().n);
    }
    flat_ += n;
  }

  void add(const FloorPart& part) {
    Piece<T> piece{};
    piece.kind = part.kind, piece.width = part.width, piece.size = part.size;
    const bool is_wide = part.kind == Kind::keep || part.kind == Kind::scale;
    const Index flat = flat_;
    piece.columns = is_wide ? part.inputs : 1;
    for (Index c = 0; c < part.inputs; c += piece.columns) {
      piece.from = from_, piece.to = to_, piece.kept = kept_;
      from_ += piece.columns, to_ += piece.columns * piece.width;
      const int number = int(pieces_.size());
      const Index first_run = Index(runs_.size());
      if (part.kind == Kind::scale) {
        piece.at = places_;
        add_columns(number, groups_, places_, part.inputs);
        places_ += whole(part.inputs);
      } else if (part.kind == Kind::embedding) {
        add_table(piece, number);
      } else if (part.kind == Kind::piecewise) {
        add_knots(part.knots[std::size_t(c)]);
        piece.size = Index(part.knots[std::size_t(c)].size());
        piece.at = add_run(groups_, piece.size * piece.width);
        kept_ += 2;
      } else if (part.kind == Kind::periodic) {
        piece.at = add_run(groups_, piece.size), piece.phase = add_run(groups_ + 1, piece.size);
        piece.weight = places_;
        for (Index i = 1; i < piece.width; ++i) add_run(groups_ + 2, piece.size);
        piece.bias = add_run(groups_ + 3, piece.width - 1);
        kept_ += 2 * piece.size;
      }
      if (part.kind == Kind::piecewise || part.kind == Kind::periodic) add_task(number, first_run, 0, 1);
      pieces_.push_back(piece);
    }
    groups_ += part.n_groups();
    flat_ = flat + part.n_parameters();
  }

  // Tasks of about 8192 numbers, so that a table of many categories is shared between threads.
  void add_table(Piece<T>& piece, int number) {
    piece.at = places_;
    const Index rows = std::max<Index>(1, 8192 / piece.width / panel_) * panel_;  // whole vectors, whatever the width
    for (Index first = 0; first < piece.size; first += rows) {
      const Index n = std::min(rows, piece.size - first);
      runs_.push_back({piece.at + first * piece.width, flat_ + first * piece.width, n * piece.width, groups_});
      add_task(number, Index(runs_.size()) - 1, first, n);
    }
    places_ += whole(piece.size * piece.width), flat_ += piece.size * piece.width;
    kept_ += 1, widest_ = std::max(widest_, piece.width);
  }

  // x >= t exactly where x >= the least number of type T that is not below t.
  void add_knots(const std::vector<double>& knots) {
    for (std::size_t k = 0; k < knots.size(); ++k) {
      const T near = T(knots[k]);
      knots_.push_back(knots[k]);
      rise_.push_back(k + 1 < knots.size() ? 1 / (knots[k + 1] - knots[k]) : 0);
      bounds_.push_back(double(near) < knots[k] ? std::nextafter(near, std::numeric_limits<T>::infinity()) : near);
    }
  }

  const Index lanes_, panel_;
  Index places_ = 0, flat_ = 0, from_ = 0, to_ = 0, kept_ = 0, widest_ = 0;
  int groups_ = 0;
  std::vector<Piece<T>> pieces_{};
  std::vector<Stretch> runs_{};
  std::vector<FloorTask> tasks_{};
  std::vector<double> knots_{}, rise_{};
  std::vector<T> bounds_{};
};

}  // namespace deltarule
