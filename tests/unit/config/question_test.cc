#include "config/question.h"
#include "config/values.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

// A name of four labels, `size` octets long.
std::string name_of_size(std::size_t size) {
  const std::string label(63, 'a');
  return label + '.' + label + '.' + label + '.' + std::string(size - 3 * 64, 'b');
}

}  // namespace

TEST_CASE("a question is a name and a type, in any case and with or without final dot") {
  const auto [text, name, type] = GENERATE(table<std::string, std::string, RrType>({
      {". NS", "", RrType::ns},
      {". \t soa", "", RrType::soa},
      {"org A", "org", RrType::a},
      {"Example.ORG. aaaa", "example.org", RrType::aaaa},
      {"d.example MX", "d.example", RrType::mx},
      {"_mta-sts.d.example TXT", "_mta-sts.d.example", RrType::txt},
      {"_25._tcp.mx.d.example Tlsa", "_25._tcp.mx.d.example", RrType::tlsa},
      {"xn--bcher-kva.example NS", "xn--bcher-kva.example", RrType::ns},
      {name_of_size(253) + " NS", name_of_size(253), RrType::ns},
      {name_of_size(253) + ". NS", name_of_size(253), RrType::ns},
  }));
  CAPTURE(text);
  const auto question = parse_question(text);
  REQUIRE(question);
  CHECK(*question == DnsQuestion{name, type});
  CHECK(parse_question(show_question(*question)) == *question);
}

TEST_CASE("what is no question is refused in words that say which part") {
  const auto [name, text, said] = GENERATE(table<std::string, std::string, std::string>({
      {"empty", "", "\"\" is not a name and a type"},
      {"no type", "example.org", "\"example.org\" is not a name and a type"},
      {"blanks for a type", "example.org  ", "\"example.org  \" is not a name and a type"},
      {"blank first", " NS", "\" NS\" is not a name and a type"},
      {"too much", ". NS A", "\"NS A\" is not a type it asks for"},
      {"the wrong way round", "NS .", "\".\" is not a type it asks for"},
      {"another type", ". PTR", "\"PTR\" is not a type it asks for"},
      {"a type that is followed, not asked for", ". CNAME", "\"CNAME\" is not a type it asks for"},
      {"a number for a type", ". TYPE2", "\"TYPE2\" is not a type it asks for"},
      {"dots alone", ".. NS", "\"..\" is not a domain name in ASCII"},
      {"leading dot", ".example NS", "\".example\" is not a domain name in ASCII"},
      {"empty label", "a..example NS", "\"a..example\" is not a domain name in ASCII"},
      {"two final dots", "example.. NS", "\"example..\" is not a domain name in ASCII"},
      {"escape", "a\\046b.example NS", "\"a\\046b.example\" is not a domain name in ASCII"},
      {"UTF-8",
       "b\xc3\xbc"
       "cher.example NS",
       "\"b??cher.example\" is not a domain name in ASCII"},
      {"control characters", "a\n\x1b[2J NS", "\"a??[2J\" is not a domain name in ASCII"},
      {"NUL", std::string("a\0b NS", 6), "\"a?b\" is not a domain name in ASCII"},
      {"list", "a,b NS", "\"a,b\" is not a domain name in ASCII"},
  }));
  CAPTURE(name);
  const auto question = parse_question(text);
  REQUIRE_FALSE(question);
  CHECK(question.error().text == said);
}

TEST_CASE("a question's name keeps the limits of DNS") {
  CHECK(parse_question(std::string(63, 'a') + " NS"));
  CHECK_FALSE(parse_question(std::string(64, 'a') + " NS"));
  CHECK_FALSE(parse_question(name_of_size(254) + " NS"));
  const auto huge = parse_question(std::string(1 << 20, 'a') + " NS");
  REQUIRE_FALSE(huge);
  CHECK(huge.error().text.size() < 300);
}
