"""Lets Debian 12's Azure CLI 2.45 work with the newer Azure SDK that Debian ships beside it. On PYTHONPATH.

Only the glue between the two is mended, never what the CLI sends: Debian's SDK has lost a package of an older
api-version that the CLI imports for its classes, and calls an attribute `_config` that the CLI reads as `config`.
"""
import functools
import importlib.machinery
import importlib.util
import re
import sys

MISSING, STAND_IN = "azure.mgmt.network.v2022_01_01", "azure.mgmt.network.v2022_07_01"
AUTHORIZATION = re.compile(r"azure\.mgmt\.authorization\.v\w+\.operations\._role_(assignments|definitions)_operations")


class StandIn:
    """Asked last: only when the package that the CLI wants is not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = importlib.util.find_spec(STAND_IN) if name == MISSING else None
        return spec and importlib.util.spec_from_file_location(
            name, spec.origin, submodule_search_locations=list(spec.submodule_search_locations))


def mend(operations):
    """Gives a class of operations back what the CLI expects of it."""
    if hasattr(operations, "config"):
        return
    operations.config = property(lambda self: self._config)
    create = getattr(operations, "create", None)
    if create:
        operations.create = functools.wraps(create)(
            lambda self, *positional, custom_headers=None, **named: create(self, *positional, **named))


class OldName:
    """Asked first: mends the classes as their module is loaded."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not AUTHORIZATION.fullmatch(name):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            for operations in ("RoleAssignmentsOperations", "RoleDefinitionsOperations"):
                if hasattr(module, operations):
                    mend(getattr(module, operations))
        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, OldName)
sys.meta_path.append(StandIn)
