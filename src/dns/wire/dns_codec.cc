#include "dns/wire/dns_codec.h"

#include <algorithm>
#include <initializer_list>
#include <new>

#include "base/c_ptr.h"
#include "base/text.h"
#include "dns/wire/dns_codec_reader.h"

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
