// DNS for one purpose: all its questions have that turn, whatever their askers say. Answer loop only.
#pragma once

#include <utility>

#include "dns/dns.h"

namespace tlspolicyd {

class DnsAt final : public Dns {
 public:
  DnsAt(Dns& dns, DnsTurn turn) : dns_(dns), turn_(turn) {}  // outlives this object

  using Dns::ask;
  [[nodiscard]] Ticket ask(const DnsQuestion& question, DnsTurn, Done done) override {
    return dns_.ask(question, turn_, std::move(done));
  }

 private:
  Dns& dns_;
  DnsTurn turn_;
};

}  // namespace tlspolicyd
