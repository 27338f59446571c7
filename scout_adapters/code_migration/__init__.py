"""Python code that uses other chat models, rewritten to use those of this package.

for migration in migrate_code("src/"):
    for change in migration.changes:
        print(migration.path, change.line, change.after)
"""

from scout_adapters.code_migration.code_files import CodeMigration, migrate_code, write_code
from scout_adapters.code_migration.rewritten_source import Change, rewrite

__all__ = ["Change", "CodeMigration", "migrate_code", "rewrite", "write_code"]
