#include "deltarule/pool.hpp"

#include <chrono>
#include <exception>

namespace deltarule {
namespace {

// How long a waiting thread spins before it sleeps. With two threads, a phase of a step lasts from 5 us to a few ms and differs
// between the threads by one task at most, so most waits end while they spin. With both cores busy with other work, two threads
// took 0.78 to 0.91 of one thread's time on the benchmark's networks M, T and L.
constexpr std::chrono::microseconds spin{50};

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

constexpr std::uint64_t phase_of(std::uint64_t word) { return word >> 32; }

}  // namespace

Pool::Pool(int n_threads) {
  workers_.reserve(std::size_t(n_threads));
  for (int i = 1; i < n_threads; ++i) {
    try {
      workers_.emplace_back([this, i] { worker(i); });
    } catch (const std::exception&) {  // no memory, or a limit on threads: the threads made so far do the work
      break;
    }
  }
}

Pool::~Pool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_.store(true);
  }
  begin_.notify_all();
  for (std::thread& thread : workers_) thread.join();
}

// A thread that makes `ready` true reads `sleepers` afterwards, and a sleeper is counted before it reads `ready`. Both are
// sequentially consistent, so no wake-up is lost.
template <class Ready> void Pool::wait(std::condition_variable& wake, std::atomic<int>& sleepers, const Ready& ready) {
  const auto patience = std::chrono::steady_clock::now() + spin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (ready()) return;
      relax();
    }
  } while (std::chrono::steady_clock::now() < patience);
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers.fetch_add(1);
  wake.wait(lock, ready);
  sleepers.fetch_sub(1);
}

void Pool::work(int thread) {
  std::uint64_t word = word_.load();
  for (;;) {
    const Function function = function_.load(std::memory_order_relaxed);
    const void* context = context_.load(std::memory_order_relaxed);
    const unsigned first = word & 0xffff, last = (word >> 16) & 0xffff;
    if (first >= last) return;
    const bool front = thread % 2 == 0;
    // If the claim succeeds, function_ and context_ were those of this phase: the next phase begins after all of its tasks.
    if (!word_.compare_exchange_weak(word, front ? word + 1 : word - 0x10000)) continue;
    function(context, int(front ? first : last - 1));
    if (unfinished_.fetch_sub(1) == 1 && sleeping_caller_.load()) {
      std::lock_guard<std::mutex> lock(mutex_);
      end_.notify_one();
    }
    word = word_.load();
  }
}

void Pool::worker(int thread) {
  std::uint64_t seen = 0;
  for (;;) {
    wait(begin_, sleeping_workers_, [&] { return phase_of(word_.load()) != seen || stop_.load(); });
    if (stop_.load()) return;
    seen = phase_of(word_.load());
    work(thread);
  }
}

void Pool::begin(int n_tasks, Function function, const void* context) {
  if (n_tasks == 1) return function(context, 0);
  function_.store(function, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  unfinished_.store(n_tasks);
  word_.store((phase_of(word_.load(std::memory_order_relaxed)) + 1) << 32 | std::uint64_t(n_tasks) << 16);
  if (const int asleep = sleeping_workers_.load()) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (n_tasks > asleep) begin_.notify_all();
    else for (int i = 1; i < n_tasks; ++i) begin_.notify_one();  // the caller takes a task too
  }
  work(0);
}

bool Pool::ended_within(std::chrono::milliseconds interval) {
  std::unique_lock<std::mutex> lock(mutex_);
  sleeping_caller_.fetch_add(1);
  const bool ended = end_.wait_for(lock, interval, [&] { return unfinished_.load() == 0; });
  sleeping_caller_.fetch_sub(1);
  return ended;
}

void Pool::end() {
  wait(end_, sleeping_caller_, [&] { return unfinished_.load() == 0; });
}

}  // namespace deltarule
