#include "dns/wire/dns_codec.h"

#include <algorithm>
#include <initializer_list>
#include <new>

#include "base/c_ptr.h"
#include "base/text.h"

#include <ldns/ldns.h>  // last: it makes true and false macros

namespace tlspolicyd {
namespace {

using NamePtr = CPtr<ldns_rdf, ldns_rdf_deep_free>;

constexpr std::size_t kTypeAndClass = 4;
constexpr std::size_t kOptSize = 11;
constexpr std::uint16_t kUdpSize = 1232;  // fits one packet on any IPv6 path

constexpr std::uint16_t kQueryFlags = 0x0120;  // RD, AD

// A backslash of ours is followed by three digits; ldns checks that they are at most 255.
bool is_presentation(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '\\') {
      const auto digits = name.substr(i + 1, 3);
      if (digits.size() != 3 || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
      i += 3;
    } else if (!is_alnum(c) && c != '-' && c != '_' && c != '.') {
      return false;
    }
  }
  return name.empty() || name.back() != '.';
}

void append_numbers(std::vector<std::uint8_t>& wire, std::initializer_list<std::uint16_t> numbers) {
  for (const std::uint16_t number : numbers) {
    wire.push_back(static_cast<std::uint8_t>(number >> 8));
    wire.push_back(static_cast<std::uint8_t>(number & 0xff));
  }
}

std::uint8_t lower(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

// The length of the question that encode_query() wrote: an uncompressed name, type, class.
std::size_t question_size(Octets query) {
  std::size_t end = LDNS_HEADER_SIZE;
  while (query[end] != 0) end += query[end] + 1u;
  return end + 1 + kTypeAndClass - LDNS_HEADER_SIZE;
}

// A name's octets compare without case; label lengths are no letters, and type and class
// must be the very same.
bool repeats_question(Octets query, Octets message) {
  const std::size_t size = question_size(query);
  if (message.size() < LDNS_HEADER_SIZE + size) return false;
  const Octets asked = query.subspan(LDNS_HEADER_SIZE, size);
  const Octets told = message.subspan(LDNS_HEADER_SIZE, size);
  const auto name_end = asked.end() - kTypeAndClass;
  return std::equal(asked.begin(), name_end, told.begin(),
                    [](std::uint8_t a, std::uint8_t b) { return lower(a) == lower(b); }) &&
         std::equal(name_end, asked.end(), told.end() - kTypeAndClass);
}

}  // namespace

std::string name_of(Rcode rcode) {
  switch (rcode) {
    case Rcode::noerror: return "NOERROR";
    case Rcode::formerr: return "FORMERR";
    case Rcode::servfail: return "SERVFAIL";
    case Rcode::nxdomain: return "NXDOMAIN";
    case Rcode::notimp: return "NOTIMP";
    case Rcode::refused: return "REFUSED";
  }
  return "error code " + std::to_string(static_cast<int>(rcode));
}

// ldns_pkt2wire() would set aside 64 kB for each: what a query has beside its name is written here.
Result<std::vector<std::uint8_t>> encode_query(const DnsQuestion& question, std::uint16_t id, bool edns) {
  if (!is_presentation(question.name)) return fail("not a domain name");
  ldns_rdf* made = nullptr;
  const ldns_status status = ldns_str2rdf_dname(&made, question.name.empty() ? "." : question.name.c_str());
  const NamePtr name(made);
  if (status != LDNS_STATUS_OK) return fail("not a domain name");
  if (!name) throw std::bad_alloc();
  std::vector<std::uint8_t> wire;
  wire.reserve(LDNS_HEADER_SIZE + ldns_rdf_size(name.get()) + kTypeAndClass + kOptSize);
  append_numbers(wire, {id, kQueryFlags, 1, 0, 0, edns ? std::uint16_t{1} : std::uint16_t{0}});
  wire.insert(wire.end(), ldns_rdf_data(name.get()), ldns_rdf_data(name.get()) + ldns_rdf_size(name.get()));
  append_numbers(wire, {static_cast<std::uint16_t>(question.type), LDNS_RR_CLASS_IN});
  if (!edns) return wire;
  wire.push_back(0);  // OPT belongs to the root
  append_numbers(wire, {LDNS_RR_TYPE_OPT, kUdpSize, 0, 0, 0});
  return wire;
}

bool is_reply_to(Octets query, Octets message) {
  if (message.size() < LDNS_HEADER_SIZE) return false;
  const std::uint8_t* wire = message.data();
  if (LDNS_ID_WIRE(wire) != LDNS_ID_WIRE(query.data()) || !LDNS_QR_WIRE(wire)) return false;
  if (LDNS_OPCODE_WIRE(wire) != LDNS_PACKET_QUERY) return false;
  if (LDNS_QDCOUNT(wire) == 1) return repeats_question(query, message);
  const auto rcode = static_cast<Rcode>(LDNS_RCODE_WIRE(wire));
  return LDNS_QDCOUNT(wire) == 0 && rcode != Rcode::noerror && rcode != Rcode::nxdomain;
}

bool is_truncated(Octets message) { return LDNS_TC_WIRE(message.data()) != 0; }

Rcode rcode_of(Octets message) { return static_cast<Rcode>(LDNS_RCODE_WIRE(message.data())); }

}  // namespace tlspolicyd
