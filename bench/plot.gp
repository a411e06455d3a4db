# plot.gp - one bar chart: loads in groups, a bar for each stack.
# gnuplot -e "data='FILE'; out='FILE.svg'; name='...'; stacks=N" bench/plot.gp
# The columns of data: the load, then a value a stack; the first line names
# the stacks.
set datafile separator ","
set terminal svg size 760,330 font "sans,12" background "white"
set output out
set title name
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.85 noborder
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror out
set key outside top center horizontal
set yrange [0:*]
array colour[4] = ["#1b6ca8", "#d1495b", "#edae49", "#7a7a7a"]
plot for [i=1:stacks] data using (column(i + 1)):xtic(1) \
	title columnheader(i + 1) lc rgb colour[i]
