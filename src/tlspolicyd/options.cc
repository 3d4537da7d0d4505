#include "tlspolicyd/options.h"

#include <getopt.h>
#include <algorithm>
#include <array>
#include <optional>

#include "config/describe.h"

namespace tlspolicyd {
namespace {

enum Code : int {  // of long options without a letter
  kCache = 256,
  kPurge,
  kPurgeAll,
  kStatus,
  kJson,
};

constexpr const char* kLetters = ":c:o:tdnq:vVh";  // ':' first: a missing argument is reported as ':'

constexpr std::array kLongOptions{
    option{"config", required_argument, nullptr, 'c'},
    option{"test-config", no_argument, nullptr, 't'},
    option{"query", required_argument, nullptr, 'q'},
    option{"cache", optional_argument, nullptr, kCache},
    option{"purge", required_argument, nullptr, kPurge},
    option{"purge-all", no_argument, nullptr, kPurgeAll},
    option{"status", no_argument, nullptr, kStatus},
    option{"json", no_argument, nullptr, kJson},
    option{"version", no_argument, nullptr, 'V'},
    option{"help", no_argument, nullptr, 'h'},
    option{nullptr, 0, nullptr, 0},
};

std::optional<Task> task_of(int code) {
  switch (code) {
    case 't': return Task::test_config;
    case 'd': return Task::defaults;
    case 'n': return Task::changed;
    case 'q': return Task::query;
    case kCache: return Task::cache;
    case kPurge: return Task::purge;
    case kPurgeAll: return Task::purge_all;
    case kStatus: return Task::status;
    case 'V': return Task::version;
    case 'h': return Task::help;
    default: return std::nullopt;
  }
}

// getopt wants writable strings and a null at the end, and puts the operands last.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& arguments) : texts_{"tlspolicyd"} {
    texts_.insert(texts_.end(), arguments.begin(), arguments.end());
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    optind = 0;  // GNU: start over
    opterr = 0;
  }
  int next() { return getopt_long(count(), pointers_.data(), kLetters, kLongOptions.data(), nullptr); }
  // The flag that next() just complained about.
  [[nodiscard]] std::string culprit() const {
    const bool letter = optopt > ' ' && optopt <= '~' &&
                        std::string_view(kLetters).find(static_cast<char>(optopt)) == std::string_view::npos;
    return letter ? std::string{'-', static_cast<char>(optopt)} : pointers_[static_cast<std::size_t>(optind) - 1];
  }
  [[nodiscard]] std::vector<std::string> operands() const { return {pointers_.begin() + optind, pointers_.end() - 1}; }

 private:
  [[nodiscard]] int count() const { return static_cast<int>(texts_.size()); }
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

Result<void> set_task(Options& options, Task task) {
  if (options.task != Task::daemon && options.task != task)
    return fail("these flags do not go together: each asks for something else");
  options.task = task;
  if (optarg != nullptr) options.domain = optarg;
  return {};
}

Result<void> take(Options& options, int code, const Arguments& arguments) {
  if (const auto task = task_of(code)) return set_task(options, *task);
  switch (code) {
    case 'c':
      options.config.file = optarg;
      options.config.file_required = true;
      return {};
    case 'o': options.config.overrides.emplace_back(optarg); return {};
    case 'v': ++options.verbosity; return {};
    case kJson: options.json = true; return {};
    case ':': return fail(arguments.culprit() + " needs an argument");
    default: return fail("unknown or incomplete flag " + arguments.culprit());
  }
}

Result<void> take_operands(Options& options, const std::vector<std::string>& operands) {
  if (operands.empty()) return {};
  const bool domain_wanted = options.task == Task::cache && options.domain.empty();
  if (!domain_wanted || operands.size() > 1) return fail("what is \"" + operands.back() + "\" for?");
  options.domain = operands.front();
  return {};
}

Result<void> check(const Options& options) {
  const bool takes_json = options.task == Task::query || options.task == Task::cache || options.task == Task::status;
  if (options.json && !takes_json) return fail("--json goes with -q, --cache or --status");
  return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& texts) {
  Options options;
  Arguments arguments(texts);
  for (int code = arguments.next(); code != -1; code = arguments.next())
    if (const auto taken = take(options, code, arguments); !taken) return tl::unexpected(taken.error());
  const auto checked = take_operands(options, arguments.operands()).and_then([&] { return check(options); });
  if (!checked) return tl::unexpected(checked.error());
  return options;
}

std::string usage_text() {
  return "usage: tlspolicyd [-v] [-c file] [-o name=value] ...\n"
         "       tlspolicyd [-c file] [-o name=value] ... -t | -d | -n\n"
         "       tlspolicyd [-c file] [-o name=value] ... [--json] -q domain\n"
         "       tlspolicyd [-c file] [-o name=value] ... [--json] --cache [domain]\n"
         "       tlspolicyd [-c file] [-o name=value] ... --purge domain | --purge-all\n"
         "       tlspolicyd [-c file] [-o name=value] ... [--json] --status\n"
         "       tlspolicyd -h | -V\n";
}

std::string help_text() {
  return "tlspolicyd tells Postfix the MTA-STS policies of mail domains (RFC 8461).\n"
         "Without a flag that asks for something else it runs as a daemon, in the\n"
         "foreground.\n\n" +
         usage_text() +
         "\n"
         "  -c, --config FILE    configuration, instead of\n"
         "                       " +
         std::string(kDefaultConfigFile) +
         "\n"
         "  -o NAME=VALUE        set one parameter, whatever the file says; may repeat\n"
         "  -t, --test-config    say what is wrong with the configuration\n"
         "  -d                   show all parameters with their defaults\n"
         "  -n                   show the parameters that differ from their defaults\n"
         "  -q, --query DOMAIN   find out the policy of DOMAIN now, and explain each step\n"
         "      --cache [DOMAIN] show what is cached: everything, or DOMAIN in full\n"
         "      --purge DOMAIN   forget DOMAIN, in the daemon and on disk\n"
         "      --purge-all      forget everything\n"
         "      --status         show how a running daemon is doing\n"
         "      --json           answer -q, --cache and --status in JSON\n"
         "  -v                   log more; may repeat\n"
         "  -V, --version        show the version\n"
         "  -h, --help           show this\n"
         "\nParameters, with their defaults:\n\n" +
         describe_for_help();
}

std::string version_text() { return "tlspolicyd " TLSPOLICYD_VERSION "\n"; }

LogLevel more_verbose(LogLevel level, int verbosity) {
  return static_cast<LogLevel>(std::min(static_cast<int>(level) + verbosity, static_cast<int>(LogLevel::debug)));
}

}  // namespace tlspolicyd
