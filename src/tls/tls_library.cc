#include "tls/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/c_ptr.h"

namespace tlspolicyd {
namespace {

using ProviderPtr = CPtr<OSSL_PROVIDER, OSSL_PROVIDER_unload>;

constexpr const char* kName = "tlspolicyd-client";

// Keys of no certificate and no key exchange of TLS.
constexpr std::array<std::string_view, 7> kUnused{"CMAC", "DHX", "DSA", "POLY1305", "SCRYPT", "SIPHASH", "SM2"};

// "RSA:rsaEncryption:1.2.840.113549.1.1.1"
bool is_unused(const OSSL_ALGORITHM& algorithm) {
  const std::string_view names = algorithm.algorithm_names;
  return std::find(kUnused.begin(), kUnused.end(), names.substr(0, names.find(':'))) != kUnused.end();
}

// What a certificate has: SubjectPublicKeyInfo in DER.
bool decodes_public_keys(const OSSL_ALGORITHM& algorithm) {
  const std::string_view properties = algorithm.property_definition;
  return properties.find("input=der") != properties.npos &&
         properties.find("structure=SubjectPublicKeyInfo") != properties.npos;
}

// The default provider, and the parts of it that are handed on. Read-only once made.
class Base {
 public:
  Base() : provider_(OSSL_PROVIDER_load(nullptr, "default")) {
    if (!provider_) return;
    decoders_ =
        those(OSSL_OP_DECODER, [](const OSSL_ALGORITHM& it) { return decodes_public_keys(it) && !is_unused(it); });
    key_types_ = those(OSSL_OP_KEYMGMT, [](const OSSL_ALGORITHM& it) { return !is_unused(it); });
  }

  [[nodiscard]] OSSL_PROVIDER* provider() const { return provider_.get(); }
  [[nodiscard]] const OSSL_ALGORITHM* query(int operation, int* no_cache) const {
    switch (operation) {
      case OSSL_OP_DECODER: return decoders_.data();
      case OSSL_OP_KEYMGMT: return key_types_.data();
      default: return OSSL_PROVIDER_query_operation(provider(), operation, no_cache);
    }
  }

 private:
  template <typename Wanted>
  [[nodiscard]] std::vector<OSSL_ALGORITHM> those(int operation, Wanted wanted) const {
    std::vector<OSSL_ALGORITHM> kept;
    int no_cache = 0;
    const OSSL_ALGORITHM* each = OSSL_PROVIDER_query_operation(provider(), operation, &no_cache);
    for (; each != nullptr && each->algorithm_names != nullptr; ++each)
      if (wanted(*each)) kept.push_back(*each);
    kept.push_back({});  // the end, as OpenSSL wants it
    return kept;
  }

  ProviderPtr provider_;
  std::vector<OSSL_ALGORITHM> decoders_, key_types_;
};

// OpenSSL's callbacks carry the provider's own context, which the algorithms need to be
// the default provider's: there is no room in it for anything of ours.
const Base& base() {
  static const Base made;
  return made;
}

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  *no_cache = 0;
  return base().query(operation, no_cache);
}

int capabilities(void*, const char* capability, OSSL_CALLBACK* callback, void* argument) {
  return OSSL_PROVIDER_get_capabilities(base().provider(), capability, callback, argument);
}

template <typename Function>
OSSL_DISPATCH dispatch(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

int begin(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions, void** context) {
  static const std::array table{dispatch(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                dispatch(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, capabilities), OSSL_DISPATCH{}};
  *functions = table.data();
  *context = OSSL_PROVIDER_get0_provider_ctx(base().provider());
  return 1;
}

using LibraryPtr = CPtr<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;

struct Library {
  LibraryPtr context;
  ProviderPtr provider;  // goes first: freeing the context does not take along what was loaded by hand
};

Library make_library() {
  if (base().provider() == nullptr) return {};
  LibraryPtr context(OSSL_LIB_CTX_new());
  if (context && OSSL_PROVIDER_add_builtin(context.get(), kName, begin) == 1)
    if (ProviderPtr provider(OSSL_PROVIDER_load(context.get(), kName)); provider)
      return {std::move(context), std::move(provider)};
  ERR_clear_error();
  return {};
}

}  // namespace

OSSL_LIB_CTX* tls_library() {
  static const Library made = make_library();
  return made.context.get();
}

}  // namespace tlspolicyd
