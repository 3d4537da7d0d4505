#include "dns/wire/dns_stream.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kLengthSize = 2;

}  // namespace

void append_framed(std::vector<std::uint8_t>& out, Octets message) {
  out.push_back(static_cast<std::uint8_t>(message.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(message.size() & 0xFF));
  out.insert(out.end(), message.begin(), message.end());
}

std::optional<Octets> DnsStream::next() {
  const std::size_t left = held_.size() - given_;
  const std::size_t length = left < kLengthSize ? 0 : static_cast<std::size_t>(held_[given_]) << 8 | held_[given_ + 1];
  if (left < kLengthSize || left < kLengthSize + length) {
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(given_));
    given_ = 0;
    return std::nullopt;
  }
  const Octets message = Octets(held_).subspan(given_ + kLengthSize, length);
  given_ += kLengthSize + length;
  return message;
}

}  // namespace tlspolicyd
