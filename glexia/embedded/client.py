"""`manage.py dbshell` for the embedded PostgreSQL."""

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql import client

from glexia.embedded.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterable


class DatabaseClient(client.DatabaseClient):
    """Runs the `psql` that came with the server, after starting the server."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: "Iterable[str]"
    ) -> tuple[list[str], dict[str, str] | None]:
        """Django's command line with the path of the bundled program in it."""
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        return [str(program(cls.executable_name)), *arguments[1:]], environment

    def runshell(self, parameters: "Iterable[str]") -> None:
        """Open the shell on the running server."""
        self.connection.get_connection_params()
        super().runshell(parameters)
