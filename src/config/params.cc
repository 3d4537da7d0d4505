#include "config/params.h"

#include <array>

namespace tlspolicyd {
namespace {

constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86400, kYear = 365 * kDay;
constexpr std::int64_t kKilo = 1024, kMega = 1024 * kKilo, kGiga = 1024 * kMega;

// The upper limits keep a slip of the pen from turning a bound off; none is a promise
// about how far the program scales.
constexpr std::array kParams{
    Param{.name = "listen",
          .fallback = "inet:127.0.0.1:8461",
          .field = &Config::listen,
          .notation = Notation::listen,
          .reloadable = false,
          .help = "Where Postfix connects: a list of inet:HOST:PORT, inet:[V6]:PORT and unix:PATH. "
                  "HOST is better an address than a name, which must resolve when the daemon starts. "
                  "Sockets that systemd passes are used instead where there are any, with a warning if "
                  "others are named here."},
    Param{.name = "socket_mode",
          .fallback = "0666",
          .field = &Config::socket_mode,
          .notation = Notation::octal,
          .max = 0777,
          .reloadable = false,
          .help = "Permissions of the unix sockets in listen. Whoever may write to one may ask."},
    Param{.name = "socket_group",
          .fallback = "",
          .field = &Config::socket_group,
          .notation = Notation::word,
          .reloadable = false,
          .help = "Group of the unix sockets in listen. Empty: that of the daemon when it starts."},
    Param{.name = "max_connections",
          .fallback = "4096",
          .field = &Config::max_connections,
          .notation = Notation::count,
          .min = 1,
          .max = 1'000'000,
          .help = "Connections held at once. One more closes the longest idle connection of the "
                  "user (unix) or address (inet) that holds most of them."},
    Param{.name = "reply_timeout",
          .fallback = "5s",
          .field = &Config::reply_timeout,
          .notation = Notation::duration,
          .min = 1,
          .max = 60,
          .help = "A question is answered by then; what it set going goes on behind. Postfix itself "
                  "gives up after 100s."},
    Param{.name = "tlsrpt_map_name",
          .fallback = "QUERYwithTLSRPT",
          .field = &Config::tlsrpt_map_name,
          .notation = Notation::map_name,
          .help = "The socketmap name, compared without case, that gets the attributes Postfix knows "
                  "since 3.10. Every other name gets the plain form. Empty: none gets them. Clients may add "
                  "their level to either name, as in QUERY@encrypt, so the name itself has no @."},
    Param{.name = "max_reply_size",
          .fallback = "100000",
          .field = &Config::max_reply_size,
          .notation = Notation::size,
          .min = kKilo,
          .max = 16 * kMega,
          .help = "Octets of the longest reply: socketmap_max_reply_size of the Postfix served, which "
                  "is 100000 and not adjustable before 3.10."},
    Param{.name = "resolver",
          .fallback = "",
          .field = &Config::resolver,
          .notation = Notation::resolvers,
          .help = "DNS resolvers: a list of ADDRESS or ADDRESS:PORT (IPv6 with a port in brackets), "
                  "tried in turn. Empty: those of /etc/resolv.conf, which is read again when it "
                  "changes."},
    Param{.name = "resolver_trust_ad",
          .fallback = "loopback",
          .field = &Config::resolver_trust_ad,
          .notation = Notation::word,
          .words = "loopback always never",
          .help = "The resolvers whose AD bit proves that DNSSEC was checked. loopback: those on this "
                  "host, except 127.0.0.11 (container engines) and 127.0.0.54 (systemd-resolved), which pass "
                  "on what others say. "
                  "always: any, which is safe only where nobody on the way can change an answer. "
                  "Questions for DANE go to these alone; where there are none no DANE is seen, and an "
                  "enforced policy takes its place."},
    Param{.name = "dane_canary",
          .fallback = ". NS",
          .field = &Config::dane_canary,
          .notation = Notation::question,
          .help = "What a validating resolver must answer with AD: a signed name and a type, asked of each "
                  "resolver at start and hourly. Two answers without AD mean that the resolver does not "
                  "validate: it is asked no more about DANE, and once more each minute; where none "
                  "validates, DANE is left out of account, with a warning. \".\" is the root; name "
                  "another where the resolver knows no signed root."},
    Param{.name = "dns_timeout",
          .fallback = "2s",
          .field = &Config::dns_timeout,
          .notation = Notation::duration,
          .min = 1,
          .max = 30,
          .help = "How long one try waits for a resolver. At its default, options timeout in "
                  "/etc/resolv.conf goes before, up to 30s; a question then ends after 30s in all."},
    Param{.name = "dns_attempts",
          .fallback = "3",
          .field = &Config::dns_attempts,
          .notation = Notation::count,
          .min = 1,
          .max = 10,
          .help = "Tries of one DNS question, over all resolvers. At its default, options attempts in "
                  "/etc/resolv.conf goes before, up to 5 rounds over its name servers."},
    Param{.name = "postfix_security_level",
          .fallback = "auto",
          .field = &Config::postfix_security_level,
          .notation = Notation::word,
          .words = "auto none may encrypt fingerprint dane dane-only verify secure",
          .help = "smtp_tls_security_level of the Postfix served, for map names without a level such as "
                  "QUERY@dane: no reply is weaker than it. With dane, DANE goes before MTA-STS; with "
                  "dane-only and fingerprint every reply is NOTFOUND. auto asks postconf, also "
                  "for smtp_dns_support_level: at start, at reload, within half a minute after main.cf or "
                  "master.cf changed, and hourly. Where that fails what it said before still holds. Without "
                  "that the level counts as unknown and DANE as off. Either comes with a warning, and so does "
                  "what is wrong in main.cf and master.cf for lookups here."},
    Param{.name = "postfix_config_directory",
          .fallback = "",
          .field = &Config::postfix_config_directory,
          .notation = Notation::path,
          .help = "Configuration directory of the Postfix served, for postconf -c. Empty: "
                  "postconf's own default."},
    Param{.name = "dane_reply",
          .fallback = "notfound",
          .field = &Config::dane_reply,
          .notation = Notation::word,
          .words = "notfound dane dane-only",
          .help = "The reply for a domain whose MX hosts all have usable TLSA records, where "
                  "postfix_security_level comes to dane. notfound: Postfix's own DANE decides. dane and "
                  "dane-only name the level, at the price of asking for MX and TLSA of every domain; "
                  "dane-only makes mail wait where Postfix then finds no usable record, and becomes "
                  "dane where not all hosts have some."},
    Param{
        .name = "dane_mixed_reply",
        .fallback = "dane-only",
        .field = &Config::dane_mixed_reply,
        .notation = Notation::word,
        .words = "dane-only dane",
        .help =
            "The reply for a domain with an enforced policy where only some MX hosts have "
            "usable TLSA records, or the DNS lookups fail for all hosts that the policy allows. dane-only: mail goes to hosts with usable TLSA "
            "alone, and waits while none of them takes it. dane: the others get it too, perhaps "
            "in clear, so that whoever can break one answer turns the policy off."},
    Param{.name = "dns_error_reply",
          .fallback = "notfound",
          .field = &Config::dns_error_reply,
          .notation = Notation::word,
          .words = "notfound temp",
          .help = "The reply while DNS fails for a domain of which nothing is known. notfound: mail "
                  "goes at the level of main.cf, as RFC 8461 has it. temp: mail is deferred, and "
                  "Postfix may hold up the whole destination for some minutes."},
    Param{.name = "ca_file",
          .fallback = "system",
          .field = &Config::ca_file,
          .notation = Notation::system_path,
          .help = "PEM file with the certificate authorities trusted for policy hosts. As soon as "
                  "ca_file or ca_path names something, only what they name is trusted."},
    Param{.name = "ca_path",
          .fallback = "system",
          .field = &Config::ca_path,
          .notation = Notation::system_path,
          .help = "Directory of such authorities, hashed as by openssl rehash. One without a hashed "
                  "certificate is refused at the start."},
    Param{.name = "fetch_timeout",
          .fallback = "60s",
          .field = &Config::fetch_timeout,
          .notation = Notation::duration,
          .min = 1,
          .max = 10 * kMinute,
          .help = "Time limit for one policy fetch, from the first address look-up to the last octet "
                  "(RFC 8461 section 3.3)."},
    Param{.name = "fetch_max_size",
          .fallback = "65536",
          .field = &Config::fetch_max_size,
          .notation = Notation::size,
          .min = kKilo,
          .max = kMega,
          .help = "Octets of the longest policy document taken."},
    Param{.name = "fetch_concurrency",
          .fallback = "1000",
          .field = &Config::fetch_concurrency,
          .notation = Notation::count,
          .min = 1,
          .max = 100'000,
          .help = "Policy fetches at once. When all are taken, first contacts go before refreshes, "
                  "which use at most a tenth, and a fetch without progress for 2s (10s where no mail "
                  "waits for another) gives way and is tried again later."},
    Param{.name = "fetch_threads",
          .fallback = "0",
          .field = &Config::fetch_threads,
          .notation = Notation::count,
          .min = 0,
          .max = 64,
          .help = "Threads for TLS and HTTP. 0: as many as there are processors, at most 2."},
    Param{.name = "fetch_backoff",
          .fallback = "5m",
          .field = &Config::fetch_backoff,
          .notation = Notation::duration,
          .min = 1,
          .max = kDay,
          .help = "Pause after a failed fetch before the same policy id is fetched again. After a "
                  "successful one it is 60s."},
    Param{.name = "allow_private_addresses",
          .fallback = "no",
          .field = &Config::allow_private_addresses,
          .notation = Notation::yes_no,
          .help = "Whether a policy host may be on a loopback, private, link-local or other "
                  "special-use address. With no, such addresses are passed over. An address within a "
                  "NAT64 prefix of the network (RFC 7050) is judged by the IPv4 address in it."},
    Param{.name = "cache",
          .fallback = "sqlite:/var/lib/tlspolicyd/cache.db",
          .field = &Config::cache,
          .notation = Notation::cache,
          .reloadable = false,
          .help = "Where policies outlive the process: sqlite:PATH, or memory: for nowhere."},
    Param{.name = "cache_max_entries",
          .fallback = "1000000",
          .field = &Config::cache_max_entries,
          .notation = Notation::count,
          .min = 100,
          .max = 100'000'000,
          .help = "Domains held in memory. When there is no room expired and absent policies go first, "
                  "unexpired ones in mode enforce last. Within a kind, policies of the size (in powers "
                  "of two) that takes most memory go, the one not asked for longest first. Unexpired "
                  "policies stay in the store, and are read from there when they are needed."},
    Param{.name = "cache_max_size",
          .fallback = "512m",
          .field = &Config::cache_max_size,
          .notation = Notation::size,
          .min = kMega,
          .max = 1024 * kGiga,
          .help = "The same bound in octets of memory."},
    Param{.name = "store_max_size",
          .fallback = "2g",
          .field = &Config::store_max_size,
          .notation = Notation::size,
          .min = kMega,
          .max = 1024 * kGiga,
          .help = "Octets of the policies in cache, whether memory holds them or not; the log of the "
                  "database comes on top, some 16m. Beyond it policies are dropped in the order of "
                  "cache_max_entries, with a warning. Each policy that memory does not hold takes up "
                  "to 20 octets there."},
    Param{.name = "id_check_interval",
          .fallback = "1h",
          .field = &Config::id_check_interval,
          .notation = Notation::duration,
          .min = kMinute,
          .max = 7 * kDay,
          .help = "The longest that a TXT answer counts as current. A shorter TTL of the answer is "
                  "followed, down to 1m."},
    Param{.name = "refresh_interval",
          .fallback = "1d",
          .field = &Config::refresh_interval,
          .notation = Notation::duration,
          .min = kMinute,
          .max = 30 * kDay,
          .help = "How often each policy in use is fetched again in the background, give or take a "
                  "tenth."},
    Param{.name = "refresh_unused_after",
          .fallback = "30d",
          .field = &Config::refresh_unused_after,
          .notation = Notation::duration,
          .min = kHour,
          .max = 10 * kYear,
          .help = "A policy that nobody asked for so long is no longer refreshed, and ends with its "
                  "max_age."},
    Param{.name = "control_socket",
          .fallback = "/run/tlspolicyd/control",
          .field = &Config::control_socket,
          .notation = Notation::socket_path,
          .reloadable = false,
          .help = "Unix socket, mode 0600, through which --cache, --purge and --status reach the "
                  "daemon. Empty: none."},
    Param{.name = "user",
          .fallback = "",
          .field = &Config::user,
          .notation = Notation::word,
          .reloadable = false,
          .help = "Who to become once the sockets are open. Empty: nobody else; as root that is "
                  "warned about."},
    Param{.name = "group",
          .fallback = "",
          .field = &Config::group,
          .notation = Notation::word,
          .reloadable = false,
          .help = "Group to go with user. Empty: the user's own."},
    Param{.name = "pid_file",
          .fallback = "",
          .field = &Config::pid_file,
          .notation = Notation::path,
          .reloadable = false,
          .help = "File that holds the process id while the daemon runs."},
    Param{
        .name = "log",
        .fallback = "stderr",
        .field = &Config::log,
        .notation = Notation::word,
        .words = "stderr syslog",
        .help =
            "stderr, with priorities where the journal reads it, or syslog, facility mail. Lines that nobody takes at once are lost, and counted."},
    Param{.name = "log_level",
          .fallback = "info",
          .field = &Config::log_level,
          .notation = Notation::word,
          .words = "error warning info debug",
          .help = "The least weighty lines that are logged. Each -v goes one further."},
    Param{.name = "log_lookups",
          .fallback = "no",
          .field = &Config::log_lookups,
          .notation = Notation::yes_no,
          .help = "Whether every question and its answer is logged, not only changes of policy."},
};

}  // namespace

std::span<const Param> params() { return kParams; }

}  // namespace tlspolicyd
