#include "http/http_reader.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

using State = HttpReader::State;

constexpr std::size_t kMaxBody = 65536;

enum class End { open, clean, cut };  // what follows the octets: nothing, close_notify, FIN

HttpAnswer read(const std::string& octets, End end, std::size_t piece) {
  HttpReader reader(kMaxBody);
  State state = State::more;
  for (std::size_t at = 0; at < octets.size(); at += piece)
    state = reader.feed(std::string_view(octets).substr(at, piece));
  if (end != End::open) state = reader.at_end(end == End::clean);
  HttpAnswer answer = reader.answer();
  if (state == State::more) answer.detail = "still reading";
  return answer;
}

// Must not depend on how the octets are cut.
HttpAnswer read_whole_and_drip(const std::string& octets, End end = End::open) {
  const HttpAnswer whole = read(octets, end, octets.size() + 1);
  for (const std::size_t piece : {1, 2, 7}) {
    const HttpAnswer cut = read(octets, end, piece);
    CAPTURE(piece);
    CHECK(cut.fault == whole.fault);
    CHECK(cut.body == whole.body);
    CHECK(cut.detail == whole.detail);
    CHECK(cut.status == whole.status);
  }
  return whole;
}

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

std::string with_length(const std::string& body) {
  return kOk + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Refusal {
  const char* name;
  std::string octets;
  FetchFault fault;
};

void check_refused(const Refusal& row, End end = End::open) {
  CAPTURE(row.name);
  const HttpAnswer answer = read_whole_and_drip(row.octets, end);
  CHECK(name_of(answer.fault) == name_of(row.fault));
  CHECK(answer.body.empty());
  CHECK_FALSE(answer.detail.empty());
}

}  // namespace

TEST_CASE("F-10 F-19 answers that are whole are read, however they are framed") {
  const auto [name, octets, end, body] = GENERATE(table<const char*, std::string, End, std::string>({
      {"length", with_length("12345"), End::open, "12345"},
      {"length zero", with_length(""), End::open, ""},
      {"length with leading zeros", kOk + "Content-Length: 0005\r\n\r\n12345", End::open, "12345"},
      {"length with blanks around it", kOk + "Content-Length: \t5 \r\n\r\n12345", End::open, "12345"},
      {"extra octets after the end", with_length("12345") + "678", End::open, "12345"},
      {"field names in other case", "HTTP/1.1 200 OK\r\ncontent-TYPE:text/plain\r\nCONTENT-length:2\r\n\r\nab",
       End::open, "ab"},
      {"no words after the status", "HTTP/1.1 200\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na", End::open,
       "a"},
      {"an empty reason", "HTTP/1.1 200 \r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na", End::open, "a"},
      {"HTTP/1.0 by length", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na", End::open,
       "a"},
      {"HTTP/1.0 by close", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nabc", End::clean, "abc"},
      {"by close", kOk + "\r\nabc", End::clean, "abc"},
      {"by close, Connection: close", kOk + "Connection: close\r\n\r\nabc", End::clean, "abc"},
      {"by close in spite of Connection: keep-alive", kOk + "Connection: keep-alive\r\n\r\nabc", End::clean, "abc"},
      {"by close in spite of Connection: close, x", kOk + "Connection: close, x\r\n\r\nabc", End::clean, "abc"},
      {"chunked", kChunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", End::open, "abcde"},
      {"chunked, other case", kOk + "transfer-encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n", End::open, "a"},
      {"chunked, empty", kChunked + "0\r\n\r\n", End::open, ""},
      {"chunked, one octet each", kChunked + "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", End::open, "abc"},
      {"chunked, hex in both cases and zeros", kChunked + "0A\r\n0123456789\r\n00a\r\n0123456789\r\n000\r\n\r\n",
       End::open, "01234567890123456789"},
      {"chunk extension", kChunked + "5;a=b\r\nabcde\r\n0;x=y\r\n\r\n", End::open, "abcde"},
      {"chunk extension with blanks and quotes", kChunked + "5 ; a=\"b;c\"\r\nabcde\r\n0\r\n\r\n", End::open, "abcde"},
      {"trailers", kChunked + "1\r\na\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n", End::open, "a"},
      {"octets after the trailers", kChunked + "1\r\na\r\n0\r\n\r\nHTTP/1.1", End::open, "a"},
      {"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + with_length("a"), End::open, "a"},
      {"103 with fields first",
       "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 7\r\n\r\n" + with_length("a"), End::open, "a"},
      {"102 and 100 first", "HTTP/1.1 102 x\r\n\r\nHTTP/1.1 100 x\r\n\r\n" + with_length("a"), End::open, "a"},
      {"identity coding", kOk + "Content-Encoding: Identity\r\nContent-Length: 1\r\n\r\na", End::open, "a"},
      {"8-bit octets in a value", kOk + "X: \xc3\xa9\r\nContent-Length: 1\r\n\r\na", End::open, "a"},
      {"a field without a value", kOk + "X:\r\nContent-Length: 1\r\n\r\na", End::open, "a"},
      {"NUL in the body is the body's affair", kOk + "Content-Length: 3\r\n\r\na" + std::string(1, '\0') + "b",
       End::open, "a" + std::string(1, '\0') + "b"},
  }));
  CAPTURE(name);
  const HttpAnswer answer = read_whole_and_drip(octets, end);
  CHECK(name_of(answer.fault) == "none");
  CHECK(answer.detail == "");
  CHECK(answer.body == body);
  CHECK(answer.status == 200);
}

TEST_CASE("F-12 caching fields and validators change nothing") {
  const HttpAnswer answer =
      read_whole_and_drip(kOk + "Cache-Control: max-age=86400\r\nETag: \"x\"\r\nAge: 9\r\nContent-Length: 1\r\n\r\na");
  CHECK(answer.fault == FetchFault::none);
  CHECK(answer.body == "a");
}

TEST_CASE("F-13 F-14 the media type must be text/plain, its parameters do not matter") {
  const auto [name, fields, fault] = GENERATE(table<const char*, std::string, FetchFault>({
      {"plain", "Content-Type: text/plain\r\n", FetchFault::none},
      {"other case", "Content-Type: Text/PLAIN\r\n", FetchFault::none},
      {"utf-8", "Content-Type: text/plain; charset=utf-8\r\n", FetchFault::none},
      {"us-ascii, no blank", "Content-Type: text/plain;charset=US-ASCII\r\n", FetchFault::none},
      {"latin-1", "Content-Type: text/plain ; charset=\"iso-8859-1\"\r\n", FetchFault::none},
      {"an odd parameter", "Content-Type: text/plain; x\r\n", FetchFault::none},
      {"a lone semicolon", "Content-Type: text/plain;\r\n", FetchFault::none},
      {"twice the same", "Content-Type: text/plain\r\nContent-Type: text/plain; charset=utf-8\r\n", FetchFault::none},
      {"html", "Content-Type: text/html\r\n", FetchFault::media_type},
      {"html with a tempting parameter", "Content-Type: text/html; x=text/plain\r\n", FetchFault::media_type},
      {"a longer subtype", "Content-Type: text/plainer\r\n", FetchFault::media_type},
      {"a list", "Content-Type: text/plain, text/html\r\n", FetchFault::media_type},
      {"empty", "Content-Type:\r\n", FetchFault::media_type},
      {"octet-stream", "Content-Type: application/octet-stream\r\n", FetchFault::media_type},
      {"two that differ", "Content-Type: text/plain\r\nContent-Type: text/html\r\n", FetchFault::several_media_types},
      {"none", "", FetchFault::no_media_type},
  }));
  CAPTURE(name);
  const HttpAnswer answer = read_whole_and_drip("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 1\r\n\r\na");
  CHECK(name_of(answer.fault) == name_of(fault));
}

TEST_CASE("F-10 F-11 F-12 only a final 200 makes a policy, and no redirect is followed") {
  const auto [line, fault, status] = GENERATE(table<std::string, FetchFault, int>({
      {"101 Switching Protocols", FetchFault::status, 101},
      {"201 Created", FetchFault::status, 201},
      {"204 No Content", FetchFault::status, 204},
      {"206 Partial Content", FetchFault::status, 206},
      {"301 Moved", FetchFault::redirect, 301},
      {"302 Found", FetchFault::redirect, 302},
      {"303 See Other", FetchFault::redirect, 303},
      {"304 Not Modified", FetchFault::status, 304},
      {"307 Temporary", FetchFault::redirect, 307},
      {"308 Permanent", FetchFault::redirect, 308},
      {"404 Not Found", FetchFault::status, 404},
      {"410 Gone", FetchFault::status, 410},
      {"500 Oops", FetchFault::status, 500},
      {"503 Busy", FetchFault::status, 503},
      {"999 Odd", FetchFault::status, 999},
      {"000 Odd", FetchFault::status, 0},
  }));
  CAPTURE(line);
  const HttpAnswer answer =
      read_whole_and_drip("HTTP/1.1 " + line + "\r\nContent-Type: text/plain\r\nLocation: https://d.example/p\r\n\r\n");
  CHECK(name_of(answer.fault) == name_of(fault));
  CHECK(answer.status == status);
  CHECK(answer.location == "https://d.example/p");
  CHECK((answer.detail.find("https://d.example/p") != std::string::npos) == (fault == FetchFault::redirect));
}

TEST_CASE("what is not HTTP is told at its first octets") {
  const auto [name, octets] = GENERATE(table<const char*, std::string>({
      {"an SMTP banner", "220 mx.d.example ESMTP\r\n"},
      {"HTTP in lower case", "http/1.1 200 OK\r\n"},
      {"ICY", "ICY 200 OK\r\n"},
      {"an HTTP/2 frame", std::string("\0\0\x12\x04\0\0\0\0\0", 9)},
      {"a blank line first", "\r\nHTTP/1.1 200 OK\r\n"},
      {"SSH", "S"},
      {"nearly HTTP", "HTTQ"},
  }));
  check_refused({name, octets, FetchFault::not_http});
}

TEST_CASE("a status line is HTTP/1.0 or 1.1, one SP and three digits") {
  const auto line = GENERATE(values<std::string>({
      "HTTP/-1.7 200 OK",
      "HTTP/0.9 200 OK",
      "HTTP/1.999 200 OK",
      "HTTP/1.2 200 OK",
      "HTTP/2 200",
      "HTTP/2.0 200 OK",
      "HTTP/1.1  200 OK",
      "HTTP/1.1\t200 OK",
      "HTTP/1.1 200abc",
      "HTTP/1.1 +200 OK",
      "HTTP/1.1 4294967496 OK",
      "HTTP/1.1 2000 OK",
      "HTTP/1.1 -200 OK",
      "HTTP/1.1 20 OK",
      "HTTP/1.1 20x OK",
      "HTTP/1.1",
      "HTTP/1.1 ",
      "HTTP/ 1.1 200 OK",
  }));
  check_refused(
      {line.c_str(), line + "\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na", FetchFault::http_malformed});
}

TEST_CASE("F-21 a header field over several lines is read as one line with blanks between") {
  const auto [name, lines] = GENERATE(table<const char*, std::string>({
      {"by SP", "X: a\r\n b\r\n"},
      {"by tab", "X: a\r\n\tb\r\n"},
      {"of only blanks", "X: a\r\n \t \r\n"},
      {"over many lines", "X: a\r\n b\r\n  c\r\n\td\r\n"},
      {"by a bare LF, as nginx writes a value of several lines",
       "Content-Security-Policy: default-src 'self';\n    img-src *;\n\tfont-src *\r\n"},
      {"by a bare LF and a blank line end", "X: a;\n  \n b\r\n"},
      {"a length inside a folded value is text", "X: a\r\n Content-Length: 7\r\n"},
      {"a length inside a value folded by a bare LF is text", "X: a\n Content-Length: 7\r\n"},
      {"the media type", "Content-Type: text/plain;\r\n charset=utf-8\r\n"},
      {"the last field but one", "X: a\r\n b\r\nY: c\r\n"},
  }));
  CAPTURE(name);
  const HttpAnswer answer = read_whole_and_drip(kOk + lines + "Content-Length: 1\r\n\r\na");
  CHECK(answer.detail == "");
  CHECK(answer.body == "a");
  CHECK(read_whole_and_drip(kOk + "Content-Length: 1\r\n" + lines + "\r\na").body == "a");
  CHECK(read_whole_and_drip("HTTP/1.1 103 x\r\n" + lines + "\r\n" + with_length("a")).body == "a");
}

TEST_CASE("F-11 F-21 the parts of a folded value are joined") {
  const HttpAnswer answer = read_whole_and_drip("HTTP/1.1 301 Moved\r\nLocation: https://d.example/\r\n\t p\r\n\r\n");
  CHECK(name_of(answer.fault) == "redirect");
  CHECK(answer.location == "https://d.example/  p");
  CHECK(name_of(read_whole_and_drip("HTTP/1.1 200 OK\r\nContent-Type: text/\r\n plain\r\nContent-Length: 1\r\n\r\na")
                    .fault) == "media_type");
}

TEST_CASE("F-21 nothing but a header field may go over several lines") {
  const auto [name, octets] = GENERATE(table<const char*, std::string>({
      {"the status line", "HTTP/1.1 200\r\n OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na"},
      {"the status line, by a blank before the first field",
       "HTTP/1.1 200 OK\r\n X: 1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na"},
      {"the status line, by a bare LF", "HTTP/1.1 200\n OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\na"},
      {"a chunk size", kChunked + "1\r\n \r\na\r\n0\r\n\r\n"},
  }));
  const HttpAnswer answer = read_whole_and_drip(octets);
  CAPTURE(name, answer.detail);
  CHECK((answer.fault == FetchFault::http_malformed || answer.body != "a"));
}

TEST_CASE("F-21 header lines that two readers might take differently are refused") {
  const std::string nul(1, '\0');
  const auto [name, lines] = GENERATE_COPY(table<const char*, std::string>({
      {"bare LF", "X: y\nContent-Length: 1\r\n"},
      {"bare LF after the length", "Content-Length: 1\n"},
      {"bare CR in a value", "X: a\rb\r\n"},
      {"CR before SP", "X: a\r b\r\n"},
      {"CR CR LF", "X: a\r\r\n"},
      {"NUL in a value", "X: a" + nul + "b\r\n"},
      {"NUL at the start of a line", nul + "\r\n"},
      {"NUL in a name", "X" + nul + ": a\r\n"},
      {"another control octet", "X: a\x01\r\n"},
      {"DEL", "X: a\x7f\r\n"},
      {"a folded length", "Content-Length:\r\n 1\r\n"},
      {"a length folded at its end", "Content-Length: 1\r\n \r\n"},
      {"a length folded by a bare LF", "Content-Length:\n 1\r\n"},
      {"a folded coding", "Transfer-Encoding:\r\n chunked\r\n"},
      {"a coding folded by a bare LF", "transfer-encoding: chunked\n \r\n"},
      {"a fold before the colon", "X\r\n : a\r\n"},
      {"two bare LF before a blank", "X: a\n\n b\r\n"},
      {"a bare LF behind a fold", "X: a\r\n b\nY: c\r\n"},
      {"CR CR LF before a blank", "X: a\r\r\n b\r\n"},
      {"NUL behind a fold", "X: a\r\n " + nul + "\r\n"},
      {"blank before the colon", "Content-Length : 1\r\n"},
      {"tab before the colon", "X\t: 1\r\n"},
      {"an empty name", ": 1\r\n"},
      {"no colon", "Content-Length 1\r\n"},
      {"an 8-bit name", "X\xe9: 1\r\n"},
      {"a name with a separator", "X(y): 1\r\n"},
  }));
  check_refused({name, kOk + lines + "Content-Length: 1\r\n\r\na", FetchFault::http_malformed});
}

TEST_CASE("F-21 ambiguous or malformed framing is refused") {
  const auto [name, fields] = GENERATE(table<const char*, std::string>({
      {"two different lengths", "Content-Length: 1\r\nContent-Length: 2\r\n"},
      {"two equal lengths", "Content-Length: 1\r\nContent-Length: 1\r\n"},
      {"a list of lengths", "Content-Length: 1, 1\r\n"},
      {"negative length", "Content-Length: -1\r\n"},
      {"length with plus", "Content-Length: +68\r\n"},
      {"empty length", "Content-Length:\r\n"},
      {"hex length", "Content-Length: 0x44\r\n"},
      {"length with a unit", "Content-Length: 68 octets\r\n"},
      {"fraction", "Content-Length: 1.0\r\n"},
      {"length and chunked", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"},
      {"chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"},
      {"gzip", "Transfer-Encoding: gzip\r\n"},
      {"xchunked", "Transfer-Encoding: xchunked\r\n"},
      {"gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"},
      {"chunked, gzip", "Transfer-Encoding: chunked, gzip\r\n"},
      {"chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n"},
      {"chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
      {"chunked with a parameter", "Transfer-Encoding: chunked;x=y\r\n"},
      {"empty coding", "Transfer-Encoding:\r\n"},
      {"identity", "Transfer-Encoding: identity\r\n"},
  }));
  check_refused({name, kOk + fields + "\r\n1\r\na\r\n0\r\n\r\n", FetchFault::http_malformed});
}

TEST_CASE("words: what breaks HTTP/1.1 is told with the section that it breaks") {
  const auto [octets, rfc] = GENERATE(table<std::string, const char*>({
      {"HTTP/1.1 2 OK\r\n", "RFC 9112 section 4"},
      {"HTTP/1.1 200 OK\rX: y\r\n", "RFC 9112 section 2.2"},
      {kOk + "no field\r\n", "RFC 9112 section 5"},
      {kOk + "Content-Length: x\r\n", "RFC 9110 section 8.6"},
      {kOk + "Content-Length: 1\r\nContent-Length: 2\r\n", "RFC 9112 section 6.3"},
      {kOk + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "RFC 9112 section 6.3"},
      {kOk + "Transfer-Encoding: gzip\r\n", "RFC 9112 section 6.1"},
      {kChunked + "xyz\r\n", "RFC 9112 section 7.1"},
  }));
  CAPTURE(octets);
  HttpReader reader(65'536);
  REQUIRE(reader.feed(octets + "\r\n") == HttpReader::State::fault);
  CHECK(reader.answer().rfc == rfc);
}

TEST_CASE("F-13 two Content-Type headers are named as two") {
  HttpReader reader(65'536);
  REQUIRE(reader.feed(kOk + "Content-Type: text/html\r\n\r\n") == HttpReader::State::fault);
  CHECK(reader.answer().detail == "Content-Type is sent 2 times: \"text/plain\" and \"text/html\"");
}

TEST_CASE("F-21 chunked in an HTTP/1.0 answer is refused") {
  check_refused({"1.0 chunked",
                 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 FetchFault::http_malformed});
}

TEST_CASE("F-19 a chunked coding that is not exactly right is refused") {
  const auto [name, coding] = GENERATE(table<const char*, std::string>({
      {"0x size", "0x1\r\na\r\n"},
      {"plus", "+1\r\na\r\n"},
      {"negative", "-1\r\na\r\n"},
      {"no digits", ";a=b\r\na\r\n"},
      {"garbage", "zz\r\n"},
      {"digits and garbage", "1z\r\na\r\n"},
      {"blank before", " 1\r\na\r\n"},
      {"blank after", "1 \r\na\r\n"},
      {"blank inside", "1 1\r\na\r\n"},
      {"seventeen digits", "00000000000000001\r\na\r\n"},
      {"an empty line where a size should be", "\r\n1\r\na\r\n"},
      {"bare LF after the size", "1\na\r\n"},
      {"bare CR in the size line", "1\ra\r\n"},
      {"NUL in an extension", std::string("1;\0\r\na\r\n", 7)},
      {"no CRLF after the data", "1\r\nab\r\n"},
      {"LF after the data", "1\r\na\n0\r\n\r\n"},
      {"two CRLF after the data", "1\r\na\r\n\r\n0\r\n\r\n"},
      {"a trailer without colon", "0\r\nx\r\n\r\n"},
      {"a folded trailer", "0\r\nx: y\r\n z\r\n\r\n"},
      {"bare LF in the trailers", "0\r\nx: y\n\r\n"},
      {"an endless size", std::string(300, '0')},
      {"an endless extension", "1;" + std::string(300, 'a')},
  }));
  check_refused({name, kChunked + coding, FetchFault::http_malformed});
}

TEST_CASE("F-19 extensions within the bound of a line cannot add up for ever") {
  std::string coding;
  for (int i = 0; i < 100; ++i) coding += "1;" + std::string(200, 'x') + "\r\na\r\n";
  check_refused({"extensions", kChunked + coding, FetchFault::http_malformed});
}

TEST_CASE("F-17 F-18 an answer that ends early is refused, whatever was read") {
  const auto [name, octets, end] = GENERATE(table<const char*, std::string, End>({
      {"nothing at all", "", End::clean},
      {"within the first word", "HTT", End::clean},
      {"within the status line", "HTTP/1.1 200", End::clean},
      {"within the fields", kOk, End::clean},
      {"after an interim answer", "HTTP/1.1 100 x\r\n\r\n", End::clean},
      {"within a body by length, close_notify", kOk + "Content-Length: 5\r\n\r\n1234", End::clean},
      {"within a body by length, FIN", kOk + "Content-Length: 5\r\n\r\n1234", End::cut},
      {"close-delimited without close_notify", kOk + "\r\nabc", End::cut},
      {"close-delimited and empty without close_notify", kOk + "\r\n", End::cut},
      {"no last chunk", kChunked + "1\r\na\r\n", End::clean},
      {"within a chunk size", kChunked + "1", End::clean},
      {"within chunk data", kChunked + "5\r\nab", End::clean},
      {"after the last chunk's size", kChunked + "1\r\na\r\n0\r\n", End::clean},
      {"within the trailers", kChunked + "1\r\na\r\n0\r\nX: y\r\n", End::clean},
      {"between the last CR and LF", kChunked + "1\r\na\r\n0\r\n\r", End::clean},
  }));
  check_refused({name, octets, FetchFault::truncated}, end);
}

TEST_CASE("an end after the answer is whole changes nothing") {
  HttpReader reader(kMaxBody);
  REQUIRE(reader.feed(with_length("abc")) == State::done);
  CHECK(reader.at_end(false) == State::done);
  CHECK(reader.feed("x") == State::done);
  CHECK(reader.answer().body == "abc");
}

TEST_CASE("F-16 65536 octets of body are allowed and 65537 are not, in each framing") {
  const std::string most(65536, 'x');
  const auto chunked = [](const std::string& body) {
    return kChunked + "10\r\n" + std::string(16, 'y') + "\r\n" + "fff0\r\n" + body.substr(16) + "\r\n0\r\n\r\n";
  };
  CHECK(read(with_length(most), End::open, 4096).body.size() == 65536);
  CHECK(read(kOk + "\r\n" + most, End::clean, 4096).body.size() == 65536);
  CHECK(read(chunked(most), End::open, 4096).body.size() == 65536);
  check_refused({"length", kOk + "Content-Length: 65537\r\n\r\n", FetchFault::too_large});
  check_refused({"close", kOk + "\r\n" + most + "x", FetchFault::too_large}, End::clean);
  check_refused({"chunk after chunk", kChunked + "1\r\na\r\n10000\r\n", FetchFault::too_large});
}

TEST_CASE("F-16 F-20 an over-long body is refused before its first octet where its length is told") {
  const auto [name, octets] = GENERATE(table<const char*, std::string>({
      {"a gigabyte", kOk + "Content-Length: 1000000000\r\n\r\n"},
      {"2^63", kOk + "Content-Length: 9223372036854775808\r\n\r\n"},
      {"2^64", kOk + "Content-Length: 18446744073709551616\r\n\r\n"},
      {"40 digits", kOk + "Content-Length: " + std::string(40, '9') + "\r\n\r\n"},
      {"a chunk of 2^63", kChunked + "8000000000000000\r\n"},
      {"a chunk of 2^64-1", kChunked + "ffffffffffffffff\r\n"},
  }));
  check_refused({name, octets, FetchFault::too_large});
}

TEST_CASE("F-20 a content coding is refused") {
  const auto fields = GENERATE(values<std::string>({
      "Content-Encoding: gzip\r\n",
      "Content-Encoding: br\r\n",
      "content-encoding: x-unknown\r\n",
      "Content-Encoding: identity, gzip\r\n",
      "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n",
  }));
  check_refused({fields.c_str(), kOk + fields + "Content-Length: 1\r\n\r\na", FetchFault::content_encoding});
}

TEST_CASE("F-21 the header is bounded, interim answers and trailers included") {
  const std::string field = "X: " + std::string(1000, 'y') + "\r\n";
  std::string fields, interims;
  for (int i = 0; i < 40; ++i) fields += field;
  for (int i = 0; i < 3; ++i) {
    interims += "HTTP/1.1 103 x\r\n";
    for (int j = 0; j < 11; ++j) interims += field;
    interims += "\r\n";
  }
  check_refused({"many fields", kOk + fields, FetchFault::header_too_large});
  check_refused({"an endless field", kOk + "X: " + std::string(17'000, 'y'), FetchFault::header_too_large});
  std::string folds = "X: y";
  for (int i = 0; i < 3'000; ++i) folds += "\r\n  yyyyyy";
  check_refused({"an endless folded field", kOk + folds, FetchFault::header_too_large});
  check_refused({"an endless field of folds",
                 kOk + "X: y" +
                     [] {
                       std::string all;
                       for (int i = 0; i < 17'000; ++i) all += "\n ";
                       return all;
                     }(),
                 FetchFault::header_too_large});
  check_refused({"an endless status line", "HTTP/1.1 200 " + std::string(17'000, 'y'), FetchFault::header_too_large});
  check_refused({"an endless field behind others", kOk + fields.substr(0, 20'000) + std::string(17'000, 'y'),
                 FetchFault::header_too_large});
  check_refused({"large interim answers", interims, FetchFault::header_too_large});
  check_refused({"many trailers", kChunked + "0\r\n" + fields, FetchFault::header_too_large});
  check_refused({"an endless trailer", kChunked + "0\r\nX: " + std::string(9000, 'y'), FetchFault::header_too_large});
}

TEST_CASE("a header just within the bound is read") {
  std::string octets = kOk + "Content-Length: 1\r\n";
  while (octets.size() + 1024 < 32 * 1024) octets += "X: " + std::string(1019, 'y') + "\r\n";
  octets += "X: " + std::string(32 * 1024 - octets.size() - 7, 'y') + "\r\n\r\n";
  REQUIRE(octets.size() == 32 * 1024);
  CHECK(read_whole_and_drip(octets + "a").body == "a");
  octets.insert(octets.size() - 4, "y");
  check_refused({"one more", octets + "a", FetchFault::header_too_large});
}

TEST_CASE("F-10 a flood of interim answers is refused") {
  std::string octets;
  for (int i = 0; i < 5; ++i) octets += "HTTP/1.1 100 Continue\r\n\r\n";
  check_refused({"five", octets, FetchFault::http_malformed});
}

TEST_CASE("remote octets quoted in a detail are bounded") {
  const HttpAnswer answer = read(kOk + std::string(5000, 'x') + "\r\n\r\n", End::open, 9999);
  CHECK(answer.fault == FetchFault::http_malformed);
  CHECK(answer.detail.size() < 200);
}

TEST_CASE("F-15 progress of an answer is the end of its header and each KiB of its body") {
  HttpReader reader(kMaxBody);
  const auto steps_after = [&](const std::string& octets) {
    static_cast<void>(reader.feed(octets));
    return reader.steps();
  };
  CHECK(steps_after("HTTP/1.1 103 x\r\n\r\n") == 0);
  CHECK(steps_after(kOk) == 0);
  CHECK(steps_after("\r\n") == 1);
  CHECK(steps_after(std::string(1023, 'x')) == 1);
  CHECK(steps_after("x") == 2);
  for (int i = 0; i < 1023; ++i) CHECK(steps_after("x") == 2);
  CHECK(steps_after(std::string(2048, 'x')) == 4);
}
