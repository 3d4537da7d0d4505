#include "dns/wire/dns_codec_reader.h"

#include "base/c_ptr.h"
#include "base/text.h"

#include <ldns/ldns.h>  // last: it makes true and false macros

namespace tlspolicyd {
namespace {

using NamePtr = CPtr<ldns_rdf, ldns_rdf_deep_free>;

void append_octet(std::string& text, std::uint8_t octet) {
  const char c = static_cast<char>(octet);
  if (is_alnum(c) || c == '-' || c == '_') {
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return;
  }
  text += '\\';
  for (const int place : {100, 10, 1}) text += static_cast<char>('0' + octet / place % 10);
}

std::string to_presentation(const ldns_rdf& name) {
  std::string text;
  for (const std::uint8_t* label = ldns_rdf_data(&name); *label != 0; label += *label + 1) {
    if (!text.empty()) text += '.';
    for (std::size_t i = 1; i <= *label; ++i) append_octet(text, label[i]);
  }
  return text;
}

}  // namespace

std::uint8_t DnsReader::u8(std::size_t end) {
  const auto* data = take(1, end);
  return data ? *data : std::uint8_t{0};
}

std::uint16_t DnsReader::u16(std::size_t end) {
  const auto* data = take(2, end);
  return data ? ldns_read_uint16(data) : std::uint16_t{0};
}

std::uint32_t DnsReader::u32(std::size_t end) {
  const auto* data = take(4, end);
  return data ? ldns_read_uint32(data) : 0;
}

std::string DnsReader::octets(std::size_t count, std::size_t end) {
  const auto* data = take(count, end);
  return data ? std::string(data, data + count) : std::string();
}

void DnsReader::skip_to(std::size_t position) {
  if (position >= position_) static_cast<void>(take(position - position_, size()));
}

std::string DnsReader::name(std::size_t end) {
  if (failure_) return {};
  ldns_rdf* read = nullptr;
  std::size_t after = position_;
  const ldns_status status = ldns_wire2dname(&read, message_.data(), end, &after);
  const NamePtr name(read);
  if (status != LDNS_STATUS_OK || after > end) {
    fail("a name in it cannot be read");
    return {};
  }
  position_ = after;
  return to_presentation(*name);
}

const std::uint8_t* DnsReader::take(std::size_t count, std::size_t end) {
  if (failure_) return nullptr;
  if (position_ > end || end - position_ < count) {
    fail("it ends too early");
    return nullptr;
  }
  const auto* data = message_.data() + position_;
  position_ += count;
  return data;
}

}  // namespace tlspolicyd
