// The files of the store besides what SQLite does with them: made with the right owner,
// moved aside when they are broken. Blocking.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace tlspolicyd {

// Where a salvaged store is built before it takes its place.
[[nodiscard]] std::string salvage_path(const std::string& path);

// Makes an empty file, mode 0600, where there is none. Made by root it belongs to whom
// the model belongs: the file at `model`, or where that is missing the folder of `path`.
[[nodiscard]] Result<void> make_file(const std::string& path, const std::string& model);

// Moves the store's files to `path`.corrupt-<time> and puts what lies at salvage_path()
// into their place. Of former corrupt files the last few are kept. Returns the new name.
[[nodiscard]] Result<std::string> replace_broken(const std::string& path, WallTime now);

// A crash may have come between the two moves: then the salvaged file takes its place.
void finish_replacement(const std::string& path);

// Octets of the file, 0 where there is none.
[[nodiscard]] std::uint64_t file_size(const std::string& path);
[[nodiscard]] bool file_exists(const std::string& path);

}  // namespace tlspolicyd
