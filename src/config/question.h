// The notation of a DNS question. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dnsdata/dns_answer.h"

namespace tlspolicyd {

// A name and a type, "example.org NS"; "." is the root. ASCII only, without escapes. The name
// becomes lower case and loses its final dot.
[[nodiscard]] Result<DnsQuestion> parse_question(std::string_view text);
// What parse_question() reads back as the same value.
[[nodiscard]] std::string show_question(const DnsQuestion& question);

// The types that parse_question() takes: "A, AAAA, MX, NS, SOA, TXT or TLSA".
[[nodiscard]] std::string question_types();

}  // namespace tlspolicyd
