# Plots of what an operation costs against N, out of the table of the program cost.
set datafile separator ","
set terminal svg size 900,600 dynamic
set logscale xy
set xlabel "N"
set key outside
works = "ping_ack ack_64 fact_known fact_new new_member queue_add queue_replace full_datagram probe_round idle_tick"
set output "time.svg"
set ylabel "ns an operation"
plot for [w in works] "cost.csv" using (stringcolumn(1) eq w ? $2 : 1/0):3 with linespoints title w noenhanced
set output "instructions.svg"
set ylabel "instructions an operation"
plot for [w in works] "cost.csv" using (stringcolumn(1) eq w && $4 > 0 ? $2 : 1/0):4 with linespoints title w noenhanced
