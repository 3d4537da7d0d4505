// The tables of tests/vectors/ as values. Every vector names the conformance row that it
// belongs to; inputs are octets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlspolicyd::vectors {

struct Vector {
  std::string name, row;
  std::string says;  // must stand in the reason, where the input is refused
};

struct Txt : Vector {
  std::vector<std::string> records;  // character-strings joined
  std::string id;                    // "" where `fault` says why there is none
  std::string fault;
};

struct PolicyText : Vector {
  std::string document;
  std::string mode;  // "" where the document is refused
  long max_age = 0;
  std::vector<std::string> mx;
  std::size_t notes = 0;
  unsigned line = 0;
  std::string field;
};

struct MxPattern : Vector {
  std::string pattern;
  std::optional<std::string> canonical;
};

struct MxMatch : Vector {
  std::string pattern, host;
  bool matches = false;
};

struct Key : Vector {
  std::string key;
  std::optional<std::string> domain;
  bool bracketed = false;
  std::optional<unsigned> port;
};

[[nodiscard]] std::vector<Txt> read_txt();
[[nodiscard]] std::vector<PolicyText> read_policy();
[[nodiscard]] std::vector<MxPattern> read_mx_patterns();
[[nodiscard]] std::vector<MxMatch> read_mx_matches();
[[nodiscard]] std::vector<Key> read_keys();

// Whether the reason given holds the words that the vector asks for; if not, shows both.
[[nodiscard]] bool has_said(const Vector& vector, std::string_view reason);

// Those of one row; at least one, or the test that asks has lost its subject.
template <typename V>
[[nodiscard]] std::vector<V> of_row(std::vector<V> all, std::string_view row) {
  std::erase_if(all, [row](const V& vector) { return vector.row != row; });
  return all;
}

}  // namespace tlspolicyd::vectors
