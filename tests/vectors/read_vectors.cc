#include "vectors/read_vectors.h"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace tlspolicyd::vectors {
namespace {

using nlohmann::json;

json read(const std::string& file) {
  std::ifstream in(std::string(VECTORS_DIR "/") + file);
  if (!in) throw std::runtime_error("cannot read " VECTORS_DIR "/" + file);
  return json::parse(in);
}

// One octet for each character; the tables hold none above U+00FF.
std::string octets(const json& text) {
  std::string out;
  const auto utf8 = text.get<std::string>();
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      out += utf8[i];
      continue;
    }
    if (lead > 0xc3) throw std::runtime_error("a character above U+00FF in " + utf8);
    out += static_cast<char>((lead & 3) << 6 | (utf8[++i] & 0x3f));
  }
  return out;
}

std::string octets_of_chunks(const json& record) {
  if (record.is_string()) return octets(record);
  std::string joined;
  for (const json& chunk : record) joined += octets(chunk);
  return joined;
}

template <typename V>
V begin(const json& row) {
  V vector;
  vector.name = row.at("name");
  vector.row = row.at("row");
  vector.says = row.value("says", "");
  return vector;
}

template <typename V>
std::vector<V> all(const json& rows, V (*parse)(const json&)) {
  std::vector<V> out;
  for (const json& row : rows) out.push_back(parse(row));
  return out;
}

Txt txt(const json& row) {
  auto out = begin<Txt>(row);
  for (const json& record : row.at("records")) out.records.push_back(octets_of_chunks(record));
  const json& expect = row.at("expect");
  out.id = expect.value("id", "");
  out.fault = expect.value("fault", "");
  out.says = expect.value("says", "");
  return out;
}

PolicyText policy(const json& row) {
  auto out = begin<PolicyText>(row);
  out.document = octets(row.at("document"));
  const json& expect = row.at("expect");
  out.mode = expect.value("mode", "");
  out.max_age = expect.value("max_age", 0L);
  out.mx = expect.value("mx", std::vector<std::string>());
  out.notes = expect.value("notes", std::size_t{0});
  out.line = expect.value("line", 0U);
  out.field = expect.value("field", "");
  out.says = expect.value("says", "");
  return out;
}

MxPattern mx_pattern(const json& row) {
  auto out = begin<MxPattern>(row);
  out.pattern = octets(row.at("pattern"));
  if (const json& expect = row.at("expect"); !expect.is_null()) out.canonical = octets(expect);
  return out;
}

MxMatch mx_match(const json& row) {
  auto out = begin<MxMatch>(row);
  out.pattern = octets(row.at("pattern"));
  out.host = octets(row.at("host"));
  out.matches = row.at("matches");
  return out;
}

Key key(const json& row) {
  auto out = begin<Key>(row);
  out.key = octets(row.at("key"));
  const json& expect = row.at("expect");
  if (expect.is_null()) return out;
  out.domain = octets(expect.at("domain"));
  out.bracketed = expect.at("bracketed");
  if (const json& port = expect.at("port"); !port.is_null()) out.port = port.get<unsigned>();
  return out;
}

}  // namespace

bool has_said(const Vector& vector, std::string_view reason) {
  if (reason.find(vector.says) != reason.npos) return true;
  std::cerr << vector.row << ' ' << vector.name << ": \"" << vector.says << "\" is not in \"" << reason << "\"\n";
  return false;
}

std::vector<Txt> read_txt() { return all(read("txt.json").at("vectors"), txt); }
std::vector<PolicyText> read_policy() { return all(read("policy.json").at("vectors"), policy); }
std::vector<MxPattern> read_mx_patterns() { return all(read("mx.json").at("patterns"), mx_pattern); }
std::vector<MxMatch> read_mx_matches() { return all(read("mx.json").at("matches"), mx_match); }
std::vector<Key> read_keys() { return all(read("keys.json").at("vectors"), key); }

}  // namespace tlspolicyd::vectors
