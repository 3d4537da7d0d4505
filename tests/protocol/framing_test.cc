#include "rig.h"

using namespace tlspolicyd;

TEST_CASE("rule 1 one reply for one question, and not an octet more") {
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, query("d.example")) == "18:OK QUERY d.example,");
  CHECK(rig.exchange(client, "") == "");
  CHECK_FALSE(client.is_closed());
}
