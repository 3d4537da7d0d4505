// What answers mean: follows a question along CNAMEs (RFC 1034 section 3.6.2) through one
// message or several to an answer or a denial. Pure; dns/dns_query does the asking.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "dnsdata/dns_answer.h"
#include "dns/wire/dns_codec.h"

namespace tlspolicyd {

class DnsChain {
 public:
  static constexpr std::size_t kStepsMax = 8;  // CNAMEs in all

  enum class Next {
    finished,       // answer() is complete
    ask,            // the chain goes on behind this message: ask question() now
    contradiction,  // the message is at odds with itself and was not used
  };

  explicit DnsChain(DnsQuestion question) : question_(std::move(question)) {}

  // `message` replies to question(), with NOERROR or NXDOMAIN.
  [[nodiscard]] Next take(const DnsMessage& message);

  [[nodiscard]] const DnsQuestion& question() const { return question_; }
  [[nodiscard]] const DnsAnswer& answer() const { return answer_; }

 private:
  [[nodiscard]] bool collect(const DnsMessage& message);
  [[nodiscard]] const DnsRecord* alias(const DnsMessage& message) const;
  [[nodiscard]] bool step_to(const std::string& target);
  [[nodiscard]] bool visited(const std::string& name) const;
  void use_ttl(seconds ttl) { answer_.ttl = std::min(answer_.ttl, ttl); }
  Next finish(DnsStatus status);
  Next deny(const DnsMessage& message);
  Next give_up(const std::string& target);

  DnsQuestion question_;
  std::string first_name_;  // as the first message repeats it
  DnsAnswer answer_{.authentic = true, .ttl = seconds::max()};
};

}  // namespace tlspolicyd
