// examples/demo/display.cpp - the group on the terminal, and the time line
// Plain ANSI escapes, and only where the output is a terminal.
#include <demo/display.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace demo {
namespace {

using namespace std::chrono_literals;

// Reports of different processes may overtake each other by so much; lines wait for it.
constexpr flotilla::duration overtaking = 50ms;
constexpr flotilla::duration redraw_interval = 50ms;

// Lines that are too long are cut while the table is redrawn: a wrapped one would shift it.
constexpr const char* no_wrap = "\x1b[?7l";
constexpr const char* wrap = "\x1b[?7h";
constexpr const char* clear_to_end_of_line = "\x1b[K";
constexpr const char* clear_below = "\x1b[J";
constexpr const char* dim = "\x1b[2m";
constexpr const char* plain = "\x1b[0m";

std::string up(std::size_t rows) { return rows > 0 ? "\x1b[" + std::to_string(rows) + "A" : ""; }

std::string colored(const char* color, char letter) { return std::string{color} + letter + plain; }

std::string_view name_of_condition(condition of) {
  switch (of) {
    case condition::not_started: return "";
    case condition::running: return "runs";
    case condition::frozen: return "frozen";
    case condition::ended: return "ended";
  }
  return "";
}

}  // namespace

display::display(const group& of, const views& seen, flotilla::time_point start)
    : group_{of},
      views_{seen},
      narrator_{of, start},
      on_terminal_{::isatty(STDOUT_FILENO) == 1},
      meetings_(of.size()) {
  if (on_terminal_) std::cout << no_wrap << std::flush;
}

display::~display() {
  if (on_terminal_) std::cout << wrap << std::flush;
}

void display::add(flotilla::time_point at, const std::string& who, const std::string& what) {
  const line next{at, narrator_.time(at) + "  " + padded(who, 4) + what};
  const auto later = [](flotilla::time_point time, const line& other) { return time < other.at; };
  // Behind what is printed already, even if it came very late.
  const auto unprinted = lines_.begin() + static_cast<std::ptrdiff_t>(printed_);
  lines_.insert(std::upper_bound(unprinted, lines_.end(), at, later), next);
}

void display::announce(const std::string& text) { add(support::now(), "---", text); }

void display::show(const arrival& next, const std::optional<sighting>& seen) {
  const std::string who = name_of(next.observer);
  if (!seen) {
    const std::string text = narrator_.tell(next.what);
    if (!text.empty()) add(next.what.at, who, text);
  } else if (next.what.kind == report_kind::joined && meetings_[next.observer].open) {
    meetings_[next.observer].seen.push_back(*seen);
  } else {
    add(next.what.at, who, narrator_.tell(*seen));
  }
}

void display::begin_meeting(std::size_t observer) {
  meetings_[observer] = {true, support::now(), {}};
}

void display::end_meeting(std::size_t observer) {
  const std::vector<sighting> seen = std::move(meetings_[observer].seen);
  meetings_[observer] = {};
  if (seen.empty()) return;
  std::string text = "meets ";
  for (std::size_t i = 0; i < seen.size(); ++i) {
    text += name_of(seen[i].subject);
    const std::string time = narrator_.time(seen[i].what.at);
    const bool last = i + 1 == seen.size();
    if (!last && narrator_.time(seen[i + 1].what.at) == time) {
      text += " ";
    } else {
      text += " at " + time.substr(time.find_first_not_of(' ')) + (last ? "" : ", ");
    }
  }
  add(seen.back().what.at, name_of(observer), text);
}

void display::refresh() {
  const flotilla::time_point now = support::now();
  if (!on_terminal_) return print_lines_before(std::min(now - overtaking, first_open_meeting()));
  if (drawn_rows_ > 0 && now - drawn_at_ < redraw_interval) return;
  draw(free_rows());
  drawn_at_ = now;
}

// Its line may still come, and may have to stand that early.
flotilla::time_point display::first_open_meeting() const {
  flotilla::time_point first = flotilla::time_point::max();
  for (const meeting& each : meetings_) {
    if (each.open) first = std::min(first, each.begin);
  }
  return first;
}

void display::finish() {
  if (on_terminal_) {
    draw(0);
    std::cout << clear_below << wrap << "\n";
  }
  print_lines_before(flotilla::time_point::max());
}

void display::print_lines_before(flotilla::time_point end) {
  for (; printed_ < lines_.size() && lines_[printed_].at < end; ++printed_) {
    std::cout << lines_[printed_].text << "\n";
  }
  std::cout << std::flush;
}

// The table, and as many of the latest lines as there is room for.
void display::draw(std::size_t most_lines) {
  std::string text = up(drawn_rows_) + "\r" + padded("", 12);
  for (std::size_t i = 0; i < group_.size(); ++i) text += right_aligned(name_of(i), 4);
  text += std::string{clear_to_end_of_line} + "\n";
  for (std::size_t i = 0; i < group_.size(); ++i) text += table_row(i);
  text += std::string{dim} +
          "a row is what one member believes: A alive  S suspect  D dead  L left" + plain +
          clear_to_end_of_line + "\n";
  const std::size_t count = std::min(most_lines, lines_.size());
  for (std::size_t i = lines_.size() - count; i < lines_.size(); ++i) {
    text += lines_[i].text + clear_to_end_of_line + "\n";
  }
  drawn_rows_ = group_.size() + 2 + count;
  std::cout << text << std::flush;
}

std::string display::table_row(std::size_t observer) const {
  const condition now = group_.condition_of(observer);
  std::string text = padded(name_of(observer), 5) + padded(name_of_condition(now), 7);
  const bool has_view = now == condition::running || now == condition::frozen;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    text += "   " + (has_view ? cell(observer, i) : std::string{" "});
  }
  return text + clear_to_end_of_line + "\n";
}

std::string display::cell(std::size_t observer, std::size_t subject) const {
  if (observer == subject) return colored(dim, '*');
  const auto state = views_.state(observer, subject);
  if (!state) return colored(dim, '.');
  switch (*state) {
    case flotilla::member_state::alive: return colored("\x1b[32m", 'A');
    case flotilla::member_state::suspect: return colored("\x1b[33m", 'S');
    case flotilla::member_state::dead: return colored("\x1b[31m", 'D');
    case flotilla::member_state::left: return colored("\x1b[34m", 'L');
  }
  return "?";
}

std::size_t display::free_rows() const {
  constexpr std::size_t most = 12;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return most;
  const std::size_t taken = group_.size() + 3;  // heading, rows, key, and the cursor's own row
  return size.ws_row > taken ? std::min<std::size_t>(most, size.ws_row - taken) : 0;
}

}  // namespace demo
