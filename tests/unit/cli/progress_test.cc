#include "cli/progress.h"

#include <sstream>

#include "catch.h"
#include "fakes/fake_time.h"

using namespace tlspolicyd;

namespace {

struct ProgressRig {
  std::ostringstream out, err;
  FakeTime time;
};

}  // namespace

TEST_CASE("progress: nothing within the first second") {
  ProgressRig rig;
  const Terminal terminal{rig.out, rig.err, true};
  {
    Progress progress(terminal, rig.time, "waiting:");
    rig.time.advance(milliseconds(999));
    progress.tick("1 entries");
  }
  CHECK(rig.err.str().empty());
}

TEST_CASE("progress: then a line that is written over and erased in the end") {
  ProgressRig rig;
  const Terminal terminal{rig.out, rig.err, true};
  {
    Progress progress(terminal, rig.time, "waiting:");
    rig.time.advance(milliseconds(1'000));
    progress.tick("1 entries");
    progress.tick("2 entries");  // too soon after the last
    rig.time.advance(milliseconds(2'000));
    progress.tick();
  }
  CHECK(rig.err.str() == "\r\x1b[Kwaiting: 1s, 1 entries\r\x1b[Kwaiting: 3s\r\x1b[K");
  CHECK(rig.out.str().empty());
}

TEST_CASE("progress: never where nobody watches") {
  ProgressRig rig;
  const Terminal terminal{rig.out, rig.err, false};
  Progress progress(terminal, rig.time, "waiting:");
  rig.time.advance(milliseconds(60'000));
  progress.tick("1 entries");
  CHECK(rig.err.str().empty());
}
