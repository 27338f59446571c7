"""Parts of the pytest plugin: each has the hooks and fixtures of one subject.

pytest imports these modules at its start, in every project. So they import pytest and the standard
library only, and the rest of the package inside of the functions that need it.
"""
