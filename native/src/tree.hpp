// Sums over leaves of rows in a fixed binary tree: the rounding error grows with the logarithm of the number of leaves, and
// the order of additions depends on nothing else.
#pragma once
#include <cstddef>
#include <vector>

namespace deltarule {

// Sums of leaves, added two neighbouring subtrees of equal size at a time as soon as both exist.
class Tree {
 public:
  explicit Tree(std::size_t n) : n_(n) {}
  double* new_leaf() {
    if (depth_ == nodes_.size()) nodes_.push_back({0, std::vector<double>(n_)});
    nodes_[depth_].leaves = 1;
    return nodes_[depth_++].sums.data();
  }
  void merge() {
    while (depth_ > 1 && nodes_[depth_ - 2].leaves == nodes_[depth_ - 1].leaves) add_last();
  }
  const double* total() {
    while (depth_ > 1) add_last();
    return depth_ ? nodes_[0].sums.data() : new_leaf();
  }

 private:
  struct Node { std::size_t leaves; std::vector<double> sums; };
  void add_last() {
    Node &left = nodes_[depth_ - 2], &right = nodes_[--depth_];
    for (std::size_t i = 0; i < n_; ++i) left.sums[i] += right.sums[i];
    left.leaves += right.leaves;
  }
  std::size_t n_, depth_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace deltarule
