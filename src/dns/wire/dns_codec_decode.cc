// decode_message(). Names are ldns's work; whole records are not: ldns_wire2rdf() sets aside
// the length of the rdata for each character-string in it, so that 60 kB of empty strings
// would take gigabytes, and it lets pass what is too short or too long for its type.
#include <algorithm>

#include "dns/wire/dns_codec.h"
#include "dns/wire/dns_codec_reader.h"

#include <ldns/ldns.h>  // last: it makes true and false macros

namespace tlspolicyd {
namespace {

// All sections together. A name takes up to 8000 steps through pointers; with this many
// records a hostile message costs milliseconds of the answer loop, not seconds.
constexpr std::size_t kRecordsMax = 500;
constexpr std::uint32_t kTtlMax = 0x7FFFFFFF;

constexpr const char* kTooLong = "a record's data is longer than its type has it";

seconds ttl_of(std::uint32_t value) { return seconds(value > kTtlMax ? 0 : value); }

TxtRdata read_txt(DnsReader& reader, std::size_t end) {
  TxtRdata rdata;
  while (!reader.failure() && reader.position() < end) rdata.text += reader.octets(reader.u8(end), end);
  return rdata;
}

AddressRdata read_address(DnsReader& reader, std::size_t end, IpAddress::Family family) {
  AddressRdata rdata{.address = {.family = family}};
  const std::string octets = reader.octets(family == IpAddress::Family::v4 ? 4 : 16, end);
  std::copy(octets.begin(), octets.end(), rdata.address.octets.begin());
  return rdata;
}

MxRdata read_mx(DnsReader& reader, std::size_t end) {
  MxRdata rdata{.preference = reader.u16(end)};
  rdata.host = reader.name(end);
  return rdata;
}

TlsaRdata read_tlsa(DnsReader& reader, std::size_t end) {
  TlsaRdata rdata{.usage = reader.u8(end)};
  rdata.selector = reader.u8(end);
  rdata.matching_type = reader.u8(end);
  if (!reader.failure()) rdata.data = reader.octets(end - reader.position(), end);
  return rdata;
}

Rdata read_rdata(DnsReader& reader, RrType type, std::size_t end) {
  switch (type) {
    case RrType::txt: return read_txt(reader, end);
    case RrType::a: return read_address(reader, end, IpAddress::Family::v4);
    case RrType::aaaa: return read_address(reader, end, IpAddress::Family::v6);
    case RrType::mx: return read_mx(reader, end);
    case RrType::cname: return CnameRdata{reader.name(end)};
    case RrType::tlsa: return read_tlsa(reader, end);
    case RrType::ns:
    case RrType::soa: break;
  }
  reader.skip_to(end);
  return OtherRdata{};
}

// What stands before the rdata of each record.
struct Frame {
  std::string owner;
  std::uint16_t type, rr_class;
  std::uint32_t ttl;  // of OPT: extended rcode, version, flags
  std::size_t end;    // of the rdata, within the message unless the reader failed
};

Frame read_frame(DnsReader& reader) {
  const std::size_t all = reader.size();
  Frame frame{.owner = reader.name(all)};
  frame.type = reader.u16(all);
  frame.rr_class = reader.u16(all);
  frame.ttl = reader.u32(all);
  const std::size_t length = reader.u16(all);
  frame.end = reader.position() + length;
  if (frame.end > all) reader.fail("it ends too early");
  return frame;
}

void read_answer(DnsReader& reader, DnsMessage& message) {
  Frame frame = read_frame(reader);
  const auto type = static_cast<RrType>(frame.type);
  if (reader.failure()) return;
  if (frame.rr_class != LDNS_RR_CLASS_IN || name_of(type) == "?") return reader.skip_to(frame.end);
  message.answers.push_back({std::move(frame.owner), type, ttl_of(frame.ttl), read_rdata(reader, type, frame.end)});
  if (reader.position() != frame.end) reader.fail(kTooLong);
}

void read_authority(DnsReader& reader, DnsMessage& message) {
  constexpr std::size_t kSerialToExpire = 16;
  const Frame frame = read_frame(reader);
  if (reader.failure()) return;
  if (frame.rr_class != LDNS_RR_CLASS_IN || frame.type != LDNS_RR_TYPE_SOA) return reader.skip_to(frame.end);
  static_cast<void>(reader.name(frame.end));
  static_cast<void>(reader.name(frame.end));
  static_cast<void>(reader.octets(kSerialToExpire, frame.end));
  const seconds minimum = ttl_of(reader.u32(frame.end));
  if (reader.position() != frame.end) reader.fail(kTooLong);
  if (!message.negative_ttl) message.negative_ttl = std::min(minimum, ttl_of(frame.ttl));
}

void read_additional(DnsReader& reader, DnsMessage& message) {
  const Frame frame = read_frame(reader);
  if (reader.failure()) return;
  reader.skip_to(frame.end);
  if (frame.type != LDNS_RR_TYPE_OPT) return;
  const auto high = static_cast<std::uint16_t>(frame.ttl >> 24 << 4);
  message.rcode = static_cast<Rcode>(high | static_cast<std::uint16_t>(message.rcode));
}

void read_question(DnsReader& reader, DnsMessage& message) {
  message.question.name = reader.name(reader.size());
  message.question.type = static_cast<RrType>(reader.u16(reader.size()));
  if (reader.u16(reader.size()) != LDNS_RR_CLASS_IN) reader.fail("it is not of class IN");
}

using ReadPart = void (*)(DnsReader&, DnsMessage&);

void read_section(DnsReader& reader, DnsMessage& message, std::size_t count, ReadPart read_part) {
  for (; count > 0 && !reader.failure(); --count) read_part(reader, message);
}

}  // namespace

Result<DnsMessage> decode_message(Octets octets) {
  if (octets.size() < LDNS_HEADER_SIZE) return fail("it is shorter than a header");
  const std::uint8_t* wire = octets.data();
  const std::size_t records = LDNS_ANCOUNT(wire) + LDNS_NSCOUNT(wire) + LDNS_ARCOUNT(wire);
  if (LDNS_QDCOUNT(wire) > 1 || records > kRecordsMax) return fail("it holds too many records");
  DnsMessage message{.rcode = static_cast<Rcode>(LDNS_RCODE_WIRE(wire)), .authentic = LDNS_AD_WIRE(wire) != 0};
  DnsReader reader(octets, LDNS_HEADER_SIZE);
  read_section(reader, message, LDNS_QDCOUNT(wire), read_question);
  read_section(reader, message, LDNS_ANCOUNT(wire), read_answer);
  read_section(reader, message, LDNS_NSCOUNT(wire), read_authority);
  read_section(reader, message, LDNS_ARCOUNT(wire), read_additional);
  if (reader.failure()) return fail(reader.failure());
  return message;
}

}  // namespace tlspolicyd
