// The files of the store besides what SQLite does with them: made with the right owner,
// moved aside when they are broken. Blocking.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace tlspolicyd {

// Makes an empty file, mode 0600, where there is none. Made by root it belongs to the owner
// of its folder.
[[nodiscard]] Result<void> make_file(const std::string& path);

// Moves the store's files to `path`.corrupt-<time>. Of former corrupt files the last few
// are kept. Returns the new name.
[[nodiscard]] Result<std::string> move_aside(const std::string& path, WallTime now);

// Reads the store's files from end to end: an error is that of the disk. Not while SQLite has
// them open in this process: closing them would take its locks along.
[[nodiscard]] Result<void> read_through(const std::string& path);

// The right to write the store at `path`, which one process at a time has, until it ends or
// closes this. A descriptor that is not open: another process has it. The file beside the store
// that stands for it stays.
[[nodiscard]] Result<UniqueFd> lock_store(const std::string& path);

// Octets of the file, 0 where there is none.
[[nodiscard]] std::uint64_t file_size(const std::string& path);
[[nodiscard]] bool file_exists(const std::string& path);

}  // namespace tlspolicyd
