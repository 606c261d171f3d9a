"""The benchmark tables of naslib-proxydata as a package of OptunaHub's registry."""

from naslib_proxydata.optuna_bridge import TableProblem as Problem

__all__ = ["Problem"]
