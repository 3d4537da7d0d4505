// The store's files on a disk that fails in the middle of a folder.
#include "store/sqlite/store_files.h"

#include <dirent.h>
#include <dlfcn.h>

#include <cerrno>

#include "catch.h"
#include "store_folder.h"

using namespace tlspolicyd;

namespace {

int readable_entries = -1;  // before reading a folder fails with EIO; -1: all
bool failed = false;

// The two differ in nothing where the C library's `long` has 64 bits.
dirent64* read_entry(DIR* folder, const char* function) {
  failed = readable_entries == 0;
  if (failed) {
    errno = EIO;
    return nullptr;
  }
  if (readable_entries > 0) --readable_entries;
  return reinterpret_cast<dirent64* (*)(DIR*)>(::dlsym(RTLD_NEXT, function))(folder);
}

}  // namespace

// In the place of the C library's, of which the C++ library calls one or the other.
extern "C" {
dirent64* readdir_plain(DIR* folder) __asm__("readdir");
dirent64* readdir_plain(DIR* folder) { return read_entry(folder, "readdir"); }
dirent64* readdir_large(DIR* folder) __asm__("readdir64");
dirent64* readdir_large(DIR* folder) { return read_entry(folder, "readdir64"); }
}

TEST_CASE("C-16 a folder that cannot be read to its end keeps no broken file from being moved aside") {
  StoreFolder f;
  std::ofstream(f.path) << "garbage";
  for (int i = 0; i < 5; ++i) std::ofstream(f.path + ".corrupt-2026010" + std::to_string(i)) << "older";
  const int entries = GENERATE(0, 1, 3);
  CAPTURE(entries);
  failed = false;
  readable_entries = entries;
  const auto moved = move_aside(f.path, f.time.wall());
  readable_entries = -1;
  CHECK(failed);
  REQUIRE(moved);
  CHECK(octets_of_file(*moved) == "garbage");
}
