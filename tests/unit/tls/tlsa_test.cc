#include "tls/tlsa.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/c_ptr.h"
#include "catch.h"
#include "fakes/certificates.h"

using namespace tlspolicyd;

namespace {

template <typename T>
std::string der(int (*encode)(T, unsigned char**), T object) {
  std::string out(static_cast<std::size_t>(encode(object, nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  encode(object, &at);
  return out;
}

std::string certificate_of(const Identity& identity) { return der<const X509*>(i2d_X509, identity.certificate.get()); }
std::string key_of(const Identity& identity) { return der<const EVP_PKEY*>(i2d_PUBKEY, identity.key.get()); }

const std::string kSha256(32, '\x5a'), kSha512(64, '\xa5');

// OpenSSL's own verdict, which for usages 2 and 3 is Postfix's.
bool openssl_takes(const TlsaRdata& record) {
  const CPtr<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  REQUIRE(SSL_CTX_dane_enable(context.get()) > 0);
  const CPtr<SSL, SSL_free> ssl(SSL_new(context.get()));
  REQUIRE(SSL_dane_enable(ssl.get(), "mx.example") > 0);
  const int added = SSL_dane_tlsa_add(ssl.get(), record.usage, record.selector, record.matching_type,
                                      reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
  ERR_clear_error();
  return added > 0;
}

// The data that would be right for a selector and a matching type.
std::string right_data(const Identity& identity, int selector, int matching_type) {
  if (matching_type == 1) return kSha256;
  if (matching_type == 2) return kSha512;
  return selector == 1 ? key_of(identity) : certificate_of(identity);
}

TlsaRdata record(int usage, int selector, int matching_type, std::string data) {
  return {static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
          static_cast<std::uint8_t>(matching_type), std::move(data)};
}

// The whole, changed in the last octet of the algorithm's OID of P-256 keys, 1.2.840.10045.2.1.
std::string with_unknown_algorithm(std::string whole) {
  const std::string oid("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 9);
  const auto at = whole.find(oid);
  REQUIRE(at != whole.npos);
  whole[at + oid.size() - 1] = '\x7f';
  return whole;
}

}  // namespace

TEST_CASE("N-12, N-06 usages 2 and 3, selectors 0 and 1, matching types 0 to 2 are usable, all else is not") {
  const Identity identity = make_identity({});
  const int usage = GENERATE(0, 1, 2, 3, 4, 255);
  const int selector = GENERATE(0, 1, 2, 255);
  const int matching_type = GENERATE(0, 1, 2, 3, 255);
  CAPTURE(usage, selector, matching_type);
  const bool usable = (usage == 2 || usage == 3) && selector <= 1 && matching_type <= 2;
  CHECK(is_usable(record(usage, selector, matching_type, right_data(identity, selector, matching_type))) == usable);
}

TEST_CASE("N-06 a digest has exactly its length") {
  const auto [matching_type, size, usable] = GENERATE(table<int, std::size_t, bool>({
      {1, 0, false},
      {1, 20, false},
      {1, 31, false},
      {1, 32, true},
      {1, 33, false},
      {1, 64, false},
      {2, 0, false},
      {2, 32, false},
      {2, 63, false},
      {2, 64, true},
      {2, 65, false},
      {2, 65532, false},
  }));
  const int usage = GENERATE(2, 3), selector = GENERATE(0, 1);
  CAPTURE(usage, selector, matching_type, size);
  const TlsaRdata given = record(usage, selector, matching_type, std::string(size, '\x01'));
  CHECK(is_usable(given) == usable);
  CHECK(openssl_takes(given) == usable);
}

TEST_CASE("N-06 full data is one whole certificate or public key with a known key and nothing behind it") {
  const Identity ec = make_identity({}), rsa = make_identity({.rsa_bits = 2048});
  const std::string ec_cert = certificate_of(ec), ec_key = key_of(ec);
  const auto cut = [](const std::string& whole, std::size_t by) { return whole.substr(0, whole.size() - by); };
  struct Row {
    const char* name;
    int selector;
    std::string data;
    bool usable;
  };
  const std::vector<Row> rows{
      {"certificate, ECDSA", 0, ec_cert, true},
      {"certificate, RSA", 0, certificate_of(rsa), true},
      {"certificate, expired", 0, certificate_of(make_identity({.not_after = -60})), true},
      {"key, ECDSA", 1, ec_key, true},
      {"key, RSA", 1, key_of(rsa), true},
      {"certificate where a key is due", 1, ec_cert, false},
      {"key where a certificate is due", 0, ec_key, false},
      {"nothing for a certificate", 0, "", false},
      {"nothing for a key", 1, "", false},
      {"one octet for a certificate", 0, "\x30", false},
      {"certificate, last octet missing", 0, cut(ec_cert, 1), false},
      {"certificate, half", 0, cut(ec_cert, ec_cert.size() / 2), false},
      {"key, last octet missing", 1, cut(ec_key, 1), false},
      {"certificate and one octet", 0, ec_cert + '\0', false},
      {"certificate twice", 0, ec_cert + ec_cert, false},
      {"key and one octet", 1, ec_key + '\0', false},
      {"key twice", 1, ec_key + ec_key, false},
      {"certificate with a key of an unknown kind", 0, with_unknown_algorithm(ec_cert), false},
      {"key of an unknown kind", 1, with_unknown_algorithm(ec_key), false},
      {"certificate in PEM", 0, pem_of(ec), false},
      {"a digest where the whole is due", 0, kSha256, false},
      {"a digest where the key is due", 1, kSha256, false},
      {"as long as RDATA gets, all noise", 0, std::string(65532, '\x30'), false},
      {"a length that promises more than there is", 0, std::string("\x30\x84\x7f\xff\xff\xff", 6), false},
  };
  const int usage = GENERATE(2, 3);
  for (const Row& row : rows) {
    CAPTURE(usage, row.name);
    const TlsaRdata given = record(usage, row.selector, 0, row.data);
    CHECK(is_usable(given) == row.usable);
    CHECK(openssl_takes(given) == row.usable);
  }
}

TEST_CASE("N-06 no beginning of a certificate or key is taken for the whole") {
  const Identity identity = make_identity({});
  const std::string certificate = certificate_of(identity), key = key_of(identity);
  for (std::size_t size = 0; size < certificate.size(); ++size)
    if (is_usable(record(3, 0, 0, certificate.substr(0, size)))) FAIL("certificate of " << size << " octets");
  for (std::size_t size = 0; size < key.size(); ++size)
    if (is_usable(record(3, 1, 0, key.substr(0, size)))) FAIL("key of " << size << " octets");
  SUCCEED();
}

TEST_CASE("N-06 one usable record among unusable ones is enough, wherever it stands") {
  const Identity identity = make_identity({});
  const std::vector<TlsaRdata> unusable{record(1, 1, 1, kSha256), record(3, 1, 1, kSha512), record(3, 1, 0, "no key"),
                                        record(2, 2, 1, kSha256), record(3, 0, 0, "")};
  const auto use = [](const std::vector<TlsaRdata>& records) {
    std::size_t reads_left = kReadMax;
    return use_of(records, reads_left);
  };
  CHECK(use({}) == TlsaUse::unusable);
  CHECK(use(unusable) == TlsaUse::unusable);
  const auto usable = GENERATE_COPY(record(3, 1, 1, kSha256), record(2, 0, 2, kSha512),
                                    record(2, 0, 0, certificate_of(identity)), record(3, 1, 0, key_of(identity)));
  for (std::size_t at = 0; at <= unusable.size(); ++at) {
    CAPTURE(at, usable.usage, usable.selector, usable.matching_type);
    auto records = unusable;
    records.insert(records.begin() + static_cast<std::ptrdiff_t>(at), usable);
    CHECK(use(records) == TlsaUse::usable);
  }
}

TEST_CASE("N-06 more records than are worth reading leave it unknown, unless their numbers rule them out") {
  std::size_t reads_left = kReadMax;
  const auto many = [&](int usage, int matching_type, std::size_t count) {
    return use_of(std::vector<TlsaRdata>(count, record(usage, 1, matching_type, "no key")), reads_left);
  };
  CHECK(many(3, 0, kReadMax + 1) == TlsaUse::unread);
  CHECK(reads_left == kReadMax);
  CHECK(many(1, 0, 500) == TlsaUse::unusable);
  CHECK(many(3, 1, 500) == TlsaUse::unusable);
  CHECK(many(3, 0, kReadMax - 1) == TlsaUse::unusable);
  CHECK(reads_left == 1);
  CHECK(many(3, 0, 2) == TlsaUse::unread);
}

TEST_CASE("N-06 a record that does not parse leaves no error behind for the next TLS call") {
  CHECK_FALSE(is_usable(record(3, 0, 0, "no DER")));
  CHECK(ERR_peek_error() == 0);
}
