// Reads a policy document line by line and keeps what counts (RFC 8461 section 3.2): the
// first of each field, every mx. One reader, one document. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sts/policy.h"

namespace tlspolicyd {

struct LineVerdict {
  std::string text;   // as PolicyLine::verdict has it, without "error: "
  std::string field;  // of an error, as PolicyFault has it
  bool error = false;
};

class PolicyReader {
 public:
  // Judges the next line. After an error the document is lost; what follows is judged
  // all the same.
  LineVerdict read(std::string_view line);

  // After the last line, none of which was an error: the policy, or what it lacks.
  [[nodiscard]] tl::expected<Policy, PolicyFault> finish() const;

  // What was tolerated, at most one for each kind.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  struct Known {
    std::string_view key;
    LineVerdict (PolicyReader::*take)(std::string_view value);
    unsigned line = 0;      // of the first copy; 0: none yet
    std::string near_miss;  // the first key that differs in case or punctuation only
  };

  LineVerdict read_field(std::string_view key, std::string_view value);
  LineVerdict read_known(Known& known, std::string_view value);
  LineVerdict read_unknown(std::string_view key, std::string_view value);
  LineVerdict take_version(std::string_view value);
  LineVerdict take_mode(std::string_view value);
  LineVerdict take_max_age(std::string_view value);
  LineVerdict take_mx(std::string_view value);
  void keep_text(std::string_view line);
  [[nodiscard]] bool lacks(const Known& known) const;
  [[nodiscard]] PolicyFault missing(const Known& known) const;

  Policy policy_;
  std::array<Known, 4> known_{{{"version", &PolicyReader::take_version, 0, {}},
                               {"mode", &PolicyReader::take_mode, 0, {}},
                               {"max_age", &PolicyReader::take_max_age, 0, {}},
                               {"mx", &PolicyReader::take_mx, 0, {}}}};
  unsigned number_ = 0;  // of the current line, from 1
  unsigned empty_lines_ = 0;
  unsigned first_empty_line_ = 0;
  unsigned unmatchable_ = 0;  // mx lines that no host name can match
  std::string first_unmatchable_;
  std::string clamped_;  // the note about max_age, if it was too large
};

}  // namespace tlspolicyd
