// A pool of threads that work in phases.
//
// Contract
//   * run(n, f) calls f(0) ... f(n - 1), each once, on any of the threads, the caller's among them. It returns after all of
//     them, and what they wrote can be read. f must not throw. run allocates nothing. While the caller waits for the others,
//     it calls `meanwhile` about once an interval, if that is given.
//   * One thread at a time may call run. Results must not depend on which thread gets which task.
//   * A thread with no work spins for `spin` and then sleeps, so an idle pool costs nothing. No more threads are woken than there are
//     tasks.
//   * A fork keeps only the calling thread, so a child must neither use nor destroy a Pool of its parent.
//
// Threads claim tasks one by one, even threads from the front and odd ones from the back. So each of two threads gets
// mostly the same tasks in every step, and finds their parameters in its own cache. A thread that the system suspends
// delays at most the task it has begun.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace deltarule {

class Pool {
 public:
  explicit Pool(int n_threads);
  ~Pool();

  template <class F> void run(std::ptrdiff_t n, const F& f) { run(n, f, nullptr, {}); }
  template <class F, class Meanwhile>
  void run(std::ptrdiff_t n, const F& f, const Meanwhile& meanwhile, std::chrono::milliseconds interval) {
    const std::ptrdiff_t n_tasks = n < 65535 ? n : 65535;  // the most that word_ can hold
    const auto task = [&](int i) {
      for (std::ptrdiff_t k = n * i / n_tasks; k < n * (i + 1) / n_tasks; ++k) f(k);
    };
    begin(int(n_tasks), [](const void* context, int i) { (*static_cast<const decltype(task)*>(context))(i); }, &task);
    if constexpr (!std::is_null_pointer_v<Meanwhile>)
      while (!ended_within(interval)) meanwhile();
    end();
  }

 private:
  using Function = void (*)(const void*, int);
  void begin(int n_tasks, Function, const void* context);  // the caller then works too, as long as a task is left
  bool ended_within(std::chrono::milliseconds);
  void end();
  void work(int thread);  // claims and runs tasks of the current phase
  void worker(int thread);
  template <class Ready> void wait(std::condition_variable&, std::atomic<int>& sleepers, const Ready&);

  // Phase (32 bits), one past the last task left (16), first task left (16). A claim is one compare-and-swap on this
  // word. Since the word holds the phase, a late thread can never claim a task of a phase that it has not read.
  std::atomic<std::uint64_t> word_{0};
  std::atomic<Function> function_{nullptr};
  std::atomic<const void*> context_{nullptr};
  alignas(64) std::atomic<int> unfinished_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  std::atomic<int> sleeping_workers_{0}, sleeping_caller_{0};
  std::vector<std::thread> workers_;
};

}  // namespace deltarule
