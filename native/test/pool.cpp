// Tests, above all for ThreadSanitizer, that every task of every phase runs once, that its writes are seen, and that pools are
// created, destroyed and put to sleep.
#include "deltarule/pool.hpp"

#include <chrono>

#include "check.hpp"

using deltarule::Pool;

int main() {
  for (int threads : {1, 2, 4}) {
    Pool pool(threads);
    std::vector<int> counts(100);
    long expected = 0;
    for (int phase = 0; phase < 3000; ++phase) {
      const int n = phase % 101;
      pool.run(n, [&](std::ptrdiff_t task) { counts[std::size_t(task)] += 1 + int(task); });  // not atomic: the pool must order it
      for (int i = 0; i < n; ++i) expected += 1 + i;
      if (phase % 1000 == 999) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough for the threads to fall asleep
    }
    long sum = 0;
    for (int count : counts) sum += count;
    CHECK(sum == expected, "%d threads ran tasks worth %ld, not %ld", threads, sum, expected);
  }
  std::vector<char> many(200000);
  Pool(2).run(200000, [&](std::ptrdiff_t task) { ++many[std::size_t(task)]; });
  for (char count : many) CHECK(count == 1, "more tasks than fit in a word");
  for (int i = 0; i < 50; ++i) {
    Pool pool(3);
    if (i % 2) pool.run(2, [](std::ptrdiff_t) { std::this_thread::sleep_for(std::chrono::microseconds(200)); });
  }
  std::puts("pool: every task once");
}
