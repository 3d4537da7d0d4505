// The folders that the defaults name. With its defaults the program needs no preparation.
#pragma once

#include <string>

#include "process/privileges.h"

namespace tlspolicyd {

// Root alone does anything here: makes the folder of `file`, and gives it to `account`
// (null: root stays), with the store in it, where an earlier run as root has made them.
// Whatever goes wrong shows when the folder is used.
void prepare_default_folder(const std::string& file, const Account* account);

}  // namespace tlspolicyd
