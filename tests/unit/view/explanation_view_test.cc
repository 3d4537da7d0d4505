#include "view/explanation_view.h"
#include "view/explanation_json.h"
#include "view/explanation_text.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "columns.h"

using namespace tlspolicyd;
using Json = nlohmann::ordered_json;

namespace {

Explanation good() {
  Explanation out;
  out.entry.domain = "d.example";
  out.entry.verdict = "secure";
  out.entry.mode = "enforce";
  out.entry.reply = "OK secure match=mx1.d.example servername=hostname";
  out.reply_tlsrpt = out.entry.reply + " policy_type=sts policy_domain=d.example";
  out.txt = DnsAnswer{.status = DnsStatus::found, .records = {TxtRdata{"v=STSv1; id=1;"}}, .ttl = seconds(300)};
  out.txt_id = "1";
  out.addresses = {*parse_ip("192.0.2.1")};
  out.fetch =
      FetchOutcome{.fault = FetchFault::none, .body = "version: STSv1\n", .status = 200, .content_type = "text/plain"};
  out.lines = {{1, "version: STSv1", "ok", false},
               {2, "x: y", "ignored: unknown field", false},
               {3, "mx: *", "error: wrong", true}};
  out.steps = {{"txt", "found", "\"v=STSv1; id=1;\"", "RFC 8461 section 3.1", ""},
               {"policy", "mx_pattern", "line 3: wrong", "RFC 8461 section 3.2", "Write one host name to a line."},
               {"verdict", "secure", "", "RFC 8461 section 5", ""}};
  return out;
}

}  // namespace

TEST_CASE("explanation: JSON is the entry and the members of the contract after it") {
  const Json json = Json::parse(explanation_json(good()));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"domain", "verdict", "mode", "id", "mx", "max_age", "fetched", "expires",
                                         "checked", "last_asked", "dane", "reply", "failure", "reply_tlsrpt", "txt",
                                         "fetch", "policy", "steps"});
  CHECK(json["txt"]["records"] == Json::array({"v=STSv1; id=1;"}));
  CHECK(json["txt"]["ad"] == false);
  CHECK(json["txt"]["ttl"] == 300);
  CHECK(json["fetch"]["result"] == "ok");
  CHECK(json["fetch"]["status"] == 200);
  CHECK(json["fetch"]["addresses"] == Json::array({"192.0.2.1"}));
  CHECK(json["policy"]["valid"] == true);
  CHECK(json["policy"]["lines"][1]["verdict"] == "ignored: unknown field");
  CHECK(json["steps"][1] == Json{{"step", "policy"},
                                 {"result", "mx_pattern"},
                                 {"detail", "line 3: wrong"},
                                 {"rfc", "RFC 8461 section 3.2"},
                                 {"fix", "Write one host name to a line."}});
}

TEST_CASE("explanation: without a fetch there is none in JSON") {
  Explanation explanation = good();
  explanation.fetch.reset();
  explanation.txt_id.reset();
  const auto json = Json::parse(explanation_json(explanation));
  CHECK(json["fetch"].is_null());
  CHECK(json["policy"].is_null());
  CHECK(json["txt"]["id"].is_null());
}

TEST_CASE("explanation: the narrative") {
  CHECK(explanation_text(good()) ==
        "1.  TXT record at _mta-sts.d.example: found\n"
        "    \"v=STSv1; id=1;\"\n"
        "2.  policy document: mx pattern\n"
        "    line 3: wrong\n"
        "    Fix: Write one host name to a line.\n"
        "    See RFC 8461 section 3.2.\n"
        "     1  ok        version: STSv1\n"
        "     2  ignored   x: y\n"
        "                  (unknown field)\n"
        "     3  error     mx: *\n"
        "3.  verdict: secure\n"
        "\n"
        "Reply to Postfix, by the form the map name selects:\n"
        "    plain   \"OK secure match=mx1.d.example servername=hostname\"\n"
        "    TLSRPT  \"OK secure match=mx1.d.example servername=hostname policy_type=sts\n"
        "            policy_domain=d.example\"\n");
}

TEST_CASE("explanation: hostile octets and long names reach neither terminal nor JSON raw") {
  Explanation explanation = good();
  explanation.entry.domain =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + ".example";
  explanation.txt.records = {TxtRdata{kHostile}};
  explanation.txt.detail = kHostile;
  explanation.fetch->location = explanation.fetch->cert_subject = kHostile;
  explanation.fetch->cert_names = {kHostile};
  explanation.lines.push_back({4, kHostile + std::string(300, 'x'), "error: " + kHostile, true});
  explanation.notes = {kHostile};
  for (Step& step : explanation.steps) step.detail = kHostile;
  check_lines(explanation_text(explanation));
  const std::string line = explanation_json(explanation);
  check_json_line(line);
  CHECK(Json::parse(line)["steps"].size() == 3);
}

TEST_CASE("explanation: a document of thousands of lines is told in part, its errors in full") {
  Explanation explanation = good();
  explanation.lines.clear();
  for (unsigned i = 1; i <= 5'000; ++i) explanation.lines.push_back({i, "x: y", "ignored: unknown field", false});
  explanation.lines.push_back({5'001, "mode: enforced", "error: mode is not known", true});
  const std::string text = explanation_text(explanation);
  CHECK(text.find("  5001  error     mode: enforced\n") != text.npos);
  CHECK(text.find("and 4900 more lines\n") != text.npos);
  CHECK(text.size() < 20'000);
}
