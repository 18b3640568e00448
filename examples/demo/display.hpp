// examples/demo/display.hpp - the group on the terminal, and the time line
// On a terminal a table that is redrawn, with the latest lines below it; otherwise plain lines.
#pragma once

#include <cstddef>
#include <demo/group.hpp>
#include <demo/text.hpp>
#include <demo/views.hpp>
#include <string>
#include <vector>

namespace demo {

class display {
 public:
  display(const group& of, const views& seen, flotilla::time_point start);
  display(const display&) = delete;
  display& operator=(const display&) = delete;
  ~display();

  /// Something that the demo does itself.
  void announce(const std::string& text);
  /// Something that a member reported.
  void show(const arrival& next, const std::optional<sighting>& seen);
  /// From here on, whom `observer` meets is told in one line, by end_meeting.
  void begin_meeting(std::size_t observer);
  void end_meeting(std::size_t observer);

  /// Redraws the table; or prints those lines that nothing earlier can come before.
  void refresh();
  /// Leaves the table and the whole time line on the terminal; lines printed later follow them.
  void finish();

 private:
  struct line {
    flotilla::time_point at;
    std::string text;
  };
  struct meeting {
    bool open = false;
    flotilla::time_point begin{};
    std::vector<sighting> seen{};
  };

  void add(flotilla::time_point at, const std::string& who, const std::string& what);
  void print_lines_before(flotilla::time_point end);
  flotilla::time_point first_open_meeting() const;
  void draw(std::size_t most_lines);
  std::string table_row(std::size_t observer) const;
  std::string cell(std::size_t observer, std::size_t subject) const;
  std::size_t free_rows() const;

  const group& group_;
  const views& views_;
  narrator narrator_;
  bool on_terminal_;
  std::vector<line> lines_;     // in the order of their times
  std::size_t printed_ = 0;     // of lines_, when they are printed one by one
  std::size_t drawn_rows_ = 0;  // that the cursor goes up by before the next drawing
  flotilla::time_point drawn_at_ = flotilla::time_point::min();
  std::vector<meeting> meetings_;
};

}  // namespace demo
