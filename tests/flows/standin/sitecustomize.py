"""Python runs this at start where the folder is on its path: the flows of other processes meet the stand-in engine."""

import importlib.abc
import importlib.machinery
import sys


class _Late(importlib.abc.MetaPathFinder):
    """Installs the stand-in when somebody first asks for the engine: nothing is imported before."""

    def find_spec(self, name, path=None, target=None):
        if name != "regulars.campaigns":
            return None
        sys.meta_path.remove(self)
        import standin

        class Loader(importlib.abc.Loader):
            def create_module(self, spec):
                standin.install()
                return sys.modules["regulars.campaigns"]

            def exec_module(self, module):
                return None

        return importlib.machinery.ModuleSpec(name, Loader(), is_package=True)


# The web app runs no flow: it is the real one, over the real engine.
if "regulars.cli" not in sys.orig_argv:
    sys.meta_path.insert(0, _Late())
