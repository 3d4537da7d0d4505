#include "net/dns_codec.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/c_ptr.h"
#include "base/text.h"

#include <ldns/ldns.h>  // last: it makes true and false macros

namespace tlspolicyd {
namespace {

using NamePtr = CPtr<ldns_rdf, ldns_rdf_deep_free>;
using PacketPtr = CPtr<ldns_pkt, ldns_pkt_free>;
using WirePtr = CPtr<std::uint8_t, std::free>;

constexpr std::size_t kTypeAndClass = 4;
constexpr std::uint16_t kUdpSize = 1232;  // fits one packet on any IPv6 path

// ldns aborts or worse where memory runs out while it writes a message, for which it takes
// 64 kB and a little more. Where that much cannot be had, operator new says so.
void require_room_for_message() {
  constexpr std::size_t kRoom = 96 << 10;
  ::operator delete(::operator new(kRoom));
}

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

Result<std::vector<std::uint8_t>> encode_query(const DnsQuestion& question, std::uint16_t id, bool edns) {
  if (!is_presentation(question.name)) return fail("not a domain name");
  require_room_for_message();
  NamePtr name(ldns_dname_new_frm_str(question.name.empty() ? "." : question.name.c_str()));
  if (!name) return fail("not a domain name");
  const PacketPtr packet(ldns_pkt_query_new(name.get(), static_cast<ldns_rr_type>(question.type),
                                            LDNS_RR_CLASS_IN, LDNS_RD | LDNS_AD));
  if (!packet) return fail("out of memory");
  static_cast<void>(name.release());  // the packet owns it now
  ldns_pkt_set_id(packet.get(), id);
  if (edns) ldns_pkt_set_edns_udp_size(packet.get(), kUdpSize);
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  const ldns_status status = ldns_pkt2wire(&wire, packet.get(), &size);
  const WirePtr owned(wire);
  if (status != LDNS_STATUS_OK) return fail("out of memory");
  return std::vector<std::uint8_t>(wire, wire + size);
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

}  // namespace tlspolicyd
