// CA files: missing, broken, replaced while we run.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fakes/captured_log.h"
#include "https_fixture.h"
#include "tls/trust.h"

using namespace tlspolicyd;

namespace {

std::string error_of(const std::string& ca_file, const std::string& ca_path = "") {
  Loop loop;
  const auto client = HttpsClient::create(loop, {.ca_file = ca_file, .ca_path = ca_path, .threads = 1});
  return client ? "" : client.error().text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A folder that goes with its owner.
class TempFolder {
 public:
  TempFolder() {
    std::string name = std::filesystem::temp_directory_path() / "tlspolicyd-test.XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  void write(const std::string& name, const std::string& content) const { std::ofstream(path_ / name) << content; }
  void link(const std::string& name, const std::string& to) const { std::filesystem::create_symlink(to, path_ / name); }
  [[nodiscard]] std::string path() const { return path_; }

  // As openssl rehash names it, without the number.
  [[nodiscard]] static std::string hash_of(const Identity& identity) {
    char text[9];
    std::snprintf(text, sizeof text, "%08lx", X509_subject_name_hash(identity.certificate.get()));
    return text;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("CA files that cannot be used are named, with a cure") {
  const TempFile empty(""), garbage("not a certificate\n");
  CHECK(has(error_of("/nonexistent/ca.pem"), "ca_file /nonexistent/ca.pem: No such file or directory; "));
  CHECK(has(error_of("/tmp"), "ca_file /tmp: not a file; name a readable file"));
  CHECK(has(error_of(empty.path()), empty.path() + ": no usable PEM certificate"));
  CHECK(has(error_of(garbage.path()), "BEGIN CERTIFICATE"));
  CHECK(has(error_of("", "/nonexistent"), "ca_path /nonexistent: No such file or directory; "));
  CHECK(has(error_of("", empty.path()), "not a directory; name a directory prepared with openssl rehash"));
}

TEST_CASE("a ca_path without hashed certificates is refused, naming openssl rehash") {
  const Identity one = make_identity(ca_spec("One"));
  const TempFolder folder;
  const std::string hash = folder.hash_of(one);
  const auto refused = [&] {
    const std::string error = error_of("", folder.path());
    return has(error, "ca_path " + folder.path() + ": no certificate with a hashed name") &&
           has(error, "openssl rehash " + folder.path());
  };
  CHECK(refused());
  folder.write("one.pem", pem_of(one));
  CHECK(refused());
  folder.write(hash + ".r0", pem_of(one));  // the name of a revocation list
  folder.write(hash + ".x", pem_of(one));
  folder.write(hash.substr(1) + ".0", pem_of(one));
  CHECK(refused());
  folder.write("00000000.0", "no certificate");
  folder.link("11111111.0", "/nonexistent");
  CHECK(refused());
  const TempFile file(pem_of(one));
  CHECK(has(error_of(file.path(), folder.path()), "openssl rehash"));  // a usable ca_file beside it is no excuse
  folder.link(hash + ".0", "one.pem");
  CHECK(error_of("", folder.path()) == "");
}

TEST_CASE("a damaged certificate among many is named by its line") {
  const std::string one = pem_of(make_identity(ca_spec("One"))), two = pem_of(make_identity(ca_spec("Two")));
  const auto line_of = [](const std::string& text) {
    return std::to_string(std::count(text.begin(), text.end(), '\n') + 1);
  };
  std::string damaged = two;
  damaged[damaged.size() / 2] = '!';
  const TempFile among("# first\n" + one + damaged + one), cut(one + two.substr(0, two.size() / 2)),
      unfinished(one + two.substr(0, two.size() / 2) + one), fine("# first\n" + one + "\n# second\n" + two);
  CHECK(has(error_of(among.path()),
            "the certificate at line " + line_of("# first\n" + one) + " is damaged; replace or remove it"));
  CHECK(has(error_of(cut.path()), "the certificate at line " + line_of(one) + " is damaged"));
  CHECK(has(error_of(unfinished.path()), "the certificate at line " + line_of(one) + " is damaged"));
  CHECK(error_of(fine.path()) == "");
}

TEST_CASE("where the system has no certificates that is said") {
  setenv("SSL_CERT_FILE", "/nonexistent/cert.pem", 1);
  setenv("SSL_CERT_DIR", "/nonexistent", 1);
  const std::string error = error_of("");
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
  CHECK(has(error, "no trusted CA certificates in /nonexistent/cert.pem or /nonexistent"));
  CHECK(has(error, "ca-certificates"));
}

TEST_CASE("F-03 reloading replaces what is trusted; a broken file changes nothing") {
  HttpsFixture https;
  const Identity other = make_identity(ca_spec("Other Root"));
  const TempFile other_file(pem_of(other)), broken("broken");
  const TlsPeer first({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  const TlsPeer second({.leaf = make_identity({}, &other)}, answering(http_ok(kPolicy)));
  const auto reload = [&](const TempFile& file) {
    std::string error;
    const Ticket ticket = https.client->reload_trust({file.path(), ""}, [&](const Result<void>& done) {
      if (!done) error = done.error().text;
      https.loop.stop();
    });
    https.loop.run();
    return error;
  };
  CHECK(name_of(https.fetch(second).fault) == "cert_unknown_ca");
  CHECK(reload(other_file) == "");
  CHECK(name_of(https.fetch(first).fault) == "cert_unknown_ca");
  CHECK(name_of(https.fetch(second).fault) == "none");
  CHECK(has(reload(broken), broken.path()));
  CHECK(name_of(https.fetch(second).fault) == "none");
}

TEST_CASE("a reload whose ticket is gone tells nobody") {
  HttpsFixture https;
  static_cast<void>(
      https.client->reload_trust({https.ca_file.path(), ""}, [](const Result<void>&) { FAIL("called back"); }));
  const TlsPeer peer({.leaf = pki().leaf}, answering(http_ok(kPolicy)));
  CHECK(name_of(https.fetch(peer).fault) == "none");
}

TEST_CASE("of many reloads at once the first and the last are made, and the last is told") {
  HttpsFixture https;
  const TempFile broken("broken");
  int told = 0;
  bool failed = true;
  std::vector<Ticket> tickets;
  for (int i = 0; i < 100; ++i) {
    const bool last = i == 99;
    tickets.push_back(https.client->reload_trust({last ? https.ca_file.path() : broken.path(), ""},
                                                 [&, last](const Result<void>& done) {
                                                   ++told;
                                                   if (!last) return;
                                                   failed = !done;
                                                   https.loop.stop();
                                                 }));
  }
  https.loop.run();
  CHECK(told == 2);
  CHECK_FALSE(failed);
}

TEST_CASE("a changed CA file is read again by itself, a broken one is not used") {
  const Identity one = make_identity(ca_spec("One")), two = make_identity(ca_spec("Two"));
  const TempFile file(pem_of(one));
  CapturedLog log;
  const auto trust = *Trust::load({file.path(), ""}, &log);
  SteadyTime now = std::chrono::steady_clock::now();
  const auto current = [&] {
    const void* seen = nullptr;  // compared, never used
    if (const SslCtxPtr context = trust->current(now += seconds(10))) seen = context.get();
    return seen;
  };
  const void* const first = current();
  CHECK(current() == first);
  file.rewrite(pem_of(two) + pem_of(one));
  const SslCtxPtr held = trust->current(now += seconds(10));
  CHECK(held.get() != first);
  file.rewrite("broken");
  CHECK(current() == held.get());
  CHECK(log.lines.size() == 1);
  CHECK(current() == held.get());
  CHECK(log.lines.size() == 1);  // said once, not at every look
}

TEST_CASE("a changed CA file that cannot be read for now is read once it can be") {
  const Identity one = make_identity(ca_spec("One")), two = make_identity(ca_spec("Two"));
  const TempFile file(pem_of(one));
  CapturedLog log;
  const auto trust = *Trust::load({file.path(), ""}, &log);
  SteadyTime now = std::chrono::steady_clock::now();
  const SslCtxPtr first = trust->current(now += seconds(10));
  file.rewrite(pem_of(two));
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const SslCtxPtr kept = trust->current(now += seconds(10));
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(kept.get() == first.get());
  CHECK(log.count(LogLevel::warning, "Too many open files") == 1);
  CHECK(trust->current(now += seconds(10)).get() != first.get());
}

TEST_CASE("the system's certificates count as unusable where they cannot be loaded") {
  const Identity one = make_identity(ca_spec("One"));
  const TempFile file(pem_of(one));
  setenv("SSL_CERT_FILE", file.path().c_str(), 1);
  setenv("SSL_CERT_DIR", "/nonexistent", 1);
  CHECK(make_tls_context({}).has_value());
  file.rewrite("garbage");
  CHECK_FALSE(make_tls_context({}).has_value());
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
}

TEST_CASE("files are looked at now and then, not at every fetch") {
  const Identity one = make_identity(ca_spec("One")), two = make_identity(ca_spec("Two"));
  const TempFile file(pem_of(one));
  const auto trust = *Trust::load({file.path(), ""}, nullptr);
  const SteadyTime now = std::chrono::steady_clock::now();
  const SslCtxPtr first = trust->current(now);
  file.rewrite(pem_of(two) + pem_of(one));
  CHECK(trust->current(now + seconds(1)).get() == first.get());
  CHECK(trust->current(now + seconds(10)).get() != first.get());
}
