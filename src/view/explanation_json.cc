#include "view/explanation_json.h"

#include "view/json.h"

namespace tlspolicyd {
namespace {

Json texts_of(const DnsAnswer& answer) {
  Json out = Json::array();
  for (const TxtRdata& record : records_of<TxtRdata>(answer)) out.push_back(record.text);
  return out;
}

Json txt_json(const Explanation& explanation) {
  const DnsAnswer& txt = explanation.txt;
  return Json{{"name", "_mta-sts." + explanation.entry.domain},
              {"status", name_of(txt.status)},
              {"records", texts_of(txt)},
              {"id", explanation.txt_id ? Json(*explanation.txt_id) : Json(nullptr)},
              {"ttl", txt.ttl.count()},
              {"ad", txt.authentic},
              {"cnames", txt.chain},
              {"detail", txt.detail}};
}

Json certificate_json(const FetchOutcome& fetch) {
  return Json{{"subject", fetch.cert_subject},
              {"issuer", fetch.cert_issuer},
              {"not_after", fetch.cert_not_after},
              {"names", fetch.cert_names}};
}

Json addresses_json(const std::vector<IpAddress>& addresses) {
  Json out = Json::array();
  for (const IpAddress& address : addresses) out.push_back(to_text(address));
  return out;
}

Json fetch_json(const Explanation& explanation) {
  if (!explanation.fetch) return nullptr;
  const FetchOutcome& fetch = *explanation.fetch;
  return Json{{"url", "https://mta-sts." + explanation.entry.domain + "/.well-known/mta-sts.txt"},
              {"result", fetch.fault == FetchFault::none ? "ok" : name_of(fetch.fault)},
              {"detail", fetch.detail},
              {"addresses", addresses_json(explanation.addresses)},
              {"address", fetch.address},
              {"attempts", fetch.attempts},
              {"tls_version", fetch.tls_version},
              {"tls_cipher", fetch.tls_cipher},
              {"certificate", certificate_json(fetch)},
              {"status", fetch.status},
              {"content_type", fetch.content_type},
              {"location", fetch.location},
              {"octets", fetch.body.size()},
              {"elapsed_ms", fetch.elapsed.count()}};
}

Json lines_json(const std::vector<PolicyLine>& lines) {
  Json out = Json::array();
  for (const PolicyLine& line : lines)
    out.push_back(Json{{"line", line.number}, {"text", line.text}, {"verdict", line.verdict}, {"error", line.error}});
  return out;
}

Json policy_json(const Explanation& explanation) {
  if (!explanation.fetch || explanation.fetch->fault != FetchFault::none) return nullptr;
  return Json{{"valid", explanation.entry.mode.has_value()},
              {"lines", lines_json(explanation.lines)},
              {"notes", explanation.notes}};
}

Json steps_json(const std::vector<Step>& steps) {
  Json out = Json::array();
  for (const Step& step : steps)
    out.push_back(Json{
        {"step", step.step}, {"result", step.result}, {"detail", step.detail}, {"rfc", step.rfc}, {"fix", step.cure}});
  return out;
}

}  // namespace

std::string explanation_json(const Explanation& explanation) {
  Json json = json_of(explanation.entry);
  json["reply_tlsrpt"] = explanation.reply_tlsrpt;
  json["txt"] = txt_json(explanation);
  json["fetch"] = fetch_json(explanation);
  json["policy"] = policy_json(explanation);
  json["steps"] = steps_json(explanation.steps);
  return to_line(json);
}

}  // namespace tlspolicyd
