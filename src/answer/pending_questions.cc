#include "answer/pending_questions.h"

#include "cache/octets_of.h"

#include <utility>

namespace tlspolicyd {

std::size_t PendingQuestions::octets_of(const Question& question) {
  return question.map_name.size() + question.key.size() + (question.payload ? question.payload->size() : 0);
}

PendingQuestions::Question& PendingQuestions::add(const MapQuestion& question, SteadyTime asked) {
  Question& added = questions_.emplace_back();
  added.asked = asked;
  added.map_name = question.map_name;
  added.key = question.key;
  octets_ += octets_of(added);
  return added;
}

void PendingQuestions::answer(Question& question, std::string_view payload) {
  question.answered = true;
  if (octets_ + payload.size() > kMaxOctets) return;
  question.payload = payload;
  octets_ += payload.size();
}

bool PendingQuestions::give_up(Answers& answers) {
  bool waited = false;
  for (Question& question : questions_) {
    if (question.answered) continue;
    question.ticket.reset();
    answer(question, answers.answer_by_now({question.map_name, question.key}));
    waited = true;
  }
  return waited;
}

PendingQuestions::Answered PendingQuestions::take(Answers& answers) {
  Question& next = questions_.front();
  octets_ -= octets_of(next);
  Answered taken{next.payload ? *std::move(next.payload) : answers.answer_by_now({next.map_name, next.key}),
                 std::move(next.ticket)};
  questions_.pop_front();
  return taken;
}

void PendingQuestions::clear() {
  questions_.clear();
  octets_ = 0;
}

}  // namespace tlspolicyd
