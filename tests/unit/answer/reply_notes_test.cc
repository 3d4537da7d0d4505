#include "answer/reply_notes.h"

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_time.h"

using namespace tlspolicyd;

TEST_CASE("C-20 rule 6: what max_reply_size costs a domain is told once a day") {
  CapturedLog log;
  FakeTime time;
  ReplyNotes notes(log, time);
  const Domain large = *Domain::parse("d.example"), larger = *Domain::parse("e.example");
  notes.on_shed(large, ReplyShed::nothing);
  notes.on_shed(large, ReplyShed::policy_text);
  CHECK(log.lines.empty());
  for (int i = 0; i < 3; ++i) notes.on_shed(large, ReplyShed::attributes);
  CHECK(log.count(LogLevel::warning, "domain=d.example, action=sent without mx_host_pattern") == 1);
  notes.on_shed(larger, ReplyShed::everything);
  CHECK(log.count(LogLevel::warning, "domain=e.example, action=not enforced") == 1);
  time.advance(std::chrono::hours(24));
  notes.on_shed(large, ReplyShed::attributes);
  CHECK(log.lines.size() == 3);
}
