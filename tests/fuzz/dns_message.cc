// DNS messages of whatever origin: the codec, and what a chain of them means.
//
//   input: messages, each behind its length in two octets as over TCP
#include <ctime>

#include "cache/octets_of.h"
#include "dns/dns_chain.h"
#include "dns/wire/dns_codec.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

constexpr std::size_t kRecords = 500;
constexpr std::size_t kLongestName = 4 * 255;  // each octet escaped
// Milliseconds as built for use; under a sanitizer and without optimisation some more.
constexpr double kMostSeconds = 2;

Octets octets_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

double processor_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

bool is_name(std::string_view name) {
  return name.size() <= kLongestName && fuzz::is_printable(name) && !name.ends_with('.') &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Owned memory of the rdata, names held to their bound.
std::size_t weigh(const Rdata& rdata) {
  if (const auto* txt = std::get_if<TxtRdata>(&rdata)) return txt->text.size();
  if (const auto* tlsa = std::get_if<TlsaRdata>(&rdata)) return tlsa->data.size();
  if (const auto* mx = std::get_if<MxRdata>(&rdata)) return require(is_name(mx->host), "an MX host is a name"), 0;
  if (const auto* cname = std::get_if<CnameRdata>(&rdata)) require(is_name(cname->target), "a target is a name");
  return 0;
}

void check_message(const DnsMessage& message, std::size_t size) {
  require(message.answers.size() <= kRecords && is_name(message.question.name), "a message within its bounds");
  require(!message.negative_ttl || *message.negative_ttl >= seconds(0), "no TTL below zero");
  std::size_t weight = 0;
  for (const DnsRecord& record : message.answers) {
    require(is_name(record.owner) && record.ttl >= seconds(0) && record.ttl.count() <= 0x7FFFFFFF, "owner and TTL");
    weight += weigh(record.rdata);
  }
  require(weight <= size, "data do not grow");
}

unsigned octet(std::string_view wire, std::size_t at) { return static_cast<unsigned char>(wire[at]); }
unsigned pair(std::string_view wire, std::size_t at) { return octet(wire, at) << 8 | octet(wire, at + 1); }

// No server compresses the name in a question, and a reply that does is not taken.
bool has_plain_question(std::string_view wire) {
  std::size_t at = 12;
  while (at < wire.size() && octet(wire, at) != 0 && octet(wire, at) < 64) at += octet(wire, at) + 1;
  return at < wire.size() && octet(wire, at) == 0;
}

// The very question that the message repeats, asked: is the message a reply to it?
void check_reply(const DnsMessage& message, std::string_view wire) {
  if (name_of(message.question.type) == "?") return;  // nobody asks for it
  const auto query = encode_query(message.question, static_cast<std::uint16_t>(pair(wire, 0)), true);
  require(query.has_value(), "a question that was read can be asked");
  const auto read = decode_message(*query);
  require(read && read->question == message.question, "a question goes out as it came");
  const bool response = (octet(wire, 2) & 0xF8) == 0x80;  // QR, and an ordinary query
  const unsigned rcode = octet(wire, 3) & 15;
  const bool fits = pair(wire, 4) == 1 ? has_plain_question(wire) : rcode != 0 && rcode != 3;
  require(is_reply_to(*query, octets_of(wire)) == (response && fits), "a response to its own question is a reply");
}

void check_answer(const DnsAnswer& answer, RrType type) {
  require(answer.chain.size() <= DnsChain::kStepsMax && answer.ttl >= seconds(0), "a chain within its bounds");
  require((answer.status == DnsStatus::found) == !answer.records.empty(), "found means records");
  require(!answer.failed() || (answer.ttl == seconds(0) && !answer.authentic), "a failure is worth nothing");
  require(answer.ttl.count() <= 0x7FFFFFFF, "the TTL is one that was seen");
  for (const Rdata& record : answer.records)
    require((type == RrType::txt) == std::holds_alternative<TxtRdata>(record), "records are of the type asked for");
  for (auto step = answer.chain.begin(); step != answer.chain.end(); ++step)
    require(std::find(step + 1, answer.chain.end(), *step) == answer.chain.end(), "no name twice in a chain");
}

bool is_usable(const DnsMessage& message, const DnsQuestion& question) {
  return (message.rcode == Rcode::noerror || message.rcode == Rcode::nxdomain) && message.question == question;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  std::optional<DnsChain> chain;
  RrType type{};
  bool authentic = true;
  while (!input.empty()) {
    const std::string_view wire = input.take(input.number(2));
    const double began = processor_time();
    const auto message = decode_message(octets_of(wire));
    require(processor_time() - began < kMostSeconds, "no message is slow to read");
    if (!message) continue;
    check_message(*message, wire.size());
    check_reply(*message, wire);
    if (!chain) chain.emplace(message->question), type = message->question.type;
    if (!is_usable(*message, chain->question())) continue;
    const DnsChain::Next next = chain->take(*message);
    if (next != DnsChain::Next::contradiction) authentic = authentic && message->authentic;
    if (next != DnsChain::Next::finished) continue;
    check_answer(chain->answer(), type);
    require(authentic || !chain->answer().authentic, "AD counts only if all messages have it");
    chain.reset();
    authentic = true;
  }
  return 0;
}
