// The store in an SQLite file (WAL). Survives what happens to the file: opens it later where
// it cannot be opened now, moves a broken one aside, makes a new one where it was taken away.
// One process has the right to write it; another that is to write only reads until it gets that.
// One thread at a time, and one more for sync().
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "store/store.h"

namespace tlspolicyd {

class SqliteConnection;
struct DbFault;

class SqliteStore final : public Store {
 public:
  enum class Mode : std::uint8_t {
    read_write,  // makes the file where there is none
    existing,    // read and write, but only a file that is there
    read_only,   // makes and changes no file whatsoever
  };
  struct Parts {         // both outlive the store
    const Clock& clock;  // names files moved aside
    Logger& log;
    std::uint64_t max_octets = std::uint64_t{2} << 30;  // of rows; beyond it those worth least go
  };
  struct Opened {
    std::unique_ptr<SqliteStore> store;
    // read_write: why nothing can be written for now; each write tries again. Rows that
    // can be read are read.
    std::optional<Error> trouble;
  };

  // Opens nothing yet: open() tells at once what is wrong.
  SqliteStore(std::string path, Mode mode, Parts parts);

  // Fails where it is no use to try again: the file is a newer tlspolicyd's or another
  // program's, and is left alone. `existing` and `read_only` fail for any reason.
  [[nodiscard]] static Result<Opened> open(const std::string& path, Mode mode, Parts parts);
  ~SqliteStore() override;

  bool claim() override;
  void set_max_octets(std::uint64_t octets) override { parts_.max_octets = octets; }
  Result<void> write(const std::vector<StoreChange>& changes) override;
  Result<void> sync() override;
  Result<std::optional<StoredRow>> get(const Domain& domain) override;
  Result<std::vector<StoredRow>> page(const std::string& after, std::size_t most) override;
  bool take_loss() override;

  // How many there were.
  Result<std::size_t> erase_all();
  // Rows that made no sense and were passed over since the store was opened.
  [[nodiscard]] std::size_t skipped() const;

 private:
  enum class Access : std::uint8_t { read, write };

  template <typename Attempt>
  auto on_sound_file(Attempt attempt) -> decltype(attempt());
  template <typename Work>
  auto with_connection(Access access, Work work);
  std::optional<Error> connect(Access access);
  std::optional<Error> take_lock();
  std::optional<Error> connect_writable();
  std::optional<Error> connect_readable();
  [[nodiscard]] bool may_replace(const DbFault& fault) const;
  std::optional<DbFault> set_aside(const std::string& reason);
  void note_skipped();
  void note_dropped(std::size_t rows);
  void replace_connection(std::unique_ptr<SqliteConnection> by);

  std::string path_;
  Mode mode_;
  Parts parts_;
  UniqueFd lock_;                                 // closed after the connection
  bool taken_ = false;                            // another process has it
  std::mutex replacing_;                          // so that sync() keeps no connection whose files are being moved
  std::unique_ptr<SqliteConnection> connection_;  // null: to be opened
  bool refused_ = false;
  bool loss_ = false;
  bool skip_reported_ = false;
  std::size_t skipped_before_ = 0;  // by former connections
};

}  // namespace tlspolicyd
