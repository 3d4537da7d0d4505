// The right to be called back. Whoever asks for something asynchronous owns the
// ticket; while it lives the callback may run, once it is destroyed it never will.
// So the owner of the ticket may capture `this`.
#pragma once

#include <functional>
#include <utility>

namespace tlspolicyd {

// Rules for every call that returns a Ticket:
//  - the callback runs at most once, never before the call returned, always on the
//    loop the call was made on;
//  - destroying the ticket after the callback ran does nothing.
class [[nodiscard]] Ticket {
 public:
  Ticket() = default;
  // `cancel` runs when the ticket is destroyed, also after the callback ran; it must
  // then do nothing, and it must not throw.
  explicit Ticket(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  Ticket(Ticket&& other) noexcept : cancel_(std::exchange(other.cancel_, nullptr)) {}
  Ticket& operator=(Ticket&& other) noexcept {
    if (this == &other) return *this;
    reset();
    cancel_ = std::exchange(other.cancel_, nullptr);
    return *this;
  }
  ~Ticket() { reset(); }

  void reset() noexcept {
    if (const auto cancel = std::exchange(cancel_, nullptr)) cancel();
  }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(cancel_); }

 private:
  std::function<void()> cancel_;
};

}  // namespace tlspolicyd
