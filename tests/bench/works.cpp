// bench/works.cpp - what each piece of work does
// Everything that is not the engine's own work happens in constructors and prepare(). No other
// source of these programs includes the engine: which of two compiled copies of a function the
// linker takes would change the counts.
#include "works.hpp"

#include <flotilla/dissemination/gossip_queue.hpp>

#include "memory.hpp"
#include "subject.hpp"

namespace bench {
namespace {

/// Members that are heard from in turn: enough to leave no cache line in place for the next.
std::uint32_t voices(std::uint32_t size) { return size - 1 < 4096 ? size - 1 : 4096; }
/// The i-th of them, spread over the whole table.
std::uint32_t voice(std::uint32_t i, std::uint32_t size) {
  return 1 + static_cast<std::uint32_t>(std::uint64_t{i} * 2654435761U % (size - 1));
}

struct inbound {
  endpoint from;
  datagram bytes;
};

/// A ping from each voice, an ack out, nothing to gossip.
class ping_ack final : public work {
 public:
  explicit ping_ack(std::uint32_t size) : at_{quiet_config()} {
    at_.learn(size);
    for (std::uint32_t i = 0; i < voices(size); ++i) {
      const std::uint32_t from = voice(i, size);
      pings_.push_back({address_of(from), datagram_of(from, wire::ping{i + 1})});
    }
  }
  std::uint64_t run() override {
    std::uint64_t done = 0;
    for (; done < 1024; done += pings_.size()) {
      for (const auto& ping : pings_) {
        at_.node.receive(at_.now, ping.from, ping.bytes);
        require(at_.send_all() == wire::frame_size + 8);
      }
    }
    return done;
  }

 private:
  subject at_;
  std::vector<inbound> pings_;
};

/// The same as lan() has it: the ping carries a digest of the asker's view, the ack one of ours.
/// The asker compares them.
class ping_ack_view final : public work {
 public:
  explicit ping_ack_view(std::uint32_t size) : at_{quiet_config()} {
    at_.learn(size);
    for (std::uint32_t i = 0; i < voices(size); ++i) {
      const std::uint32_t from = voice(i, size);
      datagram ping = datagram_of(from, wire::ping{i + 1}, {}, 1);
      pings_.push_back({address_of(from), std::move(ping)});
    }
  }
  std::uint64_t run() override {
    std::uint64_t done = 0;
    for (; done < 1024; done += pings_.size()) {
      for (const auto& ping : pings_) {
        at_.node.receive(at_.now, ping.from, ping.bytes);
        require(at_.send_all() == wire::frame_size + 8 + wire::view_size);
      }
    }
    return done;
  }

 private:
  subject at_;
  std::vector<inbound> pings_;
};

/// A ping in, an ack with 64 facts out, for as often as each fact is passed on. In a group too
/// small for so many they are about members that have died.
class ack_64 final : public work {
 public:
  explicit ack_64(std::uint32_t size)
      : at_{settings()}, dead_{size < 2 + facts_in_ack}, first_{dead_ ? size : 2} {
    at_.learn(size);
    if (dead_) {
      for (const datagram& news : introductions(size, size + facts_in_ack, facts_in_full)) {
        at_.receive(1, news);
      }
      // A death that no suspicion went before would wait for a check.
      for (std::uint32_t i = 0; i < facts_in_ack; ++i) {
        const wire::fact doubt = suspect_fact(first_ + i);
        at_.receive(1, facts_only({&doubt, 1}));
      }
    }
  }
  void prepare() override {
    at_.drain_gossip();
    ++life_;
    for (std::uint32_t i = 0; i < facts_in_ack; ++i) {
      const wire::fact news = dead_ ? dead_fact(first_ + i, life_) : alive_fact(first_ + i, life_);
      at_.receive(1, facts_only({&news, 1}));
    }
    at_.drain_events();
    require(at_.node.stats().gossip_pending == facts_in_ack);
  }
  std::uint64_t run() override {
    for (std::uint32_t i = 0; i < rounds; ++i) {
      at_.receive(1, ping_);
      require(at_.send_all() == wire::frame_size + 8 + std::size_t{facts_in_ack} * 22);
    }
    return rounds;
  }

 private:
  static constexpr std::uint32_t rounds = 8;  // each fact is passed on at least nine times
  static flotilla::config settings() {
    flotilla::config c = quiet_config();
    c.max_datagram_size = wire::frame_size + 8 + std::size_t{facts_in_ack} * 22;
    return c;
  }
  subject at_;
  bool dead_;
  std::uint32_t first_;
  std::uint32_t life_{0};
  datagram ping_{datagram_of(1, wire::ping{1})};
};

/// Full datagrams of facts about members all over the table, which hold nothing new.
class fact_known final : public work {
 public:
  explicit fact_known(std::uint32_t size) : at_{quiet_config()} {
    at_.learn(size);
    const std::uint32_t most = voices(size) < facts_in_full ? voices(size) : facts_in_full;
    for (std::uint32_t i = 0; i + most <= voices(size); i += most) {
      std::vector<wire::fact> carried;
      for (std::uint32_t k = 0; k < most; ++k) carried.push_back(alive_fact(voice(i + k, size)));
      told_.push_back(facts_only(carried));
      facts_ += most;
    }
  }
  std::uint64_t run() override {
    std::uint64_t done = 0;
    for (; done < 1024; done += facts_) {
      for (const datagram& bytes : told_) at_.node.receive(at_.now, address_of(1), bytes);
    }
    return done;
  }

 private:
  subject at_;
  std::vector<datagram> told_;
  std::uint64_t facts_{0};
};

/// The same with a newer incarnation each time: merged, and queued to be passed on.
class fact_new final : public work {
 public:
  explicit fact_new(std::uint32_t size) : at_{quiet_config()}, size_{size} { at_.learn(size); }
  void prepare() override {
    ++life_;
    const std::uint32_t end = 2 + 4096 < size_ ? 2 + 4096 : size_;
    told_ = introductions(2, end, facts_in_full, life_);
    facts_ = end - 2;
  }
  std::uint64_t run() override {
    for (const datagram& bytes : told_) at_.node.receive(at_.now, address_of(1), bytes);
    return facts_;
  }

 private:
  subject at_;
  std::uint32_t size_;
  std::uint32_t life_{0};
  std::vector<datagram> told_;
  std::uint64_t facts_{0};
};

/// An empty table is filled from datagrams; events are taken out as a program would.
class new_member final : public work {
 public:
  new_member(std::uint32_t size, bool reserved) : size_{size}, settings_{quiet_config()} {
    if (reserved) settings_.expected_members = size;
    told_ = introductions(2, size, facts_in_full);
  }
  void prepare() override {
    at_.reset();
    at_ = std::make_unique<subject>(settings_);
    at_->learn(2);
  }
  std::uint64_t run() override {
    for (const datagram& bytes : told_) {
      at_->node.receive(at_->now, address_of(1), bytes);
      at_->drain_events();
    }
    require(at_->node.size() == size_);
    return size_ - 2;
  }

 private:
  std::uint32_t size_;
  flotilla::config settings_;
  std::vector<datagram> told_;
  std::unique_ptr<subject> at_;
};

/// A queue that holds `size` facts, as many of each number of times sent.
class spread_queue {
 public:
  explicit spread_queue(std::uint32_t size)
      : table{{}, size + 257, size + 257, {id_of(0), address_of(0), {}, member_state::alive}},
        queue{flotilla::gossip_class::membership, size + 256} {
    for (std::uint32_t i = 1; i <= size + 256; ++i) {
      require(table.add({id_of(i), address_of(i), {}, member_state::alive}) == i);
    }
    const std::uint32_t budget = flotilla::transmit_budget(flotilla::config::lan(), size);
    const std::uint32_t step = size / budget + 1;
    for (std::uint32_t i = 1; i <= size; ++i) {
      queue.push(table, i);
      if (i % step == 0) queue.send(table, budget, [](std::uint32_t) { return true; });
    }
    require(queue.size() == size);
  }
  flotilla::member_table table;
  flotilla::gossip_queue queue;
};

/// Facts about 256 members join a queue in which `size` wait.
class queue_add final : public work {
 public:
  explicit queue_add(std::uint32_t size) : at_{size}, size_{size} {}
  void prepare() override {
    for (std::uint32_t i = size_ + 1; i <= size_ + 256; ++i) {
      if (at_.table[i].queued() != flotilla::gossip_class::none) at_.queue.remove(at_.table, i);
    }
    require(at_.queue.size() == size_);
  }
  std::uint64_t run() override {
    for (std::uint32_t i = size_ + 1; i <= size_ + 256; ++i) {
      require(at_.queue.try_reserve_one());
      at_.queue.push(at_.table, i);
    }
    return 256;
  }

 private:
  spread_queue at_;
  std::uint32_t size_;
};

/// Facts that wait are replaced by newer ones: taken out wherever they are, put in front.
class queue_replace final : public work {
 public:
  explicit queue_replace(std::uint32_t size) : at_{size}, size_{size} {}
  void prepare() override {
    if (turn_ % 16 == 0) at_ = spread_queue{size_};  // what was replaced lies in front
    ++turn_;
  }
  std::uint64_t run() override {
    for (std::uint32_t i = 0; i < 64; ++i) {
      const std::uint32_t which = voice(turn_ * 64 + i, size_ + 1);
      at_.queue.remove(at_.table, which);
      at_.queue.push(at_.table, which);
    }
    return 64;
  }

 private:
  spread_queue at_;
  std::uint32_t size_;
  std::uint32_t turn_{0};
};

/// A full ack while facts about everybody wait.
class full_datagram final : public work {
 public:
  explicit full_datagram(std::uint32_t size) : at_{quiet_config()}, size_{size} { at_.learn(size); }
  void prepare() override {
    if (left_ >= rounds) return;
    for (const datagram& news : introductions(2, size_, facts_in_full, life_)) {
      at_.receive(1, news);
      at_.drain_events();
    }
    ++life_;
    require(at_.node.stats().gossip_pending == size_ - 2);
    const std::uint64_t times = flotilla::transmit_budget(at_.node.settings(), size_) - 1;
    left_ = times * (size_ - 2) / 62;
  }
  std::uint64_t run() override {
    for (std::uint32_t i = 0; i < rounds; ++i) {
      at_.receive(1, ping_);
      require(at_.send_all() >= 1400 - 22);
    }
    require(at_.node.stats().gossip_pending == size_ - 2);
    left_ -= rounds;
    return rounds;
  }

 private:
  static constexpr std::uint32_t rounds = 64;
  subject at_;
  std::uint32_t size_;
  std::uint32_t life_{1};
  std::uint64_t left_{0};  // datagrams until the first fact has been sent often enough
  datagram ping_{datagram_of(1, wire::ping{1})};
};

/// A period: its ping is pulled, and answered at once. As many as there are others, so that a small
/// group's shuffles are in it.
class probe final : public work {
 public:
  explicit probe(std::uint32_t size)
      : at_{quiet_config()}, rounds_{voices(size) * (size < 64 ? 16 : 1)} {
    at_.learn(size);
  }
  std::uint64_t run() override {
    for (std::uint32_t i = 0; i < rounds_; ++i) at_.probe_round();
    require(at_.node.stats().probes_failed == 0);
    return rounds_;
  }

 private:
  subject at_;
  std::uint32_t rounds_;
};

/// Ticks before anything is due.
class idle_tick final : public work {
 public:
  explicit idle_tick(std::uint32_t size) : at_{quiet_config()} { at_.learn(size); }
  void prepare() override {
    at_.probe_round();
    require(at_.node.next_deadline() > at_.now + duration{ticks});
  }
  std::uint64_t run() override {
    for (std::int64_t i = 0; i < ticks; ++i) at_.node.tick(at_.now += duration{1});
    return static_cast<std::uint64_t>(ticks);
  }

 private:
  static constexpr std::int64_t ticks = 1024;
  subject at_;
};

template <class Work>
std::unique_ptr<work> make(std::uint32_t size) {
  return std::make_unique<Work>(size);
}

}  // namespace

std::span<const work_kind> works() {
  using sizes = std::vector<std::uint32_t>;
  static const sizes groups{16, 1'024, 16'384, 131'072, 1'048'576};
  static const sizes large{1'024, 16'384, 131'072, 1'048'576};
  static const std::vector<work_kind> all{
      {"ping_ack", "a ping in, an ack out, nothing to gossip", "members", groups, make<ping_ack>},
      {"ping_ack_view", "the same with digests of both views", "members", groups,
       make<ping_ack_view>},
      {"ack_64", "a ping in, an ack with 64 facts of 22 bytes out", "members", groups,
       make<ack_64>},
      {"fact_known", "a fact already known, in datagrams of 61", "members", groups,
       make<fact_known>},
      {"fact_new", "a newer fact about a member, in datagrams of 61", "members", groups,
       make<fact_new>},
      {"new_member", "a member met, filling an empty table in datagrams of 61", "members", groups,
       [](std::uint32_t n) -> std::unique_ptr<work> {
         return std::make_unique<new_member>(n, false);
       }},
      {"new_member_reserved", "the same with expected_members set", "members", groups,
       [](std::uint32_t n) -> std::unique_ptr<work> {
         return std::make_unique<new_member>(n, true);
       }},
      {"queue_add", "a fact joins the queue", "facts queued", large, make<queue_add>},
      {"queue_replace", "a fact in the queue is superseded", "facts queued", large,
       make<queue_replace>},
      {"full_datagram", "a ping in, an ack of 1,400 bytes out", "facts queued", large,
       make<full_datagram>},
      {"probe_round", "a period whose ping is answered", "members", groups, make<probe>},
      {"idle_tick", "a tick before anything is due", "members", groups, make<idle_tick>},
  };
  return all;
}

void print_memory_and_fixed_cost(std::uint32_t most) {
  print_memory(most);
  std::printf("\n");
  print_fixed_cost();
}

}  // namespace bench
