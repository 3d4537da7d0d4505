// OpenSSL as a TLS client needs it: the default provider without the decoders and key
// types that certificates have no use for. OpenSSL 3.0 goes through all of them for every
// public key it reads, which costs more than a tenth of a handshake.
#pragma once

#include <openssl/types.h>

namespace tlspolicyd {

// Lives until the program ends; any thread. Null, which is OpenSSL's own way, where the
// default provider cannot be had (an administrator may have put another in its place).
[[nodiscard]] OSSL_LIB_CTX* tls_library();

}  // namespace tlspolicyd
