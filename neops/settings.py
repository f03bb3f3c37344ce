"""What an operator can set: frozen values, read once by an entry point and handed on.

Flags win over the environment, the environment wins over the `.env` file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from neops.errors import SettingsInvalid

HOP = re.compile(
    r"(?:(?P<user>[^@:\s,]+)@)?(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<host>[^@:\[\]\s,]+))(?::(?P<port>\d{1,5}))?"
)
"""A jump host as OpenSSH's ProxyJump writes it: `user@host:port`, an IPv6 address in brackets."""

NO_FLAGS: Mapping[str, Any] = MappingProxyType({})


def _setting(variable: str, default: Any, meaning: str, **limits: Any) -> Any:
    return Field(default=default, description=meaning, json_schema_extra={"variable": variable}, **limits)


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an http:// or https:// URL")
    return text.rstrip("/")


def _listed(separator: str) -> BeforeValidator:
    def split(value: Any) -> Any:
        return [part.strip() for part in value.split(separator) if part.strip()] if isinstance(value, str) else value

    return BeforeValidator(split)


def _hop(text: str) -> str:
    if re.match(r"[^@]*:[^@]*@", text):
        raise ValueError("a password does not belong here, NEOPS_JUMP_PASSWORD has it")
    if not HOP.fullmatch(text):
        raise ValueError("expected [user@]host[:port] of each jump host, separated by commas")
    return text


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Seconds = Annotated[float, Field(gt=0)]
SecondsOrOff = Annotated[float, Field(ge=0)]
PerTime = Annotated[float, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
NoneOrMore = Annotated[int, Field(ge=0)]
Port = Annotated[int, Field(ge=0, le=65535)]
Paths = Annotated[tuple[Path, ...], _listed(os.pathsep)]
Names = Annotated[tuple[str, ...], _listed(",")]
Hops = Annotated[tuple[Annotated[str, AfterValidator(_hop)], ...], _listed(",")]


class Settings(BaseModel):
    """Base of the settings of one part; each field knows the variable it is read from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def load(cls, environment: Mapping[str, str], flags: Mapping[str, Any] = NO_FLAGS) -> Self:
        """Read from variables, then apply the flags that were given (None means not given).

        An empty variable counts as not set.

        Raises:
            SettingsInvalid: one line a problem, each naming the variable, its value and what was expected.
        """
        values: dict[str, Any] = {
            name: environment[variable] for name, variable in cls.variables().items() if environment.get(variable)
        }
        values |= {name: value for name, value in flags.items() if value is not None}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = [cls._problem(one) for one in error.errors(include_url=False)]
            raise SettingsInvalid("\n".join(dict.fromkeys(problems))) from None

    @classmethod
    def variables(cls) -> dict[str, str]:
        """The variable of each field."""
        return {name: _variable(field) for name, field in cls.model_fields.items()}

    @classmethod
    def _problem(cls, error: ErrorDetails) -> str:
        name = str(error["loc"][0])
        reason = re.sub(r"^Value error, |, unable to .*$", "", error["msg"])
        expected = reason.replace("Input should be", "expected")
        return f"{cls.variables().get(name, name)}={without_userinfo(str(error['input']))}: {expected}"


class WorkerSettings(Settings):
    """What `neops worker` reads."""

    engine_url: HttpUrl = _setting(
        "URL_BLACKBOARD", "http://127.0.0.1:3030", "Base URL of the engine; may carry user:password@ and a path prefix."
    )
    blocks: Paths = _setting("DIR_FUNCTION_BLOCKS", (), "Directories with function blocks, separated as in PATH.")
    name: str | None = _setting("WORKER_NAME", None, "Name shown in the engine's list of workers.")
    ip_address: str | None = _setting("WORKER_IP_ADDRESS", None, "Address shown in the engine's list of workers.")
    heartbeat_interval_s: Seconds = _setting("HEARTBEAT_INTERVAL", 20.0, "Seconds between two pings.")
    poll_interval_s: Seconds = _setting(
        "POLL_INTERVAL", 10.0, "Seconds between two polls of an engine that does not hold polls, when there is no work."
    )
    held_poll_s: SecondsOrOff = _setting(
        "NEOPS_HELD_POLL", 25.0, "Seconds that the engine may hold a poll; 0 asks for an answer at once.", le=60
    )
    shutdown_timeout_s: SecondsOrOff = _setting(
        "SHUTDOWN_TIMEOUT", 60.0, "Seconds that running jobs get to end after SIGTERM before they are cancelled."
    )
    cancel_grace_s: SecondsOrOff = _setting(
        "NEOPS_CANCEL_GRACE", 7.0, "Seconds that a cancelled job gets to clean up before its thread is left behind."
    )
    request_timeout_s: Seconds = _setting("API_REQUEST_TIMEOUT", 30.0, "Seconds that a call to the engine may take.")
    push_timeout_s: Seconds = _setting(
        "RESULT_PUSH_TIMEOUT",
        300.0,
        "Seconds of trying again with a result that the engine fails to take, before it is left for the next start.",
    )
    startup_timeout_s: Seconds = _setting(
        "STARTUP_RETRY_TIMEOUT", 120.0, "Seconds of waiting for the engine at the start."
    )
    blocking_threshold_s: SecondsOrOff = _setting(
        "BLOCKING_DETECTION_THRESHOLD", 0.5, "Seconds a block may stop its event loop before it is reported; 0 is off."
    )
    concurrency: AtLeastOne = _setting("WORKER_CONCURRENCY", 1, "Jobs that run at the same time.")
    threads_per_job: AtLeastOne = _setting(
        "NEOPS_THREADS_PER_JOB", 32, "Threads that `run_in_thread` may use within one job."
    )
    register_again: bool = _setting(
        "NEOPS_REGISTER_AGAIN", True, "Register anew when the engine has forgotten the worker; otherwise exit 1."
    )
    state_dir: Path | None = _setting(
        "NEOPS_STATE_DIR", None, "Where results wait until the engine took them; by default the user's state directory."
    )
    record_dir: Path | None = _setting(
        "NEOPS_RECORD_DIR", None, "Folder that gets a transcript of each job: what devices were asked and answered."
    )
    mask_data: bool = _setting(
        "NEOPS_MASK_DATA",
        True,
        "Mask passwords in use in the data, files and entities that jobs hand over too, not only in messages and logs.",
    )
    strict: bool = _setting(
        "NEOPS_STRICT", False, "Do not start when a file with function blocks is broken; otherwise it is left out."
    )
    metrics_port: Port | None = _setting(
        "NEOPS_METRICS_PORT",
        None,
        "Port of /healthz, /readyz and /metrics; 0 takes a free one, without it there is none.",
    )
    metrics_host: str = _setting("NEOPS_METRICS_HOST", "127.0.0.1", "Address that this port is opened on.")


class EngineSettings(Settings):
    """What `neops engine` reads."""

    host: str = _setting("NEOPS_HOST", "127.0.0.1", "Address to listen on.")
    port: Port = _setting("NEOPS_PORT", 3030, "Port to listen on; 0 takes a free one.")
    database: str = _setting("NEOPS_DATABASE", "sqlite:///neops.db", "Where runs, jobs, events and entities are kept.")
    auth: bool = _setting("NEOPS_AUTH", True, "Ask clients for a token; off only for a network of your own.")
    lease_s: Seconds = _setting("NEOPS_LEASE", 60.0, "Seconds that a job stays with a worker that does not ping.")
    first_lease_s: Seconds = _setting(
        "NEOPS_FIRST_LEASE", 10.0, "Seconds until a worker has to show that the answer to its poll arrived."
    )
    worker_unreachable_s: Seconds = _setting(
        "NEOPS_WORKER_UNREACHABLE", 120.0, "Seconds without a ping after which a worker counts as unreachable."
    )
    worker_offline_s: Seconds = _setting(
        "NEOPS_WORKER_OFFLINE", 360.0, "Seconds without a ping after which a worker counts as offline."
    )
    worker_deleted_s: Seconds = _setting(
        "NEOPS_WORKER_DELETED", 86400.0, "Seconds without a ping after which a worker is forgotten."
    )
    never_polled_s: Seconds = _setting(
        "NEOPS_NEVER_POLLED", 3600.0, "Seconds after which a job that no worker asked for is cancelled."
    )
    cancel_grace_s: SecondsOrOff = _setting(
        "NEOPS_ENGINE_CANCEL_GRACE", 10.0, "Seconds after an abort within which the run is in its final state."
    )


class DeviceSettings(Settings):
    """How devices are reached; read by everything that opens sessions."""

    connect_timeout_s: Seconds = _setting("NEOPS_CONNECT_TIMEOUT", 15.0, "Seconds until a device has to be logged in.")
    command_timeout_s: Seconds = _setting("NEOPS_COMMAND_TIMEOUT", 60.0, "Seconds until an operation has to be done.")
    commit_timeout_s: Seconds = _setting(
        "NEOPS_COMMIT_TIMEOUT",
        360.0,
        "Seconds until a change of configuration has to be committed, kept or taken back; at least the command's.",
    )
    host_keys: Literal["strict", "accept-new", "off"] = _setting(
        "NEOPS_HOST_KEYS",
        "accept-new",
        "SSH host keys: `strict` wants them known, `accept-new` remembers first ones, `off` checks nothing.",
    )
    known_hosts: Path | None = _setting(
        "NEOPS_KNOWN_HOSTS", None, "File with the known host keys; by default the user's `~/.ssh/known_hosts`."
    )
    jump_hosts: Hops = _setting(
        "NEOPS_JUMP_HOSTS",
        (),
        "Jump hosts on the way to every device that names none, the nearest first: `user@host:port`, commas between.",
    )
    keepalive_s: SecondsOrOff = _setting(
        "NEOPS_SSH_KEEPALIVE",
        30.0,
        "Seconds of silence after which an SSH connection is asked for a sign of life; 0 is never.",
    )
    plugins: Names = _setting("NEOPS_PLUGINS", (), "Connection plugins to prefer, best first, separated by commas.")
    max_sessions: AtLeastOne = _setting("NEOPS_MAX_SESSIONS", 1000, "Sessions that stay open over all devices.")
    sessions_per_device: AtLeastOne = _setting(
        "NEOPS_SESSIONS_PER_DEVICE", 4, "Sessions to one device at the same time; its VTY lines are few."
    )
    concurrent_logins: AtLeastOne = _setting(
        "NEOPS_CONCURRENT_LOGINS", 100, "Logins at the same time over all devices; an AAA server has to bear them."
    )
    logins_per_second: PerTime = _setting(
        "NEOPS_LOGINS_PER_SECOND", 0.0, "Logins that may begin in a second over all devices; 0 is no limit."
    )
    login_burst: AtLeastOne = _setting(
        "NEOPS_LOGIN_BURST", 20, "Logins that may begin at once after a pause, before that limit holds."
    )
    device_logins_per_minute: PerTime = _setting(
        "NEOPS_DEVICE_LOGINS_PER_MINUTE",
        0.0,
        "Logins that may begin in a minute at one device, after one for each session it may have; 0 is no limit.",
    )
    breaker_failures: NoneOrMore = _setting(
        "NEOPS_BREAKER_FAILURES",
        5,
        "Logins in a row without an answer after which a device is left alone for a while; 0 is never.",
    )
    breaker_hold_off_s: Seconds = _setting(
        "NEOPS_BREAKER_HOLD_OFF", 30.0, "Seconds until a device that did not answer is tried again, by one login."
    )
    exclude: Names = _setting(
        "NEOPS_EXCLUDE", (), "Devices never to log in to: names, globs, addresses and networks, separated by commas."
    )
    exclude_file: Path | None = _setting("NEOPS_EXCLUDE_FILE", None, "File with such rules, one a line.")
    idle_ttl_s: SecondsOrOff = _setting("NEOPS_SESSION_IDLE", 60.0, "Seconds that an unused session stays open.")
    max_age_s: Seconds = _setting("NEOPS_SESSION_MAX_AGE", 3600.0, "Seconds after which a session is renewed.")
    credential_failures: AtLeastOne = _setting(
        "NEOPS_CREDENTIAL_FAILURES", 3, "Refused logins after which a credential is not tried for a while."
    )
    credential_hold_off_s: Seconds = _setting(
        "NEOPS_CREDENTIAL_HOLD_OFF", 300.0, "Seconds until a refused credential is tried again."
    )
    credentials: Names = _setting(
        "NEOPS_CREDENTIALS",
        ("inventory", "environment"),
        "Providers that are asked for credentials, in this order, separated by commas.",
    )
    credential_timeout_s: Seconds = _setting(
        "NEOPS_CREDENTIAL_TIMEOUT", 10.0, "Seconds that a provider may take to answer."
    )
    credential_cache_s: SecondsOrOff = _setting(
        "NEOPS_CREDENTIAL_CACHE", 60.0, "Seconds that a provider's answer for a device is used again."
    )
    threads: AtLeastOne = _setting("NEOPS_DEVICE_THREADS", 128, "Threads for device libraries that block.")


_LINE = re.compile(r"^\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*$")


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value` lines, `#` comments, optional quotes and `export`.

    A file that does not exist has none. Values are taken as they are: nothing is expanded.

    Raises:
        SettingsInvalid: a line is something else, or the file cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path}: cannot be read: {error}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise SettingsInvalid(f"{path}:{number}: expected NAME=value")
        found[match["name"]] = _unquoted(match["value"])
    return found


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()


def read_environment(environment: Mapping[str, str], env_file: Path = Path(".env")) -> dict[str, str]:
    """The environment, on top of what the `.env` file says."""
    return {**read_env_file(env_file), **environment}


def without_userinfo(url: str) -> str:
    """A URL as it may be shown, also one that is none: `http://user:secret@host/x` becomes `http://host/x`."""
    if "://" not in url:
        return re.sub(r"[^,\s/]*:[^,\s]*@", "", url)
    return re.sub(r"(?<=://)(?:[^/\s]*|[^/:\s]*:(?!\d+/)\S*)@", "", url)


PARTS: Sequence[type[Settings]] = (WorkerSettings, EngineSettings, DeviceSettings)


def settings_table() -> str:
    """All settings as Markdown tables, as docs/reference/settings.md shows them."""
    return "\n".join(_table(part) for part in PARTS)


def _table(part: type[Settings]) -> str:
    rows = [
        f"| `{_variable(field)}` | {_shown(field.default)} | {field.description} |"
        for field in part.model_fields.values()
    ]
    heading = (part.__doc__ or "").splitlines()[0]
    head = [f"## {part.__name__}", "", heading, "", "| Variable | Default | Meaning |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _variable(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra["variable"]) if isinstance(extra, dict) else ""


def _shown(value: Any) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return (
        f"`{value:g}`" if isinstance(value, float) else f"`{str(value).lower() if isinstance(value, bool) else value}`"
    )
