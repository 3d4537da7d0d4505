#include "view/text_layout.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::string_view kCut = "...";

bool safe(char c) { return c >= ' ' && c <= '~'; }

std::string octet_escape(char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto octet = static_cast<unsigned char>(c);
  return {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
}

// Where the line that begins `text` ends.
std::size_t line_end(std::string_view text, std::size_t width) {
  if (text.size() <= width) return text.size();
  const auto blank = text.rfind(' ', width);
  if (blank != text.npos && blank != 0) return blank;
  const auto mark = text.substr(0, width).find_last_of(",:;/");
  return mark == text.npos ? width : mark + 1;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (safe(c)) out += c;
    else out += octet_escape(c);
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (text.size() <= width) return std::string(text);
  if (width <= kCut.size()) return std::string(text.substr(text.size() - width));
  const std::size_t kept = width - kCut.size(), head = kept / 3;
  std::string out(text.substr(0, head));
  return out.append(kCut).append(text.substr(text.size() - (kept - head)));
}

std::string column(std::string_view text, std::size_t width) {
  std::string out = shortened(text, width);
  out.resize(width, ' ');
  return out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  do {
    const std::size_t end = line_end(text, width);
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  } while (!text.empty());
  return lines;
}

std::string beside(std::string_view label, std::size_t indent, std::string_view text) {
  std::string out, margin(label);
  if (margin.size() >= indent) out.append(std::exchange(margin, "")).append("\n");
  margin.resize(indent, ' ');
  for (const std::string& line : wrapped(shown(text), kColumns - indent)) {
    out.append(margin).append(line).append("\n");
    margin.assign(indent, ' ');
  }
  return out;
}

std::string human_span(seconds span) {
  struct Unit {
    std::int64_t length;
    char letter;
  };
  constexpr std::array<Unit, 4> kUnits{{{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}}};
  std::int64_t left = span.count() < 0 ? -span.count() : span.count();
  std::string out;
  int shown_units = 0;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = left / unit.length;
    left %= unit.length;
    if (count == 0 && shown_units == 0) continue;
    if (++shown_units > 2) break;
    if (count == 0) continue;
    if (!out.empty()) out += ' ';
    out.append(std::to_string(count)).push_back(unit.letter);
  }
  return out.empty() ? "0s" : out;
}

std::string human_distance(WallTime then, WallTime now) {
  if (then == now) return "now";
  return then > now ? "in " + human_span(then - now) : human_span(now - then) + " ago";
}

}  // namespace tlspolicyd
