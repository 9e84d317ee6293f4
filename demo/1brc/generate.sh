#!/bin/sh
# Prints measurements, one `station;temperature` a line: the number of millions is the argument, 1 without one.
# 400 stations, each with a mean of its own; temperatures have one decimal, as in the one billion row challenge.
set -eu
exec awk -v rows="${1:-1}" 'BEGIN {
    srand(1)
    split("Abha Bergen Cairo Dakar Erbil Fresno Gabès Harare Istanbul Jos Kraków Lagos Malé Nuuk Oslo Perth Quito Riga Suva Tórshavn", city, " ")
    for (station = 0; station < 400; station++) {
        name[station] = city[station % 20 + 1] " " int(station / 20) + 1
        mean[station] = rand() * 50 - 15
    }
    for (row = 0; row < rows * 1000000; row++) {
        station = int(rand() * 400)
        # The sum of uniform numbers is close to a normal one.
        spread = (rand() + rand() + rand() + rand() - 2) * 17.3
        printf "%s;%.1f\n", name[station], mean[station] + spread
    }
}'
