"""Makes ``python -m naslib_proxydata.cli`` the same as ``naslib-proxydata``."""

from naslib_proxydata.cli.main import main

if __name__ == "__main__":
    main()
