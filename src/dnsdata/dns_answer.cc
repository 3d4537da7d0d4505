#include "dnsdata/dns_answer.h"

namespace tlspolicyd {

std::string_view name_of(RrType type) {
  switch (type) {
    case RrType::a: return "A";
    case RrType::ns: return "NS";
    case RrType::cname: return "CNAME";
    case RrType::soa: return "SOA";
    case RrType::mx: return "MX";
    case RrType::txt: return "TXT";
    case RrType::aaaa: return "AAAA";
    case RrType::tlsa: return "TLSA";
  }
  return "?";
}

std::string_view name_of(DnsStatus status) {
  switch (status) {
    case DnsStatus::found: return "found";
    case DnsStatus::no_data: return "no_data";
    case DnsStatus::no_name: return "no_name";
    case DnsStatus::server_failure: return "server_failure";
    case DnsStatus::timeout: return "timeout";
    case DnsStatus::unreachable: return "unreachable";
    case DnsStatus::refused: return "refused";
    case DnsStatus::tcp_failed: return "tcp_failed";
    case DnsStatus::malformed: return "malformed";
    case DnsStatus::cname_loop: return "cname_loop";
    case DnsStatus::overloaded: return "overloaded";
    case DnsStatus::not_validated: return "not_validated";
  }
  return "?";
}

AdBit ad_bit(const DnsAnswer& answer) {
  if (answer.failed() || answer.authentic) return AdBit::trusted;
  return answer.ad_ignored ? AdBit::not_trusted : AdBit::missing;
}

bool DnsAnswer::failed() const {
  return status != DnsStatus::found && status != DnsStatus::no_data && status != DnsStatus::no_name;
}

}  // namespace tlspolicyd
