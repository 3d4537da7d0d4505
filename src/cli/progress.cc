#include "cli/progress.h"

#include <utility>

#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

Progress::Progress(const Terminal& terminal, const Clock& clock, std::string what)
    : terminal_(terminal), clock_(clock), what_(std::move(what)), began_(clock.steady()), next_(began_ + kPatience) {}

void Progress::tick(std::string_view detail) {
  if (!terminal_.progress) return;
  const SteadyTime now = clock_.steady();
  if (now < next_) return;
  next_ = now + kBetween;
  on_screen_ = true;
  std::string line = what_ + " " + human_span(std::chrono::duration_cast<seconds>(now - began_));
  if (!detail.empty()) line.append(", ").append(detail);
  terminal_.err << kEraseLine << shortened(shown(line), kColumns - 1) << std::flush;
}

void Progress::erase() {
  if (std::exchange(on_screen_, false)) terminal_.err << kEraseLine << std::flush;
}

}  // namespace tlspolicyd
