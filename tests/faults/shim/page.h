// What the test tells the shims in the daemon: a file that both have mapped.
#pragma once

#include <atomic>
#include <cstdint>

struct Page {                               // the order of shims.py
  std::atomic<std::int64_t> wall_ns;        // added to CLOCK_REALTIME
  std::atomic<std::int64_t> running_ns;     // added to the clocks that never step
  std::atomic<std::int64_t> disk_error;     // errno of every write, sync and cut; 0: none
  std::atomic<std::int64_t> disk_refusals;  // how often disk_error was returned
  std::atomic<std::int64_t> sync_error;     // errno of every sync; 0: none
  std::atomic<std::int64_t> sync_ms;        // that every sync takes
  std::atomic<std::int64_t> syncs;          // begun
  std::atomic<std::int64_t> read_error;     // errno of every read of the store; 0: none
  std::atomic<std::int64_t> reads_granted;  // before that
  std::atomic<std::int64_t> reads_failing;  // after that; the others are granted
  std::atomic<std::int64_t> read_refusals;
  std::atomic<std::int64_t> heap_limit;  // octets; 0: none
  std::atomic<std::int64_t> heap_used;   // octets, told by the shim
};

// Null before the library is initialised, and where $TLSPOLICYD_FAULTS names no file.
Page* page() noexcept;
