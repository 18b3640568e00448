// paper/figures/series.hpp - what every figure program needs: options, samples, tables, verdicts
// Plain reporting, nothing that decides what a simulation does; so doubles are fine here.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

namespace figures {

/// What a figure program is told on its command line.
struct options {
  std::uint64_t seed{1};
  std::uint32_t runs{0};  ///< of whatever the program repeats; its own default where none is given
  bool quick{false};      ///< the short run that still holds the bounds
  std::string csv;        ///< file for the table, none when empty
};

[[noreturn]] inline void usage(const char* program, int exit_code) {
  std::fprintf(exit_code == 0 ? stdout : stderr,
               "usage: %s [--runs N] [--seed S] [--quick] [--csv FILE]\n"
               "  --runs N    repetitions, at least 1\n"
               "  --seed S    seed of the first run (default 1)\n"
               "  --quick     few repetitions, same bounds\n"
               "  --csv FILE  write the table there, too\n",
               program);
  std::exit(exit_code);
}

/// A decimal number from `least` to `most`; false for anything else.
inline bool read_number(const char* text, std::uint64_t least, std::uint64_t most,
                        std::uint64_t& value) {
  value = 0;
  if (text == nullptr || *text == '\0') return false;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return false;
    const auto digit = static_cast<std::uint64_t>(*text - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
    value = value * 10 + digit;
  }
  return value >= least && value <= most;
}

/// Reads the command line; prints the usage and exits with 2 where it is wrong, with 0 for --help.
inline options parse(int argc, char** argv, std::uint32_t full_runs, std::uint32_t quick_runs) {
  const char* program = argc > 0 ? argv[0] : "figure";
  options result;
  std::uint64_t runs = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help" || name == "-h") usage(program, 0);
    if (name == "--quick") {
      result.quick = true;
      continue;
    }
    const char* value = i + 1 < argc ? argv[++i] : nullptr;
    bool good = value != nullptr;
    if (name == "--runs") {
      good = read_number(value, 1, std::numeric_limits<std::uint32_t>::max(), runs);
    } else if (name == "--seed") {
      good = read_number(value, 0, std::numeric_limits<std::uint64_t>::max(), result.seed);
    } else if (name == "--csv") {
      good = good && *value != '\0';
      if (good) result.csv = value;
    } else {
      good = false;
    }
    if (!good) usage(program, 2);
  }
  const std::uint32_t usual = result.quick ? quick_runs : full_runs;
  result.runs = runs == 0 ? usual : static_cast<std::uint32_t>(runs);
  return result;
}

/// A number as text, with so many decimals; "-" where there is none.
inline std::string number(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// Measured values of one kind. Everything but size() is NaN where it is not defined.
class sample {
 public:
  void add(double value) {
    sorted_ = sorted_ && (values_.empty() || values_.back() <= value);
    values_.push_back(value);
    const double delta = value - mean_;
    mean_ += delta / static_cast<double>(values_.size());
    squares_ += delta * (value - mean_);
  }

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// In the order of adding, until quantile() has sorted them.
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  [[nodiscard]] double mean() const { return values_.empty() ? nan() : mean_; }
  /// Standard deviation of the population that this is a sample of.
  [[nodiscard]] double sd() const {
    if (values_.size() < 2) return nan();
    return std::sqrt(squares_ / static_cast<double>(values_.size() - 1));
  }
  /// Half width of the 95 % interval of the mean (normal, values independent of each other).
  [[nodiscard]] double ci95() const {
    return 1.96 * sd() / std::sqrt(static_cast<double>(values_.size()));
  }
  /// The value that a part p (0 to 1) of the sample does not exceed, between two interpolated.
  [[nodiscard]] double quantile(double p) const {
    if (values_.empty()) return nan();
    sort();
    const double place = p * static_cast<double>(values_.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values_.size() - 1);
    const double part = place - static_cast<double>(below);
    return values_[below] + part * (values_[above] - values_[below]);
  }
  [[nodiscard]] double min() const { return quantile(0); }
  [[nodiscard]] double max() const { return quantile(1); }

 private:
  static double nan() { return std::numeric_limits<double>::quiet_NaN(); }
  void sort() const {
    if (!sorted_) std::sort(values_.begin(), values_.end());
    sorted_ = true;
  }

  mutable std::vector<double> values_{};
  mutable bool sorted_{true};
  double mean_{0};
  double squares_{0};  // sum of squared distances from the mean (Welford)
};

/// So many of so many.
struct proportion {
  std::uint64_t hits{0};
  std::uint64_t trials{0};

  void add(bool hit) {
    ++trials;
    if (hit) ++hits;
  }
  /// NaN without trials.
  [[nodiscard]] double value() const {
    return trials == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : static_cast<double>(hits) / static_cast<double>(trials);
  }
  /// Wilson's 95 % interval, which is right near 0 and 1, too; 0 to 1 without trials.
  [[nodiscard]] std::pair<double, double> wilson95() const {
    if (trials == 0) return {0, 1};
    constexpr double z = 1.959964;
    const auto n = static_cast<double>(trials);
    const double p = value();
    const double centre = p + z * z / (2 * n);
    const double width = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    const double scale = 1 + z * z / n;
    return {std::max(0.0, (centre - width) / scale), std::min(1.0, (centre + width) / scale)};
  }
};

/// A straight line through points, by least squares.
struct line {
  double slope{0};
  double slope_ci95{0};  ///< half width of the slope's 95 % interval
};

/// Sums for a line; the interval is that of independent points that scatter alike.
class regression {
 public:
  void add(double x, double y) {
    n_ += 1;
    const double dx = x - mean_x_;
    const double dy = y - mean_y_;
    mean_x_ += dx / n_;
    mean_y_ += dy / n_;
    xx_ += dx * (x - mean_x_);
    xy_ += dx * (y - mean_y_);
    yy_ += dy * (y - mean_y_);
  }
  [[nodiscard]] line fit() const {
    if (n_ < 3 || xx_ <= 0) return {};
    const double slope = xy_ / xx_;
    const double rest = std::max(0.0, yy_ - slope * xy_);
    return {slope, 1.96 * std::sqrt(rest / (n_ - 2) / xx_)};
  }

 private:
  double n_{0};
  double mean_x_{0};
  double mean_y_{0};
  double xx_{0};
  double xy_{0};
  double yy_{0};
};

/// Rows of text below a head; printed in columns, or written as CSV.
class table {
 public:
  explicit table(std::vector<std::string> head) : rows_{std::move(head)} {}

  /// Cells that are missing are empty, those beyond the head are dropped.
  void row(std::vector<std::string> cells) {
    cells.resize(rows_[0].size());
    rows_.push_back(std::move(cells));
  }

  void print() const {
    std::vector<std::size_t> width(rows_[0].size());
    for (const auto& cells : rows_) {
      for (std::size_t i = 0; i < cells.size(); ++i) width[i] = std::max(width[i], cells[i].size());
    }
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      print_row(rows_[r], width);
      if (r != 0) continue;
      std::string rule;
      for (const std::size_t w : width) rule += "|" + std::string(w + 2, '-');
      std::printf("%s|\n", rule.c_str());
    }
    std::fflush(stdout);
  }

  /// True at once when `path` is empty; says on stderr what went wrong.
  [[nodiscard]] bool write_csv(const std::string& path) const {
    if (path.empty()) return true;
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
      std::fprintf(stderr, "%s: cannot be opened for writing\n", path.c_str());
      return false;
    }
    for (const auto& cells : rows_) {
      std::string text;
      for (std::size_t i = 0; i < cells.size(); ++i) text += (i == 0 ? "" : ",") + quoted(cells[i]);
      std::fprintf(file, "%s\n", text.c_str());
    }
    const bool written = std::ferror(file) == 0;
    const bool closed = std::fclose(file) == 0;
    if (!written || !closed) std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
    return written && closed;
  }

 private:
  static void print_row(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& width) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::printf("| %*s ", static_cast<int>(width[i]), cells[i].c_str());
    }
    std::printf("|\n");
  }
  static std::string quoted(const std::string& cell) {
    if (cell.find_first_of(",\"\n") == std::string::npos) return cell;
    std::string out = "\"";
    for (const char c : cell) out += c == '"' ? std::string{"\"\""} : std::string(1, c);
    return out + "\"";
  }

  std::vector<std::vector<std::string>> rows_;
};

/// How far a long run is: a bar on a terminal, else a line now and then; on stderr.
class progress {
 public:
  progress(std::string what, std::uint64_t total) : what_{std::move(what)}, total_{total} {
#if defined(_WIN32)
    terminal_ = _isatty(_fileno(stderr)) != 0;
#else
    terminal_ = isatty(STDERR_FILENO) != 0;
#endif
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() {
    if (terminal_ && shown_ != none) std::fprintf(stderr, "\n");
  }

  /// One of the total is done.
  void advance() {
    ++done_;
    const std::uint64_t percent = total_ == 0 ? 100 : std::min(done_, total_) * 100 / total_;
    const std::uint64_t step = terminal_ ? 1 : 25;
    if (shown_ != none && percent / step == shown_ / step) return;
    shown_ = percent;
    if (terminal_) {
      const std::string bar(static_cast<std::size_t>(percent / 2), '#');
      std::fprintf(stderr, "\r%s [%-50s] %3u %%", what_.c_str(), bar.c_str(),
                   static_cast<unsigned>(percent));
    } else {
      std::fprintf(stderr, "%s: %u %%\n", what_.c_str(), static_cast<unsigned>(percent));
    }
    std::fflush(stderr);
  }

 private:
  static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

  std::string what_;
  std::uint64_t total_;
  std::uint64_t done_{0};
  std::uint64_t shown_{none};
  bool terminal_{false};
};

/// What the program claims; one claim that does not hold makes it fail.
class verdict {
 public:
  /// Prints the claim, which should name the figures that it rests on.
  void require(bool holds, const std::string& claim) {
    std::printf("%s  %s\n", holds ? "ok    " : "FAILED", claim.c_str());
    std::fflush(stdout);
    failed_ = failed_ || !holds;
  }
  /// For main: 0 when all claims held, else 1.
  [[nodiscard]] int exit_code() const { return failed_ ? 1 : 0; }

 private:
  bool failed_{false};
};

}  // namespace figures
