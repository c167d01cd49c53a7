"""What may go wrong with a backup."""


class BackupError(Exception):
    """Nothing was changed. `code` is for programs, the text names the thing and the remedy.

    Codes: "damaged", "database_unreachable", "dump_failed", "folder_refused", "list_damaged",
        "made_by_newer", "migrations_missing", "no_list", "no_program", "not_a_backup", "not_empty", "restore_failed",
        "rows_differ", "server_older".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
