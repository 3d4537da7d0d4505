// The port behind the socketmap server: who knows the answer to a map question.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "event/ticket.h"

namespace tlspolicyd {

struct MapQuestion {
  std::string_view map_name;  // as sent: selects the form of the reply
  std::string_view key;       // as sent: raw octets
};

// Answer loop only.
class Answers {
 public:
  using Done = std::function<void(std::string_view payload)>;

  virtual ~Answers() = default;
  // Whether expect() brings anything now.
  [[nodiscard]] virtual bool looks_ahead() const { return false; }
  // These keys, of which some may be empty, will be asked in a moment.
  virtual void expect(std::span<const std::string_view> keys) { static_cast<void>(keys); }
  // Appends the reply's payload to `out` and returns true if it is known without waiting.
  [[nodiscard]] virtual bool answer_now(const MapQuestion& question, std::string& out) = 0;
  // For the rest. `done` once, within reply_timeout. The question's text is copied.
  [[nodiscard]] virtual Ticket answer(const MapQuestion& question, Done done) = 0;
  // The payload for one of those that cannot be waited for any longer: by what is known now,
  // so that a policy that is held is never passed over.
  [[nodiscard]] virtual std::string answer_by_now(const MapQuestion& question) = 0;
};

}  // namespace tlspolicyd
