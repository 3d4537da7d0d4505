// TLSA records, against OpenSSL's own verdict: what it takes is what Postfix can use.
//
//   input: records, each 1 octet each for usage, selector and matching type, 2 for the length
//   of its data, and the data
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/c_ptr.h"
#include "fuzz/fuzz.h"
#include "tls/tlsa.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

using SslCtxPtr = CPtr<SSL_CTX, SSL_CTX_free>;
using SslPtr = CPtr<SSL, SSL_free>;

SslCtxPtr dane_context() {
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  require(context && SSL_CTX_dane_enable(context.get()) > 0, "OpenSSL knows DANE");
  return context;
}

bool openssl_takes(const TlsaRdata& record) {
  static const SslCtxPtr context = dane_context();
  const SslPtr ssl(SSL_new(context.get()));
  require(ssl && SSL_dane_enable(ssl.get(), "mx.example") > 0, "a connection with DANE");
  const int added = SSL_dane_tlsa_add(ssl.get(), record.usage, record.selector, record.matching_type,
                                      reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
  ERR_clear_error();
  return added > 0;
}

bool smtp_knows(const TlsaRdata& record) { return record.usage == 2 || record.usage == 3; }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  std::vector<TlsaRdata> records;
  while (!input.empty() && records.size() < 32) {
    TlsaRdata record;
    record.usage = static_cast<std::uint8_t>(input.number(1));
    record.selector = static_cast<std::uint8_t>(input.number(1));
    record.matching_type = static_cast<std::uint8_t>(input.number(1));
    record.data = input.take(input.number(2));
    records.push_back(std::move(record));
  }
  bool usable = false;
  for (const TlsaRdata& record : records) {
    require(is_usable(record) == (smtp_knows(record) && openssl_takes(record)), "OpenSSL says the same");
    require(ERR_peek_error() == 0, "no error is left for the next TLS call");
    usable = usable || is_usable(record);
  }
  std::size_t reads_left = kReadMax, reads_left_reversed = kReadMax;
  const TlsaUse use = use_of(records, reads_left);
  require(use != TlsaUse::unusable || !usable, "a usable record is seen among others");
  require(use != TlsaUse::usable || usable, "what is usable has a usable record");
  require(use != TlsaUse::unread || records.size() > kReadMax, "only a flood stays unread");
  const std::vector<TlsaRdata> reversed(records.rbegin(), records.rend());
  require(use_of(reversed, reads_left_reversed) == use, "the order of records does not matter");
  require(reads_left_reversed == reads_left, "nor for what is read");
  return 0;
}
