"""Speed: our engine compared with C, with what else a user could take, and with an earlier tree.

`items/` declares what is measured, one module per mechanism. `drivers` has the timed loops of our
side, `reference/` those of C. `measure` takes the times and `run` prints them. `against` compares
two source trees.
"""
