"""`python -m regulars.cli`: the command line where it is not on the path, for those that start us."""

from regulars.cli.entry import main

main()
