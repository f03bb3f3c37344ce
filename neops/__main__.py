"""`python -m neops`: the command line, where scripts are not on the path."""

from neops.cli.main import main

if __name__ == "__main__":
    main()
