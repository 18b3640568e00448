# paper/figures/plots.gp - the figures as SVG, from the CSV files that the figure programs write
# Run where those lie: gnuplot .../plots.gp. A file that is missing is skipped. The paper is dark
# grey everywhere, we are blue, a second measurement of ours is orange, formulas are green.

set terminal svg size 1080,500 font "Helvetica,14" background "#ffffff" linewidth 1.2
set datafile separator comma
set datafile columnheaders
set datafile missing "-"
set encoding utf8
set grid linecolor "#dddddd" linetype 1
set border linecolor "#555555"
set tics nomirror
set key outside right top vertical reverse Left samplen 2 spacing 1.25

grey = "#444444"
blue = "#0072b2"
orange = "#d55e00"
green = "#009e73"
purple = "#aa4499"

there(file) = int(system("test -s '" . file . "' && echo 1 || echo 0"))
# Leaves each figure as the next one expects it.
restore = "unset logscale; set xrange [*:*]; set yrange [*:*]; set xtics auto; set ytics auto; set format; set style data points; set style fill empty; unset key; set key outside right top vertical reverse Left samplen 2 spacing 1.25"

if (there("load.csv")) {
  set output "load.svg"
  set title "SWIM figure 2: message load, no loss"
  set xlabel "members"
  set ylabel "messages sent a member and period (mean ± sd)"
  set logscale x
  set xrange [4:15000]
  set yrange [0:4.5]
  plot 2.0 with lines linecolor rgb green title "formula: 2.0", \
       "load.csv" using (column("N") * 0.96):(column("paper sent")):(column("paper sd")) \
         with yerrorbars linecolor rgb grey pointtype 7 title "paper", \
       "" using (column("N") * 1.04):(strcol("members") eq "group" ? column("sent") : NaN):(column("sd")) \
         with yerrorbars linecolor rgb blue pointtype 5 title "ours", \
       "" using (column("N") * 1.04):(strcol("members") ne "group" ? column("sent") : NaN):(column("sd")) \
         with yerrorbars linecolor rgb orange pointtype 9 title "ours, one among scripted"
  eval restore
}

if (there("detection.csv")) {
  set output "detection.svg"
  set title "SWIM figure 3a: time from a crash to its first detection"
  set xlabel "members"
  set ylabel "protocol periods"
  set xrange [0:60]
  set yrange [0:7]
  plot "detection.csv" using "N":"F2" with lines linecolor rgb green title "formula: e/(e-1)", \
       "" using "N":"paper" with points linecolor rgb grey pointtype 7 \
         title "paper, one failure each", \
       "" using "N":"p99" with linespoints linecolor rgb blue dashtype 3 pointtype 1 \
         title "ours, suspected (p99)", \
       "" using "N":"declared" with linespoints linecolor rgb blue pointtype 5 \
         title "ours, suspected (mean)", \
       "" using "N":"first ping" with linespoints linecolor rgb orange pointtype 9 \
         title "ours, first ping (mean)"
  eval restore
}

if (there("spread.csv")) {
  set output "spread.svg"
  set title "SWIM figure 3b: spread of one update, no loss"
  set xlabel "members"
  set ylabel "protocol periods after the first member"
  set xrange [0:132]
  set yrange [0:6]
  plot "spread.csv" using "members":"paper_last" with points linecolor rgb grey pointtype 6 \
         title "paper, last member", \
       "" using "members":"paper_median" with points linecolor rgb grey pointtype 7 \
         title "paper, median member", \
       "" using "members":"last_p99" with lines linecolor rgb blue dashtype 3 \
         title "ours, last member (p99)", \
       "" using "members":"last" with linespoints linecolor rgb blue pointtype 4 \
         title "ours, last member (mean)", \
       "" using "members":"median" with linespoints linecolor rgb blue pointtype 5 \
         title "ours, median member (mean)", \
       "" using "members":"formula_half" with lines linecolor rgb green \
         title "formula: half infected"
  eval restore
}

if (there("suspicion.csv")) {
  set output "suspicion.svg"
  set title "SWIM figure 3c: suspicion time-out, and a whole removal"
  set xlabel "members"
  set ylabel "protocol periods"
  set xrange [0:62]
  set yrange [0:21]
  plot "suspicion.csv" using "members":"formula" with steps linecolor rgb green \
         title "formula: 3 ceil(ln(N + 1))", \
       "" using "members":"paper_digitised" with points linecolor rgb grey pointtype 7 \
         pointsize 0.7 title "paper (digitised)", \
       "" using "members":"timeout" with points linecolor rgb blue pointtype 4 \
         title "ours, suspicion to verdict", \
       "" using "members":"total" with lines linecolor rgb orange \
         title "ours, crash to last removal"
  eval restore
}

if (there("joins.csv")) {
  set output "joins.svg"
  set title "SWIM figure 4: 17 processes join, every packet lost with 10 %"
  set xlabel "seconds"
  set ylabel "group size (mean of its members' views)"
  set xrange [0:176]
  set yrange [0:18]
  set ytics 0,2,18
  plot "joins.csv" using "seconds":"joined" with steps linecolor rgb "#bbbbbb" title "joined", \
       "" using "seconds":"lan" with lines linecolor rgb blue dashtype 2 title "ours, lan()", \
       "" using "seconds":"swim_paper" with lines linecolor rgb blue title "ours, paper's timing", \
       "" using "seconds":"inf_susp" with lines linecolor rgb orange dashtype 2 \
         title "Inf+Susp on our engine", \
       "" using "seconds":"inf" with lines linecolor rgb green title "Inf on our engine", \
       "" using "seconds":"basic" with lines linecolor rgb purple title "Basic on our engine", \
       "" using "seconds":"paper_inf_susp" with points linecolor rgb orange pointtype 7 \
         title "paper, Inf+Susp", \
       "" using "seconds":"paper_inf" with points linecolor rgb green pointtype 5 \
         title "paper, Inf", \
       "" using "seconds":"paper_basic" with points linecolor rgb purple pointtype 9 \
         title "paper, Basic"
  eval restore
}

if (there("false_positives.csv")) {
  set output "false_positives.svg"
  set title "SWIM section 3.1: probe rounds that fail though nobody did"
  set xlabel "packets lost (%)"
  set ylabel "share of probe rounds (95 % interval)"
  set logscale xy
  set format y "10^{%T}"
  set xrange [0.8:26]
  set yrange [1e-6:1]
  set xtics (1, 2, 5, 10, 20)
  colour(k) = k == 0 ? 0x444444 : k == 1 ? 0x0072b2 : k == 2 ? 0xd55e00 : 0x009e73
  q(p) = 1 - p / 100.0
  rate(p, k) = (1 - q(p)**2) * (1 - q(p)**4)**k
  set samples 200
  plot for [k = 0:3] rate(x, k) with lines linecolor rgb colour(k) \
         title sprintf("formula, K = %d", k), \
       for [k = 0:3] "false_positives.csv" \
         using "loss_percent":(column("helpers") == k && column("failed") > 0 ? column("ours") : NaN):(column("ours_low")):(column("ours_high")) \
         with yerrorbars linecolor rgb colour(k) pointtype 7 title sprintf("ours, K = %d", k)
  eval restore
}

if (there("lifeguard.csv")) {
  set output "lifeguard.svg"
  set title "Lifeguard figure 2: members that were well, declared failed (none is drawn as 0.5)"
  set xlabel "members of 128 whose messages are blocked at the same time"
  set ylabel "false positives (totals of all runs)"
  set logscale y
  set format y "10^{%T}"
  set xrange [0:33]
  set yrange [0.4:1e6]
  shown(n) = n > 0 ? n : 0.5
  plot "lifeguard.csv" using "C":"paper SWIM" with linespoints linecolor rgb grey pointtype 7 \
         title "paper, SWIM", \
       "" using "C":"paper Lifeguard" with linespoints linecolor rgb grey pointtype 6 \
         title "paper, Lifeguard", \
       "" using "C":(shown(column("SWIM"))) with linespoints linecolor rgb orange pointtype 7 \
         title "our engine, SWIM", \
       "" using "C":(shown(column("LHA-Probe"))) with lines linecolor rgb green \
         title "with LHA-Probe", \
       "" using "C":(shown(column("LHA-Suspicion"))) with lines linecolor rgb purple \
         title "with LHA-Suspicion", \
       "" using "C":(shown(column("Buddy System"))) with lines linecolor rgb orange dashtype 3 \
         title "with Buddy System", \
       "" using "C":(shown(column("Lifeguard"))) with linespoints linecolor rgb blue dashtype 3 \
         pointtype 4 title "with all three", \
       "" using "C":(shown(column("ours"))) with linespoints linecolor rgb blue pointtype 5 \
         title "ours"
  eval restore
}

if (there("lifeguard_arms.csv")) {
  set output "lifeguard_arms.svg"
  set title "Lifeguard's loads: all anomalies together, in percent of SWIM"
  unset xlabel
  set ylabel "percent of SWIM's"
  set yrange [0:130]
  set style data histograms
  set style histogram clustered gap 1
  set style fill solid 0.9 border -1
  plot "lifeguard_arms.csv" using "paper messages %":xtic(1) linecolor rgb grey \
         title "paper, messages", \
       "" using "messages %" linecolor rgb blue title "ours, messages", \
       "" using "paper bytes %" linecolor rgb "#aaaaaa" title "paper, bytes", \
       "" using "bytes %" linecolor rgb orange title "ours, bytes"
  eval restore
}

if (there("lifeguard_latency.csv")) {
  set output "lifeguard_latency.svg"
  set title "Median time from a crash until everybody knows, in percent of SWIM's"
  set xlabel "members of 128 that crash at the same time"
  set ylabel "percent of SWIM's"
  set xrange [0:33]
  set yrange [95:115]
  plot 100.1 with lines linecolor rgb grey title "paper, Lifeguard", \
       "lifeguard_latency.csv" using "C":"LHA-Probe" with linespoints linecolor rgb green \
         title "with LHA-Probe", \
       "" using "C":"LHA-Suspicion" with linespoints linecolor rgb purple \
         title "with LHA-Suspicion", \
       "" using "C":"Lifeguard" with linespoints linecolor rgb blue dashtype 3 pointtype 4 \
         title "with all three", \
       "" using "C":"ours" with linespoints linecolor rgb blue pointtype 5 title "ours"
  eval restore
}

if (there("round_robin.csv")) {
  set output "round_robin.svg"
  set title "SWIM section 4.3: longest time between two probes of a member"
  set xlabel "members"
  set ylabel "protocol periods"
  set xrange [0:60]
  set yrange [0:*]
  plot "round_robin.csv" using "N":"2N-1" with lines linecolor rgb grey title "bound: 2n - 1", \
       "" using "N":"worst gap" with points linecolor rgb blue pointtype 5 \
         title "ours, longest of all", \
       "" using "N":"worst" with points linecolor rgb blue pointtype 4 \
         title "ours, crash to detection", \
       "" using "N":"random worst" with points linecolor rgb orange pointtype 9 \
         title "random targets instead"
  eval restore
}

if (there("bytes.csv")) {
  set output "bytes.svg"
  set title "Bytes a member and period, and the largest datagrams with gossip"
  set xlabel "limit of a datagram (bytes)"
  set ylabel "bytes"
  set yrange [1:*]
  set logscale y
  set style data histograms
  set style histogram clustered gap 1
  set style fill solid 0.9 border -1
  plot "bytes.csv" using "largest gossip":xtic(1) linecolor rgb grey title "largest ping or ack", \
       "" using "bytes/update" linecolor rgb green title "an update", \
       "" using "steady" linecolor rgb blue title "steady state", \
       "" using "crash" linecolor rgb orange title "after a crash", \
       "" using "join storm" linecolor rgb purple title "join storm"
  eval restore
}

unset output
