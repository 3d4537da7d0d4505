// A World behind a Postfix at level dane, with a resolver that validates.
#pragma once

#include <string>
#include <vector>

#include "world.h"

namespace tlspolicyd {

inline constexpr bool kSigned = true, kUnsigned = false;
inline const std::string kDaneOnly = "OK dane-only";

struct DaneWorld : World {
  DaneWorld() {
    serving.rules.level = BaseLevel::dane;
    serving.validates = true;
    serving.rules.dane_active = true;
    restart();
  }

  // Hosts by preference.
  void set_mx(const std::string& domain, const std::vector<std::string>& hosts, bool authentic, seconds ttl = 300s) {
    std::vector<Rdata> records;
    for (std::size_t i = hosts.size(); i > 0; --i)  // DNS knows no order
      records.emplace_back(MxRdata{static_cast<std::uint16_t>(10 * i), hosts[i - 1]});
    dns.set_records(domain, RrType::mx, std::move(records), authentic, ttl);
  }
  void set_host(const std::string& host, bool authentic) {
    dns.set_records(host, RrType::a, {AddressRdata{*parse_ip("1.2.3.5")}}, authentic);
    dns.deny(host, RrType::aaaa, authentic);
  }
  // A host that publishes one record, usable unless its usage says otherwise.
  void set_tlsa(const std::string& host, bool authentic, std::uint8_t usage = 3, int port = 25) {
    dns.set_records(tlsa_name(host, port), RrType::tlsa, {TlsaRdata{usage, 1, 1, std::string(32, 'x')}}, authentic);
  }
  void set_no_tlsa(const std::string& host, bool authentic = kSigned) {
    dns.deny(tlsa_name(host), RrType::tlsa, authentic);
  }
  [[nodiscard]] static std::string tlsa_name(const std::string& host, int port = 25) {
    return "_" + std::to_string(port) + "._tcp." + host;
  }

  // mx1.d.example in one of the four states of a host.
  void set_usable(const std::string& host) { set_host(host, kSigned), set_tlsa(host, kSigned); }
  void set_unusable(const std::string& host) { set_host(host, kSigned), set_tlsa(host, kSigned, 0); }
  void set_none(const std::string& host) { set_host(host, kSigned), set_no_tlsa(host); }
  void set_failed(const std::string& host) {
    set_host(host, kSigned);
    dns.fail(tlsa_name(host), RrType::tlsa, DnsStatus::server_failure);
  }

  [[nodiscard]] std::size_t tlsa_questions() const {
    return static_cast<std::size_t>(
        std::count_if(dns.asked.begin(), dns.asked.end(), [](const DnsQuestion& q) { return q.type == RrType::tlsa; }));
  }
};

}  // namespace tlspolicyd
