// The order of an epoch (counters.hpp), with the random numbers of eight rows side by side where a vector holds eight of 64 bits.
// Nanoseconds a row (Zen 5, 150 rows): one by one 1.75; in vectors of 64 bytes 0.93. Vectors of 32 bytes have no product of 64 bits: 2.07.
inline void order_of_epoch(bool shuffle, std::uint64_t key, std::uint64_t epoch, std::uint32_t* order, std::uint64_t m) {
  if constexpr (vector_bytes < 64) {
    epoch_order(shuffle, key, epoch, order, m);
  } else {
    using Words = Bits<double>;
    constexpr std::uint64_t at_once = 64;
    alignas(64) std::uint64_t places[at_once];
    const std::uint64_t base = base_of_epoch(key, epoch);
    Words lane{};
    for (int i = 0; i < lanes<double>; ++i) lane[i] = std::uint64_t(i);
    for (std::uint64_t i = 0; i < m; ++i) order[i] = std::uint32_t(i);
    for (std::uint64_t n = shuffle ? m : 0, count; n > 1; n -= count) {
      count = n < at_once ? n : at_once;
      for (std::uint64_t i = 0; i < count; i += lanes<double>) *reinterpret_cast<Words*>(places + i) = place_in_order(counted(base, n - i - lane), n - i - lane);
      for (std::uint64_t i = 0; i < count; ++i) std::swap(order[n - 1 - i], order[places[i]]);
    }
  }
}
