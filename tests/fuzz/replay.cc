// Runs one fuzz target without libFuzzer: first over each file of its corpus, then over
// mutants of them, the same ones each time. Whatever ends it, the input that did is left
// in SCRATCH.
//
//   fuzz_TARGET SCRATCH MUTANTS FILE_OR_FOLDER...
#include <fcntl.h>
#include <unistd.h>
#include <cstdio>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "base/unique_fd.h"
#include "fuzz/fuzz.h"

namespace {

using Corpus = std::vector<std::string>;

constexpr std::size_t kLongestMutant = 4096;  // time is better spent on many

// Written before each run, because a sanitizer ends the program without a word to us.
class Scratch {
 public:
  explicit Scratch(const char* path) : path_(path), file_(::open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600)) {}
  [[nodiscard]] bool good() const { return static_cast<bool>(file_); }
  void keep(const std::string& input) const {
    const bool kept = ::ftruncate(file_.get(), 0) == 0 && ::pwrite(file_.get(), input.data(), input.size(), 0) >= 0;
    if (!kept) std::perror(path_);
  }
  void forget() const { static_cast<void>(::unlink(path_)); }

 private:
  const char* path_;
  tlspolicyd::UniqueFd file_;
};

void run(const Scratch& scratch, const std::string& input) {
  scratch.keep(input);
  // At its very size and on the heap: a read behind it is one that a sanitizer sees.
  const std::vector<std::uint8_t> octets(input.begin(), input.end());
  static_cast<void>(LLVMFuzzerTestOneInput(octets.data(), octets.size()));
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (file) return {std::istreambuf_iterator<char>(file), {}};
  std::cerr << path << " cannot be read\n";
  std::exit(1);
}

// Dot files are git's. In the order of their names, so that mutants come out the same.
std::vector<std::filesystem::path> files_of(const char* name) {
  if (!std::filesystem::is_directory(name)) return {name};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(name))
    if (entry.path().filename().string().front() != '.') files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Mutator {
 public:
  explicit Mutator(const Corpus& corpus) : corpus_(corpus) {}

  std::string next() {
    std::string text = any().substr(0, kLongestMutant);
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t count) { return count == 0 ? 0 : random_() % count; }
  const std::string& any() { return corpus_[below(corpus_.size())]; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1), length = 1 + below(16);
    switch (below(6)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(below(text.size() + 1), length)); break;
      case 4: text.insert(at, length, static_cast<char>(below(256))); break;
      case 5: splice(text, at); break;
    }
  }
  void splice(std::string& text, std::size_t at) {
    const std::string& other = any();
    text.replace(at, below(32), other, below(other.size() + 1), below(256));
  }

  const Corpus& corpus_;
  std::mt19937_64 random_;  // as seeded by default: the same everywhere
};

}  // namespace

int main(int count, char** arguments) {
  std::size_t mutants = 0;
  if (count < 4 || std::from_chars(arguments[2], arguments[2] + std::strlen(arguments[2]), mutants).ec != std::errc{}) {
    std::cerr << "usage: " << arguments[0] << " SCRATCH MUTANTS FILE_OR_FOLDER...\n";
    return 64;
  }
  const Scratch scratch(arguments[1]);
  Corpus corpus;
  for (int i = 3; i < count; ++i) {
    for (const auto& path : files_of(arguments[i])) {
      std::cout << path.filename().string() << std::endl;  // now: it may be the last word
      corpus.push_back(contents(path));
      run(scratch, corpus.back());
    }
  }
  if (corpus.empty() || !scratch.good()) {
    std::cerr << "no input, or " << arguments[1] << " cannot be written\n";
    return 1;
  }
  std::cout << "mutants" << std::endl;
  Mutator mutator(corpus);
  for (std::size_t i = 0; i < mutants; ++i) run(scratch, mutator.next());
  scratch.forget();
  std::cout << corpus.size() << " files, " << mutants << " mutants\n";
}
