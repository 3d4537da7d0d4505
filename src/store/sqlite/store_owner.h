// Root that writes a store of another user does it as that user: what lies in a user's folder
// may be a trap for root.
#pragma once

#include <string>

#include "base/result.h"

namespace tlspolicyd {

// Root becomes the owner of the folder of `store` for good. Fails where `store` is no plain file
// with content of that owner. Changes no file. Does nothing for any other user, whom the
// system's own rights hold.
[[nodiscard]] Result<void> become_store_owner(const std::string& store);

}  // namespace tlspolicyd
