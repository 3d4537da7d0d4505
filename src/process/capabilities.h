// Linux capabilities. They belong to a thread: call these before there is a second one.
#pragma once

#include "base/result.h"

namespace tlspolicyd {

// So that no program this process may ever run brings one back. Needs rights that go with
// the user root; without them it does nothing, and PR_SET_NO_NEW_PRIVS has to be enough.
void empty_bounding_set();

// Keeps none: effective, permitted, inheritable, ambient. Root, who reads and writes a
// store that may belong to another user, keeps CAP_DAC_OVERRIDE, and CAP_CHOWN to leave it
// that user's.
[[nodiscard]] Result<void> give_up_capabilities();

// Keeps none, whoever it is.
[[nodiscard]] Result<void> give_up_all_capabilities();

}  // namespace tlspolicyd
