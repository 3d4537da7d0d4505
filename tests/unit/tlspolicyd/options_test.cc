#include "tlspolicyd/options.h"

#include "base/text.h"
#include "catch.h"

using namespace tlspolicyd;

namespace {

using Words = std::vector<std::string>;

Options parsed(const Words& words) {
  const auto options = parse_options(words);
  CAPTURE(words);
  REQUIRE(options);
  return *options;
}

}  // namespace

TEST_CASE("each flag asks for its task") {
  const auto [words, task, domain] = GENERATE(table<Words, Task, const char*>({
      {{}, Task::daemon, ""},
      {{"-t"}, Task::test_config, ""},
      {{"--test-config"}, Task::test_config, ""},
      {{"-d"}, Task::defaults, ""},
      {{"-n"}, Task::changed, ""},
      {{"-q", "a.example"}, Task::query, "a.example"},
      {{"--query", "a.example"}, Task::query, "a.example"},
      {{"--query=a.example"}, Task::query, "a.example"},
      {{"--cache"}, Task::cache, ""},
      {{"--cache", "a.example"}, Task::cache, "a.example"},
      {{"--cache=a.example"}, Task::cache, "a.example"},
      {{"a.example", "--cache"}, Task::cache, "a.example"},
      {{"--purge", "a.example"}, Task::purge, "a.example"},
      {{"--purge-all"}, Task::purge_all, ""},
      {{"--status"}, Task::status, ""},
      {{"-V"}, Task::version, ""},
      {{"--version"}, Task::version, ""},
      {{"-h"}, Task::help, ""},
      {{"--help"}, Task::help, ""},
      {{"-vv"}, Task::daemon, ""},
  }));
  CAPTURE(words);
  const Options options = parsed(words);
  CHECK(options.task == task);
  CHECK(options.domain == domain);
  CHECK_FALSE(options.json);
}

TEST_CASE("-c, -o, -v and --json go with the others, in any order") {
  const Options options = parsed({"-o", "a=1", "--cache", "-c", "/x.conf", "d.example", "--json", "-v", "-ob=2", "-v"});
  CHECK(options.task == Task::cache);
  CHECK(options.domain == "d.example");
  CHECK(options.json);
  CHECK(options.verbosity == 2);
  CHECK(options.config.file == "/x.conf");
  CHECK(options.config.file_required);
  CHECK(options.config.overrides == Words{"a=1", "b=2"});
}

TEST_CASE("without -c the default file is read where it is there") {
  const Options options = parsed({"-t"});
  CHECK(options.config.file == "/etc/tlspolicyd/tlspolicyd.conf");
  CHECK_FALSE(options.config.file_required);
  CHECK(parsed({"--config=/y"}).config.file_required);
}

TEST_CASE("anything else is a usage error that says what it did not like") {
  const auto [words, said] = GENERATE(table<Words, const char*>({
      {{"-x"}, "unknown or incomplete flag -x"},
      {{"--json", "-xt"}, "unknown or incomplete flag -x"},
      {{"--frobnicate"}, "unknown or incomplete flag --frobnicate"},
      {{"--json=yes"}, "unknown or incomplete flag --json=yes"},
      {{"-q"}, "-q needs an argument"},
      {{"--purge"}, "--purge needs an argument"},
      {{"-t", "-o"}, "-o needs an argument"},
      {{"a.example"}, "what is \"a.example\" for?"},
      {{"-q", "a.example", "b.example"}, "what is \"b.example\" for?"},
      {{"--cache", "a.example", "b.example"}, "what is \"b.example\" for?"},
      {{"--cache=a.example", "b.example"}, "what is \"b.example\" for?"},
      {{"--purge-all", "a.example"}, "what is \"a.example\" for?"},
      {{"-t", "-n"}, "these flags do not go together: each asks for something else"},
      {{"-q", "a.example", "--status"}, "these flags do not go together: each asks for something else"},
      {{"--json"}, "--json goes with -q, --cache or --status"},
      {{"-t", "--json"}, "--json goes with -q, --cache or --status"},
  }));
  CAPTURE(words);
  const auto options = parse_options(words);
  REQUIRE_FALSE(options);
  CHECK(options.error().text == said);
}

TEST_CASE("help fits 80 columns and names each flag") {
  const std::string text = help_text();
  for (const std::string_view line : split(text, '\n')) {
    CAPTURE(std::string(line));
    CHECK(line.size() <= 80);
  }
  for (const char* flag :
       {"-c, --config", "-o ", "-t, --test-config", "-d ", "-n ", "-q, --query", "--cache", "--purge DOMAIN",
        "--purge-all", "--status", "--json", "-v ", "-V, --version", "-h, --help"}) {
    CAPTURE(flag);
    CHECK(text.find(flag) != text.npos);
  }
}

TEST_CASE("-v goes one level further, and no further than debug") {
  CHECK(more_verbose(LogLevel::info, 0) == LogLevel::info);
  CHECK(more_verbose(LogLevel::warning, 1) == LogLevel::info);
  CHECK(more_verbose(LogLevel::error, 7) == LogLevel::debug);
}
