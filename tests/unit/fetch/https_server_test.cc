// A policy host as people really run one: an ordinary web server, here cpp-httplib's.
#include <httplib.h>

#include <thread>

#include "https_fixture.h"

using namespace tlspolicyd;

namespace {

const char* const kPath = "/.well-known/mta-sts.txt";

class WebServer {
 public:
  explicit WebServer(const httplib::Server::Handler& handler)
      : server_(pki().leaf.certificate.get(), pki().leaf.key.get()) {
    server_.Get(kPath, handler);
    port_ = static_cast<std::uint16_t>(server_.bind_to_any_port("127.0.0.1"));
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ~WebServer() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  httplib::SSLServer server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("F-01 F-19 an ordinary web server's answers are read") {
  HttpsFixture https;
  const WebServer plain([](const httplib::Request& request, httplib::Response& response) {
    const bool asked_well = request.get_header_value("Accept-Encoding") == "identity" &&
                            request.get_header_value("Accept") == "text/plain" &&
                            !request.has_header("If-None-Match") && request.body.empty();
    response.set_content(asked_well ? kPolicy : "asked badly", "text/plain; charset=utf-8");
  });
  for (int i = 0; i < 20; ++i) {
    const FetchOutcome got = https.fetch(HttpsFixture::request(plain.port()));
    REQUIRE(name_of(got.fault) == "none");
    REQUIRE(got.body == kPolicy);
  }
  const WebServer chunked([](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("text/plain", [](std::size_t, httplib::DataSink& sink) {
      for (const char& c : kPolicy) sink.write(&c, 1);
      sink.done();
      return true;
    });
  });
  CHECK(https.fetch(HttpsFixture::request(chunked.port())).body == kPolicy);
}

TEST_CASE("F-10 F-13 an ordinary web server's refusals are told apart") {
  HttpsFixture https;
  const WebServer html(
      [](const httplib::Request&, httplib::Response& response) { response.set_content("<html>", "text/html"); });
  CHECK(name_of(https.fetch(HttpsFixture::request(html.port())).fault) == "media_type");
  FetchRequest request = HttpsFixture::request(html.port());
  request.path = "/nothing";
  const FetchOutcome missing = https.fetch(request);
  CHECK(name_of(missing.fault) == "status");
  CHECK(missing.detail == "HTTP status 404");
}

TEST_CASE("F-32 proxy variables are ignored") {
  HttpsFixture https;
  const WebServer server(
      [](const httplib::Request&, httplib::Response& response) { response.set_content(kPolicy, "text/plain"); });
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    setenv(name, "http://127.0.0.1:1", 1);
  CHECK(name_of(https.fetch(HttpsFixture::request(server.port())).fault) == "none");
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}
