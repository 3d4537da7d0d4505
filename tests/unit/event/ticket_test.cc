#include "event/ticket.h"

#include "catch.h"

using namespace tlspolicyd;

TEST_CASE("a ticket cancels once, when it goes or is replaced") {
  int cancelled = 0;
  const auto make = [&] { return Ticket([&] { ++cancelled; }); };
  {
    Ticket ticket = make();
    Ticket moved = std::move(ticket);
    CHECK_FALSE(ticket);  // NOLINT(bugprone-use-after-move): moved-from tickets are empty
    CHECK(moved);
    CHECK(cancelled == 0);
    moved = make();
    CHECK(cancelled == 1);
  }
  CHECK(cancelled == 2);
}
